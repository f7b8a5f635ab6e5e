"""A program as it is laid out: which routines lie where, in their order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hardtalk.link.inputs import ProgramLike, RoutineLike
from hardtalk.link.locked import lock_places, locked_first
from hardtalk.link.objects import NativeObject
from hardtalk.link.slots import slots_of


@dataclass(frozen=True)
class PreparedProgram:
    """A Slang program: first what is locked in the caches, then its other routines, the users' objects, and what lies
    in the dispatch slots. `slots` are offsets there by name; `lock_places` those that are to be locked, with
    their order."""

    routines: Sequence[RoutineLike]
    slots: Mapping[str, int]
    lock_places: Mapping[str, int]
    state: Mapping[str, int]
    state_size: int
    bytecode_entries: Mapping[int, str]
    primitive_entries: Mapping[int, str]
    marking_entries: Mapping[int, str]
    forwarding_entries: Mapping[int, str]
    code_entries: Mapping[int, str]
    pinned: Mapping[str, int]


def prepare(program: ProgramLike, objects: Sequence[NativeObject], native_routines: Collection[str]) -> PreparedProgram:
    """Raises LinkError for a bytecode without a routine."""
    slots = slots_of(program)
    filled = [routine for _, routine in slots.filled]
    return PreparedProgram(
        [*locked_first(slots.routines, native_routines), *objects, *filled],
        {routine.name: offset for offset, routine in slots.filled},
        lock_places([*slots.routines, *filled], native_routines),
        program.state,
        program.state_size,
        program.bytecode_entries,
        program.primitive_entries,
        program.marking_entries,
        program.forwarding_entries,
        program.code_entries,
        program.pinned,
    )
