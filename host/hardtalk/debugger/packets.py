"""Packets of GDB's remote serial protocol over a connection: `$data#checksum`, acknowledged until that is given up.

Source: GDB's manual, appendix "GDB Remote Serial Protocol".
"""

from __future__ import annotations

import select
import socket
import time
from typing import Final

INTERRUPT: Final = b"\x03"
START, END, ESCAPE, REPEAT = b"$#}*"
ESCAPED: Final = 0x20
LARGEST: Final = 1 << 16
"""Bytes of a packet that a debugger may send."""
PATIENCE_SECONDS: Final = 10.0


class ConnectionEnded(Exception):
    """The debugger has gone."""


def checksum(data: bytes | bytearray) -> int:
    return sum(data) & 0xFF


def framed(data: bytes) -> bytes:
    """As it is sent, with what must not stand in a packet escaped."""
    sent = bytearray()
    for byte in data:
        sent += bytes([ESCAPE, byte ^ ESCAPED]) if byte in (START, END, ESCAPE, REPEAT) else bytes([byte])
    return b"$%b#%02x" % (bytes(sent), checksum(sent))


def unescaped(data: bytes) -> bytes:
    out, bytes_left = bytearray(), iter(data)
    for byte in bytes_left:
        out.append(next(bytes_left, 0) ^ ESCAPED if byte == ESCAPE else byte)
    return bytes(out)


class Packets:
    """One debugger's connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.is_acknowledged = True
        self._connection = connection
        self._received = bytearray()
        connection.settimeout(PATIENCE_SECONDS)

    def send(self, data: bytes) -> None:
        try:
            self._connection.sendall(framed(data))
        except OSError as error:
            raise ConnectionEnded from error

    def next(self, seconds: float) -> bytes | None:
        """The packet that comes next, or INTERRUPT; None when none has come in that time."""
        end = time.monotonic() + seconds
        while (packet := self._whole()) is None:
            if not select.select([self._connection], [], [], max(end - time.monotonic(), 0.0))[0]:
                return None
            try:
                data = self._connection.recv(LARGEST)
            except OSError as error:
                raise ConnectionEnded from error
            if not data:
                raise ConnectionEnded
            self._received += data
        return packet

    def _whole(self) -> bytes | None:
        """The first that has arrived, without those that arrived damaged."""
        while self._received:
            if self._received[:1] == INTERRUPT:
                del self._received[:1]
                return INTERRUPT
            if self._received[0] != START:
                del self._received[:1]
                continue
            end = self._received.find(END)
            if end < 0 or len(self._received) < end + 3:
                if len(self._received) > LARGEST:
                    raise ConnectionEnded
                return None
            body, told = bytes(self._received[1:end]), bytes(self._received[end + 1 : end + 3])
            del self._received[: end + 3]
            is_whole = told.lower() == b"%02x" % checksum(body)
            if self.is_acknowledged:
                self._acknowledge(b"+" if is_whole else b"-")
            if is_whole:
                return unescaped(body)
        return None

    def _acknowledge(self, sign: bytes) -> None:
        try:
            self._connection.sendall(sign)
        except OSError as error:
            raise ConnectionEnded from error
