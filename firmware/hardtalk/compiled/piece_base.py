"""What all of a piece's Slang is written with: variables, the stack, tests of SmallIntegers, the way to bytecodes."""

from __future__ import annotations

from hardtalk.compiled.frame import Frame, Value, word_offset
from hardtalk.compiled.method_code import MethodCode
from hardtalk.smalltalk.disassembler import Instruction


class PieceBase:
    """The Slang of one piece, which begins at the bytecode at `start`; `base` is where `ip` points then."""

    def __init__(self, method: MethodCode, start: int, base: int) -> None:
        self.method = method
        self.start = start
        self.base = base
        self.variables: list[str] = []
        self.typed: dict[str, str] = {}
        self.length = 0

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

    def moved(self, base: int) -> list[str]:
        """Let `ip` point there."""
        distance = base - self.base
        if not distance:
            return []
        return [f"ip := ip {'+' if distance > 0 else '-'} {abs(distance)}."]

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
        return Value(self.variable(lines, value.text)) if value.text == "receiver" else value
