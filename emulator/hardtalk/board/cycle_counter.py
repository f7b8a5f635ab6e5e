"""How much has run: cycles, instructions, sleep, and the block that was entered last, as the block hook counts them.

A conditional branch at a block's end costs more when taken. The hook charges that on entry to the next block; where no
hook will see the next block (a single step, an exception), the host charges it here.
"""

from hardtalk.board import hook
from hardtalk.board.engine import Words


class CycleCounter:
    """The counts among the words that the hook shares with the host."""

    def __init__(self, words: Words) -> None:
        self._words = memoryview(words)  # type: ignore[arg-type]  # gives plain integers, in half the time

    @property
    def cycles(self) -> int:
        return self._words[hook.CLOCK]

    @property
    def instructions(self) -> int:
        return self._words[hook.INSTRUCTIONS]

    @property
    def slept_cycles(self) -> int:
        """Since reset, waiting for an interrupt."""
        return self._words[hook.SLEPT]

    @property
    def block(self) -> int:
        """The address of the block that was entered last."""
        return self._words[hook.BLOCK_END] - self.block_bytes

    @property
    def block_bytes(self) -> int:
        return self._words[hook.LAST_ENTRY] & hook.BYTES_MASK

    def reset(self) -> None:
        for word in (hook.CLOCK, hook.INSTRUCTIONS, hook.SLEPT, hook.BLOCK_END, hook.LAST_ENTRY):
            self._words[word] = 0

    def charge(self, cycles: int, instructions: int) -> None:
        """Count what runs outside the hook; negative to take back what did not run."""
        self._words[hook.CLOCK] += cycles
        self._words[hook.INSTRUCTIONS] += instructions

    def sleep_until(self, cycle: int) -> None:
        """Nothing is executed until then."""
        self._words[hook.SLEPT] += cycle - self.cycles
        self._words[hook.CLOCK] = cycle

    def enter_part(self, start: int, size: int) -> None:
        """A part of a block runs without the hook."""
        self._words[hook.BLOCK_END], self._words[hook.LAST_ENTRY] = start + size, hook.table_entry(size, 0, 0)

    def leave_for(self, target: int) -> None:
        """The last block goes on at `target` without the hook's knowledge."""
        if target != self._words[hook.BLOCK_END]:
            self._words[hook.CLOCK] += (self._words[hook.LAST_ENTRY] >> hook.EXTRA_SHIFT) & hook.EXTRA_MASK
        self.forget_branch()

    def enter_exception(self, not_before: int, entry_cycles: int) -> None:
        """The CPU goes to a vector: its first cycle is `not_before` or now."""
        self._words[hook.ENTERED_FROM] = self.cycles
        self._words[hook.CLOCK] = max(self.cycles, not_before) + entry_cycles

    def forget_branch(self) -> None:
        """The end of the last block costs nothing more."""
        self._words[hook.LAST_ENTRY] &= hook.BYTES_MASK
