"""The dispatch slots: code that bytecodes lead to, `SLOT_BYTES` for each (docs/virtual-machine.md, "Dispatch").

The words of a slot are: a branch to handleInterrupts; what goes before while there are forwarders, and while the
collector marks, each a branch to that routine or nothing; then the bytecode's own routine. What of it has no room lies
among the other routines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hardtalk.arm import encode as arm
from hardtalk.arm.flow import Flow, Instruction, decode
from hardtalk.link.errors import LinkError
from hardtalk.link.inputs import ProgramLike, Relocation, RelocationLike, RoutineLike, placed_lines
from hardtalk.vm.constants import BYTECODE_COUNT, DISPATCH_SLOTS, DISPATCH_TABLES, SLOT_BYTES
from hardtalk.vm.facts import CodeFacts

WORD: Final = 4
ENTRY: Final = DISPATCH_TABLES["dispatchTable"]
ROOM: Final = SLOT_BYTES - ENTRY
"""Bytes of a slot for a bytecode's own routine."""
NOTHING: Final = arm.data("mov", 0, 0, 0).to_bytes(WORD, "little")
BRANCH: Final = arm.branch(8).to_bytes(WORD, "little")
"""With a field of zero, for the linker to fill."""
LEAVING: Final = (Flow.JUMP, Flow.JUMP_COMPUTED)
HANDLER: Final = "handleInterrupts"
OWNER: Final = "DispatchSlots"
"""What stands for the class of words that are no routine's."""
REST: Final = "…"
"""What the name of the rest of a routine ends with."""


@dataclass(frozen=True)
class Part:
    """A part of a routine, or what comes before one in a slot."""

    name: str
    code: bytes
    relocations: Sequence[RelocationLike]
    lines: Sequence[tuple[int, str, int]] = ()
    class_name: str = ""
    selector: str = ""
    frame_bytes: int = 0
    recursion_depth: int = 0
    is_threaded: bool = True
    locked: int | None = None
    facts: CodeFacts = field(default_factory=CodeFacts)


@dataclass(frozen=True)
class Slots:
    """`routines` are those of the program without what lies in slots; `filled` what does, with its offset from the
    first slot, in order."""

    routines: list[RoutineLike]
    filled: list[tuple[int, RoutineLike]]


def slots_of(program: ProgramLike) -> Slots:
    """The program's routines, taken apart. Raises LinkError for a bytecode without a routine."""
    routines: dict[str, RoutineLike] = {}
    for each in program.routines:
        if each.name in routines:
            raise LinkError(f"routine {each.name} is defined twice; names are unique in a program")
        routines[each.name] = each
    entries = _entries(program)
    lines = {name: placed_lines(routine)[:1] for name, routine in routines.items()}
    handler = next((each.name for each in program.routines if each.selector == HANDLER), "")
    filled: list[tuple[int, RoutineLike]] = []
    for number in range(DISPATCH_SLOTS):
        entry = entries.get(number, "")
        filled.append((number * SLOT_BYTES, _before(number, program, lines.get(entry or handler, []))))
        if not entry:
            continue
        routine = routines.pop(entry, None)
        if routine is None:
            relocations = [Relocation(0, "branch24", entry)]
            filled.append(
                (
                    number * SLOT_BYTES + ENTRY,
                    Part(f"{OWNER}>>entry#{number}", BRANCH, relocations, lines[entry], OWNER),
                )
            )
            continue
        head, rest = cut(routine)
        filled.append((number * SLOT_BYTES + ENTRY, head))
        if rest is not None:
            routines[rest.name] = rest
    return Slots(list(routines.values()), filled)


def _entries(program: ProgramLike) -> Mapping[int, str]:
    """The name of each bytecode's routine."""
    unknown = next((each.name for each in program.routines if each.selector == "unknownBytecode"), None)
    missing = [n for n in range(BYTECODE_COUNT) if n not in program.bytecode_entries]
    if missing and unknown is None:
        raise LinkError(
            f"bytecodes {', '.join(map(str, missing))} have no routine; write <bytecode: #name> methods, or "
            "a threaded method unknownBytecode for unused ones"
        )
    return {**dict.fromkeys(missing, unknown or ""), **program.bytecode_entries}


def _before(number: int, program: ProgramLike, lines: Sequence[tuple[int, str, int]]) -> Part:
    """The words before a bytecode's routine; behind the last bytecode only those for interrupts."""
    targets = [HANDLER]
    if number < BYTECODE_COUNT:
        targets += [program.forwarding_entries.get(number, ""), program.marking_entries.get(number, "")]
    words = [BRANCH if target else NOTHING for target in targets]
    relocations = [Relocation(WORD * at, "branch24", target) for at, target in enumerate(targets) if target]
    return Part(f"{OWNER}>>slot#{number}", b"".join(words), relocations, lines, OWNER)


def cut(routine: RoutineLike) -> tuple[RoutineLike, Part | None]:
    """What of a routine lies in its slot, and the rest."""
    if len(routine.code) <= ROOM:
        return routine, None
    place, goes_on = _place(routine)
    name = f"{routine.name}{REST}"
    head = _part(routine, 0, place, name)
    if goes_on:
        relocations = [*head.relocations, Relocation(place, "branch24", name)]
        head = replace(head, code=head.code + BRANCH, relocations=relocations)
    rest = _part(routine, place, len(routine.code), routine.name)
    is_rare = routine.facts.usual_end and routine.facts.usual_end <= place
    return head, replace(rest, name=name, selector="", locked=None if is_rare else routine.locked)


def _place(routine: RoutineLike) -> tuple[int, bool]:
    """The offset from which on a routine lies elsewhere, and whether it must be branched to. What follows an
    instruction that leaves is branched to in any case, so there a cut costs nothing; else a branch must have room, too.
    All of a routine lies elsewhere when it has a frame or a loop, or loads constants in the slot."""
    if routine.frame_bytes or routine.facts.loops:
        return 0, True
    found = list(_instructions(routine, 0, ROOM))
    leaving = [each.address + WORD for each in found if each.flow in LEAVING and not each.is_conditional]
    place = leaving[-1] if leaving else ROOM - WORD
    if any(each.literal is not None for each in found if each.address < place):
        return 0, True
    return place, not leaving


def _instructions(routine: RoutineLike, start: int = 0, stop: int | None = None) -> Iterator[Instruction]:
    for offset in range(start, len(routine.code) if stop is None else stop, WORD):
        found = decode(int.from_bytes(routine.code[offset : offset + WORD], "little"), offset)
        if found is not None:
            yield found


def _part(routine: RoutineLike, start: int, stop: int, other: str) -> Part:
    """The code from `start` to `stop`; branches out of it lead to the routine's other part."""
    known = {each.offset for each in routine.relocations} | {each.literal for each in _instructions(routine)}
    relocations: list[RelocationLike] = [
        Relocation(each.offset - start, each.kind, each.symbol, each.addend)
        for each in routine.relocations
        if start <= each.offset < stop
    ]
    for each in _instructions(routine, start, stop):
        target = each.target if each.flow is Flow.JUMP and each.address not in known else None
        if target is not None and not start <= target < stop:
            addend = target - (stop if start == 0 else 0)
            relocations.append(Relocation(each.address - start, "branch24", other, addend))
    facts = routine.facts
    return Part(
        routine.name,
        routine.code[start:stop],
        relocations,
        _lines(routine, start, stop),
        routine.class_name,
        routine.selector,
        routine.frame_bytes,
        routine.recursion_depth,
        routine.is_threaded,
        routine.locked,
        CodeFacts(
            facts.loops if start < stop else (),
            tuple(at - start for at in facts.polls if start <= at < stop),
            tuple((at - start, change) for at, change in facts.masks if start <= at < stop),
            tuple((at - start, kind) for at, kind in facts.jumps if start <= at < stop),
            object_offsets=tuple((at - start, offset) for at, offset in facts.object_offsets if start <= at < stop),
        ),
    )


def _lines(routine: RoutineLike, start: int, stop: int) -> list[tuple[int, str, int]]:
    """Those of a part, beginning with the one that holds at its start."""
    before = [each for each in routine.lines if each[0] <= start][-1:]
    inside = [each for each in routine.lines if start < each[0] < stop]
    return [(max(0, offset - start), file, line) for offset, file, line in (*before, *inside)]
