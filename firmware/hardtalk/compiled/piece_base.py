"""What all of a piece's Slang is written with: variables, the stack, tests of SmallIntegers, the way to bytecodes."""

from __future__ import annotations

from typing import Final

from hardtalk.compiled.constants import NIL, RECEIVER, WORD_BYTES
from hardtalk.compiled.frame import Frame, Value, word_offset
from hardtalk.compiled.method_code import MethodCode
from hardtalk.smalltalk.disassembler import Instruction

LONGEST_WITHOUT_LOOK: Final = 40
"""Before a send or another piece a look is so many cycles ago at most."""


class PieceBase:
    """The Slang of one piece, which begins at the bytecode at `start`; `base` is where `ip` points then. It makes the
    method's context in `activations` places, and answers without one in `plain_returns`."""

    def __init__(self, method: MethodCode, start: int, base: int) -> None:
        self.method = method
        self.start = start
        self.base = base
        self.variables: list[str] = []
        self.typed: dict[str, str] = {}
        self.length = 0
        self.activations = 0
        self.plain_returns = 0

    @property
    def by_bytecodes(self) -> str:
        """How a method goes on that has no context yet and needs more than is usual."""
        return f"^ compiledCode activate: newMethod arguments: {self.method.marked.spec.fields.argument_count}"

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
        if not frame.is_active:
            return self.by_bytecodes
        stores = " ".join(frame.stores())
        return f"{stores}{' ' if stores else ''}^ compiledCode goOnAt: {offset - self.base}"

    def look(self, frame: Frame, distance: int = 0) -> list[str]:
        """A look at interrupts where the last one is long ago; the stack is where bytecodes have it, and the bytecode
        so far from `ip` is next. What is sent may itself take a while."""
        if frame.cycles <= LONGEST_WITHOUT_LOOK:
            return []
        frame.cycles = 0
        return [f"self isInterruptPending ifTrue: [ ^ compiledCode goOnAt: {distance} ]."]

    def moved(self, base: int) -> list[str]:
        """Let `ip` point there."""
        distance = base - self.base
        if not distance:
            return []
        return [f"ip := ip {'+' if distance > 0 else '-'} {abs(distance)}."]

    def activate(self, frame: Frame, lines: list[str]) -> None:
        """Make the context where there is none yet, for what follows needs it."""
        if frame.is_active:
            return
        fields = self.method.marked.spec.fields
        owner = self.owner(frame, lines)
        values = [self.temporary(index, frame, lines) for index in range(fields.temporary_count)]
        context = self.variable(lines, "contexts freeSmallContexts", "Context")
        code = fields.literal_count * WORD_BYTES + self.base
        lines += [
            f"{context} = 0 ifTrue: [ {self.by_bytecodes} ].",
            f"contexts enterSmall: {context} callerSp: sp{word_offset(-fields.argument_count - 1)}.",
            *(
                f"self wordAt: {context} temporaries{word_offset(at)} put: {each.text}."
                for at, each in enumerate(values)
            ),
            f"contexts finishContext: {context} method: newMethod receiver: {owner.text}.",
            f"sp := {context} temporaries{word_offset(fields.temporary_count - 1)}.",
            f"ip := method + (MethodLiteralsOffset + {code}).",
        ]
        if owner.text in frame.integers:
            frame.integers.add(RECEIVER.text)
        frame.is_active = True
        self.activations += 1

    def owner(self, frame: Frame, lines: list[str]) -> Value:
        """The receiver."""
        if frame.is_active:
            return RECEIVER
        if frame.owner is None:
            place = word_offset(-self.method.marked.spec.fields.argument_count)
            frame.owner = Value(self.variable(lines, f"self wordAt: sp{place}", "oop"))
        return frame.owner

    def temporary(self, index: int, frame: Frame, lines: list[str]) -> Value:
        """A temporary's value in a variable."""
        if index not in frame.temporaries:
            arguments = self.method.marked.spec.fields.argument_count
            if frame.is_active:
                expression = f"stack temporary: {index}"
            elif index < arguments:
                expression = f"self wordAt: sp{word_offset(index + 1 - arguments)}"
            else:
                return NIL
            frame.temporaries[index] = Value(self.variable(lines, expression))
        return frame.temporaries[index]

    def literal(self, index: int, frame: Frame) -> str:
        """Slang for a literal of the method."""
        return f"stack literal: {index}" if frame.is_active else f"self wordAt: newMethod literals{word_offset(index)}"

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

    def popped(self, frame: Frame, lines: list[str]) -> Value:
        if frame.pushed:
            return frame.pushed.pop()
        slot = -frame.taken
        frame.taken += 1
        return Value(self.variable(lines, f"self wordAt: sp{word_offset(slot)}"), slot=slot)

    def popped_signed(self, frame: Frame, lines: list[str]) -> Value:
        """As `popped`, for what compares or shifts: the receiver is no signed word."""
        value = self.popped(frame, lines)
        is_unsigned = value.text == RECEIVER.text or value.text in self.typed
        return Value(self.variable(lines, value.text)) if is_unsigned else value
