"""One interrupt at one instruction: what was interrupted must come back as it was, and what follows be known.

A trial raises a line by software in the state the board is in. Three things are looked at, each by itself:

- **the return**: when the interrupted code goes on, every register and flag is what it was, and of all words of memory
  only those differ that the handling may change;
- **the safepoint**: the state of the whole machine in which the VM begins to attend to the line, as a key. From equal
  keys the board goes on equally, so only one of each needs to be followed;
- **the service**: the line is served once, the heap and the lists of processes are right while the handler runs.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hardtalk.board import Board, StopReason
from hardtalk.board.journal import Journal
from hardtalk.injection.registers import (
    INDEX,
    IRQ_MASKED,
    IRQ_VECTOR,
    MODE_MASK,
    RegisterFile,
    Registers,
    differences,
)
from hardtalk.memory.audit import audit
from hardtalk.memory.machine import NotReadable
from hardtalk.memory.safepoints import settle

RETURN_WITHIN_CYCLES: Final = 400_000
SAFEPOINT_WITHIN_CYCLES: Final = 100_000
SERVED_WITHIN_CYCLES: Final = 400_000
MASKED_INSTRUCTIONS: Final = 2_000
SLICE_CYCLES: Final = 500
LAST_LOOK_CYCLES: Final = 4_000
DISPATCH_REGISTER: Final = INDEX["r8"]
STACK_BYTES: Final = {"irqStackTop": 2048, "supervisorStackTop": 8192}
SHOWN: Final = 8

Range = tuple[int, int]


class Violated(Exception):
    """Something is not as it must be; the text says what."""


@dataclass(frozen=True)
class Expectation:
    """What the handling of a line may do.

    `may_change` are the words (address, end) that may differ when the interrupted code goes on; with `must_keep` set it
    is the other way round: all may but these. `at_return` and `at_end` name words (counters) and by how much they must
    have gone up then. `is_served_by_smalltalk`: the VM attends to the line at a safepoint.
    """

    bit: int
    is_served_by_smalltalk: bool
    may_change: tuple[Range, ...] = ()
    must_keep: tuple[Range, ...] = ()
    at_return: Mapping[int, int] = field(default_factory=dict)
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
        table = board.ram.read(self.interrupt_table, 4)
        self.safepoint = int.from_bytes(table, "little")
        self.state = address_of("vmState")
        self.dead: tuple[Range, ...] = tuple(
            (address_of(name) - size, address_of(name)) for name, size in STACK_BYTES.items()
        )
        journal.leave_out(self.dead)

    def interrupt(self) -> Registers | None:
        """Raise the line and run until the interrupted code goes on; None when an entry under way took the line along.

        Raises Violated when a register or a word is not as it must be then.
        """
        bit = self.expectation.bit
        self.board.vic.on_write_SOFTINT(bit)
        before = self._state_at_entry(bit)
        if before is None:
            return None
        entry = self.journal.position()
        self._run_to_return(before)
        after = self.registers.read()
        self._compare(before, after)
        self._compare_memory(entry)
        return after

    def key_at_safepoint(self) -> Hashable:
        """Run until the VM attends to interrupts; what the machine's state is known by then."""
        stop = self.board.run_to(self.safepoint, SAFEPOINT_WITHIN_CYCLES)
        if stop.reason is not StopReason.REACHED:
            raise Violated(f"no safepoint within {SAFEPOINT_WITHIN_CYCLES:,} cycles: {stop.reason} {stop.message}")
        return self.key()

    def key(self) -> Hashable:
        """Equal for equal states: RAM but dead stacks, registers, devices. The clock is left out."""
        return self.journal.digest(), self.registers.read(), self.journal.device_key()

    def run_until_served(self, watched: Callable[[], None] = lambda: None) -> None:
        """Run until a Smalltalk handler lowers the line; audit there; run until it waits again.

        `watched` is called at the handler's next bytecode, a safepoint at which the collector is as it was interrupted.
        """
        vic, bit = self.board.vic, self.expectation.bit
        if vic.software & bit:
            stop = self.board.run(SERVED_WITHIN_CYCLES, lambda: not vic.software & bit)
            if vic.software & bit:
                raise Violated(f"not served within {SERVED_WITHIN_CYCLES:,} cycles: {stop.reason} {stop.message}")
        self.audit()
        watched()
        end = self.board.clock.cycles + SERVED_WITHIN_CYCLES
        while not vic.enabled & bit:
            self.run_on(SLICE_CYCLES)
            if self.board.clock.cycles > end:
                raise Violated(f"the line is not unmasked within {SERVED_WITHIN_CYCLES:,} cycles")
        self.run_on(LAST_LOOK_CYCLES)

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

    def word(self, address: int) -> int:
        return int.from_bytes(self.board.ram.read(address, 4), "little")

    def words(self, counted: Mapping[int, int]) -> dict[int, int]:
        return {address: self.word(address) for address in counted}

    def compare_counts(self, before: Mapping[int, int], counted: Mapping[int, int]) -> None:
        for address, increase in counted.items():
            counts = (self.word(address) - before[address]) & 0xFFFFFFFF
            if counts != increase:
                name = self.board.firmware.describe(address)
                raise Violated(f"the count at {name} went up by {counts:,} instead of {increase}")

    # The entry and the return

    def _state_at_entry(self, bit: int) -> Registers | None:
        """The registers of what is interrupted, which the CPU is about to leave or has just left."""
        board, vic = self.board, self.board.vic
        for _ in range(MASKED_INSTRUCTIONS):
            if not vic.irq_lines & bit:
                break
            if not board.cpu.cpsr & IRQ_MASKED:
                return self.registers.read()
            board.step()
        if not vic.software & bit or self._is_pending(bit):
            return None
        stop = board.run_to(IRQ_VECTOR, RETURN_WITHIN_CYCLES)
        if stop.reason is StopReason.REACHED and vic.irq_lines & bit:
            return self.registers.read_interrupted()
        if vic.software & bit and stop.reason is not StopReason.REACHED:
            raise Violated(f"not taken within {RETURN_WITHIN_CYCLES:,} cycles: {stop.reason} {stop.message}")
        return None

    def _is_pending(self, bit: int) -> bool:
        return bool(self.word(self.board.firmware.address_of("pendingLines")) & bit)

    def _run_to_return(self, before: Registers) -> None:
        pc, sp, mode = before[INDEX["pc"]], before[INDEX["sp"]], before[INDEX["cpsr"]] & MODE_MASK
        board = self.board
        end = board.clock.cycles + RETURN_WITHIN_CYCLES
        while board.clock.cycles < end:
            stop = board.run_to(pc, RETURN_WITHIN_CYCLES)
            if stop.reason is not StopReason.REACHED:
                break
            if board.cpu.register(13) == sp and board.cpu.cpsr & MODE_MASK == mode:
                return
            board.step()
        raise Violated(f"the interrupted code at {board.firmware.describe(pc)} does not go on: {stop.reason}")

    def _compare(self, before: Registers, after: Registers) -> None:
        if before == after:
            return
        is_vm = before[INDEX["r4"]] == self.state and before[INDEX["cpsr"]] & MODE_MASK == 0x1F
        if is_vm and self.expectation.is_served_by_smalltalk and after[DISPATCH_REGISTER] == self.interrupt_table:
            before = (*before[:DISPATCH_REGISTER], self.interrupt_table, *before[DISPATCH_REGISTER + 1 :])
        if wrong := differences(before, after):
            raise Violated(f"after the interrupt {', '.join(wrong[:SHOWN])}")

    def _compare_memory(self, entry: int) -> None:
        wanted = self.expectation
        counts = dict(wanted.at_return)
        for address, old, new in self.journal.changes(entry):
            if address in counts:
                if (new - old) & 0xFFFFFFFF != counts.pop(address):
                    raise Violated(f"{self._name(address)} went from {old:#x} to {new:#x}")
            elif is_in(address, self.dead):
                continue
            elif is_in(address, wanted.must_keep) if wanted.must_keep else not is_in(address, wanted.may_change):
                raise Violated(f"the interrupt changed {self._name(address)} from {old:#x} to {new:#x}")
        if counts:
            raise Violated(f"the interrupt was not counted at {', '.join(map(self._name, counts))}")

    def _name(self, address: int) -> str:
        return self.board.firmware.describe(address)


def is_in(address: int, ranges: tuple[Range, ...]) -> bool:
    return any(start <= address < end for start, end in ranges)
