"""What keyboards and mice have in common: the far end of a PS/2 line.

A device makes the clock, here of 12.5 kHz (10 to 16.7 are allowed), for both directions. A frame has a start bit, eight
data bits from the lowest on, a bit of odd parity and a stop bit; one to the device is acknowledged in a twelfth bit.
The device keeps what it has to say until the line is free. A byte with wrong parity is asked for again (FE), one that
the host did not understand is said again when it asks.

A command stops what the device was about to say. Its bytes after the first are arguments.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import ClassVar

from hardtalk.devices.clock import Alarm, Clock, Duration

BIT_HERTZ = 12_500
FRAME_BITS = 11
ACKNOWLEDGED_BITS = 12

ACKNOWLEDGE, RESEND, TEST_PASSED = 0xFA, 0xFE, 0xAA


class Command(IntEnum):
    """What the host says to both."""

    IDENTIFY = 0xF2
    RATE = 0xF3
    ENABLE = 0xF4
    DISABLE = 0xF5
    DEFAULTS = 0xF6
    RESET = 0xFF


def parity_of(byte: int) -> int:
    """The bit that makes the number of ones odd."""
    return 1 - byte.bit_count() % 2


class Ps2Device:
    """`waiting` are the bytes to be said, `last` the one said last. `speak` tells the line that there is something.

    `takes_argument` are the commands that another byte follows; while one is awaited, `command` is it. While a reset's
    self test runs, nothing is heard.
    """

    capacity: ClassVar[int] = 16
    test_time: ClassVar[Duration]
    takes_argument: ClassVar[frozenset[int]]

    def __init__(self, clock: Clock, speak: Callable[[], None]) -> None:
        self.clock = clock
        self.speak = speak
        self.waiting: list[int] = []
        self.last = ACKNOWLEDGE
        self.command: int | None = None
        self.test: Alarm | None = None
        self.become_default()

    def become_default(self) -> None:
        """As after power-on."""
        self.is_enabled = False

    # The line

    def said(self) -> None:
        """The first byte waiting has been taken by the line."""
        self.last = self.waiting.pop(0)

    def say(self, *message: int) -> None:
        self.waiting += message
        self.speak()

    def hear(self, byte: int, parity: int) -> None:
        """A byte from the host."""
        if self.test is not None:
            return
        if parity != parity_of(byte):
            self.say(RESEND)
            return
        if byte == RESEND:
            self.waiting.insert(0, self.last)
            self.speak()
            return
        self.waiting.clear()
        command, self.command = self.command, None
        if command is not None and self.is_argument(command, byte):
            self.say(ACKNOWLEDGE)
            self.take_argument(command, byte)
        elif byte in self.takes_argument:
            self.command = byte
            self.say(ACKNOWLEDGE)
        else:
            self.obey(byte)

    # Commands

    def is_argument(self, _command: int, byte: int) -> bool:
        """Whether the byte may follow the command; if not, it is a command itself."""
        return byte < 0xE0

    def take_argument(self, command: int, byte: int) -> None:
        raise NotImplementedError  # keyboards and mice each take their own

    def obey(self, command: int) -> None:
        """A command without argument."""
        match command:
            case Command.RESET:
                self.say(ACKNOWLEDGE)
                self.become_default()
                self.test = self.clock.after(self.test_time, self.tested)
            case Command.DEFAULTS:
                self.say(ACKNOWLEDGE)
                self.become_default()
            case Command.DISABLE:
                self.say(ACKNOWLEDGE)
                self.is_enabled = False
            case Command.ENABLE:
                self.say(ACKNOWLEDGE)
                self.is_enabled = True
            case _:
                self.say(RESEND)

    def tested(self) -> None:
        self.test = None
        self.say(TEST_PASSED)
