"""One interrupt at one instruction: what was interrupted must come back as it was, and what follows be known.

A trial raises a line by software in the state the board is in. Three things are looked at, each by itself:

- **the return**: when the interrupted code goes on, every register and flag is what it was, and of all words of memory
  only those differ that the handling may change;
- **the safepoint**: the state of the whole machine in which the VM begins to attend to the line, as a key. From equal
  keys the board goes on equally, so only one of each needs to be followed;
- **the service**: the line is served once, the heap and the lists of processes are right while the handler runs.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from hardtalk.board import Board, StopReason
from hardtalk.board.journal import Journal, Mark
from hardtalk.board.mask_watch import IRQ_VECTOR
from hardtalk.injection.pending_switch import PendingSwitch, without_scratch
from hardtalk.injection.registers import (
    INDEX,
    IRQ,
    IRQ_MASKED,
    MODE_MASK,
    SYSTEM,
    RegisterFile,
    Registers,
    differences,
)
from hardtalk.memory.audit import audit
from hardtalk.memory.machine import NotReadable, facts_of
from hardtalk.memory.safepoints import interrupt_handler, settle
from hardtalk.vm.constants import PINNED_REGISTERS
from hardtalk.vm.native import PROCESS_RECORD_BYTES

RETURN_WITHIN_CYCLES: Final = 400_000
SAFEPOINT_WITHIN_CYCLES: Final = 100_000
SERVED_WITHIN_CYCLES: Final = 400_000
MASKED_INSTRUCTIONS: Final = 2_000
SLICE_CYCLES: Final = 500
LAST_LOOK_CYCLES: Final = 4_000
DISPATCH_REGISTER: Final = PINNED_REGISTERS["dispatchBase"]
NATIVE_RECORD_BYTES: Final = PROCESS_RECORD_BYTES + 4 * 256
"""A native process's record with the stack behind it."""
STACKS: Final = ("irqStack", "supervisorStack")
SHOWN: Final = 8

Range = tuple[int, int]


class Violated(Exception):
    """Something is not as it must be; the text says what."""


class Interrupted(Enum):
    """What is interrupted: the virtual machine, a native process, a native handler."""

    VM = "the virtual machine"
    PROCESS = "a native process"
    HANDLER = "a native handler"


@dataclass(frozen=True)
class Rule:
    """What may differ when the interrupted code goes on.

    Only words in `may_change` (address, end) may; with `must_keep` it is the other way round, all others may. `counts`
    are words and by how much each must have gone up. `requests_vm`: r8 must be the table whose every entry leads to the
    VM's handling of interrupts, otherwise it is as it was.
    """

    may_change: tuple[Range, ...] = ()
    must_keep: tuple[Range, ...] | None = None
    counts: Mapping[int, int] = field(default_factory=dict)
    requests_vm: bool = False


@dataclass(frozen=True)
class Expectation:
    """What the handling of the line `bit` does to each kind of code, and what is counted in all when it is over."""

    bit: int
    rules: Mapping[Interrupted, Rule]
    at_end: Mapping[int, int] = field(default_factory=dict)


class Trial:
    """Trials on one board, whose journal is open. Each leaves the board somewhere; whoever calls goes back."""

    def __init__(self, board: Board, journal: Journal, expectation: Expectation) -> None:
        self.board = board
        self.journal = journal
        self.expectation = expectation
        self.registers = RegisterFile(board)
        address_of = board.firmware.address_of
        self.interrupt_table = address_of("interruptTable")
        self.safepoint = interrupt_handler(board)
        self.switch = PendingSwitch(board)
        self._native_running = address_of("nativeRunning")
        self._vm_record = address_of("vmRecord")
        self._pending_lines = address_of("pendingLines")
        regions = {region.name: region for region in facts_of(board.firmware).regions}
        self.dead: tuple[Range, ...] = tuple((regions[name].start, regions[name].stop) for name in STACKS)
        journal.leave_out(self.dead)

    def interrupt(self) -> Interrupted | None:
        """Raise the line and run until what it interrupts goes on; None when an entry under way took the line along.

        Raises Violated when a register or a word is not as it must be then.
        """
        start = self.journal.mark() if self.switch.may_be_asked() else None
        self.raise_line()
        before = self._state_at_entry(self.expectation.bit)
        if before is None:
            return None
        kind = self._kind_of(before)
        rule = self.expectation.rules[kind]
        entry = self.journal.position()
        stack_end = self.board.ram.word(self._native_running) + NATIVE_RECORD_BYTES
        is_asked, switches = self.switch.is_asked(), self.switch.switches()
        after = self._run_to_return(before)
        if start is not None and kind is Interrupted.VM and is_asked and not self.switch.is_asked():
            if self.switch.switches() != switches:
                self._compare_switch(rule, before, start)
                return kind
            rule = replace(rule, may_change=(*rule.may_change, *self.switch.saved))
        self._compare(rule, before, after)
        kept = rule.must_keep
        if kept is not None and kind is Interrupted.PROCESS:
            kept = (*kept, (before[INDEX["sp"]], stack_end))
        live = before[INDEX["sp_irq"]], before[INDEX["sp_svc"]]
        self._compare_memory(
            rule, kept, entry, tuple((start, top) for (start, _), top in zip(self.dead, live, strict=True))
        )
        return kind

    def raise_line(self) -> None:
        self.board.vic.write("SOFTINT", self.expectation.bit)

    def _kind_of(self, registers: Registers) -> Interrupted:
        if registers[INDEX["cpsr"]] & MODE_MASK != SYSTEM:
            return Interrupted.HANDLER
        return Interrupted.VM if self.board.ram.word(self._native_running) == self._vm_record else Interrupted.PROCESS

    def key_at_safepoint(self) -> Hashable:
        """Run until the VM attends to interrupts; what the machine's state is known by then.

        In the first instructions of the routine that attends to them it may do so without being entered again: then
        the state is like no other, and whoever follows it sees whether the line is served.
        """
        stop = self.board.run_to(self.safepoint, SAFEPOINT_WITHIN_CYCLES)
        return self.key() if stop.reason is StopReason.REACHED else object()

    def key(self) -> Hashable:
        """Equal for equal states: RAM but dead stacks, registers, devices. The clock is left out."""
        return self.journal.digest(), self.registers.read(), self.journal.device_key()

    def run_until_lowered(self) -> None:
        """Run until the handler lowers the line."""
        vic, bit = self.board.vic, self.expectation.bit
        if vic.software & bit:
            stop = self.board.run(SERVED_WITHIN_CYCLES, lambda: not vic.software & bit)
            if vic.software & bit:
                raise Violated(f"not served within {SERVED_WITHIN_CYCLES:,} cycles: {stop.reason} {stop.message}")

    def run_until_over(self, before: Mapping[int, int], slice_cycles: int = SLICE_CYCLES) -> None:
        """Run until the line is unmasked and everything has been counted that is to be."""
        counted = self.expectation.at_end
        end = self.board.clock.cycles + SERVED_WITHIN_CYCLES
        while not self.board.vic.enabled & self.expectation.bit or self._are_missing(before, counted):
            self.run_on(slice_cycles)
            if self.board.clock.cycles > end:
                self.compare_counts(before, counted)
                raise Violated(f"the line is not unmasked within {SERVED_WITHIN_CYCLES:,} cycles")

    def look_again(self, before: Mapping[int, int]) -> None:
        """A while later nothing has been counted twice."""
        self.run_on(LAST_LOOK_CYCLES)
        self.compare_counts(before, self.expectation.at_end)

    def _are_missing(self, before: Mapping[int, int], counted: Mapping[int, int]) -> bool:
        return any((self.board.ram.word(each) - before[each]) & 0xFFFFFFFF < more for each, more in counted.items())

    def audit(self) -> None:
        """Go to the next safepoint; heap and processes are right there."""
        try:
            settle(self.board)
            report = audit(self.board)
        except NotReadable as error:
            raise Violated(str(error)) from error
        if not report.is_sound:
            raise Violated(report.text())

    def run_on(self, cycles: int) -> None:
        stop = self.board.run(cycles)
        if stop.reason is not StopReason.CYCLES:
            raise Violated(f"the board stopped: {stop.reason} {stop.message}")

    def words(self, counted: Mapping[int, int]) -> dict[int, int]:
        return {address: self.board.ram.word(address) for address in counted}

    def compare_counts(self, before: Mapping[int, int], counted: Mapping[int, int]) -> None:
        for address, increase in counted.items():
            counts = (self.board.ram.word(address) - before[address]) & 0xFFFFFFFF
            if counts != increase:
                name = self.board.firmware.describe(address)
                raise Violated(f"the count at {name} went up by {counts:,} instead of {increase}")

    # The entry and the return

    def _state_at_entry(self, bit: int) -> Registers | None:
        """The registers of what is interrupted, which the CPU is about to leave or has just left."""
        board, vic = self.board, self.board.vic
        for _ in range(MASKED_INSTRUCTIONS):
            if self._is_pending(bit):
                return None
            if not board.cpu.cpsr & IRQ_MASKED:
                break
            board.step()
        if vic.irq_lines & bit:
            return self.registers.read()
        if not vic.software & bit:
            return None
        stop = board.run_to(IRQ_VECTOR, RETURN_WITHIN_CYCLES)
        if stop.reason is StopReason.REACHED and vic.irq_lines & bit:
            return self.registers.read_interrupted()
        if vic.software & bit and stop.reason is not StopReason.REACHED:
            raise Violated(f"not taken within {RETURN_WITHIN_CYCLES:,} cycles: {stop.reason} {stop.message}")
        return None

    def _is_pending(self, bit: int) -> bool:
        return bool(self.board.ram.word(self._pending_lines) & bit)

    def _run_to_return(self, before: Registers) -> Registers:
        """The registers when control is back where it was: at that place, in that mode, with those stacks."""
        pc = before[INDEX["pc"]]
        board = self.board
        end = board.clock.cycles + RETURN_WITHIN_CYCLES
        while board.clock.cycles < end:
            stop = board.run_to(pc, RETURN_WITHIN_CYCLES)
            if stop.reason is not StopReason.REACHED:
                break
            after = self.registers.read()
            if after[INDEX["sp"]] == before[INDEX["sp"]] and after[INDEX["sp_irq"]] == before[INDEX["sp_irq"]]:
                return after
            board.step()
        raise Violated(f"the interrupted code at {board.firmware.describe(pc)} does not go on: {stop.reason}")

    def _compare(self, rule: Rule, before: Registers, after: Registers) -> None:
        if rule.requests_vm:
            before = (*before[:DISPATCH_REGISTER], self.interrupt_table, *before[DISPATCH_REGISTER + 1 :])
        if before[INDEX["cpsr"]] & MODE_MASK == IRQ:
            before = (*before[: INDEX["lr"]], after[INDEX["lr"]], *before[INDEX["lr"] + 1 :])
        if wrong := differences(before, after):
            raise Violated(f"after the interrupt {', '.join(wrong[:SHOWN])}")

    def _compare_memory(self, rule: Rule, kept: tuple[Range, ...] | None, entry: int, dead: tuple[Range, ...]) -> None:
        counts = dict(rule.counts)
        for address, old, new in self.journal.changes(entry):
            if address in counts:
                if (new - old) & 0xFFFFFFFF != counts.pop(address):
                    raise Violated(f"{self._name(address)} went from {old:#x} to {new:#x}")
            elif is_in(address, dead):
                continue
            elif not is_in(address, rule.may_change) if kept is None else is_in(address, kept):
                raise Violated(f"the interrupt changed {self._name(address)} from {old:#x} to {new:#x}")
        if counts:
            raise Violated(f"the interrupt was not counted at {', '.join(map(self._name, counts))}")

    def _compare_switch(self, rule: Rule, before: Registers, start: Mark) -> None:
        """The interrupt has made a switch in the VM's place. Compare with a run from `start` that is not interrupted,
        both where the interrupted routine has returned; the board is left there."""
        self.journal.back(start)
        alone, expected = self._after_switch(before, start)
        self.journal.back(start)
        self.raise_line()
        self._state_at_entry(self.expectation.bit)
        self._run_to_return(before)
        interrupted, found = self._after_switch(before, start)
        self._compare(rule, without_scratch(alone), without_scratch(interrupted))
        counts, ignored = dict(rule.counts), (*rule.may_change, *self.dead, *self.switch.dead())
        for address in sorted(expected.keys() | found.keys()):
            old = (expected.get(address) or found[address])[0]
            (_, was), (_, new) = expected.get(address, (old, old)), found.get(address, (old, old))
            if (new - was) & 0xFFFFFFFF == counts.get(address, 0):
                counts.pop(address, None)
            elif not is_in(address, ignored):
                raise Violated(f"with the interrupt {self._name(address)} is {new:#x} and without it {was:#x}")
        if counts:
            raise Violated(f"the interrupt was not counted at {', '.join(map(self._name, counts))}")

    def _after_switch(self, before: Registers, start: Mark) -> tuple[Registers, dict[int, tuple[int, int]]]:
        """The registers where the routine has returned, and the words changed by then: as they were and are."""
        if not self.switch.run_until_made(before):
            raise Violated("the switch that the virtual machine has asked for is not made")
        changes = self.journal.changes(start.count)
        return self.registers.read(), {address: (old, new) for address, old, new in changes}

    def _name(self, address: int) -> str:
        return self.board.firmware.describe(address)


def is_in(address: int, ranges: tuple[Range, ...]) -> bool:
    return any(start <= address < end for start, end in ranges)
