"""Sends and returns of a piece."""

from __future__ import annotations

from typing import Final

from hardtalk.compiled.constants import CONSTANTS, RECEIVER, WORD_BYTES
from hardtalk.compiled.frame import Frame, Value, word_offset
from hardtalk.compiled.piece_base import PieceBase
from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.disassembler import Instruction
from hardtalk.vm.constants import METHOD_CACHE_ENTRY_BYTES, METHOD_CACHE_FIELDS, SEND_PLACE_BYTES

NEAR_PLACES: Final = 64
"""So many places are reached by offsets from one address."""
WORDS: Final = {name.lower(): WORD_BYTES * at for at, name in enumerate(METHOD_CACHE_FIELDS)} | {
    "second": METHOD_CACHE_ENTRY_BYTES + WORD_BYTES * METHOD_CACHE_FIELDS.index("Method")
}
"""Offsets in a place."""


class Sends(PieceBase):
    """What leaves for another method, or comes back from one. A method that answers before it needs a context never has
    one: it is done like a primitive."""

    def send(
        self, instruction: Instruction, selector: str, literal: str, count: int, frame: Frame, lines: list[str]
    ) -> list[str] | None:
        """By the send's place, or by the method cache when there is no place left. `literal` is Slang for the selector.
        A method that only answers a variable of the receiver is done here, where the image has such methods of that
        selector."""
        self.activate(frame, lines)
        before = frame.copy()
        receiver = [self.popped(frame, lines) for _ in range(count + 1)][-1]
        if is_integer := frame.is_integer(receiver):
            classed = self.variable(lines, "specialObjects classSmallInteger", "oop")
        else:
            leave = self.leave(before, instruction.offset)
            lines.append(f"(objectMemory isInteger: {receiver.text}) ifTrue: [ {leave} ].")
            owner = self.variable(lines, receiver.text, "oop")
            classed = self.variable(lines, f"{owner} class", "oop")
        go = [*before.stores(), *self.moved(instruction.offset), *self.look(before)]
        place = self.method.send_place(instruction.offset)
        if place is None:
            return self.send_by_cache(literal, count, classed, go, lines)
        near, at = divmod(place, NEAR_PLACES)
        start = f"(self addressOf: #sendPlaces) + {near * NEAR_PLACES * SEND_PLACE_BYTES}"
        base = self.variable(lines, start if near else "self addressOf: #sendPlaces", "address")
        words = {name: f"(self wordAt: {base} + {at * SEND_PLACE_BYTES + offset})" for name, offset in WORDS.items()}
        key = f"({literal}) + {count}" if count else f"({literal})"
        miss = f"^ compiledCode send: {key} class: {classed} at: {base} + {at * SEND_PLACE_BYTES}"
        getter = self.method.getters.get(selector) if not count and not is_integer else None
        if getter is not None:
            lines.append(f"{words['class']} = {classed} ifFalse: [ {' '.join(go)} {miss} getter: {getter} ].")
            frame.pushed.append(Value(self.variable(lines, f"self wordAt: {owner} body{word_offset(getter)}")))
            return None
        lines += [*go, f"{words['class']} = {classed} ifFalse: [ {miss} resume: ({self.behind(instruction)}) ]."]
        method, second = (self.variable(lines, words[each]) for each in ("method", "second"))
        return [f"^ self transferTo: {words['entry']} with: {method} with: {second}"]

    def behind(self, instruction: Instruction) -> str:
        """Slang for where a method goes on that has answered without a context."""
        number = self.method.numbers.get(instruction.next_offset)
        return "compiledCode addressOf: #goOnBehindSend" if number is None else f"self addressOf: #code{number}"

    def send_by_cache(self, literal: str, count: int, classed: str, go: list[str], lines: list[str]) -> list[str]:
        symbol = self.variable(lines, literal, "oop")
        entry = self.variable(lines, f"methodCache placeOf: {symbol} class: {classed}", "CacheEntry")
        key = f"{symbol} + {count}" if count else symbol
        known = f"({entry} cachedSelector = ({key}) and: [ {entry} cachedClass = {classed} ])"
        lines += [*go, f"{known} ifFalse: [ ^ compiledCode send: {key} class: {classed} ]."]
        method = self.variable(lines, f"{entry} cachedMethod")
        return [f"^ self transferTo: {entry} cachedEntry with: {method} with: {count}"]

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
            go_on = ["ip := ip + 3.", "^ self transferTo: resume with: newMethod"]
            return [*lines, f"stack pop: {words} thenPush: {value.text}.", *go_on]
        text = self.variable(lines, value.text) if value is RECEIVER else value.text
        sender = self.variable(lines, "context sender", "Context")
        free = self.variable(lines, "contexts freeSmallContexts", "Context")
        lines.append(f"context format = FormatContext ifFalse: [ {self.leave(before, instruction.offset)} ].")
        return [*lines, f"^ compiledCode return: {text} to: {sender} free: {free}"]
