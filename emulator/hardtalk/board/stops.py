"""Where the block hook stops the engine: the next alarm, a run's end, a waiting interrupt, or the host's wish.

The hook looks at all of them only when the clock is beyond one number, the threshold, which is kept here.
"""

from hardtalk.board import hook
from hardtalk.board.engine import Words

IRQ_MASK, FIQ_MASK = 0x80, 0x40


class Stops:
    """The conditions among the words that the hook shares with the host."""

    def __init__(self, words: Words) -> None:
        self._words = memoryview(words)  # type: ignore[arg-type]  # gives plain integers, in half the time

    def reset(self) -> None:
        words = self._words
        words[hook.PENDING] = words[hook.ATTENTION] = 0
        words[hook.ALARM] = words[hook.LIMIT] = words[hook.INSTRUCTION_LIMIT] = hook.NEVER

    @property
    def alarm(self) -> int:
        return int(self._words[hook.ALARM])

    def set_alarm(self, cycle: int | None) -> None:
        """Run no block that would end after `cycle`."""
        alarm = hook.NEVER if cycle is None else cycle
        if alarm != self._words[hook.ALARM]:
            self._words[hook.ALARM] = alarm
            self.set_threshold()

    def set_limit(self, cycle: int | None, instructions: int | None = None) -> None:
        """Run no block that begins at `cycle` or later, or that ends beyond the count of `instructions`."""
        self._words[hook.LIMIT] = hook.NEVER if cycle is None else cycle
        self._words[hook.INSTRUCTION_LIMIT] = hook.NEVER if instructions is None else instructions
        self.set_threshold()

    def set_pending(self, irq: bool, fiq: bool) -> None:
        """The two interrupt inputs."""
        pending = (IRQ_MASK if irq else 0) | (FIQ_MASK if fiq else 0)
        if pending != self._words[hook.PENDING]:
            self._words[hook.PENDING] = pending
            self.set_threshold()

    @property
    def wants_attention(self) -> bool:
        return bool(self._words[hook.ATTENTION])

    def request_attention(self) -> None:
        """Come back to the board before the next block."""
        self._words[hook.ATTENTION] = 1
        self.set_threshold()

    def begin(self) -> None:
        """A run begins: nobody has asked for attention since."""
        self._words[hook.ATTENTION] = 0
        self.set_threshold()

    def set_threshold(self) -> None:
        words = self._words
        is_counting = words[hook.INSTRUCTION_LIMIT] != hook.NEVER
        is_seam_open = words[hook.LAST_ENTRY] & hook.OPEN_SEAM
        is_stopped = words[hook.PENDING] or words[hook.ATTENTION]
        if is_stopped or is_counting or is_seam_open:
            words[hook.THRESHOLD] = -1
        else:
            words[hook.THRESHOLD] = min(words[hook.ALARM], words[hook.LIMIT])
            if words[hook.ATTENTION]:  # asked for meanwhile, by Control-C
                words[hook.THRESHOLD] = -1
