"""Which lines of code the instruction cache holds for good.

A way holds one line of each set, so the lines get their places one after the other: first those of the stub from
`interruptEntry` on, then those of routines in the order of importance (`hardtalk.link.locked`). A line whose set has no
place left is not locked. `lockCaches` (boot/start.s) fetches them from the table that is made here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hardtalk.link.cache_sets import CacheSets
from hardtalk.link.inputs import RoutineLike
from hardtalk.link.layout import Layout
from hardtalk.link.plan import CACHE_LINE_BYTES, FILLING_PLACE, LOCKED_FROM, LOCKED_LINES, VECTORS


@dataclass(frozen=True)
class LockedLines:
    """The addresses of the lines that each way holds for good; `unlocked` are the routines of which some lines found
    no place."""

    ways: tuple[tuple[int, ...], ...]
    unlocked: tuple[str, ...]

    @property
    def words(self) -> list[int]:
        """The table for `lockCaches`, `LOCKED_LINES` words for each way; the vectors, which are there first, fill it
        up."""
        return [word for way in self.ways for word in (*way, *[VECTORS] * (LOCKED_LINES - len(way)))]

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The same lines but that of the vectors as stretches of code, by address."""
        start = stop = -1
        for line in sorted(line for way in self.ways for line in way if line != VECTORS):
            if line != stop:
                if start >= 0:
                    yield start, stop
                start = line
            stop = line + CACHE_LINE_BYTES
        yield start, stop


def lock_lines(
    routines: Sequence[RoutineLike],
    stub: Mapping[str, int],
    layout: Layout,
    places: Mapping[str, int],
    way_bytes: int,
) -> LockedLines:
    """The lines that are locked; `stub` are its labels, `places` the order of routines."""
    sizes = {routine.name: len(routine.code) for routine in routines}
    wanted = [(LOCKED_FROM, stub[LOCKED_FROM], layout.vm_start)]
    for name in sorted(places, key=lambda each: (places[each], layout.routines[each])):
        wanted.append((name, layout.routines[name], layout.routines[name] + sizes[name]))
    sets = CacheSets(way_bytes)
    unlocked = [
        name for name, start, stop in wanted if not sets.take(start, stop) and places.get(name, 0) < FILLING_PLACE
    ]
    return LockedLines(tuple(tuple(sorted(way.values())) for way in sets.ways), tuple(unlocked))
