"""A small machine that runs compiled methods on Python values, to see what compiled code means.

Its decoding is written out from the bytecode set's description, not taken from the table under test. Integers,
booleans, nil, strings and lists (Arrays, OrderedCollections) are the objects; an instance is a list of its variables.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from hardtalk.smalltalk.bytecodes import SPECIAL_SELECTORS
from hardtalk.smalltalk.compiler import CompiledMethodSpec
from hardtalk.smalltalk.literals import Symbol

SELF_TRUE_FALSE_NIL_INTEGERS = (None, True, False, None, -1, 0, 1, 2)
STEP_LIMIT = 20_000


class NonLocalReturn(Exception):
    def __init__(self, home: Frame, value: Any) -> None:
        self.home = home
        self.value = value


class Frame:
    def __init__(self, spec: CompiledMethodSpec, receiver: Any, slots: list[Any], pc: int, home: Frame | None) -> None:
        self.spec = spec
        self.receiver = receiver
        self.slots = slots
        self.pc = pc
        self.home = home or self
        self.is_closure = home is not None


class Closure:
    def __init__(self, frame: Frame, start: int, argument_count: int, copied: list[Any]) -> None:
        self.frame = frame
        self.start = start
        self.argument_count = argument_count
        self.copied = copied


class Instance:
    def __init__(self, variables: list[Any], methods: Mapping[str, CompiledMethodSpec]) -> None:
        self.variables = variables
        self.methods = methods


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "=": operator.eq,
    "~=": operator.ne,
    "//": operator.floordiv,
    "\\\\": operator.mod,
}


class Machine:
    def __init__(self, global_variables: dict[str, Any] | None = None) -> None:
        self.globals = global_variables if global_variables is not None else {}
        self.sent: list[str] = []
        self.steps = 0

    def run(self, spec: CompiledMethodSpec, receiver: Any = None, arguments: tuple[Any, ...] = ()) -> Any:
        count = spec.fields.temporary_count
        frame = Frame(spec, receiver, [*arguments, *[None] * (count - len(arguments))], 0, None)
        try:
            return self.interpret(frame)
        except NonLocalReturn as exit:
            if exit.home is frame:
                return exit.value
            raise

    def evaluate(self, closure: Closure, *arguments: Any) -> Any:
        assert len(arguments) == closure.argument_count
        outer = closure.frame
        slots = [*arguments, *closure.copied]
        return self.interpret(Frame(outer.spec, outer.receiver, slots, closure.start, outer.home))

    def send(self, receiver: Any, selector: str, arguments: list[Any]) -> Any:
        self.sent.append(selector)
        if isinstance(receiver, Instance) and selector in receiver.methods:
            return self.run(receiver.methods[selector], receiver, tuple(arguments))
        if isinstance(receiver, Closure) and selector.startswith("value"):
            return self.evaluate(receiver, *arguments)
        if selector == "==":
            return receiver is arguments[0] or (type(receiver) is int and receiver == arguments[0])
        if selector in BINARY:
            return BINARY[selector](receiver, arguments[0])
        if isinstance(receiver, (list, tuple)):
            return self.send_to_list(receiver, selector, arguments)
        if selector == "newList":
            return []
        if selector == "negated":
            return -receiver
        raise AssertionError(f"{receiver!r} does not understand {selector}")

    def send_to_list(self, receiver: Any, selector: str, arguments: list[Any]) -> Any:
        if selector == "add:":
            receiver.append(arguments[0])
            return arguments[0]
        if selector == "at:put:":
            receiver[arguments[0] - 1] = arguments[1]
            return arguments[1]
        if selector == "at:":
            return receiver[arguments[0] - 1]
        if selector == "size":
            return len(receiver)
        if selector == "do:":
            for element in list(receiver):
                self.evaluate(arguments[0], element)
            return receiver
        if selector == "collect:":
            return [self.evaluate(arguments[0], element) for element in receiver]
        raise AssertionError(f"a list does not understand {selector}")

    def interpret(self, frame: Frame) -> Any:
        code = frame.spec.bytecodes
        literals = frame.spec.literals
        stack = frame.slots

        def literal_selector(index: int) -> str:
            literal = literals[index]
            assert isinstance(literal, Symbol)
            return str(literal)

        def send(selector: str, count: int) -> None:
            arguments = stack[len(stack) - count :]
            del stack[len(stack) - count :]
            stack.append(self.send(stack.pop(), selector, arguments))

        def push(kind: int, index: int) -> None:
            if kind == 0:
                stack.append(frame.receiver.variables[index])
            elif kind == 1:
                stack.append(stack[index])
            elif kind == 2:
                literal = literals[index]
                stack.append(list(literal) if isinstance(literal, tuple) else literal)
            else:
                stack.append(self.globals[literals[index].name])  # type: ignore[union-attr]

        def store(kind: int, index: int, value: Any) -> None:
            if kind == 0:
                frame.receiver.variables[index] = value
            elif kind == 1:
                stack[index] = value
            else:
                assert kind == 3
                self.globals[literals[index].name] = value  # type: ignore[union-attr]

        while True:
            self.steps += 1
            assert self.steps < STEP_LIMIT, "the code does not end"
            byte = code[frame.pc]
            second = code[frame.pc + 1] if frame.pc + 1 < len(code) else 0
            third = code[frame.pc + 2] if frame.pc + 2 < len(code) else 0
            frame.pc += 1
            if byte < 16:
                push(0, byte)
            elif byte < 32:
                push(1, byte - 16)
            elif byte < 64:
                push(2, byte - 32)
            elif byte < 96:
                push(3, byte - 64)
            elif byte < 104:
                store(0, byte - 96, stack.pop())
            elif byte < 112:
                value = stack.pop()
                store(1, byte - 104, value)
            elif byte < 120:
                stack.append(frame.receiver if byte == 112 else SELF_TRUE_FALSE_NIL_INTEGERS[byte - 112])
            elif byte < 126:
                if byte < 124:
                    value = frame.receiver if byte == 120 else SELF_TRUE_FALSE_NIL_INTEGERS[byte - 120]
                else:
                    value = stack.pop()
                if frame.is_closure and byte != 125:
                    raise NonLocalReturn(frame.home, value)
                return value
            elif byte == 128:
                frame.pc += 1
                push(second >> 6, second & 63)
            elif byte == 129:
                frame.pc += 1
                store(second >> 6, second & 63, stack[-1])
            elif byte == 130:
                frame.pc += 1
                value = stack.pop()
                store(second >> 6, second & 63, value)
            elif byte == 131:
                frame.pc += 1
                send(literal_selector(second & 31), second >> 5)
            elif byte == 132:
                frame.pc += 2
                operation = second >> 5
                if operation < 2:
                    send(("super " if operation else "") + literal_selector(third), second & 31)
                elif operation < 5:
                    push((0, 2, 3)[operation - 2], third)
                elif operation == 6:
                    store(0, third, stack.pop())
                else:
                    store(0 if operation == 5 else 3, third, stack[-1])
            elif byte == 133:
                frame.pc += 1
                send("super " + literal_selector(second & 31), second >> 5)
            elif byte == 134:
                frame.pc += 1
                send(literal_selector(second & 63), second >> 6)
            elif byte == 135:
                stack.pop()
            elif byte == 136:
                stack.append(stack[-1])
            elif byte == 138:
                frame.pc += 1
                size = second & 127
                if second & 128:
                    elements = stack[len(stack) - size :]
                    del stack[len(stack) - size :]
                    stack.append(elements)
                else:
                    stack.append([None] * size)
            elif byte in (140, 141, 142):
                frame.pc += 2
                vector = stack[third]
                if byte == 140:
                    stack.append(vector[second])
                else:
                    vector[second] = stack.pop() if byte == 142 else stack[-1]
            elif byte == 143:
                size = third << 8 | code[frame.pc + 2]
                frame.pc += 3
                copied_count = second >> 4
                copied = stack[len(stack) - copied_count :]
                del stack[len(stack) - copied_count :]
                stack.append(Closure(frame, frame.pc, second & 15, copied))
                frame.pc += size
            elif 144 <= byte < 152:
                frame.pc += byte - 143
            elif 152 <= byte < 160:
                value = stack.pop()
                assert isinstance(value, bool)
                if value is False:
                    frame.pc += byte - 151
            elif 160 <= byte < 168:
                frame.pc += 1 + ((byte & 7) - 4) * 256 + second
            elif 168 <= byte < 176:
                frame.pc += 1
                value = stack.pop()
                assert isinstance(value, bool)
                if value is (byte < 172):
                    frame.pc += (byte & 3) * 256 + second
            elif 176 <= byte < 208:
                send(*SPECIAL_SELECTORS[byte - 176])
            elif byte >= 208:
                send(literal_selector(byte & 15), (byte - 208) >> 4)
            else:
                raise AssertionError(f"opcode {byte}")
