"""A board that starts from flash, firmwares of some hundred bytes for its slots, and senders at its serial line."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Callable, Iterator

from hardtalk.board import Board, Stop, StopReason
from hardtalk.devices import CfiFlash, FlashCells
from hardtalk.link import AssemblySource
from hardtalk.link.assembler import assemble
from hardtalk.link.elf import Section, write_elf
from hardtalk.link.plan import CODE_BASE
from hardtalk.slots import boot_loader, install, install_loader, pack

SOH, STX, EOT, ACK, NAK, CAN, ASK = 0x01, 0x02, 0x04, 0x06, 0x15, 0x18, ord("C")
SLICE_CYCLES = 2_000_000
PATIENCE_CYCLES = 4_000_000_000


def firmware(code: int, payload_bytes: int = 64) -> bytes:
    """The ELF of a firmware that halts with `code`; in its second segment are other bytes for each code."""
    assembly = assemble(
        [AssemblySource("halt", f"mov r0, #{code}\nhalt: mcr p15, 0, r0, c7, c0, 4\nb halt\n")], CODE_BASE, {}
    )  # fmt: skip
    filling = bytes((code * (each + 3) + each // 256) % 256 for each in range(payload_bytes))
    sections = [
        Section(".code", assembly.code, CODE_BASE, executable=True),
        Section(".filling", filling, CODE_BASE + 0x1000, alignment=32),
    ]
    return write_elf(CODE_BASE, sections, [])


class LoaderBoard:
    """`start` powers it on; what it says is in `said`."""

    def __init__(self, cells: FlashCells | None = None) -> None:
        self.board = Board(firmware(1), starts_from_flash=True)
        flash = self.board.device("FLASH")
        assert isinstance(flash, CfiFlash)
        self.flash = flash
        if cells is not None:
            flash.contents = cells
        install_loader(self.flash.contents, boot_loader())
        self.said = ""

    @property
    def cells(self) -> FlashCells:
        return self.flash.contents

    def install(self, code: int, slot: int | None = None, confirm: bool = False, payload_bytes: int = 64) -> None:
        install(self.cells, pack(firmware(code, payload_bytes)), slot, confirm)

    def power_on(self) -> None:
        self.board.uart(0).take()
        self.board.reset()
        self.said = ""

    def start(self, cycles: int = 20_000_000) -> int | None:
        """The code with which the firmware of a slot halts; None when the loader starts none."""
        self.power_on()
        return self.halted(self.board.run(cycles))

    def halted(self, stop: Stop) -> int | None:
        self.hear()
        return stop.code if stop.reason is StopReason.HALTED else None

    def hear(self) -> bytes:
        """What has come since the last time."""
        data = self.board.uart(0).take()
        self.said = (self.said + data.decode("latin-1")).replace("\r\n", "\n")
        return data

    def run_with(self, peer: Callable[[bytes], bytes], cycles: int = PATIENCE_CYCLES) -> int | None:
        """Go on with somebody at the line, who answers what it hears, until a firmware halts."""
        uart, end = self.board.uart(0), self.board.clock.cycles + cycles
        uart.send(peer(self.said[-1:].encode()))
        while self.board.clock.cycles < end:
            stop = self.board.run(SLICE_CYCLES, until=lambda: bool(uart.sent))
            data = self.hear()
            if stop.reason is StopReason.HALTED:
                return stop.code
            uart.send(peer(data))
        return None


def crc16(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def block(number: int, data: bytes) -> bytes:
    size = 1024 if len(data) > 128 else 128
    data = data.ljust(size, b"\x1a")
    head = bytes([STX if size == 1024 else SOH, number & 255, ~number & 255])
    return head + data + crc16(data).to_bytes(2, "big")


class Sender:
    """XMODEM-CRC after its specification. `spoil` may change each block on its way; it hears how often one was sent."""

    def __init__(self, file: bytes, size: int = 1024, spoil: Callable[[int, int, bytes], bytes] | None = None) -> None:
        self.steps = self.blocks(file, size)
        self.spoil = spoil
        self.number, self.tries = 0, 0
        self.current = b""
        self.is_done = False

    def blocks(self, file: bytes, size: int) -> Iterator[bytes]:
        for number, start in enumerate(range(0, len(file), size), start=1):
            yield block(number, file[start : start + size])
        yield bytes([EOT])

    def __call__(self, heard: bytes) -> bytes:
        out = b""
        for byte in heard:
            if self.is_done:
                continue
            if byte == NAK or (byte == ASK and self.number == 1):
                out += self.sent()
            elif byte == ACK or (byte == ASK and not self.number):
                self.current = next(self.steps, b"")
                self.number, self.tries = self.number + 1, 0
                self.is_done = not self.current
                out += self.sent()
        return out

    def sent(self) -> bytes:
        self.tries += 1
        return self.current if self.spoil is None else self.spoil(self.number, self.tries, self.current)


class Program:
    """A program of the host that sends a file: standard input and output are the line."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdin is not None and self.process.stdout is not None
        self.input, self.output = self.process.stdin, self.process.stdout

    def __call__(self, heard: bytes) -> bytes:
        if heard and self.process.poll() is None:
            try:
                self.input.write(heard)
                self.input.flush()
            except BrokenPipeError:
                return b""
        ready, _, _ = select.select([self.output], [], [], 0.02 if heard else 0)
        return os.read(self.output.fileno(), 4096) if ready else b""
