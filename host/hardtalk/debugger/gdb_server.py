"""A server of GDB's remote protocol for one board: registers, memory, break- and watchpoints, forwards and backwards.

While the debugger waits, the whole board stands still, devices and their clock too: nothing is missed and nothing is
late. While it goes on, its time passes no faster than real time, so a board that sleeps can be spoken to.

Source: GDB's manual, appendix "GDB Remote Serial Protocol".
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from hardtalk.board import Stop, StopReason
from hardtalk.board.lookout import Event, Hit, Point
from hardtalk.debugger.machine import Machine, NoSuchPlace, description
from hardtalk.debugger.monitor import Monitor
from hardtalk.debugger.packets import INTERRUPT, ConnectionEnded, Packets

SLICE_CYCLES: Final = 2_000_000
LOOK_SECONDS: Final = 0.2
"""How often the server looks whether it is still wanted."""
OK, WRONG, UNKNOWN = b"OK", b"E01", b""
NOWHERE: Final = b"E14"
TRAP, INTERRUPTED = 5, 2
KINDS: Final = {0: Event.EXECUTION, 1: Event.EXECUTION, 2: Event.WRITE, 3: Event.READ, 4: Event.ACCESS}
WATCHES: Final = {Event.WRITE: b"watch", Event.READ: b"rwatch", Event.ACCESS: b"awatch"}
FEATURES: Final = (
    b"PacketSize=4000;QStartNoAckMode+;qXfer:features:read+;ReverseStep+;ReverseContinue+;swbreak+;hwbreak+;"
    b"vContSupported+"
)
XFER_FEATURES: Final = b"qXfer:features:read:target.xml:"


class GdbServer:
    """Serves one debugger at a time at `port` of this machine; 0 takes any that is free."""

    def __init__(self, machine: Machine, monitor: Monitor, port: int = 0) -> None:
        self.machine = machine
        self.history = machine.history
        self.monitor = monitor
        self.points: set[Point] = set()
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._is_ended = False
        self._packets: Packets | None = None
        self._commands: dict[bytes, Callable[[bytes], bytes | None]] = {
            b"?": lambda _: self._stopped(TRAP),
            b"g": lambda _: self._registers(),
            b"G": self._set_registers,
            b"p": self._register,
            b"P": self._set_register,
            b"m": self._read,
            b"M": lambda rest: self._write(rest, bytes.fromhex),
            b"X": self._write_binary,
            b"Z": lambda rest: self._point(rest, self.points.add),
            b"z": lambda rest: self._point(rest, self.points.discard),
            b"c": lambda _: self._go_on(),
            b"C": lambda _: self._go_on(),
            b"s": lambda _: self._step(),
            b"S": lambda _: self._step(),
            b"b": self._go_back,
            b"v": self._verbose,
            b"q": self._query,
            b"Q": self._set,
            b"H": lambda _: OK,
            b"T": lambda _: OK,
            b"D": self._detach,
            b"k": self._kill,
        }

    # Serving

    def serve(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Until a debugger kills the board, or it is no longer wanted."""
        self._socket.settimeout(LOOK_SECONDS)
        while not self._is_ended and is_wanted():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._packets = Packets(connection)
                self.points.clear()
                with suppress(ConnectionEnded):
                    self._serve(self._packets, is_wanted)
                self._packets = None
        self._socket.close()

    def _serve(self, packets: Packets, is_wanted: Callable[[], bool]) -> None:
        while not self._is_ended and is_wanted():
            packet = packets.next(LOOK_SECONDS)
            if packet in (None, INTERRUPT):
                continue
            answer = self.answer(packet)
            if answer is None:
                return
            packets.send(answer)
            if packet == b"QStartNoAckMode":
                packets.is_acknowledged = False

    def answer(self, packet: bytes) -> bytes | None:
        """What a packet is answered with; None ends the connection."""
        command = self._commands.get(packet[:1])
        if command is None:
            return UNKNOWN
        try:
            return command(packet[1:])
        except (ValueError, IndexError):
            return WRONG
        except NoSuchPlace:
            return NOWHERE

    # Registers and memory

    def _registers(self) -> bytes:
        return b"".join(map(self.machine.register, self.machine.register_numbers)).hex().encode()

    def _set_registers(self, rest: bytes) -> bytes:
        data = bytes.fromhex(rest.decode())
        for number in self.machine.register_numbers:
            size = len(self.machine.register(number))
            self.machine.set_register(number, data[:size])
            data = data[size:]
        return OK

    def _register(self, rest: bytes) -> bytes:
        return self.machine.register(int(rest, 16)).hex().encode() or WRONG

    def _set_register(self, rest: bytes) -> bytes:
        number, _, value = rest.partition(b"=")
        return OK if self.machine.set_register(int(number, 16), bytes.fromhex(value.decode())) else WRONG

    def _read(self, rest: bytes) -> bytes:
        address, size = (int(each, 16) for each in rest.split(b","))
        return self.machine.read(address, size).hex().encode()

    def _write(self, rest: bytes, of: Callable[[str], bytes]) -> bytes:
        head, _, data = rest.partition(b":")
        address, _ = (int(each, 16) for each in head.split(b","))
        self.machine.write(address, of(data.decode()))
        return OK

    def _write_binary(self, rest: bytes) -> bytes:
        head, _, data = rest.partition(b":")
        address, size = (int(each, 16) for each in head.split(b","))
        if size:
            self.machine.write(address, data)
        return OK

    # Going on

    def _point(self, rest: bytes, change: Callable[[Point], None]) -> bytes:
        kind, address, size = rest.split(b";")[0].split(b",")
        event = KINDS.get(int(kind, 16))
        if event is None:
            return UNKNOWN
        change(Point(event, int(address, 16), 4 if event is Event.EXECUTION else int(size, 16)))
        return OK

    def _go_on(self) -> bytes:
        self.history.lookout.watch(self.points)
        found: Hit | Stop = self.history.run(SLICE_CYCLES)
        for _ in self._slices():
            if isinstance(found, Hit):
                return self._hit(found)
            if found.reason not in (StopReason.CYCLES, StopReason.UNTIL):
                return self._ended(found)
            found = self.history.run(SLICE_CYCLES)
        return self._stopped(INTERRUPTED)

    def _step(self) -> bytes:
        """One instruction; of a board that sleeps, the first one when it is awake."""
        board = self.machine.board
        for _ in self._slices():
            if not board.is_asleep:
                stop = self.history.step()
                self._tell(self.monitor.hear())
                return self._stopped(TRAP) if stop.reason is StopReason.INSTRUCTIONS else self._ended(stop)
            self.history.sleep(SLICE_CYCLES)
        return self._stopped(INTERRUPTED)

    def _slices(self) -> Iterator[None]:
        """One turn for each slice of time, none faster than real time, until the debugger wants the board to stop."""
        board = self.machine.board
        started, first = time.monotonic(), board.clock.cycles
        ahead = 0.0
        while self._packets is None or self._packets.next(max(ahead, 0.0)) != INTERRUPT:
            self._tell(self.monitor.hear())
            yield
            ahead = (board.clock.cycles - first) / board.chip.cpu_hertz - (time.monotonic() - started)

    def _go_back(self, rest: bytes) -> bytes:
        if rest == b"s":
            return self._stopped(TRAP) if self.history.back() else self._at_beginning()
        if rest != b"c":
            return UNKNOWN
        self.history.lookout.watch(self.points)
        hit = self.history.run_back()
        return self._at_beginning() if hit is None else self._hit(hit)

    def _stopped(self, signal: int, reason: bytes = b"") -> bytes:
        return b"T%02xthread:1;%b" % (signal, reason)

    def _hit(self, hit: Hit) -> bytes:
        if hit.point.event is Event.EXECUTION:
            return self._stopped(TRAP, b"hwbreak:;")
        return self._stopped(TRAP, b"%b:%x;" % (WATCHES[hit.point.event], hit.point.address))

    def _at_beginning(self) -> bytes:
        return self._stopped(TRAP, b"replaylog:begin;")

    def _ended(self, stop: Stop) -> bytes:
        """The board stopped by itself."""
        self._tell(f"{stop.reason}: {stop.message}\n")
        return self._stopped(TRAP)

    def _tell(self, text: str) -> None:
        """To whoever sits at the debugger, while the board goes on."""
        if text and self._packets is not None:
            self._packets.send(b"O" + text.encode().hex().encode())

    # Questions

    def _verbose(self, rest: bytes) -> bytes | None:
        if rest == b"Cont?":
            return b"vCont;c;C;s;S"
        if rest.startswith(b"Cont;"):
            action = rest[5:6]
            return self._step() if action in (b"s", b"S") else self._go_on() if action in (b"c", b"C") else UNKNOWN
        if rest.startswith(b"Kill"):
            self._is_ended = True
            return OK
        return UNKNOWN

    def _query(self, rest: bytes) -> bytes:
        query = b"q" + rest
        if query.startswith(b"qSupported"):
            return FEATURES
        if query.startswith(XFER_FEATURES):
            offset, size = (int(each, 16) for each in query.removeprefix(XFER_FEATURES).split(b","))
            part = description().encode()[offset : offset + size]
            return (b"m" if offset + size < len(description()) else b"l") + part
        if query.startswith(b"qRcmd,"):
            answer = self.monitor.answer(bytes.fromhex(query.removeprefix(b"qRcmd,").decode()).decode())
            return answer.encode().hex().encode() or OK
        return {b"qC": b"QC1", b"qfThreadInfo": b"m1", b"qsThreadInfo": b"l", b"qAttached": b"1"}.get(query, UNKNOWN)

    def _set(self, rest: bytes) -> bytes:
        return OK if rest == b"StartNoAckMode" else UNKNOWN

    def _detach(self, _: bytes) -> None:
        if self._packets is not None:
            self._packets.send(OK)

    def _kill(self, _: bytes) -> None:
        self._is_ended = True
