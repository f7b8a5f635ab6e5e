"""A switch to native code that the virtual machine was about to make when it was interrupted.

After the outermost native handler the boot stub carries out what is asked of the scheduler. In the few instructions in
which the VM has asked for a switch itself (`NativeSemaphores>>leaveNative`), an interrupt makes it in the VM's place:
native code runs before the interrupted instruction goes on. With the interrupt and without it the state must then be
the same as soon as the VM's routine has returned, where both have done what was asked. Where the handler has signalled
a Smalltalk process that is more urgent, the VM is put away and taken up again, and no native code runs in between.
"""

from typing import Final

from hardtalk.board import Board
from hardtalk.injection.registers import INDEX, IRQ_MASKED, MODE_MASK, SYSTEM, Registers
from hardtalk.vm.native import PROCESS_FIELDS, PROCESS_SAVED_WORDS
from hardtalk.vm.object_format import WORD_BYTES

RESCHEDULE: Final = 1
"""NativeReschedule of `nativeRequests`."""
MOST_INSTRUCTIONS: Final = 20_000
STACK_BYTES: Final = 1_024
"""So far below its stack pointer the VM has used its stack."""
SCRATCH: Final = ("r0", "r1", "r2", "r3", "r12", "lr")
FLAGS: Final = 0xF0000000

Range = tuple[int, int]


class PendingSwitch:
    """What a board's VM has asked of the scheduler."""

    def __init__(self, board: Board) -> None:
        self.board = board
        address_of = board.firmware.address_of
        self._requests = address_of("nativeRequests")
        self._running = address_of("nativeRunning")
        self._switches = address_of("nativeSwitches")
        self._vm_record = address_of("vmRecord")
        self.saved: tuple[Range, ...] = tuple(
            (self._vm_record + PROCESS_FIELDS[name], self._vm_record + PROCESS_FIELDS[name] + WORD_BYTES * words)
            for name, words in PROCESS_SAVED_WORDS.items()
        )
        """Of the VM: dead while it runs."""

    def is_asked(self) -> bool:
        return bool(self.board.ram.word(self._requests) & RESCHEDULE)

    def switches(self) -> int:
        """How many have been made."""
        return self.board.ram.word(self._switches)

    def may_be_asked(self) -> bool:
        """Whether it is, or can be by the time IRQs are taken."""
        return self.is_asked() or bool(self.board.cpu.cpsr & IRQ_MASKED)

    def run_until_made(self, before: Registers) -> bool:
        """Go on until the routine that was interrupted with these registers has returned, with nothing asked any more;
        False when it does not."""
        board, cpu = self.board, self.board.cpu
        for _ in range(MOST_INSTRUCTIONS):
            if cpu.register(13) > before[INDEX["sp"]] and self._is_at_ease():
                return True
            board.step()
        return False

    def _is_at_ease(self) -> bool:
        return (
            self.board.cpu.cpsr & (MODE_MASK | IRQ_MASKED) == SYSTEM
            and self.board.ram.word(self._running) == self._vm_record
            and not self.is_asked()
        )

    def dead(self) -> tuple[Range, ...]:
        """What nobody reads any more where the routine has returned: below the stack pointer, the VM's saved
        registers."""
        top = self.board.cpu.register(13)
        return (top - STACK_BYTES, top), *self.saved


def without_scratch(registers: Registers) -> Registers:
    """As a routine's caller finds them: what the routine may leave in any state is 0."""
    kept = list(registers)
    for name in SCRATCH:
        kept[INDEX[name]] = 0
    kept[INDEX["cpsr"]] &= ~FLAGS
    return tuple(kept)
