"""Frames on the serial line (docs/serial.md), and the console text between them.

A frame: byte 1, a kind letter, the payload's length as eight hexadecimal digits, the payload, four hexadecimal digits
CRC-16/CCITT-FALSE of what is between, byte 4. A request has its number before the length, `#` and twelve hexadecimal
digits, and so has its reply. What looks like a frame and is none is console text.

The first eight digits of a number are the host's session, the other four count its requests. So a host that begins
anew is never taken for one that repeats a request.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import Final

START: Final = 0x01
END: Final = 0x04
GREATEST_LENGTH: Final = 0x10000
"""Of a payload to the board, which refuses longer ones. Replies may be longer."""
NUMBER_BITS: Final = 16
GREATEST_NUMBER: Final = (1 << NUMBER_BITS) - 1
"""Of a request in its session; 0 is none."""
SESSION_BITS: Final = 32
_NUMBER_DIGITS: Final = (SESSION_BITS + NUMBER_BITS) // 4
_TRAILER_SIZE: Final = 5
_HEADER: Final = re.compile(rb"\x01[A-Z](?:#(?P<number>[0-9A-F]{%d}))?(?P<length>[0-9A-F]{8})" % _NUMBER_DIGITS)
_PLAUSIBLE: Final = (b"\x01A00000000", b"\x01A#" + b"0" * (_NUMBER_DIGITS + 8))
"""What a header that has begun is completed with, to see whether it can be one."""
_GREATEST_REPLY: Final = 0x1000000


class FrameError(ValueError):
    """A message that cannot be sent."""


@dataclass(frozen=True, slots=True)
class Frame:
    kind: str
    payload: bytes
    number: int = 0
    """Of the request that it is, or answers, with its session; 0 when it has none."""

    @property
    def text(self) -> str:
        return self.payload.decode("latin-1")


@dataclass(frozen=True, slots=True)
class ConsoleText:
    """What the board printed between frames; its lines end in LF here."""

    text: str


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF."""
    return binascii.crc_hqx(data, 0xFFFF)


def encode_frame(kind: str, payload: bytes, number: int = 0) -> bytes:
    if len(payload) > GREATEST_LENGTH:
        raise FrameError(f"a message of {len(payload)} bytes is longer than {GREATEST_LENGTH}: send it in parts")
    numbered = f"#{number:0{_NUMBER_DIGITS}X}" if number else ""
    checked = f"{kind}{numbered}{len(payload):08X}".encode("ascii") + payload
    return bytes([START]) + checked + f"{crc16(checked):04X}".encode("ascii") + bytes([END])


def console_text(data: bytes) -> ConsoleText:
    return ConsoleText(data.decode("latin-1").replace("\r\n", "\n"))


class FrameReader:
    """Takes the board's bytes as they come and answers frames and console text in order."""

    def __init__(self) -> None:
        self._buffer = b""

    @property
    def begun(self) -> int:
        """How many bytes have come of what looks like a frame, and is not complete."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame | ConsoleText]:
        self._buffer += data
        found: list[Frame | ConsoleText] = []
        text = b""
        while self._buffer:
            start = self._buffer.find(START)
            if start:
                stop = start if start > 0 else len(self._buffer)
                text += self._buffer[:stop]
                self._buffer = self._buffer[stop:]
                continue
            header = _HEADER.match(self._buffer)
            size = self._frame_size(header)
            if size is None:
                break
            if size == 0 or header is None:
                text += self._buffer[:1]
                self._buffer = self._buffer[1:]
                continue
            if text:
                found.append(console_text(text))
                text = b""
            payload = self._buffer[header.end() : size - _TRAILER_SIZE]
            found.append(Frame(chr(self._buffer[1]), payload, int(header["number"] or b"0", 16)))
            self._buffer = self._buffer[size:]
        if text.endswith(b"\r") and not self._buffer:
            text, self._buffer = text[:-1], b"\r"  # its LF is still to come
        if text:
            found.append(console_text(text))
        return found

    def give_up(self) -> list[Frame | ConsoleText]:
        """The line has been silent: what has begun as a frame will not be completed, and is looked at as text."""
        found: list[Frame | ConsoleText] = []
        while self._buffer:
            found.append(console_text(self._buffer[:1]))
            self._buffer = self._buffer[1:]
            found += self.feed(b"")
        return found

    def _frame_size(self, header: re.Match[bytes] | None) -> int | None:
        """The size of the frame at the start of the buffer; 0 when there is none, None when more must come to tell."""
        if header is None:
            begun = self._buffer
            is_header = any(len(begun) < len(each) and _HEADER.match(begun + each[len(begun) :]) for each in _PLAUSIBLE)
            return None if is_header else 0
        length = int(header["length"], 16)
        if length > _GREATEST_REPLY:
            return 0
        size = header.end() + length + _TRAILER_SIZE
        if len(self._buffer) < size:
            return None
        checked, check = self._buffer[1 : size - _TRAILER_SIZE], self._buffer[size - _TRAILER_SIZE : size]
        return size if check == f"{crc16(checked):04X}".encode("ascii") + bytes([END]) else 0
