"""How long the board has been silent about what was entered, and when to send that again."""

from typing import Final

from hardtalk.board import Board
from hardtalk.serial import Prompt

RESEND_CYCLES: Final = 1_600_000_000
"""After how long without a reply, or a byte on its way, requests are sent again; twice as long the next time."""

MOST_PUT_OFF: Final = 15
"""How often that is put off since more has come of a reply that is not complete: for ever would be too long, should a
bad line have made its length greater than it is."""


class Silence:
    """`since` is the cycle of the last reply, or byte on its way to the board; what is sent again does not count."""

    def __init__(self, board: Board, prompt: Prompt) -> None:
        self._board = board
        self._prompt = prompt
        self._answered = prompt.replies
        self._is_resending = False
        self._begun = self._put_off = 0
        self.broken()

    @property
    def cycles(self) -> int:
        return self._board.clock.cycles - self.since

    def broken(self) -> None:
        """Something happens from now on."""
        self.since = self._board.clock.cycles
        self._resend_at = self.since + RESEND_CYCLES

    def look(self) -> bool:
        """Whether there was a reply since the last time; after a long silence what has none is sent again."""
        now = self._board.clock.cycles
        is_answered = self._prompt.replies != self._answered
        is_sending = bool(self._board.uart(0).waiting)
        self._is_resending = self._is_resending and is_sending
        if is_answered or (is_sending and not self._is_resending) or not self._prompt.is_busy:
            self._answered = self._prompt.replies
            self._begun = self._put_off = 0
            self.broken()
        elif now >= self._resend_at and self._is_coming():
            self._resend_at = now + RESEND_CYCLES
        elif now >= self._resend_at:
            self._resend_at = now + 2 * self.cycles
            self._prompt.send_again()
            self._is_resending = True
        return is_answered

    def _is_coming(self) -> bool:
        """Whether more of a reply has come since this was asked last."""
        before, self._begun = self._begun, self._prompt.begun
        self._put_off += 1
        return self._begun > before and self._put_off <= MOST_PUT_OFF
