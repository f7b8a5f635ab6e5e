"""The far ends of the loads that are made of interrupts: who sends the characters and beats the time.

A flood that comes from outside the CPU belongs to the board and not to the firmware, so that it keeps its rate whatever
the firmware does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board
from hardtalk.devices import Alarm, Device, Pl011, microseconds, milliseconds

SERIAL_FLOOD, TIMER_FLOOD, TOGETHER = "serialFlood", "timerFlood", "together"
FLOODED_UART = 2
CHARACTERS_AHEAD = b"U" * 200


class Metronome(Device):
    """Raises STATUS.DUE every PERIOD microseconds. A beat that finds the one before not served is counted as missed."""

    @classmethod
    def svd_path(cls) -> Path:
        return study_folder("latency") / "metronome.svd"

    def reset(self) -> None:
        self.beat_alarm: Alarm | None = None
        self.beats = 0
        self.missed = 0

    def on_write_PERIOD(self, value: int) -> None:
        self.PERIOD.value = value
        self.clock.cancel(self.beat_alarm)
        self.beat_alarm = self.clock.every(microseconds(value), self.beat) if value else None

    def beat(self) -> None:
        self.beats += 1
        self.missed += int(self.STATUS.DUE)
        self.STATUS.DUE = True


@dataclass(frozen=True)
class SerialFeed:
    """Sends on before the characters that are on their way have all arrived."""

    uart: Pl011

    def __call__(self) -> None:
        if self.uart.waiting < len(CHARACTERS_AHEAD):
            self.uart.send(CHARACTERS_AHEAD)


def flood_serial_line(board: Board) -> None:
    """From now on characters follow each other on the line without a pause."""
    feed = SerialFeed(board.uart(FLOODED_UART))
    feed()
    board.clock.every(milliseconds(1), feed)


def end_floods(board: Board) -> None:
    """Nothing comes from outside any more, so that the prompt gets its characters."""
    for alarm in board.clock.save()[0]:
        if isinstance(alarm.action, SerialFeed):
            alarm.action.uart.withdraw()
            board.clock.cancel(alarm)
    metronome = board.device("METRONOME")
    assert isinstance(metronome, Metronome)
    board.clock.cancel(metronome.beat_alarm)


FLOODS: dict[str, Callable[[Board], None]] = {SERIAL_FLOOD: flood_serial_line, TOGETHER: flood_serial_line}
