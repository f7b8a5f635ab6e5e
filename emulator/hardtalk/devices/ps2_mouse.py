"""A PS/2 mouse with three buttons.

It counts how far it was moved, to the right and up, and says so in packets of three bytes, at most as often as its
sample rate allows: buttons, signs and overflows; x; y. A count has nine bits; what goes beyond is lost, and the
overflow bit tells. In remote mode it says nothing until it is asked.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import ClassVar

from hardtalk.devices.clock import Alarm, Clock, Duration, milliseconds, seconds
from hardtalk.devices.ps2 import ACKNOWLEDGE, Command, Ps2Device

IDENTITY = 0
LOWEST, HIGHEST = -256, 255
BUTTONS = ("left", "right", "middle")
SCALED = (0, 1, 1, 3, 6, 9)
"""What a count of 0 to 5 becomes with scaling 2:1; further ones are doubled."""


class MouseCommand(IntEnum):
    """What the host says to mice only."""

    SCALE_1 = 0xE6
    SCALE_2 = 0xE7
    RESOLUTION = 0xE8
    STATUS = 0xE9
    STREAM = 0xEA
    READ = 0xEB
    END_WRAP = 0xEC
    WRAP = 0xEE
    REMOTE = 0xF0


SCALES = (MouseCommand.SCALE_1, MouseCommand.SCALE_2)
REPORTING = (MouseCommand.STREAM, MouseCommand.REMOTE)
WRAPPING = (MouseCommand.WRAP, MouseCommand.END_WRAP)


class Ps2Mouse(Ps2Device):
    """`move`, `press` and `release` are the hand's."""

    test_time: ClassVar[Duration] = milliseconds(300)
    takes_argument: ClassVar[frozenset[int]] = frozenset({Command.RATE, MouseCommand.RESOLUTION})

    def __init__(self, clock: Clock, speak: Callable[[], None]) -> None:
        self.sample: Alarm | None = None
        self.buttons = 0
        super().__init__(clock, speak)

    def become_default(self) -> None:
        """Stream mode, but nothing is reported until that is enabled."""
        self.is_enabled = False
        self.is_remote = False
        self.is_wrapping = False
        self.is_scaled = False
        self.rate = 100
        self.resolution = 2
        self.forget()

    def forget(self) -> None:
        """Count from 0."""
        self.x = self.y = 0
        self.overflows = 0
        self.is_changed = False

    # The hand

    def move(self, x: int, y: int) -> None:
        """By so many counts to the right and upwards."""
        self.x, too_far = self.added(self.x, x)
        self.overflows |= too_far
        self.y, too_far = self.added(self.y, y)
        self.overflows |= too_far << 1
        self.change()

    @staticmethod
    def added(count: int, step: int) -> tuple[int, int]:
        total = count + step
        kept = min(max(total, LOWEST), HIGHEST)
        return kept, int(kept != total)

    def press(self, button: str) -> None:
        self.buttons |= 1 << self.place(button)
        self.change()

    def release(self, button: str) -> None:
        self.buttons &= ~(1 << self.place(button))
        self.change()

    @staticmethod
    def place(button: str) -> int:
        if button not in BUTTONS:
            raise KeyError(f"there is no button {button!r}; there are {', '.join(BUTTONS)}")
        return BUTTONS.index(button)

    # Packets

    def change(self) -> None:
        self.is_changed = True
        self.report()

    def report(self) -> None:
        """Say what has changed, unless the last packet was said less than a sample ago or has not gone yet."""
        is_quiet = not self.is_enabled or self.is_remote or self.is_wrapping or self.test is not None
        if is_quiet or not self.is_changed or self.sample is not None:
            return
        self.sample = self.clock.after(Duration(seconds(1).seconds / self.rate), self.sampled)
        if not self.waiting:
            self.say_packet()

    def sampled(self) -> None:
        self.sample = None
        self.report()

    def say_packet(self) -> None:
        x, y = (self.scaled(self.x), self.scaled(self.y)) if self.is_scaled and not self.is_remote else (self.x, self.y)
        first = self.buttons | 8 | (x < 0) << 4 | (y < 0) << 5 | self.overflows << 6
        self.forget()
        self.say(first, x & 0xFF, y & 0xFF)

    @staticmethod
    def scaled(count: int) -> int:
        size = abs(count)
        larger = SCALED[size] if size < len(SCALED) else 2 * size
        return min(max(larger if count > 0 else -larger, LOWEST), HIGHEST)

    # Commands

    def hear(self, byte: int, parity: int) -> None:
        """In wrap mode everything is said back but what ends it."""
        if self.is_wrapping and byte not in (Command.RESET, MouseCommand.END_WRAP):
            self.say(byte)
            return
        super().hear(byte, parity)

    def is_argument(self, command: int, byte: int) -> bool:
        return byte in (10, 20, 40, 60, 80, 100, 200) if command == Command.RATE else byte < 4

    def take_argument(self, command: int, byte: int) -> None:
        if command == Command.RATE:
            self.rate = byte
        else:
            self.resolution = byte

    def obey(self, command: int) -> None:
        match command:
            case Command.IDENTIFY:
                self.say(ACKNOWLEDGE, IDENTITY)
            case MouseCommand.STATUS:
                self.say(ACKNOWLEDGE, self.flags, self.resolution, self.rate)
            case MouseCommand.READ:
                self.say(ACKNOWLEDGE)
                self.say_packet()
            case _ if command in (*SCALES, *REPORTING, *WRAPPING):
                self.say(ACKNOWLEDGE)
                self.set_mode(command)
            case _:
                super().obey(command)
                self.forget()

    @property
    def flags(self) -> int:
        """The first byte of the status: modes, and the buttons in an order of its own."""
        left, right, middle = (self.buttons >> place & 1 for place in range(3))
        modes = self.is_remote << 6 | self.is_enabled << 5 | self.is_scaled << 4
        return modes | left << 2 | middle << 1 | right

    def set_mode(self, command: int) -> None:
        if command in SCALES:
            self.is_scaled = command == MouseCommand.SCALE_2
        elif command in REPORTING:
            self.is_remote = command == MouseCommand.REMOTE
            self.forget()
        else:
            self.is_wrapping = command == MouseCommand.WRAP

    def tested(self) -> None:
        super().tested()
        self.say(IDENTITY)
