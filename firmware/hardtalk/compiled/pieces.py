"""One piece of a method's code: the Slang that does what the bytecodes do, from one place on until it leaves.

A piece keeps what bytecodes push in variables, tests SmallIntegers once, and joins a comparison with the jump behind
it. It does what is usual; for anything else it puts the stack where bytecodes have it and leaves at the bytecode that
is not done yet (`goOnAt:`). It looks for interrupts before each jump back, and leaves by a dispatch or a send
otherwise.

What lies behind a forward jump is written where it is come from. Where several ways meet and much follows, a piece of
its own begins, without a number: a *meeting*.
"""

from __future__ import annotations

from typing import Final

from hardtalk.compiled.frame import Frame
from hardtalk.compiled.marking import special_selector, target_of
from hardtalk.compiled.method_code import MethodCode
from hardtalk.compiled.steps import COMPARISONS, Steps
from hardtalk.smalltalk.bytecodes import CONDITIONAL_JUMPS, JUMPS, RETURNS
from hardtalk.smalltalk.disassembler import Instruction

LONGEST_PIECE: Final = 24
"""Behind so many bytecodes a piece leads to the next one instead of holding its code, too."""
USUAL_CYCLES: Final = 3
CYCLES: Final = {
    "+": 6,
    "-": 6,
    "*": 12,
    "at:": 20,
    "at:put:": 24,
    "pushNewArray": 45,
    "sendNoArguments": 25,
    "x": 25,
    "y": 25,
}
"""By special selector or name of the bytecode, where it is more than usual: getters among what is sent."""


def piece_text(method: MethodCode, start: int, selector: str, pragma: str) -> str:
    """The Slang method that is the piece which begins at that bytecode, without the brackets around it."""
    piece = Piece(method, start, start - 1)
    body = piece.follow(start, Frame())
    return piece.method_text(selector, [f"<{pragma}>"], f"{method.name}, from bytecode {start}", body)


def cycles_of(instruction: Instruction) -> int:
    """About how long the bytecode's code takes."""
    selector = special_selector(instruction) or instruction.row.name or ""
    return CYCLES.get(selector, USUAL_CYCLES)


class Piece(Steps):
    """The flow of a piece."""

    def method_text(self, selector: str, pragmas: list[str], comment: str, body: list[str]) -> str:
        """Text of a Slang method with these lines."""
        lines = [selector, f'\t"{comment}."', *(f"\t{each}" for each in (*pragmas, "<piece>"))]
        lines += [f"\t<var: #{name} type: #{kind}>" for name, kind in self.typed.items()]
        if self.variables:
            lines.append(f"\t| {' '.join(self.variables)} |")
        return "\n".join([*lines, *(f"\t{line}" for line in body)])

    def follow(self, offset: int, frame: Frame) -> list[str]:
        """All that follows from that bytecode on."""
        lines: list[str] = []
        while True:
            instruction = self.method.at(offset)
            if offset != self.start and (way := self.way_to(instruction, frame)) is not None:
                return [*lines, *way]
            self.length += 1
            frame.cycles += cycles_of(instruction)
            name = instruction.row.name or ""
            if name in JUMPS:
                target = target_of(instruction)
                assert target is not None
                if target <= offset:
                    return [*lines, *self.back(target, frame)]
                offset = target
            elif name in CONDITIONAL_JUMPS:
                lines += self.decide(instruction, frame)
                offset = instruction.next_offset
            elif self.is_condition(instruction):
                jump = self.method.following(instruction)
                offset = self.compare_and_jump(instruction, jump, frame, lines)
            elif name in RETURNS:
                return [*lines, *self.answer(instruction, frame)]
            elif (end := self.step(instruction, frame, lines)) is not None:
                return [*lines, *end]
            else:
                offset = instruction.next_offset

    def way_to(self, instruction: Instruction, frame: Frame) -> list[str] | None:
        """How to go on in another piece, where one begins."""
        offset, number = instruction.offset, self.method.numbers.get(instruction.offset)
        lines: list[str] = []
        if number is not None and (offset in self.method.marked.heads or self.length > LONGEST_PIECE):
            self.activate(frame, lines)
            look = self.look(frame, offset - self.base)
            return [*lines, *frame.stores(), *look, *self.moved(instruction.next_offset - 1), f"^ self code{number}"]
        if self.method.is_meeting(offset) or (number is None and self.length > 2 * LONGEST_PIECE):
            meeting = self.method.meeting(offset)
            self.activate(frame, lines)
            look = self.look(frame, offset - self.base)
            return [*lines, *frame.stores(), *look, *self.moved(offset - 1), f"^ self {meeting.selector}"]
        return None

    def back(self, target: int, frame: Frame) -> list[str]:
        number = self.method.numbers[target]
        place = self.method.at(target)
        lines: list[str] = []
        self.activate(frame, lines)
        return [
            *lines,
            *frame.stores(),
            f"self isInterruptPending ifTrue: [ ^ compiledCode goOnAt: {target - self.base} ].",
            *self.moved(place.next_offset - 1),
            f"^ self code{number}",
        ]

    def arm(self, offset: int, frame: Frame) -> list[str]:
        """What follows from there on, for a block."""
        return [f"\t{line}" for line in self.follow(offset, frame.copy())]

    def is_condition(self, instruction: Instruction) -> bool:
        """A comparison whose result a jump behind it takes, where nobody else comes to that jump."""
        if special_selector(instruction) not in COMPARISONS:
            return False
        jump = self.method.following(instruction)
        return jump.row.name in CONDITIONAL_JUMPS and self.method.arrivals[jump.offset] == 1

    def compare_and_jump(self, instruction: Instruction, jump: Instruction, frame: Frame, lines: list[str]) -> int:
        """Writes one way, the other goes on at the answer. What comes first needs no branch: where a loop is left, what
        stays in it."""
        condition = self.comparison(instruction, frame, lines)
        target = target_of(jump)
        assert target is not None
        first, then = (
            (jump.next_offset, target) if self.method.leaves_loop(self.start, target) else (target, jump.next_offset)
        )
        is_if_true = (jump.row.name == "longJumpIfTrue") == (first == target)
        lines += [f"{condition} {'ifTrue' if is_if_true else 'ifFalse'}: [", *self.arm(first, frame), "\t]."]
        return then

    def decide(self, instruction: Instruction, frame: Frame) -> list[str]:
        """A conditional jump on whatever is on the stack."""
        lines: list[str] = []
        before = frame.copy()
        value = self.popped(frame, lines)
        target = target_of(instruction)
        assert target is not None
        jumps_if = instruction.row.name == "longJumpIfTrue"
        taken, other = ("trueObject", "falseObject") if jumps_if else ("falseObject", "trueObject")
        if not value.is_boolean:
            lines.append(f"{value.text} = specialObjects {other} ifFalse: [")
            lines.append(
                f"\t{value.text} = specialObjects {taken} ifFalse: [ {self.leave(before, instruction.offset)} ]."
            )
        else:
            lines.append(f"{value.text} = specialObjects {other} ifFalse: [")
        return [*lines, *self.arm(target, frame), "\t]."]
