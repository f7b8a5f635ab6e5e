"""What each word of the VM's code is to a meter: collector's or program's work, a safepoint, where it sleeps.

Read from the firmware itself: routines, tables, polls and sleep from its facts, calls from the instructions. A block of
the collector's classes is the collector's work. A routine that those call, at whatever depth, belongs to whoever calls
it; so does the boot stub, which interrupts either. All else is the program's. What the compiler inlined into another
class's routine counts as that routine's.

Safepoints: the entry of a routine that dispatching a bytecode goes to; a poll, which is a test of the dispatch table's
register; going to sleep and waking up.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hardtalk.arm.flow import decode
from hardtalk.board import Board
from hardtalk.memory.machine import facts_of
from hardtalk.memory.safepoints import dispatched_routines

COLLECTOR_CLASSES: Final = (
    "Shading", "Marking", "Treadmill", "Reclamation", "Pacing", "Collector", "CollectorPrimitives", "Marker", "Sweeper"
)  # fmt: skip
SHARED, PROGRAM, COLLECTOR = range(3)
NO_SAFEPOINT: Final = -1

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
    facts = facts_of(board.firmware)
    routines = [routine for routine in facts.routines if routine.class_name]
    base, end = facts.routines[0].address, routines[-1].stop
    words = np.frombuffer(board.ram.read(base, end - base), np.uint32)
    vm_start = (routines[0].address - base) >> 2
    starts = np.array([(routine.address - base) >> 2 for routine in routines])
    routine_of = np.searchsorted(starts, np.arange(len(words)), side="right") - 1
    is_collector = np.array([routine.class_name in collector_classes for routine in routines])
    dispatched = dispatched_routines(board)
    is_shared = called_from(words, base, routine_of, is_collector)
    for index, routine in enumerate(routines):
        if routine.address in dispatched:
            is_shared[index] = False
    owner_of_routine = np.where(is_collector, COLLECTOR, np.where(is_shared, SHARED, PROGRAM))
    owner = np.full(len(words), SHARED, np.uint8)
    owner[vm_start:] = owner_of_routine[routine_of[vm_start:]]
    safepoint, sleeps = safepoints(board, words, base, dispatched)
    names = tuple(routine.name for routine, mine in zip(routines, is_collector, strict=True) if mine)
    return CodeMap(base, owner, safepoint, sleeps, names)


def called_from(
    words: NDArray[np.uint32], base: int, routine_of: Ints, is_caller: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The routines that these call, at any depth, themselves not included: by BL, and by B out of a routine."""
    pairs: set[tuple[int, int]] = set()
    for place, word in enumerate(words.tolist()):
        instruction = decode(word, base + 4 * place)
        target = None if instruction is None else instruction.target
        if target is not None and base <= target < base + 4 * len(words):
            pairs.add((int(routine_of[place]), int(routine_of[(target - base) >> 2])))
    pairs = {(caller, callee) for caller, callee in pairs if caller >= 0 <= callee and caller != callee}
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
    facts = facts_of(board.firmware)
    for address in (*facts.polls, *facts.sleeps):
        is_wait = address in facts.sleeps
        place = start = (address - base) >> 2
        while start >= 0:
            code = words[start : place + 1].tobytes()
            safepoint[start] = board.cpu.model.cost(code, base + 4 * start).cycles
            sleeps[start] = is_wait
            start -= 1
            before = decode(int(words[start]))
            if before is None or before.ends_block:
                break
        if is_wait:
            safepoint[place + 1] = 0
    for address in dispatched:
        index = (address - base) >> 2
        if 0 <= index < len(words):
            safepoint[index] = 0
    return safepoint, sleeps
