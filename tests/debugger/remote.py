"""A client of GDB's remote protocol, written against the manual alone: packets out, answers in, what the board says."""

from __future__ import annotations

import socket


class Remote:
    """A connection that waits for each answer; `said` is what came meanwhile for whoever sits there."""

    def __init__(self, port: int) -> None:
        self.said = ""
        self._connection = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._stream = self._connection.makefile("rb")

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def put(self, text: str) -> None:
        """Send a packet; it must be acknowledged."""
        data = text.encode()
        self._connection.sendall(b"$%b#%02x" % (data, sum(data) & 0xFF))
        assert self._stream.read(1) == b"+"

    def interrupt(self) -> None:
        self._connection.sendall(b"\x03")

    def take(self) -> str:
        """The next answer."""
        while True:
            assert self._stream.read(1) == b"$"
            body = bytearray()
            while (byte := self._stream.read(1)) != b"#":
                body += bytes([self._stream.read(1)[0] ^ 0x20]) if byte == b"}" else byte
            self._stream.read(2)
            self._connection.sendall(b"+")
            answer = body.decode()
            if answer.startswith("O") and answer != "OK":
                self.said += bytes.fromhex(answer[1:]).decode()
                continue
            return answer

    def ask(self, text: str) -> str:
        self.put(text)
        return self.take()

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def registers(self) -> str:
        return self.ask("g")

    def memory(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self.ask(f"m{address:x},{size:x}"))

    def order(self, text: str) -> str:
        """What a monitor command answers."""
        answer = self.ask(f"qRcmd,{text.encode().hex()}")
        return "" if answer == "OK" else bytes.fromhex(answer).decode()
