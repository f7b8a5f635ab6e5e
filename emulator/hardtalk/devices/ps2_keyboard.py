"""A PS/2 keyboard of 104 keys with an American layout: scan code set 2.

A key that is pressed says its code, one that is let go F0 and its code; those that the first keyboards did not have say
E0 before both. The key pressed last is said again while it is held (typematic), after a delay, at a rate. Codes that
find no place in the buffer are lost, and 00 says so.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import ClassVar

from hardtalk.devices.clock import Alarm, Clock, Duration, milliseconds
from hardtalk.devices.ps2 import ACKNOWLEDGE, Command, Ps2Device

ONLY_SET = 2
OVERRUN = 0x00
BREAK, EXTENDED = 0xF0, 0xE0
IDENTITY = (0xAB, 0x83)
DEFAULT_RATE = 0x2B
"""10.9 a second after half a second."""


class KeyboardCommand(IntEnum):
    """What the host says to keyboards only."""

    LEDS = 0xED
    ECHO = 0xEE
    SCAN_SET = 0xF0


CODES = {
    "`": 0x0E, "1": 0x16, "2": 0x1E, "3": 0x26, "4": 0x25, "5": 0x2E, "6": 0x36, "7": 0x3D, "8": 0x3E, "9": 0x46,
    "0": 0x45, "-": 0x4E, "=": 0x55, "q": 0x15, "w": 0x1D, "e": 0x24, "r": 0x2D, "t": 0x2C, "y": 0x35, "u": 0x3C,
    "i": 0x43, "o": 0x44, "p": 0x4D, "[": 0x54, "]": 0x5B, "\\": 0x5D, "a": 0x1C, "s": 0x1B, "d": 0x23, "f": 0x2B,
    "g": 0x34, "h": 0x33, "j": 0x3B, "k": 0x42, "l": 0x4B, ";": 0x4C, "'": 0x52, "z": 0x1A, "x": 0x22, "c": 0x21,
    "v": 0x2A, "b": 0x32, "n": 0x31, "m": 0x3A, ",": 0x41, ".": 0x49, "/": 0x4A, " ": 0x29,
    "tab": 0x0D, "backspace": 0x66, "enter": 0x5A, "escape": 0x76, "shift": 0x12, "right-shift": 0x59, "control": 0x14,
    "alt": 0x11, "caps": 0x58, "f1": 0x05, "f2": 0x06, "f3": 0x04, "f4": 0x0C, "f5": 0x03, "f6": 0x0B, "f7": 0x83,
    "f8": 0x0A, "f9": 0x01, "f10": 0x09, "f11": 0x78, "f12": 0x07,
    "up": 0xE075, "down": 0xE072, "left": 0xE06B, "right": 0xE074, "home": 0xE06C, "end": 0xE069, "page-up": 0xE07D,
    "page-down": 0xE07A, "insert": 0xE070, "delete": 0xE071, "right-control": 0xE014, "right-alt": 0xE011,
}  # fmt: skip
"""By the character on the key, or its name."""

PLAIN = "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./ \t\n"
SHIFTED = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>? \t\n'
NAMED = {"\t": "tab", "\n": "enter"}


class Ps2Keyboard(Ps2Device):
    """`press` and `release` take keys by the names in CODES. `leds` are scroll 1, num 2 and caps 4."""

    test_time: ClassVar[Duration] = milliseconds(500)
    takes_argument: ClassVar[frozenset[int]] = frozenset({Command.RATE, KeyboardCommand.LEDS, KeyboardCommand.SCAN_SET})

    def __init__(self, clock: Clock, speak: Callable[[], None]) -> None:
        self.repeat: Alarm | None = None
        self.repeated = ""
        self.lost = 0
        super().__init__(clock, speak)

    def become_default(self) -> None:
        """A keyboard scans when it has power."""
        self.is_enabled = True
        self.leds = 0
        self.rate = DEFAULT_RATE
        self.stop_repeating()

    # Keys

    def press(self, key: str) -> None:
        self.scan(key, is_down=True)
        if self.is_enabled:
            self.stop_repeating()
            self.repeated = key
            self.repeat = self.clock.after(self.delay, self.say_again)

    def release(self, key: str) -> None:
        if key == self.repeated:
            self.stop_repeating()
        self.scan(key, is_down=False)

    def scan(self, key: str, is_down: bool) -> None:
        """All of the key's codes or, when there is no place for them, none."""
        if key not in CODES:
            raise KeyError(f"there is no key {key!r}; keys are the characters without shift, and {', '.join(NAMES)}")
        code = CODES[key]
        codes = [*([EXTENDED] if code > 0xFF else []), *([] if is_down else [BREAK]), code & 0xFF]
        if not self.is_enabled or self.test is not None:
            return
        if len(self.waiting) + len(codes) >= self.capacity:
            self.lost += 1
            if self.waiting[-1:] != [OVERRUN]:
                self.say(OVERRUN)
            return
        self.say(*codes)

    def say_again(self) -> None:
        self.repeat = self.clock.after(self.period, self.say_again)
        self.scan(self.repeated, is_down=True)

    def stop_repeating(self) -> None:
        self.clock.cancel(self.repeat)
        self.repeat = None
        self.repeated = ""

    @property
    def delay(self) -> Duration:
        return milliseconds(250 * (1 + (self.rate >> 5 & 3)))

    @property
    def period(self) -> Duration:
        """(8 + A) * 2^B / 240 seconds."""
        return Duration((8 + (self.rate & 7)) * (1 << (self.rate >> 3 & 3)) * milliseconds(1000).seconds / 240)

    # Commands

    def is_argument(self, command: int, byte: int) -> bool:
        return byte in (0, ONLY_SET) if command == KeyboardCommand.SCAN_SET else super().is_argument(command, byte)

    def take_argument(self, command: int, byte: int) -> None:
        match command:
            case KeyboardCommand.LEDS:
                self.leds = byte & 7
            case Command.RATE:
                self.rate = byte & 0x7F
            case KeyboardCommand.SCAN_SET if byte == 0:
                self.say(ONLY_SET)

    def obey(self, command: int) -> None:
        match command:
            case KeyboardCommand.ECHO:
                self.say(KeyboardCommand.ECHO)
            case Command.IDENTIFY:
                self.say(ACKNOWLEDGE, *IDENTITY)
            case _:
                if command == Command.DISABLE:
                    self.become_default()
                super().obey(command)


NAMES = tuple(name for name in CODES if len(name) > 1)


def keys_of(character: str) -> tuple[str, ...]:
    """The keys that make a character, in the order in which they are pressed."""
    if character in PLAIN:
        return (NAMED.get(character, character),)
    if character in SHIFTED:
        return ("shift", PLAIN[SHIFTED.index(character)])
    raise KeyError(f"no key makes the character {character!r}")
