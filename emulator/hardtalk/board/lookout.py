"""Where a run comes by chosen instructions, accesses chosen memory, or carries out chosen bytecodes.

Each hit is a moment: the number of instructions executed before. The guest neither sees a lookout nor pays for it. The
CPU goes on to the end of its block; who wants to be at a hit goes back to a snapshot and runs so many instructions.
Only whole blocks are looked at, as `Board.run` and `run_blocks` execute them, not the steps of `Board.step`.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import unicorn

from hardtalk.board.board import Board
from hardtalk.board.hook import BLOCK_END
from hardtalk.board.pointer_stop import PointerStop

MOST_HITS = 1 << 12


class Event(Enum):
    """What is looked out for."""

    EXECUTION = "execution"
    WRITE = "write"
    READ = "read"
    ACCESS = "access"
    BYTECODE = "bytecode"


HOOKS = {
    Event.EXECUTION: unicorn.UC_HOOK_CODE,
    Event.WRITE: unicorn.UC_HOOK_MEM_WRITE,
    Event.READ: unicorn.UC_HOOK_MEM_READ,
    Event.ACCESS: unicorn.UC_HOOK_MEM_WRITE | unicorn.UC_HOOK_MEM_READ,
}


@dataclass(frozen=True)
class Point:
    """An instruction, `size` bytes of memory, or a bytecode."""

    event: Event
    address: int
    size: int = 4


@dataclass(frozen=True)
class Hit:
    """`point` was come by at the instruction at `pc`, before which so many instructions had been executed; `cycles` is
    when its block is done, `accessed` the address of the access, `value` what is written."""

    point: Point
    instructions: int
    pc: int
    cycles: int
    accessed: int = 0
    value: int = 0


class Lookout:
    """The points of one board, and the latest hits.

    `places` are where the routines of bytecodes begin, at which the register of that number points to the bytecode.
    """

    def __init__(self, board: Board, places: Iterable[int] = (), register: int = 0) -> None:
        self._hits: deque[Hit] = deque(maxlen=MOST_HITS)
        self.ends_runs = True
        """Whether the CPU stops at the end of a block with a hit."""
        self._board = board
        self._words = board.cpu.words
        self._points: frozenset[Point] = frozenset()
        self._handles: dict[Point, Any] = {}
        self._pointers = PointerStop(board, places, register, self._note_bytecode)

    @property
    def points(self) -> frozenset[Point]:
        return self._points

    def watch(self, points: Iterable[Point]) -> None:
        """From now on these, and no others."""
        wanted = frozenset(points)
        if wanted == self._points:
            return
        engine = self._board.cpu.engine.uc
        for point in self._points - wanted:
            if point in self._handles:
                engine.hook_del(self._handles.pop(point))
        for point in wanted - self._points:
            if point.event is not Event.BYTECODE:
                last = point.address + point.size - 1
                self._handles[point] = engine.hook_add(
                    HOOKS[point.event], self._listener(point), begin=point.address, end=last
                )
        self._points = wanted
        self._pointers.watch(point.address for point in wanted if point.event is Event.BYTECODE)
        self._board.cpu.translate_anew()

    def take(self) -> list[Hit]:
        """The hits since the last time, in order; of very many the latest."""
        self._pointers.tell()
        found = sorted(self._hits, key=lambda hit: hit.instructions)
        self._hits.clear()
        return found

    def has_hits(self) -> bool:
        self._pointers.tell()
        return bool(self._hits)

    def _listener(self, point: Point) -> Callable[..., None]:
        if point.event is Event.EXECUTION:
            return lambda _engine, address, _size, _user: self._note(point, address)

        def accessed(_engine: Any, _kind: int, address: int, _size: int, value: int, _user: Any) -> None:
            self._note(point, self._board.cpu.pc, address, value & 0xFFFFFFFF)

        return accessed

    def _note(self, point: Point, pc: int, accessed: int = 0, value: int = 0) -> None:
        counter = self._board.cpu.counter
        left = (int(self._words[BLOCK_END]) - pc) // 4
        self._hits.append(Hit(point, counter.instructions - left, pc, counter.cycles, accessed, value))
        if self.ends_runs:
            self._board.cpu.stops.request_attention()

    def _note_bytecode(self, address: int, instructions: int, pc: int) -> None:
        self._hits.append(Hit(Point(Event.BYTECODE, address, 1), instructions, pc, self._board.cpu.counter.cycles))
