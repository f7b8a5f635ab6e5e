"""Goes back a short way quickly, many thousand times a second: remembers each memory word before it is overwritten.

A snapshot compares all of RAM; a journal notes the old value of what the guest stores, in a compiled hook, and puts the
values back in reverse order. From the same notes comes a digest of all of RAM, at the cost of what changed. While a
journal is open only the guest and devices may write RAM, and the firmware must not write code.

Marks are a stack: going back to a mark forgets the later ones. `forget` makes the present the beginning.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.board.board import Board
from hardtalk.board.compiling import kept
from hardtalk.board.engine import STORES, Engine, Handle
from hardtalk.board.errors import BoardError
from hardtalk.board.hook import ACCESS_SIGNATURE, as_pointer, carray, compiled
from hardtalk.board.memory import CHUNK
from hardtalk.board.snapshots import SavedCore, Snapshot
from hardtalk.devices import DevicesMark, TouchedDevices

(
    LOG,  # address of pairs: index of a doubleword of RAM, its value before
    CAPACITY,
    COUNT,
    LOST,
    RAM_HOST,  # where RAM lies in the host
    RAM_BASE,
    RAM_BYTES,
    STATE_WORDS,
) = range(8)
CAPACITY_ENTRIES: Final = 1 << 22
FIRST_FACTOR, SECOND_FACTOR = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
MASK_64: Final = (1 << 64) - 1

Int64s = NDArray[np.int64]
Digest = tuple[int, int]


def note_store(_engine: Any, _kind: Any, address: Any, size: Any, _value: Any, user: Any) -> None:
    """The hook of stores: called before the store is done."""
    state = carray(as_pointer(user), STATE_WORDS)
    offset = address - state[RAM_BASE]
    if offset < 0 or offset >= state[RAM_BYTES]:
        return
    for index in range(offset >> 3, ((offset + size - 1) >> 3) + 1):
        count = state[COUNT]
        if count >= state[CAPACITY]:
            state[LOST] += 1
            return
        entry = carray(as_pointer(state[LOG] + (count << 4)), 2)
        entry[0] = index
        entry[1] = carray(as_pointer(state[RAM_HOST] + (index << 3)), 1)[0]
        state[COUNT] = count + 1


@kept
def put_back(log: Any, count: Any, first: Any, memory: Any) -> None:
    for entry in range(count - 1, first - 1, -1):
        memory[log[entry, 0]] = log[entry, 1]


@kept
def mixed(index: Any, value: Any, factor: Any) -> Any:
    """A doubleword's share of the digest: 0 for 0, so that untouched memory need not be looked at."""
    if value == 0:
        return np.uint64(0)
    word = np.uint64(value) + (np.uint64(index) + np.uint64(1)) * factor
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    word ^= word >> np.uint64(31)
    return word * factor


@kept
def digest_of(memory: Any, start: Any, end: Any, masks: Any, first: Any, second: Any) -> Any:
    """The sum over a range of doublewords, those bits left out that `masks` has set."""
    one, two = np.uint64(0), np.uint64(0)
    for index in range(start, end):
        value = memory[index] & ~masks[index]
        one += mixed(index, value, first)
        two += mixed(index, value, second)
    return one, two


@kept
def change_of(
    log: Any, begin: Any, end: Any, memory: Any, masks: Any, seen: Any, now: Any, first: Any, second: Any
) -> Any:
    """How the digest has changed by the stores noted from `begin` to `end`, the latest ones."""
    one, two = np.uint64(0), np.uint64(0)
    for entry in range(begin, end):
        index = log[entry, 0]
        if seen[index] == now:
            continue
        seen[index] = now
        kept = ~masks[index]
        before, after = log[entry, 1] & kept, memory[index] & kept
        if before != after:
            one += mixed(index, after, first) - mixed(index, before, first)
            two += mixed(index, after, second) - mixed(index, before, second)
    return one, two


@kept
def changes_of(log: Any, begin: Any, end: Any, memory: Any, seen: Any, now: Any, found: Any) -> Any:
    """Index, old and new value of the doublewords that differ from what they were; answers how many."""
    count = 0
    for entry in range(begin, end):
        index = log[entry, 0]
        if seen[index] == now:
            continue
        seen[index] = now
        if log[entry, 1] != memory[index] and count < len(found):
            found[count, 0], found[count, 1], found[count, 2] = index, log[entry, 1], memory[index]
            count += 1
    return count


@dataclass(frozen=True, eq=False)
class Mark:
    """A state to go back to."""

    journal: "Journal"
    count: int
    generation: int
    core: SavedCore
    devices: DevicesMark


class Journal:
    """Marks and returns of one board, for as long as it is entered as a context; the board's trace is not rewound."""

    def __init__(self, board: Board, capacity: int = CAPACITY_ENTRIES) -> None:
        self.board = board
        ram = board.ram
        self._memory: Int64s = ram.bytes.view(np.int64)
        self._log = np.empty((capacity, 2), np.int64)
        self._found = np.empty((4096, 3), np.int64)
        self._masks = np.zeros(len(self._memory), np.int64)
        self._seen = np.zeros(len(self._memory), np.uint32)
        self._look = 0
        self._state = np.zeros(STATE_WORDS, np.int64)
        self._state[LOG], self._state[CAPACITY] = self._log.ctypes.data, capacity
        self._state[RAM_HOST], self._state[RAM_BASE] = ram.host_address, ram.base
        self._state[RAM_BYTES] = ram.size
        self._hook = compiled(ACCESS_SIGNATURE, note_store)
        self._handles: list[tuple[Engine, Handle]] = []
        self._factors = np.uint64(FIRST_FACTOR), np.uint64(SECOND_FACTOR)
        self._generation = 0
        self._begin: Digest = (0, 0)
        self.devices = TouchedDevices(board.clock, board.devices)

    def __enter__(self) -> "Journal":
        for engine in self.board.cpu.engines:
            self._handles.append((engine, engine.add_hook(STORES, self._hook, self._state, "the journal")))
        self.board.cpu.forget_code()
        self.board.device_memory.about_to_write = self.note_device_write
        self.board.device_set.touched = self.devices.touched
        self._begin = self.whole_digest()
        self.forget()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for engine, handle in self._handles:
            engine.remove_hook(handle)
        self._handles.clear()
        self.board.device_memory.about_to_write = None
        self.board.device_set.touched = set()
        self.board.cpu.forget_code()

    def note_device_write(self, address: int, size: int) -> None:
        """A device is about to write RAM."""
        offset = address - self.board.ram.base
        for index in range(offset >> 3, (offset + size - 1 >> 3) + 1):
            count = int(self._state[COUNT])
            if count >= len(self._log):
                self._state[LOST] += 1
                return
            self._log[count] = index, self._memory[index]
            self._state[COUNT] = count + 1

    def leave_out(self, ranges: Iterable[tuple[int, int]]) -> None:
        """From now on the digest leaves out the words of these ranges (address, end): for memory that nobody reads."""
        for start, end in ranges:
            for address in range(start, end, 4):
                offset = address - self.board.ram.base
                self._masks[offset >> 3] |= -1 << 32 if offset & 4 else 0xFFFFFFFF
        self.forget()
        self._begin = self.whole_digest()

    # Marks

    def mark(self) -> Mark:
        board = self.board
        return Mark(self, self._noted(), self._generation, board.states.save_core(), self.devices.mark())

    def back(self, mark: Mark) -> None:
        """Go back. The mark stays usable."""
        if mark.journal is not self or mark.generation != self._generation:
            raise BoardError("the mark was forgotten", "go back before `forget`")
        count = self._noted()
        if count < mark.count:
            raise BoardError("the mark is later than the present", "go back to marks in the order of a stack")
        put_back(self._log, count, mark.count, self._memory)
        self._state[COUNT] = mark.count
        self.board.states.restore_core(mark.core)
        self.devices.back(mark.devices)

    def restore(self, snapshot: Snapshot) -> None:
        """Go to a snapshot, which may be of any time; all marks are void."""
        self._state[COUNT] = 0
        self.board.restore(snapshot)
        self._begin = self.whole_digest()
        self.forget()

    def forget(self) -> None:
        """The present is the beginning: all marks are void."""
        self._begin = self.digest() if self._state[COUNT] else self._begin
        self._state[COUNT] = 0
        self._generation += 1

    # Comparing

    def digest(self) -> Digest:
        """Of all of RAM but what is left out: a sum, modulo 2^64 twice, over doublewords mixed with their addresses."""
        change = change_of(
            self._log, 0, self._noted(), self._memory, self._masks, self._seen, self._next_look(), *self._factors
        )
        (first, second), (more, other) = self._begin, change
        return (first + int(more)) & MASK_64, (second + int(other)) & MASK_64

    def device_key(self) -> Hashable:
        return self.devices.key()

    def position(self) -> int:
        """The present, for `changes`."""
        return self._noted()

    def changes(self, position: int) -> list[tuple[int, int, int]]:
        """The words that differ from what they were at a position: address, value then, value now."""
        count = changes_of(self._log, position, self._noted(), self._memory, self._seen, self._next_look(), self._found)
        if count == len(self._found):
            raise BoardError(f"more than {count:,} words have changed", "compare sooner")
        words = []
        for index, before, after in sorted(map(tuple, self._found[:count].tolist())):
            for half in (0, 32):
                old, new = before >> half & 0xFFFFFFFF, after >> half & 0xFFFFFFFF
                if old != new:
                    words.append((self.board.ram.base + 8 * index + half // 8, old, new))
        return words

    def _noted(self) -> int:
        if self._state[LOST]:
            raise BoardError("the guest stored more than the journal holds", "take a snapshot for long ways")
        return int(self._state[COUNT])

    def _next_look(self) -> int:
        if self._look == 0xFFFFFFFF:
            self._seen[:] = 0
            self._look = 0
        self._look += 1
        return self._look

    def whole_digest(self) -> Digest:
        """What `digest` is, found without the notes."""
        one = two = 0
        for offset in self.board.ram.touched_chunks():
            sums = digest_of(self._memory, offset >> 3, (offset + CHUNK) >> 3, self._masks, *self._factors)
            one, two = one + int(sums[0]), two + int(sums[1])
        return one & MASK_64, two & MASK_64
