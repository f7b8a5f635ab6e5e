"""Frames on the serial line (docs/virtual-machine.md, "Serial line"), and the console text between them.

A frame: byte 1, a kind letter, the payload's length as eight hexadecimal digits, the payload, four hexadecimal digits
CRC-16/CCITT-FALSE of kind, length and payload, byte 4. What looks like a frame and is none is console text.
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
_HEADER_SIZE: Final = 10
_TRAILER_SIZE: Final = 5
_HEADER: Final = re.compile(rb"\x01[A-Z][0-9A-F]{8}")
_GREATEST_REPLY: Final = 0x1000000


class FrameError(ValueError):
    """A message that cannot be sent."""


@dataclass(frozen=True, slots=True)
class Frame:
    kind: str
    payload: bytes

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


def encode_frame(kind: str, payload: bytes) -> bytes:
    if len(payload) > GREATEST_LENGTH:
        raise FrameError(f"a message of {len(payload)} bytes is longer than {GREATEST_LENGTH}: send it in parts")
    checked = f"{kind}{len(payload):08X}".encode("ascii") + payload
    return bytes([START]) + checked + f"{crc16(checked):04X}".encode("ascii") + bytes([END])


def console_text(data: bytes) -> ConsoleText:
    return ConsoleText(data.decode("latin-1").replace("\r\n", "\n"))


class FrameReader:
    """Takes the board's bytes as they come and answers frames and console text in order."""

    def __init__(self) -> None:
        self._buffer = b""

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
            size = self._frame_size()
            if size is None:
                break
            if size == 0:
                text += self._buffer[:1]
                self._buffer = self._buffer[1:]
                continue
            if text:
                found.append(console_text(text))
                text = b""
            found.append(Frame(chr(self._buffer[1]), self._buffer[_HEADER_SIZE : size - _TRAILER_SIZE]))
            self._buffer = self._buffer[size:]
        if text.endswith(b"\r") and not self._buffer:
            text, self._buffer = text[:-1], b"\r"  # its LF is still to come
        if text:
            found.append(console_text(text))
        return found

    def _frame_size(self) -> int | None:
        """The size of the frame at the start of the buffer; 0 when there is none, None when more must come to tell."""
        header = self._buffer[:_HEADER_SIZE]
        if len(header) < _HEADER_SIZE:
            plausible = header + b"\x01A00000000"[len(header) :]
            return None if _HEADER.match(plausible) else 0
        if not _HEADER.match(header):
            return 0
        length = int(header[2:], 16)
        if length > _GREATEST_REPLY:
            return 0
        size = _HEADER_SIZE + length + _TRAILER_SIZE
        if len(self._buffer) < size:
            return None
        checked, check = self._buffer[1 : size - _TRAILER_SIZE], self._buffer[size - _TRAILER_SIZE : size]
        return size if check == f"{crc16(checked):04X}".encode("ascii") + bytes([END]) else 0
