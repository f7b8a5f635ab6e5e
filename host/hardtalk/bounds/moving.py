"""What a bytecode does that neither sends nor branches: between stack, temporaries, variables and literals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from hardtalk.bounds.followed import Followed
from hardtalk.bounds.frames import Condition, Frame, Origin, Result, State, Word
from hardtalk.bounds.image import Oop
from hardtalk.bounds.steps import Unlimited
from hardtalk.bounds.values import (
    Closure,
    Constant,
    Instance,
    Range,
    Value,
    only,
)
from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import SPECIAL_CONSTANTS
from hardtalk.smalltalk.disassembler import Instruction


def opcode(instruction: Instruction) -> int:
    return instruction.row.encode(*instruction.operands)[0]


class Moves:
    """What an instruction moves between stack, temporaries, variables and literals; the frame hears what it costs."""

    def __init__(self, follower: Followed, frame: Frame, instruction: Instruction, state: State) -> None:
        self.follower = follower
        self.frame = frame
        self.instruction = instruction
        self.operands = instruction.operands
        self.stack = list(state.stack)
        self.temporaries = list(state.temporaries)
        self.place = frame.method.place(instruction.offset)

    def cost(self) -> int | Unlimited:
        if not self.follower.counts:
            return 0
        steps = self.follower.steps
        return steps.bytecode(opcode(self.instruction), steps.usual)

    def note(self, result: Result) -> None:
        self.frame.results[self.instruction.offset] = result

    # The stack

    def push(self, value: Value, origin: Origin = None) -> None:
        self.stack.append((value, origin))

    def pop(self) -> Word:
        return self.stack.pop()

    def temporary(self, index: int) -> Word:
        """A block's own are on its stack, behind its arguments and what it copied."""
        own = index - len(self.temporaries)
        return (self.temporaries[index], index) if own < 0 else (self.stack[own][0], None)

    def store_temporary(self, index: int, value: Value) -> None:
        own = index - len(self.temporaries)
        if own >= 0:
            self.stack[own] = (value, None)
            return
        self.temporaries[index] = value
        self.stack = [(word[0], None if _is_of(word[1], index) else word[1]) for word in self.stack]

    def store_variable(self, index: int, value: Value) -> None:
        for kind in self.frame.receiver or ():
            for class_oop in self.follower.class_of(kind):
                self.follower.fields.store(class_oop, index, value)

    def literal(self, index: int) -> Oop:
        return self.frame.method.literals[index]

    # Simple bytecodes

    def push_receiver_variable(self) -> None:
        self.push(self.follower.field(self.frame.receiver, self.operands[0]))

    def push_temporary(self) -> None:
        self.push(*self.temporary(self.operands[0]))

    def push_literal(self) -> None:
        self.push(self.follower.constant(self.literal(self.operands[0])))

    def push_literal_variable(self) -> None:
        self.push(self.follower.binding(self.literal(self.operands[0])))

    def pop_into_receiver_variable(self) -> None:
        self.store_variable(self.operands[0], self.pop()[0])

    def pop_into_temporary(self) -> None:
        self.store_temporary(self.operands[0], self.pop()[0])

    def push_constant(self) -> None:
        self.push(self.special_constant(self.operands[0]))

    def special_constant(self, index: int) -> Value:
        name = SPECIAL_CONSTANTS[index]
        if name == "self":
            return self.frame.receiver
        if name in ("true", "false", "nil"):
            return only(Constant(self.follower.image.special[name]))
        return only(Range(int(name), int(name)))

    def extended_push(self) -> None:
        kind, index = self.operands
        if kind == bytecodes.RECEIVER_VARIABLE:
            self.push(self.follower.field(self.frame.receiver, index))
        elif kind == bytecodes.TEMPORARY:
            self.push(*self.temporary(index))
        elif kind == bytecodes.LITERAL_CONSTANT:
            self.push(self.follower.constant(self.literal(index)))
        else:
            self.push(self.follower.binding(self.literal(index)))

    def extended_store(self) -> None:
        kind, index = self.operands
        value = self.pop()[0]
        if kind == bytecodes.RECEIVER_VARIABLE:
            self.store_variable(index, value)
        elif kind == bytecodes.TEMPORARY:
            self.store_temporary(index, value)
        if self.instruction.row.name == "extendedStore":
            self.push(value)

    def duplicate(self) -> None:
        self.stack.append(self.stack[-1])

    def push_this_context(self) -> None:
        self.push(None)

    def push_new_array(self) -> None:
        pops, size = self.operands
        for _ in range(size if pops else 0):
            self.pop()
        self.push(only(Instance(self.follower.image.special["Array"])))

    def push_remote_temporary(self) -> None:
        self.push(None)

    def store_remote_temporary(self) -> None:
        self.push(self.pop()[0])

    def push_closure(self) -> None:
        copied, arguments, _ = self.operands
        values = [self.pop()[0] for _ in range(copied)][::-1]
        method = self.frame.method
        start = self.instruction.next_offset
        self.push(only(Closure(method.oop, method.owner, start, arguments, self.frame.receiver, tuple(values))))


def _is_of(origin: Origin, temporary: int) -> bool:
    return origin == temporary or (isinstance(origin, Condition) and origin.temporary == temporary)


def _nothing(_moves: Moves) -> None:
    """Jumps, and what only takes away."""


SIMPLE: Final[dict[str, Callable[[Moves], object]]] = {
    "pushReceiverVariable": Moves.push_receiver_variable,
    "pushTemporary": Moves.push_temporary,
    "pushLiteral": Moves.push_literal,
    "pushLiteralVariable": Moves.push_literal_variable,
    "popIntoReceiverVariable": Moves.pop_into_receiver_variable,
    "popIntoTemporary": Moves.pop_into_temporary,
    "pushConstant": Moves.push_constant,
    "extendedPush": Moves.extended_push,
    "extendedStore": Moves.extended_store,
    "extendedPopInto": Moves.extended_store,
    "pop": Moves.pop,
    "duplicate": Moves.duplicate,
    "pushThisContext": Moves.push_this_context,
    "pushNewArray": Moves.push_new_array,
    "pushRemoteTemporary": Moves.push_remote_temporary,
    "storeRemoteTemporary": Moves.store_remote_temporary,
    "popIntoRemoteTemporary": Moves.pop,
    "pushClosure": Moves.push_closure,
    "shortJump": _nothing,
    "longJump": _nothing,
}
