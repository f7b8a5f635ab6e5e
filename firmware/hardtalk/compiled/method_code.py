"""A compiled method whose pieces are being written: its instructions, its places, and where ways of it meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hardtalk.compiled.frame import Value, integer
from hardtalk.compiled.marking import CLOSURE, ENTER, Marked, numbers_at, offsets, own_instructions, target_of
from hardtalk.smalltalk.bytecodes import BY_NAME, JUMPS, RETURNS
from hardtalk.smalltalk.disassembler import Instruction
from hardtalk.vm.constants import SEND_PLACES

LONGEST_REPEATED: Final = 6
"""So many bytecodes behind a place where ways meet are written out on each of them."""
GREATEST_SMALL: Final = (1 << 30) - 1


class Meeting:
    """The name of a piece that begins where ways meet."""

    def __init__(self, first_number: int, offset: int) -> None:
        self.offset = offset
        self.selector = f"code{first_number}At{offset}"


@dataclass
class SendPlaces:
    """Places behind the method cache, given out one by one."""

    taken: int = 0

    def next(self) -> int | None:
        """The number of one, None when there are no more."""
        if self.taken == SEND_PLACES:
            return None
        self.taken += 1
        return self.taken - 1


@dataclass
class MethodCode:
    """A method whose pieces are being written. `getters` are selectors of methods that only answer a variable of their
    receiver, with its index."""

    marked: Marked
    name: str
    getters: Mapping[str, int] = field(default_factory=dict)
    send_places: SendPlaces = field(default_factory=SendPlaces)
    instructions: Sequence[Instruction] = field(init=False)
    meetings: dict[int, Meeting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instructions = own_instructions(self.marked.spec.bytecodes)
        self.position = offsets(self.instructions)
        self.numbers = numbers_at(self.marked.places)
        self.first_number = min(self.marked.places)
        self.arrivals = self._arrivals()
        self._place_at: dict[int, int | None] = {}

    def send_place(self, offset: int) -> int | None:
        """The number of the place of the send at that bytecode, whichever piece sends; None when there are no more."""
        if offset not in self._place_at:
            self._place_at[offset] = self.send_places.next()
        return self._place_at[offset]

    def _arrivals(self) -> dict[int, int]:
        """How many ways lead to each target of a forward jump."""
        found: dict[int, int] = {}
        for before, each in zip([None, *self.instructions], self.instructions, strict=False):
            falls = before is not None and before.row.name not in JUMPS and before.row.name not in RETURNS
            found[each.offset] = found.get(each.offset, 0) + falls
            target = target_of(each)
            if target is not None and each.row.name != CLOSURE:
                found[target] = found.get(target, 0) + 1
        return found

    def at(self, offset: int) -> Instruction:
        return self.instructions[self.position[offset]]

    def following(self, instruction: Instruction) -> Instruction:
        return self.instructions[self.position[instruction.offset] + 1]

    def leaves_loop(self, start: int, target: int) -> bool:
        """Whether a jump to there, in the piece that begins at `start`, leaves the loop whose head that is."""
        head = start - BY_NAME[ENTER].size
        ends = [each.offset for each in self.instructions if each.offset > head and target_of(each) == head]
        return bool(ends) and max(ends) < target

    def is_meeting(self, offset: int) -> bool:
        """Whether several ways meet there and what follows is long."""
        return self.arrivals.get(offset, 0) > 1 and offset not in self.numbers and self._is_long(offset)

    def _is_long(self, offset: int) -> bool:
        for each in self.instructions[self.position[offset] :][:LONGEST_REPEATED]:
            name = each.row.name
            if name in RETURNS or name in JUMPS or each.offset in self.marked.heads:
                return False
        return True

    def meeting(self, offset: int) -> Meeting:
        return self.meetings.setdefault(offset, Meeting(self.first_number, offset))

    def literal(self, index: int) -> Value | None:
        """A literal that is a SmallInteger."""
        value = self.marked.spec.literals[index]
        is_small = type(value) is int and -GREATEST_SMALL - 1 <= value <= GREATEST_SMALL
        return integer(value) if is_small and isinstance(value, int) else None
