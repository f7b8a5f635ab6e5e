"""One piece of a method's code: the Slang that does what the bytecodes do, from one place on until it leaves.

A piece keeps what bytecodes push in variables, tests SmallIntegers once, and joins a comparison with the jump behind
it. It does what is usual; for anything else it puts the stack where bytecodes have it and leaves at the bytecode that
is not done yet (`goOnAt:`). It looks for interrupts before each jump back, and leaves by dispatch or by a
send otherwise.

What lies behind a forward jump is written where it is come from. Where several ways meet and much follows, a piece of
its own begins, without a number: a *meeting*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hardtalk.compiled.frame import Frame, Value, integer, word_offset
from hardtalk.compiled.marking import (
    CLOSURE,
    ENTER,
    Marked,
    numbers_at,
    offsets,
    own_instructions,
    special_selector,
    target_of,
)
from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import CONDITIONAL_JUMPS, JUMPS, RETURNS
from hardtalk.smalltalk.disassembler import Instruction

LONGEST_REPEATED: Final = 6
"""So many bytecodes behind a place where ways meet are written out on each of them."""
LONGEST_PIECE: Final = 24
"""Behind so many bytecodes a piece leads to the next one instead of holding its code, too."""
CONSTANTS: Final = {
    "self": Value("receiver"),
    "true": Value("specialObjects trueObject", is_boolean=True),
    "false": Value("specialObjects falseObject", is_boolean=True),
    "nil": Value("specialObjects nilObject"),
    **{str(each): integer(each) for each in (-1, 0, 1, 2)},
}
COMPARISONS: Final = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "=": "=", "~=": "~=", "==": "="}
PLAIN_SENDS: Final = {"sendNoArguments": ("sendUnary:", 0), "sendOneArgument": ("sendBinary:", 1),
                      "sendTwoArguments": ("sendTernary:", 2)}  # fmt: skip
GREATEST_SMALL: Final = (1 << 30) - 1


class Meeting:
    """The name of a piece that begins where ways meet."""

    def __init__(self, first_number: int, offset: int) -> None:
        self.offset = offset
        self.selector = f"code{first_number}At{offset}"


@dataclass
class MethodCode:
    """A method whose pieces are being written. `literals` are the values of those literals that are SmallIntegers."""

    marked: Marked
    name: str
    instructions: Sequence[Instruction] = field(init=False)
    meetings: dict[int, Meeting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instructions = own_instructions(self.marked.spec.bytecodes)
        self.position = offsets(self.instructions)
        self.numbers = numbers_at(self.marked.places)
        self.first_number = min(self.marked.places)
        self.arrivals = self._arrivals()

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


class Piece:
    """The Slang of one piece, which begins at the bytecode at `start`; `base` is where `ip` points then."""

    def __init__(self, method: MethodCode, start: int, base: int, selector: str, pragma: str) -> None:
        self.method = method
        self.start = start
        self.base = base
        self.selector = selector
        self.pragma = pragma
        self.variables: list[str] = []
        self.typed: dict[str, str] = {}
        self.length = 0

    def text(self) -> str:
        """The method's text in Slang, without the brackets around it."""
        body = self.follow(self.start, Frame())
        lines = [
            self.selector,
            f'\t"{self.method.name}, from bytecode {self.start}."',
            f"\t<{self.pragma}>",
            "\t<piece>",
        ]
        lines += [f"\t<var: #{name} type: #{kind}>" for name, kind in self.typed.items()]
        if self.variables:
            lines.append(f"\t| {' '.join(self.variables)} |")
        return "\n".join([*lines, *(f"\t{line}" for line in body)])

    def variable(self, lines: list[str], expression: str, kind: str = "") -> str:
        """A new variable that has this value."""
        name = f"v{len(self.variables) + 1}"
        self.variables.append(name)
        if kind:
            self.typed[name] = kind
        lines.append(f"{name} := {expression}.")
        return name

    def leave(self, frame: Frame, offset: int) -> str:
        """Slang that goes on at that bytecode, which is not done yet."""
        stores = " ".join(frame.stores())
        return f"{stores}{' ' if stores else ''}^ compiledCode goOnAt: {offset - self.base}"

    # Flow

    def follow(self, offset: int, frame: Frame) -> list[str]:
        """All that follows from that bytecode on."""
        lines: list[str] = []
        while True:
            instruction = self.method.at(offset)
            if offset != self.start and (way := self.way_to(instruction, frame)) is not None:
                return [*lines, *way]
            self.length += 1
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
                lines += self.compare_and_jump(instruction, jump, frame)
                offset = jump.next_offset
            elif name in RETURNS:
                return [*lines, *self.answer(instruction, frame)]
            elif (end := self.step(instruction, frame, lines)) is not None:
                return [*lines, *end]
            else:
                offset = instruction.next_offset

    def way_to(self, instruction: Instruction, frame: Frame) -> list[str] | None:
        """How to go on in another piece, where one begins."""
        offset, number = instruction.offset, self.method.numbers.get(instruction.offset)
        if number is not None and (offset in self.method.marked.heads or self.length > LONGEST_PIECE):
            return [*frame.stores(), *self.moved(instruction.next_offset - 1), f"^ self code{number}"]
        if self.method.is_meeting(offset) or (number is None and self.length > 2 * LONGEST_PIECE):
            meeting = self.method.meeting(offset)
            return [*frame.stores(), *self.moved(offset - 1), f"^ self {meeting.selector}"]
        return None

    def moved(self, base: int) -> list[str]:
        """Let `ip` point there."""
        distance = base - self.base
        if not distance:
            return []
        return [f"ip := ip {'+' if distance > 0 else '-'} {abs(distance)}."]

    def back(self, target: int, frame: Frame) -> list[str]:
        number = self.method.numbers[target]
        place = self.method.at(target)
        return [
            *frame.stores(),
            f"self isInterruptPending ifTrue: [ ^ compiledCode goOnAt: {target - self.base} ].",
            *self.moved(place.next_offset - 1),
            f"^ self code{number}",
        ]

    def arm(self, offset: int, frame: Frame) -> list[str]:
        """What follows from there on, for a block."""
        return [f"\t{line}" for line in self.follow(offset, frame.copy())]

    # Conditions

    def is_condition(self, instruction: Instruction) -> bool:
        """A comparison whose result a jump behind it takes, where nobody else comes to that jump."""
        if special_selector(instruction) not in COMPARISONS:
            return False
        jump = self.method.following(instruction)
        return jump.row.name in CONDITIONAL_JUMPS and self.method.arrivals[jump.offset] == 1

    def compare_and_jump(self, instruction: Instruction, jump: Instruction, frame: Frame) -> list[str]:
        lines: list[str] = []
        condition = self.comparison(instruction, frame, lines)
        target = target_of(jump)
        assert target is not None
        word = "ifTrue" if jump.row.name == "longJumpIfTrue" else "ifFalse"
        return [*lines, f"{condition} {word}: [", *self.arm(target, frame), "\t]."]

    def comparison(self, instruction: Instruction, frame: Frame, lines: list[str]) -> str:
        """The condition, behind the tests of its operands."""
        selector, before = special_selector(instruction) or "", frame.copy()
        right, left = self.popped_signed(frame, lines), self.popped_signed(frame, lines)
        if selector != "==":
            self.check_integers(instruction, before, frame, [left, right], lines)
        return f"({left.text} {COMPARISONS[selector]} {right.text})"

    def check_integers(
        self, instruction: Instruction, before: Frame, frame: Frame, values: list[Value], lines: list[str]
    ) -> None:
        """Leave, with the bytecode not done, unless all are SmallIntegers."""
        unknown = list(dict.fromkeys(each.text for each in values if not frame.is_integer(each)))
        if not unknown:
            return
        test = "isInteger: " if len(unknown) == 1 else "areIntegers: "
        lines.append(
            f"(objectMemory {test}{' and: '.join(unknown)}) ifFalse: [ {self.leave(before, instruction.offset)} ]."
        )
        frame.integers.update(unknown)

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

    # Values

    def popped(self, frame: Frame, lines: list[str]) -> Value:
        if frame.pushed:
            return frame.pushed.pop()
        slot = -frame.taken
        frame.taken += 1
        return Value(self.variable(lines, f"self wordAt: sp{word_offset(slot)}"), slot=slot)

    def popped_signed(self, frame: Frame, lines: list[str]) -> Value:
        """As `popped`, for what compares or shifts: the receiver is no signed word."""
        value = self.popped(frame, lines)
        return Value(self.variable(lines, value.text)) if value.text == "receiver" else value

    def temporary(self, index: int, frame: Frame, lines: list[str]) -> Value:
        if index not in frame.temporaries:
            frame.temporaries[index] = Value(self.variable(lines, f"stack temporary: {index}"))
        return frame.temporaries[index]

    def store_temporary(self, index: int, value: Value, frame: Frame, lines: list[str]) -> None:
        lines.append(f"stack temporary: {index} put: {value.text}.")
        frame.temporaries[index] = Value(value.text, value.constant, is_boolean=value.is_boolean)

    # What one bytecode does

    def step(self, instruction: Instruction, frame: Frame, lines: list[str]) -> list[str] | None:
        """Does the bytecode; answers how the piece ends, when it does."""
        name, operands = instruction.row.name or "", instruction.operands
        if name == ENTER:
            return None
        if name in ("pushTemporary", "pushReceiverVariable", "pushLiteral", "pushLiteralVariable"):
            kind = ("pushReceiverVariable", "pushTemporary", "pushLiteral", "pushLiteralVariable").index(name)
            self.push(kind, operands[0], frame, lines)
            return None
        if name == "extendedPush":
            self.push(operands[0], operands[1], frame, lines)
            return None
        if name == "pushConstant":
            frame.pushed.append(CONSTANTS[bytecodes.SPECIAL_CONSTANTS[operands[0]]])
            return None
        if name == "popIntoTemporary":
            self.store_temporary(operands[0], self.popped(frame, lines), frame, lines)
            return None
        if name in ("extendedPopInto", "extendedStore") and operands[0] == bytecodes.TEMPORARY:
            value = self.popped(frame, lines)
            self.store_temporary(operands[1], value, frame, lines)
            if name == "extendedStore":
                frame.pushed.append(value)
            return None
        if name == "popIntoReceiverVariable":
            return self.store_variable(instruction, operands[0], frame, lines)
        if name == "pop":
            self.popped(frame, lines)
            return None
        if name == "duplicate":
            value = self.popped(frame, lines)
            frame.pushed += [value, Value(value.text, value.constant, is_boolean=value.is_boolean)]
            return None
        if name in PLAIN_SENDS:
            return self.send(instruction, frame)
        if name == "pushNewArray":
            return self.new_array(instruction, frame, lines)
        return self.special(instruction, frame, lines)

    def push(self, kind: int, index: int, frame: Frame, lines: list[str]) -> None:
        if kind == bytecodes.TEMPORARY:
            value = self.temporary(index, frame, lines)
        elif kind == bytecodes.RECEIVER_VARIABLE:
            value = Value(self.variable(lines, f"self wordAt: receiver body{word_offset(index)}"))
        elif kind == bytecodes.LITERAL_CONSTANT:
            found = self.method.literal(index)
            value = found or Value(self.variable(lines, f"stack literal: {index}"))
        else:
            value = Value(self.variable(lines, f"(stack literal: {index}) asAssociation value"))
        frame.pushed.append(value)

    def store_variable(self, instruction: Instruction, index: int, frame: Frame, lines: list[str]) -> list[str] | None:
        """Into a variable of the receiver, without the write barrier: none is needed while no collection marks."""
        before = frame.copy()
        value = self.popped(frame, lines)
        lines.append(f"compiledCode isPlain ifFalse: [ {self.leave(before, instruction.offset)} ].")
        lines.append(f"self wordAt: receiver body{word_offset(index)} put: {value.text}.")
        return None

    def send(self, instruction: Instruction, frame: Frame) -> list[str]:
        selector, _ = PLAIN_SENDS[instruction.row.name or ""]
        literal = f"(stack literal: {instruction.operands[0]})"
        return [*frame.stores(), *self.moved(instruction.offset), f"^ sends {selector} {literal}"]

    def answer(self, instruction: Instruction, frame: Frame) -> list[str]:
        """A return; from a context that is no simple one by the bytecode."""
        lines: list[str] = []
        before = frame.copy()
        if instruction.row.name == "returnConstant":
            value = CONSTANTS[bytecodes.SPECIAL_CONSTANTS[instruction.operands[0]]]
        else:
            value = self.popped(frame, lines)
        lines.append(f"context format = FormatContext ifFalse: [ {self.leave(before, instruction.offset)} ].")
        text = self.variable(lines, value.text) if value.text == "receiver" else value.text
        return [*lines, f"^ compiledCode return: {text}"]

    def special(self, instruction: Instruction, frame: Frame, lines: list[str]) -> list[str] | None:
        """What has a selector of its own, and all that is left to bytecodes."""
        selector, before = special_selector(instruction), frame.copy()
        if selector in COMPARISONS:
            condition = self.comparison(instruction, frame, lines)
            value = self.variable(lines, f"objectMemory booleanFor: {condition}")
            frame.pushed.append(Value(value, is_boolean=True))
        elif selector in ("+", "-"):
            self.add(instruction, selector, frame, lines)
        elif selector in ("bitAnd:", "bitOr:"):
            right, left = self.popped(frame, lines), self.popped(frame, lines)
            self.check_integers(instruction, before, frame, [left, right], lines)
            self.push_integer(f"{left.text} {selector} {right.text}", frame, lines)
        elif selector == "*":
            right, left = self.popped_signed(frame, lines), self.popped_signed(frame, lines)
            self.check_integers(instruction, before, frame, [left, right], lines)
            overflow = f"ifOverflow: [ {self.leave(before, instruction.offset)} ]"
            product = self.variable(lines, f"self productOf: {left.text} - 1 and: {right.text} >> 1 {overflow}")
            self.push_integer(f"{product} + 1", frame, lines)
        elif selector == "at:":
            self.at(instruction, frame, lines)
        elif selector == "at:put:":
            self.at_put(instruction, frame, lines)
        else:
            return [self.leave(frame, instruction.offset)]
        return None

    def push_integer(self, expression: str, frame: Frame, lines: list[str]) -> None:
        text = self.variable(lines, expression)
        frame.integers.add(text)
        frame.pushed.append(Value(text))

    def add(self, instruction: Instruction, selector: str, frame: Frame, lines: list[str]) -> None:
        """One operand loses its tag: a constant where there is one."""
        before = frame.copy()
        right, left = self.popped(frame, lines), self.popped(frame, lines)
        self.check_integers(instruction, before, frame, [left, right], lines)
        overflow = f"ifOverflow: [ {self.leave(before, instruction.offset)} ]"
        untagged = str(2 * right.constant) if right.constant is not None else f"{right.text} - 1"
        word = "sumOf:" if selector == "+" else "differenceOf:"
        self.push_integer(f"self {word} {left.text} and: {untagged} {overflow}", frame, lines)

    def element(
        self, instruction: Instruction, before: Frame, receiver: Value, index: Value, frame: Frame, lines: list[str]
    ) -> tuple[str, str]:
        """Variables of an Array and of a tagged index inside it, or the piece leaves."""
        leave = self.leave(before, instruction.offset)
        self.check_integers(instruction, before, frame, [index], lines)
        lines.append(f"(objectMemory isInteger: {receiver.text}) ifTrue: [ {leave} ].")
        array = self.variable(lines, receiver.text, "oop")
        place = self.variable(lines, index.text, "uint32")
        lines.append(f"{array} class = specialObjects classArray ifFalse: [ {leave} ].")
        lines.append(f"({place} >> 1) - 1 < (objectMemory sizeOf: {array}) ifFalse: [ {leave} ].")
        return array, place

    def at(self, instruction: Instruction, frame: Frame, lines: list[str]) -> None:
        before = frame.copy()
        index, receiver = self.popped(frame, lines), self.popped(frame, lines)
        array, place = self.element(instruction, before, receiver, index, frame, lines)
        frame.pushed.append(Value(self.variable(lines, f"objectMemory element: {place} of: {array}")))

    def at_put(self, instruction: Instruction, frame: Frame, lines: list[str]) -> None:
        before = frame.copy()
        value, index, receiver = (self.popped(frame, lines) for _ in range(3))
        array, place = self.element(instruction, before, receiver, index, frame, lines)
        lines.append(f"compiledCode isPlain ifFalse: [ {self.leave(before, instruction.offset)} ].")
        lines.append(f"objectMemory element: {place} of: {array} withoutBarrier: {value.text}.")
        frame.pushed.append(value if value.slot is None else Value(value.text))

    def new_array(self, instruction: Instruction, frame: Frame, lines: list[str]) -> list[str] | None:
        """`{ a. b }` of up to three elements in a block that is ready."""
        is_popped, size = instruction.operands
        if not is_popped or not 1 <= size <= 3:
            return [self.leave(frame, instruction.offset)]
        before = frame.copy()
        elements = [self.popped(frame, lines) for _ in range(size)][::-1]
        block = self.variable(lines, "bumpArea readyBlock", "oop")
        lines.append(f"{block} = 0 ifTrue: [ {self.leave(before, instruction.offset)} ].")
        lines.append(f"bumpArea readyBlock: {block} next.")
        header = "(heap headerWordFor: FormatIndexable order: SmallestOrder)"
        lines.append(
            f"objectMaking initialize: {block} class: specialObjects classArray size: {size} headerWord: {header}."
        )
        for place, each in enumerate(elements):
            lines.append(f"self wordAt: {block} body{word_offset(place)} put: {each.text}.")
        frame.pushed.append(Value(block))
        return None
