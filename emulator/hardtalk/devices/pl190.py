"""PL190 vectored interrupt controller (ARM DDI 0181, chapters 2 and 3).

Thirty-two inputs; each may be masked, routed to FIQ, raised by software. Sixteen vectored slots give a source an
address and a priority; reading VECTADDR answers the address of the pending source of highest priority and masks
that priority and those below until VECTADDR is written. FIQs are gated by INTENABLE as the manual says.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar

from hardtalk.devices.device import Device

SLOTS = 16
DEFAULT_PRIORITY = SLOTS
IDLE_PRIORITY = SLOTS + 1


class Pl190(Device):
    """`set_input` is the lines' end, `irq` and `fiq` the CPU's. `changed` hears when inputs or outputs may differ."""

    wiring: ClassVar[frozenset[str]] = Device.wiring | {"changed"}
    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {"PROTECTION": ("PROT",)}
    changed: Callable[[], None] | None = None

    def reset(self) -> None:
        self.inputs = 0
        self.priority = IDLE_PRIORITY
        self.stacked_priorities: list[int] = []
        self.report()

    @property
    def enabled(self) -> int:
        return self.INTENABLE.value

    @property
    def software(self) -> int:
        return self.SOFTINT.value

    @property
    def raw(self) -> int:
        """Lines pending before masking, one bit each."""
        return self.inputs | self.software

    @property
    def irq_lines(self) -> int:
        return (self.inputs | self.SOFTINT.value) & self.INTENABLE.value & ~self.INTSELECT.value

    @property
    def fiq_lines(self) -> int:
        return self.raw & self.enabled & self.INTSELECT.value

    @property
    def irq(self) -> bool:
        """The CPU's IRQ input: a line is pending whose priority beats the one being served."""
        return self.outputs[0]

    @property
    def fiq(self) -> bool:
        return self.outputs[1]

    @property
    def outputs(self) -> tuple[bool, bool]:
        """The CPU's inputs: IRQ and FIQ."""
        lines = (self.inputs | self.SOFTINT.value) & self.INTENABLE.value
        if not lines:
            return False, False
        fiqs = self.INTSELECT.value
        is_irq = bool(lines & ~fiqs) and (self.priority == IDLE_PRIORITY or self.pending_priority() < self.priority)
        return is_irq, bool(lines & fiqs)

    def set_input(self, line: int, level: bool) -> None:
        bit = 1 << line
        inputs = self.inputs | bit if level else self.inputs & ~bit
        if inputs != self.inputs:
            self.inputs = inputs
            self.report()

    def report(self) -> None:
        if self.changed is not None:
            self.changed()

    def pending_priority(self) -> int:
        """The best slot with a pending line; DEFAULT_PRIORITY for one without slot; IDLE_PRIORITY when none pends."""
        lines = self.irq_lines
        for slot, control in enumerate(self.array("VECTCNTL")):
            if control.E and lines >> control.SOURCE & 1:
                return slot
        return DEFAULT_PRIORITY if lines else IDLE_PRIORITY

    def on_read_IRQSTATUS(self) -> int:
        return self.irq_lines

    def on_read_FIQSTATUS(self) -> int:
        return self.fiq_lines

    def on_read_RAWINTR(self) -> int:
        return self.raw

    def after_write(self, register: str) -> None:
        """Any register may change what the CPU sees: enables, routes, and which slot a pending line has."""
        self.report()

    def on_read_VECTADDR(self) -> int:
        best = self.pending_priority()
        if best < self.priority:
            self.stacked_priorities.append(self.priority)
            self.priority = best
            self.report()
        if best >= DEFAULT_PRIORITY:
            return self.DEFVECTADDR.value
        return self.array("VECTADDR")[best].value

    def on_write_VECTADDR(self, _value: int) -> None:
        if self.stacked_priorities:
            self.priority = self.stacked_priorities.pop()
            self.report()
