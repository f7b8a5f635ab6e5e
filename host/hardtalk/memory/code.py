"""What each word of the VM's code is to a meter: collector's or program's work, a safepoint, where it sleeps.

Read from the firmware itself: routines by their symbols (`Class>>selector`), calls and polls by the instructions. A
block of the collector's classes is the collector's work. A routine that those call, at whatever depth, belongs to
whoever calls it; so does the boot stub, which interrupts either. All else is the program's. What the compiler inlined
into another class's routine counts as that routine's.

Safepoints: the entry of a routine that dispatching a bytecode goes to; a poll, which is a test of the dispatch table's
register; going to sleep and waking up.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.board import Board
from hardtalk.board.cycles import WAIT_FOR_INTERRUPT, WAIT_FOR_INTERRUPT_MASK
from hardtalk.memory.safepoints import ENTRIES, TABLES

COLLECTOR_CLASSES: Final = (
    "Shading", "Marking", "Treadmill", "Reclamation", "Pacing", "Collector", "CollectorPrimitives", "Marker", "Sweeper"
)  # fmt: skip
SHARED, PROGRAM, COLLECTOR = range(3)
NO_SAFEPOINT: Final = -1
POLL: Final = 0xE3180B01  # tst r8, #1024

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class CodeMap:
    """Facts by word of code from `base`: whose work it is; where in the block that begins there a safepoint lies, as
    cycles from its entry (NO_SAFEPOINT: nowhere); whether the safepoint is going to sleep."""

    base: int
    owner: Bytes
    safepoint: Ints
    sleeps: NDArray[np.bool_]
    collector_routines: tuple[str, ...]

    @property
    def addresses(self) -> range:
        return range(self.base, self.base + 4 * len(self.owner), 4)


def code_map(board: Board, collector_classes: tuple[str, ...] = COLLECTOR_CLASSES) -> CodeMap:
    """The map of the code that is loaded on this board."""
    addresses = {symbol.name: symbol.address for symbol in board.firmware.symbols}
    routines = sorted(
        (symbol for symbol in board.firmware.symbols if ">>" in symbol.name and symbol.address < addresses["vmState"]),
        key=lambda symbol: symbol.address,
    )
    base = min(symbol.address for symbol in board.firmware.symbols if symbol.address >= 0x10000)
    end = max(routine.address + routine.size for routine in routines)
    words = np.frombuffer(board.ram.read(base, end - base), np.uint32)
    vm_start = (routines[0].address - base) >> 2
    starts = np.array([(routine.address - base) >> 2 for routine in routines])
    routine_of = np.searchsorted(starts, np.arange(len(words)), side="right") - 1
    is_collector = np.array([routine.name.split(">>")[0].split()[0] in collector_classes for routine in routines])
    dispatched = dispatched_routines(board, addresses)
    is_shared = called_from(words, starts, routine_of, is_collector)
    for index, routine in enumerate(routines):
        if routine.address in dispatched:
            is_shared[index] = False
    owner_of_routine = np.where(is_collector, COLLECTOR, np.where(is_shared, SHARED, PROGRAM))
    owner = np.full(len(words), SHARED, np.uint8)
    owner[vm_start:] = owner_of_routine[routine_of[vm_start:]]
    safepoint, sleeps = safepoints(board, words, base, dispatched)
    names = tuple(routine.name for routine, mine in zip(routines, is_collector, strict=True) if mine)
    return CodeMap(base, owner, safepoint, sleeps, names)


def dispatched_routines(board: Board, addresses: dict[str, int]) -> frozenset[int]:
    """Where dispatching a bytecode can go to, the table for interrupts included."""
    found: set[int] = set()
    for name in TABLES:
        if name in addresses:
            found |= set(np.frombuffer(board.ram.read(addresses[name], 4 * ENTRIES), np.uint32).tolist())
    return frozenset(found)


def called_from(
    words: NDArray[np.uint32], starts: Ints, routine_of: Ints, is_caller: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The routines that these call, at any depth, themselves not included: by BL, and by B out of a routine."""
    is_branch = words & 0x0E000000 == 0x0A000000
    sites = np.flatnonzero(is_branch & (routine_of >= 0))
    offsets = (words[sites] & 0xFFFFFF).astype(np.int64)
    targets = sites + 2 + np.where(offsets & 0x800000, offsets - 0x1000000, offsets)
    inside = (targets >= 0) & (targets < len(words))
    sites, targets = sites[inside], targets[inside]
    callers, callees = routine_of[sites], routine_of[targets]
    leaves = (callees >= 0) & (callers != callees)
    pairs = {(int(a), int(b)) for a, b in zip(callers[leaves], callees[leaves], strict=True)}
    reached = is_caller.copy()
    while True:
        more = [b for a, b in pairs if reached[a] and not reached[b]]
        if not more:
            return reached & ~is_caller
        reached[more] = True


def safepoints(
    board: Board, words: NDArray[np.uint32], base: int, dispatched: frozenset[int]
) -> tuple[Ints, NDArray[np.bool_]]:
    """By word: cycles from the entry of the block that begins there to its safepoint; whether that is sleep."""
    safepoint = np.full(len(words), NO_SAFEPOINT, np.int64)
    sleeps = np.zeros(len(words), np.bool_)
    is_wait = words & WAIT_FOR_INTERRUPT_MASK == WAIT_FOR_INTERRUPT
    for place in np.flatnonzero((words == POLL) | is_wait):
        start = int(place)
        while start >= 0:
            code = words[start : place + 1].tobytes()
            safepoint[start] = board.cpu.model.cost(code, base + 4 * start).cycles
            sleeps[start] = bool(is_wait[place])
            start -= 1
            if ends_block(int(words[start])):
                break
        if is_wait[place]:
            safepoint[place + 1] = 0
    for address in dispatched:
        index = (address - base) >> 2
        if 0 <= index < len(words):
            safepoint[index] = 0
    return safepoint, sleeps


def ends_block(word: int) -> bool:
    """A branch of any kind, or an instruction that writes the PC."""
    is_branch = word & 0x0E000000 == 0x0A000000 or word & 0x0FFFFFF0 == 0x012FFF10
    loads_pc = word & 0x0C10F000 == 0x0410F000 or word & 0x0E108000 == 0x08108000
    computes_pc = word & 0x0C00F000 == 0x0000F000 and word & 0x01900000 != 0x01100000
    return is_branch or loads_pc or computes_pc
