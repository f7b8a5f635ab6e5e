"""In which order routines lie: first those that are locked in the instruction cache, in the order that they ask for.

`<locked: n>` on a Slang method is its place in an order of importance; of a range of routines `<locked: n first: k>`
takes the first k. The native routines of drivers come among them (`hardtalk.link.plan`). They are linked right behind
the stub's code from `interruptEntry`, but for what lies in the dispatch slots.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hardtalk.link.inputs import RoutineLike
from hardtalk.link.plan import NATIVE_HANDLERS_PLACE


def locked_first(routines: Sequence[RoutineLike], native: Collection[str]) -> list[RoutineLike]:
    """Those with a place in its order, among them those that Smalltalk starts as native code, then all others by name.

    By name, so that where a method stands in the sources does not decide where its code lies.
    """
    places = lock_places(routines, native)
    first = sorted((each for each in routines if each.name in places), key=lambda each: places[each.name])
    return [*first, *sorted((each for each in routines if each.name not in places), key=_name)]


def lock_places(routines: Sequence[RoutineLike], native: Collection[str]) -> dict[str, int]:
    """The places of those routines that are to be locked, by name."""
    names = frozenset(native)
    marked = {each.name: each.locked for each in routines if each.locked is not None}
    started = {each.name: NATIVE_HANDLERS_PLACE for each in routines if each.locked is None and each.selector in names}
    return {**marked, **started}


def _name(routine: RoutineLike) -> tuple[str, int]:
    """Selector and number within a range; the name of what has no selector."""
    _, _, number = routine.name.rpartition("#")
    return routine.selector or routine.name, int(number) if number.isdigit() else 0
