"""A bank of NOR flash with the Intel/Sharp extended command set (docs/flash.md), on a 32-bit bus.

Programs and erases take their time, during which reads give the status; they can be suspended. What a reset or
`cut_power` finds going on stays torn.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from hardtalk.chip import Peripheral
from hardtalk.devices.cfi_query import query_table
from hardtalk.devices.clock import Alarm, Clock, Duration, microseconds, milliseconds
from hardtalk.devices.device import BusError, Device
from hardtalk.devices.flash_cells import WORD_BYTES, FlashCells

SECTOR_BYTES = 1 << 18
PAGE_BYTES = 1 << 11
POWERS = {"word": 7, "page": 10, "erase": 10}
MOST_POWER = 4
WORD_TIME = microseconds(1 << POWERS["word"])
PAGE_TIME = microseconds(1 << POWERS["page"])
ERASE_TIME = milliseconds(1 << POWERS["erase"])
SUSPEND_TIME = microseconds(20)
ENDURANCE = 100_000

READY, ERASE_SUSPENDED, ERASE_ERROR, PROGRAM_ERROR, PROGRAM_SUSPENDED = 1 << 7, 1 << 6, 1 << 5, 1 << 4, 1 << 2
IDENTITY = {0: 0x8918, 1: 0}

READ, STATUS, IDENTIFY, QUERY, CLEAR = 0xFF, 0x70, 0x90, 0x98, 0x50
PROGRAM, PROGRAM_ALSO, BUFFER, ERASE, CONFIRM, SUSPEND = 0x40, 0x10, 0xE8, 0x20, 0xD0, 0xB0
READ_MODES = (READ, STATUS, IDENTIFY, QUERY)


@dataclass
class Operation:
    """What takes time: a program of `data` at `offset`, or, with no data, an erase of the sector there."""

    offset: int
    data: bytes
    left: int
    sector: int
    started: int = 0
    is_suspended: bool = False
    is_suspending: bool = False

    @property
    def is_erase(self) -> bool:
        return not self.data

    @property
    def suspended_bit(self) -> int:
        return ERASE_SUSPENDED if self.is_erase else PROGRAM_SUSPENDED


class CfiFlash(Device):
    """`contents` outlast power and reset. `changed` hears the offset and size of what has changed in them,
    `finishing` each operation just before it is done."""

    wiring: ClassVar[frozenset[str]] = Device.wiring | {"changed", "finishing"}
    changed: Callable[[int, int], None] | None = None
    finishing: Callable[[Operation], None] | None = None
    endurance: int = ENDURANCE
    sector_bytes: int = SECTOR_BYTES

    def __init__(self, peripheral: Peripheral, clock: Clock | None = None, seed: int = 0) -> None:
        self.contents = FlashCells(peripheral.size, SECTOR_BYTES)
        self.random = random.Random(seed)
        self.query = query_table(peripheral.size, SECTOR_BYTES, PAGE_BYTES, POWERS, MOST_POWER)
        self.operations: list[Operation] = []
        super().__init__(peripheral, clock)

    def refit(self, size: int, sector_bytes: int) -> None:
        """Another part of the family in this place, all erased, before anybody has asked it what it is."""
        self.sector_bytes = sector_bytes
        self.contents = FlashCells(size, sector_bytes)
        self.query = query_table(size, sector_bytes, PAGE_BYTES, POWERS, MOST_POWER)

    # Life

    def reset(self) -> None:
        for each in reversed(self.operations):
            self.tear(each)
        self.operations = []
        self.alarm: Alarm | None = None
        self.mode = READ
        self.errors = 0
        self.expected: Callable[[int, int], None] | None = None

    def cut_power(self) -> None:
        """Power fails, now, and comes back: what was going on is torn."""
        self.clock.cancel(self.alarm)
        self.power_on()

    def tear(self, operation: Operation) -> None:
        if operation.is_erase:
            self.contents.tear_erase(operation.sector, self.random)
        else:
            self.contents.tear_program(operation.offset, operation.data, self.random)
        self.note_change(operation)

    def note_change(self, operation: Operation) -> None:
        if self.changed is not None:
            if operation.is_erase:
                self.changed(operation.sector * self.sector_bytes, self.sector_bytes)
            else:
                self.changed(operation.offset, len(operation.data))

    # The bus

    def register_at(self, offset: int) -> str:
        return f"word {offset // WORD_BYTES:#x}"

    def read_at(self, offset: int, size: int = WORD_BYTES) -> int:
        if offset + size > self.peripheral.size or offset % size:
            raise BusError(f"{self.peripheral.name} has no {size} bytes at offset {offset:#x}")
        word, shift = offset // WORD_BYTES, offset % WORD_BYTES * 8
        return self.word_read(word) >> shift & (1 << 8 * size) - 1

    def word_read(self, word: int) -> int:
        if self.running is not None or self.expected is not None or self.mode == STATUS:
            return self.status * 0x10001
        if self.mode == IDENTIFY:
            return IDENTITY.get(word % 0x100, 0)
        if self.mode == QUERY:
            return self.query.get(word % 0x100, 0)
        return self.array_word(word * WORD_BYTES)

    def array_word(self, offset: int) -> int:
        for each in self.operations:
            if each.is_erase and each.sector == offset // self.sector_bytes:
                self._touch(f"read of sector {each.sector} while its erase is suspended")
                return self.random.getrandbits(32)
        return self.contents.word(offset)

    def write_at(self, offset: int, value: int, size: int = WORD_BYTES) -> None:
        if offset + size > self.peripheral.size or size != WORD_BYTES or offset % WORD_BYTES:
            raise BusError(f"{self.peripheral.name} takes whole words; {size} bytes at offset {offset:#x} were written")
        if self.expected is not None:
            expected, self.expected = self.expected, None
            expected(offset, value)
        else:
            self.command(offset, value & 0xFF)

    # Commands

    @property
    def running(self) -> Operation | None:
        """What is being done, not suspended."""
        last = self.operations[-1] if self.operations else None
        return None if last is None or last.is_suspended else last

    @property
    def status(self) -> int:
        suspended = sum(each.suspended_bit for each in self.operations if each.is_suspended)
        return (READY if self.running is None else 0) | suspended | self.errors

    def command(self, offset: int, command: int) -> None:
        if self.running is not None:
            if command == SUSPEND:
                self.suspend()
            elif command != STATUS:
                self._touch(f"command {command:#04x} while the flash is busy, which is ignored")
            return
        match command:
            case code if code in READ_MODES:
                self.mode = code
            case code if code in self.beginnings:
                self.mode, self.expected = STATUS, self.beginnings[code]
            case code if code == CLEAR:
                self.errors = 0
            case code if code == CONFIRM and self.operations:
                self.resume()
            case code if code == SUSPEND:
                self.mode = STATUS
            case _:
                self._touch(f"command {command:#04x}, which this flash does not have")

    @property
    def beginnings(self) -> dict[int, Callable[[int, int], None]]:
        """Who takes the next word, by the command that it belongs to."""
        return {
            PROGRAM: self.program_word,
            PROGRAM_ALSO: self.program_word,
            BUFFER: self.buffer_count,
            ERASE: self.erase_confirmed,
        }

    def refuse(self, text: str) -> None:
        self._touch(text)
        self.errors |= ERASE_ERROR | PROGRAM_ERROR

    def program_word(self, offset: int, value: int) -> None:
        self.start(self.operation(offset, value.to_bytes(WORD_BYTES, "little"), WORD_TIME))

    def buffer_count(self, offset: int, value: int) -> None:
        words = (value & 0xFFFF) + 1
        if words > PAGE_BYTES // WORD_BYTES:
            self.refuse(f"a buffer of {words} words; it has {PAGE_BYTES // WORD_BYTES}")
            return
        self.buffer: dict[int, int] = {}
        self.buffer_left = words
        self.expected = self.buffer_word

    def buffer_word(self, offset: int, value: int) -> None:
        if self.buffer and offset // PAGE_BYTES != next(iter(self.buffer)) // PAGE_BYTES:
            self.refuse(f"a buffer that reaches beyond its page, to offset {offset:#x}")
            return
        self.buffer[offset] = value
        self.buffer_left -= 1
        self.expected = self.buffer_word if self.buffer_left else self.buffer_confirmed

    def buffer_confirmed(self, offset: int, value: int) -> None:
        if value & 0xFF != CONFIRM:
            self.refuse(f"{value:#x} instead of the confirmation after a buffer")
            return
        first, last = min(self.buffer), max(self.buffer)
        words = (self.buffer.get(each, 0xFFFFFFFF) for each in range(first, last + WORD_BYTES, WORD_BYTES))
        data = b"".join(each.to_bytes(WORD_BYTES, "little") for each in words)
        self.start(self.operation(first, data, PAGE_TIME))

    def erase_confirmed(self, offset: int, value: int) -> None:
        if value & 0xFF != CONFIRM:
            self.refuse(f"{value:#x} instead of the confirmation of an erase")
        elif self.operations:
            self.refuse("an erase while another operation is suspended")
        else:
            self.start(self.operation(offset, b"", ERASE_TIME))

    # Operations

    def cycles(self, time: Duration) -> int:
        return int(self.clock.cycles_of(time))

    def operation(self, offset: int, data: bytes, time: Duration) -> Operation:
        return Operation(offset, data, self.cycles(time), offset // self.sector_bytes)

    def start(self, operation: Operation) -> None:
        if any(each.sector == operation.sector for each in self.operations):
            self.refuse(f"a program in sector {operation.sector}, where an operation is suspended")
            return
        self.operations.append(operation)
        self.go_on()

    def go_on(self) -> None:
        operation = self.operations[-1]
        operation.started = self.clock.cycles
        operation.is_suspended = False
        self.alarm = self.clock.after(operation.left, self.finish)

    def finish(self) -> None:
        operation = self.operations.pop()
        self.alarm = None
        if self.finishing is not None:
            self.finishing(operation)
        if operation.is_erase and self.contents.wear[operation.sector] >= self.endurance:
            self._touch(f"sector {operation.sector} is worn out after {self.endurance:,} erases")
            self.errors |= ERASE_ERROR
            return
        if operation.is_erase:
            self.contents.erase(operation.sector)
        else:
            self.contents.program(operation.offset, operation.data)
        self.note_change(operation)

    def suspend(self) -> None:
        """The operation gets 20 µs more, and may be done by then."""
        operation = self.operations[-1]
        if operation.is_suspending:
            return
        left = operation.left - (self.clock.cycles - operation.started)
        latency = self.cycles(SUSPEND_TIME)
        if left <= latency:
            return
        self.clock.cancel(self.alarm)
        operation.left = left - latency
        operation.is_suspending = True
        self.alarm = self.clock.after(latency, self.be_suspended)

    def be_suspended(self) -> None:
        self.operations[-1].is_suspended = True
        self.operations[-1].is_suspending = False
        self.alarm = None

    def resume(self) -> None:
        self.mode = STATUS
        self.go_on()
