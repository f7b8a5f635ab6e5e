"""Puts `enterCode` into verified bytecodes: where the method begins, where it jumps back to, and behind each send.

Only the method's own bytecodes have such places, not those of its closures. Jumps and closures are measured anew, for
the instructions between have become longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from hardtalk.smalltalk.bytecodes import (
    BY_NAME,
    CONDITIONAL_JUMPS,
    DOUBLE_SUPER_SEND,
    JUMPS,
    RETURNS,
    SPECIAL_SELECTORS,
)
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec
from hardtalk.smalltalk.disassembler import Instruction, disassemble

ENTER: Final = "enterCode"
CLOSURE: Final = "pushClosure"
_SENDS: Final = frozenset(
    {"extendedSend", "superSend", "secondExtendedSend", "sendNoArguments", "sendOneArgument", "sendTwoArguments"}
)
_ALWAYS_SENT: Final = frozenset({"/", "@"})
_NEVER_SENT: Final = frozenset({"==", "class"})
_LONG_FORMS: Final = {"shortJump": "longJump", "shortJumpIfFalse": "longJumpIfFalse"}
_SHORT: Final = range(1, 9)
_LONG: Final = {"longJump": range(-1024, 1024), "longJumpIfTrue": range(1024), "longJumpIfFalse": range(1024)}


@dataclass(frozen=True)
class Marked:
    """A method with places at which its code can be entered: offsets of `enterCode` by the numbers of the pieces.
    `start` is the number of the piece that activates the method, `heads` are the places to which jumps lead back."""

    spec: CompiledMethodSpec
    start: int
    places: Mapping[int, int]
    heads: frozenset[int]


def special_selector(instruction: Instruction) -> str | None:
    """What an instruction sends that has a selector of its own."""
    if instruction.row.name == "sendArithmetic":
        return SPECIAL_SELECTORS[instruction.operands[0]][0]
    return SPECIAL_SELECTORS[instruction.operands[0] + 16][0] if instruction.row.name == "sendCommon" else None


def target_of(instruction: Instruction) -> int | None:
    """Where a jump leads, or a closure's bytecodes end."""
    if instruction.row.name in JUMPS or instruction.row.name in CONDITIONAL_JUMPS:
        return instruction.next_offset + instruction.operands[0]
    return instruction.next_offset + instruction.operands[2] if instruction.row.name == CLOSURE else None


def own_instructions(code: bytes) -> list[Instruction]:
    """Those of the method itself, without its closures'."""
    found, stop = [], 0
    for each in disassemble(code):
        if each.offset < stop:
            continue
        found.append(each)
        if each.row.name == CLOSURE:
            stop = target_of(each) or 0
    return found


def is_send(instruction: Instruction) -> bool:
    """Whether its result mostly comes from another method."""
    name, selector = instruction.row.name, special_selector(instruction)
    if selector is not None:
        return selector in _ALWAYS_SENT or (name == "sendCommon" and selector not in _NEVER_SENT)
    return name in _SENDS or (name == "doubleExtended" and instruction.operands[0] <= DOUBLE_SUPER_SEND)


def marked(spec: CompiledMethodSpec, first_number: int) -> Marked | None:
    """The method with its places; its start has the number `first_number`, the pieces of its places those behind it.
    None when a jump or closure would be too long for its instruction."""
    own = own_instructions(spec.bytecodes)
    following = {each.offset: after for each, after in pairwise(own)}
    heads = {target for each in own if (target := target_of(each)) is not None and target <= each.offset}
    before = {0} | heads
    for each in own:
        after = following.get(each.offset)
        if is_send(each) and after is not None and after.row.name not in RETURNS:
            before.add(each.next_offset)
    return _Marking(spec, before, heads).run(first_number)


class _Marking:
    def __init__(self, spec: CompiledMethodSpec, before: set[int], heads: set[int]) -> None:
        self.spec = spec
        self.before = before
        self.heads = heads
        self.instructions = list(disassemble(spec.bytecodes))
        self.sizes = {each.offset: each.row.size for each in self.instructions}

    def run(self, first_number: int) -> Marked | None:
        while self._lengthen():
            pass
        starts = self._starts()
        code, places = bytearray(), dict[int, int]()
        for each in self.instructions:
            if each.offset in self.before:
                number = first_number + 1 + len(places)
                places[number] = len(code)
                code += BY_NAME[ENTER].encode(number)
            encoded = self._encoded(each, starts)
            if encoded is None:
                return None
            code += encoded
        moved = tuple((starts[offset] + self._marker(offset), place) for offset, place in self.spec.source_map)
        heads = frozenset(starts[each] for each in self.heads)
        return Marked(replace(self.spec, bytecodes=bytes(code), source_map=moved), first_number, places, heads)

    def _marker(self, offset: int) -> int:
        """Bytes of what stands before the instruction."""
        return BY_NAME[ENTER].size if offset in self.before else 0

    def _starts(self) -> dict[int, int]:
        """Where what belongs to each instruction begins, its place first, and where the code ends."""
        starts, at = dict[int, int](), 0
        for each in self.instructions:
            starts[each.offset] = at
            at += self._marker(each.offset) + self.sizes[each.offset]
        starts[len(self.spec.bytecodes)] = at
        return starts

    def _distance(self, each: Instruction, starts: Mapping[int, int]) -> int:
        target = target_of(each)
        assert target is not None
        return starts[target] - starts[each.offset] - self._marker(each.offset) - self.sizes[each.offset]

    def _lengthen(self) -> bool:
        starts, has_changed = self._starts(), False
        for each in self.instructions:
            is_short = each.row.name in _LONG_FORMS and self.sizes[each.offset] == 1
            if is_short and self._distance(each, starts) not in _SHORT:
                self.sizes[each.offset] = 2
                has_changed = True
        return has_changed

    def _encoded(self, each: Instruction, starts: Mapping[int, int]) -> bytes | None:
        row, operands = each.row, list(each.operands)
        if target_of(each) is None:
            return row.encode(*operands)
        distance = self._distance(each, starts)
        if row.name == CLOSURE:
            return row.encode(*operands[:2], distance) if distance <= 0xFFFF else None
        name = row.name or ""
        if name in _LONG_FORMS:
            if self.sizes[each.offset] == 1:
                return row.encode(distance)
            name = _LONG_FORMS[name]
        return BY_NAME[name].encode(distance) if distance in _LONG[name] else None


def numbers_at(places: Mapping[int, int]) -> dict[int, int]:
    """The number of the piece that is entered at each offset."""
    return {offset: number for number, offset in places.items()}


def offsets(instructions: Sequence[Instruction]) -> dict[int, int]:
    """The position in the sequence of the instruction at each offset."""
    return {each.offset: position for position, each in enumerate(instructions)}
