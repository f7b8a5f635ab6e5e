"""Sends and returns of a piece."""

from __future__ import annotations

from hardtalk.compiled.constants import CONSTANTS, RECEIVER
from hardtalk.compiled.frame import Frame, Value, word_offset
from hardtalk.compiled.piece_base import PieceBase
from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.disassembler import Instruction


def lines_of_transfer(entry: str, method: str, count: int) -> list[str]:
    """A jump to what the entry of the method cache says."""
    return [f"^ self transferTo: {entry} cachedEntry with: {method} with: {count}"]


class Sends(PieceBase):
    """What leaves for another method, or comes back from one. A method that answers before it needs a context never has
    one: it is done like a primitive."""

    def send(
        self, instruction: Instruction, selector: str, literal: str, count: int, frame: Frame, lines: list[str]
    ) -> list[str] | None:
        """Through the method cache; `literal` is Slang for the selector. A method that only answers a variable of the
        receiver is done here, where the image has such methods of that selector."""
        self.activate(frame, lines)
        before = frame.copy()
        receiver = [self.popped(frame, lines) for _ in range(count + 1)][-1]
        symbol = self.variable(lines, literal, "oop")
        if frame.is_integer(receiver):
            classed = self.variable(lines, "specialObjects classSmallInteger", "oop")
        else:
            lines.append(
                f"(objectMemory isInteger: {receiver.text}) ifTrue: [ {self.leave(before, instruction.offset)} ]."
            )
            owner = self.variable(lines, receiver.text, "oop")
            classed = self.variable(lines, f"{owner} class", "oop")
        entry = self.variable(lines, f"methodCache placeOf: {symbol} class: {classed}", "CacheEntry")
        key = f"{symbol} + {count}" if count else symbol
        known = f"({entry} cachedSelector = ({key}) and: [ {entry} cachedClass = {classed} ])"
        sought = f"compiledCode seek: {symbol} class: {classed} arguments: {count}"
        go = [*before.stores(), *self.moved(instruction.offset), *self.look(before)]
        getter = self.method.getters.get(selector) if not count else None
        if getter is None or frame.is_integer(receiver):
            lines += [*go, f"{known} ifFalse: [ ^ {sought} ]."]
            method = self.variable(lines, f"{entry} cachedMethod")
            return [*lines_of_transfer(entry, method, count)]
        lines.append(f"{known} ifFalse: [ {' '.join(go)} ^ {sought} ].")
        lines.append(f"{entry} cachedEntry = (compiledCode getter: {getter}) ifFalse: [")
        inner: list[str] = [*go]
        method = self.variable(inner, f"{entry} cachedMethod")
        lines += [f"\t{line}" for line in (*inner, *lines_of_transfer(entry, method, count))]
        lines.append("\t].")
        frame.pushed.append(Value(self.variable(lines, f"self wordAt: {owner} body{word_offset(getter)}")))
        return None

    def answer(self, instruction: Instruction, frame: Frame) -> list[str]:
        """A return; from a context that is no simple one by the bytecode."""
        lines: list[str] = []
        before = frame.copy()
        if instruction.row.name == "returnConstant":
            constant = CONSTANTS[bytecodes.SPECIAL_CONSTANTS[instruction.operands[0]]]
            value = self.owner(frame, lines) if constant is RECEIVER else constant
        else:
            value = self.popped(frame, lines)
        if not frame.is_active:
            self.plain_returns += 1
            words = self.method.marked.spec.fields.argument_count + 1
            return [*lines, f"stack pop: {words} thenPush: {value.text}.", "^ self nextBytecode"]
        lines.append(f"context format = FormatContext ifFalse: [ {self.leave(before, instruction.offset)} ].")
        text = self.variable(lines, value.text) if value is RECEIVER else value.text
        return [*lines, f"^ compiledCode return: {text}"]
