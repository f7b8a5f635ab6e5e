"""What one bytecode does, with its operands in variables: all but jumps, sends and returns."""

from __future__ import annotations

from typing import Final

from hardtalk.compiled.constants import CONSTANTS, RECEIVER
from hardtalk.compiled.frame import Frame, Value, word_offset
from hardtalk.compiled.marking import ENTER, special_selector
from hardtalk.compiled.sends import Sends
from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import SPECIAL_SELECTORS
from hardtalk.smalltalk.disassembler import Instruction

COMPARISONS: Final = ("<", ">", "<=", ">=", "=", "~=", "==")
"""Special selectors, which are Slang's operators too, but for the last."""
PLAIN_SENDS: Final = {"sendNoArguments": 0, "sendOneArgument": 1, "sendTwoArguments": 2}
"""With the number of arguments."""
ALWAYS_SENT: Final = frozenset({"next", "nextPut:", "atEnd", "do:", "new", "new:", "x", "y"})
"""Of what has a selector of its own: what the bytecode only sends."""


class Steps(Sends):
    """One bytecode after another."""

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
            constant = CONSTANTS[bytecodes.SPECIAL_CONSTANTS[operands[0]]]
            frame.pushed.append(self.owner(frame, lines) if constant is RECEIVER else constant)
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
            index = operands[0]
            selector = str(self.method.marked.spec.literals[index])
            return self.send(instruction, selector, f"stack literal: {index}", PLAIN_SENDS[name], frame, lines)
        if name == "pushNewArray":
            return self.new_array(instruction, frame, lines)
        return self.special(instruction, frame, lines)

    def push(self, kind: int, index: int, frame: Frame, lines: list[str]) -> None:
        if kind == bytecodes.TEMPORARY:
            value = self.temporary(index, frame, lines)
        elif kind == bytecodes.RECEIVER_VARIABLE:
            value = Value(
                self.variable(lines, f"self wordAt: {self.owner(frame, lines).text} body{word_offset(index)}")
            )
        elif kind == bytecodes.LITERAL_CONSTANT:
            found = self.method.literal(index)
            value = found or Value(self.variable(lines, self.literal(index, frame)))
        else:
            value = Value(self.variable(lines, f"({self.literal(index, frame)}) asAssociation value"))
        frame.pushed.append(value)

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
        elif selector in ALWAYS_SENT:
            index = [each for each, _ in SPECIAL_SELECTORS].index(selector)
            literal = f"self wordAt: specialObjects specialSelectors body + {8 * index}"
            return self.send(instruction, selector, literal, SPECIAL_SELECTORS[index][1], frame, lines)
        else:
            return [self.leave(frame, instruction.offset)]
        return None

    def store_temporary(self, index: int, value: Value, frame: Frame, lines: list[str]) -> None:
        if frame.is_active:
            lines.append(f"stack temporary: {index} put: {value.text}.")
        frame.temporaries[index] = Value(value.text, value.constant, is_boolean=value.is_boolean)

    def store_variable(self, instruction: Instruction, index: int, frame: Frame, lines: list[str]) -> list[str] | None:
        """Into a variable of the receiver, without the write barrier: none is needed while no collection marks."""
        self.activate(frame, lines)
        before = frame.copy()
        value = self.popped(frame, lines)
        lines.append(f"compiledCode isPlain ifFalse: [ {self.leave(before, instruction.offset)} ].")
        lines.append(f"self wordAt: receiver body{word_offset(index)} put: {value.text}.")
        return None

    def comparison(self, instruction: Instruction, frame: Frame, lines: list[str]) -> str:
        """The condition, behind the tests of its operands."""
        selector, before = special_selector(instruction) or "", frame.copy()
        right, left = self.popped_signed(frame, lines), self.popped_signed(frame, lines)
        if selector != "==":
            self.check_integers(instruction, before, frame, [left, right], lines)
        return f"({left.text} {selector} {right.text})"

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
        self.activate(frame, lines)
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
        self.activate(frame, lines)
        before = frame.copy()
        elements = [self.popped(frame, lines) for _ in range(size)][::-1]
        block = self.variable(lines, "bumpArea readyBlock", "oop")
        classed = self.variable(lines, "specialObjects classArray", "oop")
        lines.append(f"{block} = 0 ifTrue: [ {self.leave(before, instruction.offset)} ].")
        lines.append(f"bumpArea readyBlock: {block} next.")
        header = "(heap headerWordFor: FormatIndexable order: SmallestOrder)"
        lines.append(f"objectMaking initialize: {block} class: {classed} size: {size} headerWord: {header}.")
        for place, each in enumerate(elements):
            lines.append(f"self wordAt: {block} body{word_offset(place)} put: {each.text}.")
        frame.pushed.append(Value(block))
        return None
