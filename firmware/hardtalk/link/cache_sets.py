"""Where routines lie, so that each line that is to be locked in the instruction cache finds a place in its set.

A way holds one line of each set. Routines are placed one behind the other in the order of importance; one of which a
line would find its set full begins further on, and what is not to be locked fills the gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hardtalk.link.inputs import RoutineLike
from hardtalk.link.plan import CACHE_LINE_BYTES, LOCKED_LINES, LOCKED_WAYS, SLOTS_PLACE, VECTORS
from hardtalk.link.prepared import PreparedProgram


class CacheSets:
    """Which line each way has for each set, in ways of so many bytes; the first of all is that of the vectors."""

    def __init__(self, way_bytes: int) -> None:
        self._way_bytes = way_bytes
        self.ways: tuple[dict[int, int], ...] = tuple({} for _ in range(LOCKED_WAYS))
        self._taken: set[int] = set()
        self.take(VECTORS, VECTORS + 1)

    def _new(self, start: int, stop: int) -> Iterator[int]:
        first = start // CACHE_LINE_BYTES * CACHE_LINE_BYTES
        return (line for line in range(first, stop, CACHE_LINE_BYTES) if line not in self._taken)

    def _way_for(self, line: int) -> dict[int, int] | None:
        place = line % self._way_bytes
        return next((way for way in self.ways if place not in way and len(way) < LOCKED_LINES), None)

    def has_room(self, start: int, stop: int) -> bool:
        """Whether each line finds a place; no two of so few lines have the same set."""
        return all(self._way_for(line) is not None for line in self._new(start, stop))

    def take(self, start: int, stop: int) -> bool:
        """Give the lines that have room their places; answer whether these are all."""
        is_whole = True
        for line in list(self._new(start, stop)):
            way = self._way_for(line)
            if way is None:
                is_whole = False
            else:
                way[line % self._way_bytes] = line
                self._taken.add(line)
        return is_whole


def place_routines(
    program: PreparedProgram, routines: Sequence[RoutineLike], stub: tuple[int, int], way_bytes: int
) -> dict[str, int]:
    """Addresses of routines that lie in no slot, in the order in which they lie, from where the locked `stub` stops."""
    sets = CacheSets(way_bytes)
    sets.take(*stub)
    by_name = {routine.name: routine for routine in program.routines}
    outside = {routine.name for routine in routines}
    placed: dict[str, int] = {}
    gaps: list[tuple[int, int]] = []
    address = stub[1]
    for name in sorted(program.lock_places, key=lambda each: (program.lock_places[each], program.slots.get(each, 0))):
        size = len(by_name[name].code)
        if name in program.slots:
            sets.take(SLOTS_PLACE + program.slots[name], SLOTS_PLACE + program.slots[name] + size)
        elif name in outside:
            start = _with_room(sets, address, size, way_bytes)
            if start > address:
                gaps.append((address, start))
            sets.take(start, start + size)
            placed[name], address = start, start + size
    for routine in routines:
        if routine.name not in placed:
            gap = next((each for each in gaps if each[1] - each[0] >= len(routine.code)), None)
            if gap is None:
                placed[routine.name], address = address, address + len(routine.code)
            else:
                placed[routine.name] = gap[0]
                gaps[gaps.index(gap)] = (gap[0] + len(routine.code), gap[1])
    return placed


def _with_room(sets: CacheSets, address: int, size: int, way_bytes: int) -> int:
    """The next place where all lines of so many bytes have room; the address itself when there is none."""
    line = -(-address // CACHE_LINE_BYTES) * CACHE_LINE_BYTES
    places = (address, *range(line, line + way_bytes, CACHE_LINE_BYTES))
    return next((start for start in places if sets.has_room(start, start + size)), address)
