"""Checks a method's bytecodes and measures what they need, from the bytecode table's stack effects alone.

What is checked: every path has the same depth wherever paths meet; the stack is never popped below its bottom; jumps
go to instructions of their own method or closure; no path runs off the end; literals and temporaries exist; each
instruction is in the table.

The virtual machine has the same verifier (firmware/vm/primitives/MethodVerifier) for what is made on the board. Both go
through the code once, from the first byte to the last: where no path arrives bytes are passed over until a jump's
target, and a jump back leads to an instruction that was looked at before.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import BY_OPCODE, CONDITIONAL_JUMPS, JUMPS, RETURNS, Bytecode

FAULTS: Final = {
    "RunsOff": "a path leaves the method or closure without a return",
    "PathsDiffer": "paths meet with different numbers of slots in use",
    "Unused": "the opcode is unused",
    "CutOff": "the last instruction is cut off",
    "Empty": "the stack is empty",
    "NoLiteral": "the literal does not exist",
    "NoTemporary": "the temporary does not exist",
    "LiteralStore": "a literal is stored into",
    "BlockReturn": "a block return stands outside a closure",
    "ClosureCutOff": "a closure's code is cut off",
    "Inside": "a jump leads into the middle of an instruction",
    "TooManySlots": "more slots are needed than the context has",
    "Arguments": "a message has more than 15 arguments",
    "Closures": "there are too many closures, or they are nested too deeply",
    "Variable": "the receiver cannot have that many variables",
    "Header": "the header makes no sense",
    "Primitive": "there is no such primitive for that many arguments",
    "NoBinding": "the literal is used as a variable and is no association",
    "OfFirmware": "the variable is the firmware's own, for its methods alone to change or share",
}
"""Why a method is refused; the number of a fault is its place, from 1. The last four are the virtual machine's own."""

FAULT_NUMBERS: Final = {name: number for number, name in enumerate(FAULTS, 1)}

LAST_VARIABLE: Final = 253
"""The greatest index of a receiver's variable: the trailer has a byte for how many there are, 255 for no class."""
NOTHING_STORED: Final = 15
"""In the trailer: no variable of the receiver is stored into."""
FIRST_OWNER: Final = 64
"""In the trailer, with the number of a special object added: variables that the virtual machine follows are stored
into, but only those of instances of that class."""
TRAILER_BYTES: Final = 2
MOST_ARGUMENTS: Final = 15
MOST_FRAMES: Final = 15
MOST_CLOSURES: Final = 1000
REMEMBERED_METHODS: Final = 1 << 13

_LITERAL_OPERANDS: Final = {
    "pushLiteral": 0,
    "extendedSend": 1,
    "superSend": 1,
    "secondExtendedSend": 1,
    "sendNoArguments": 0,
    "sendOneArgument": 0,
    "sendTwoArguments": 0,
}
"""Rows whose operand of this number is an index of a literal."""

_TEMPORARY_OPERANDS: Final = {
    "pushTemporary": 0,
    "popIntoTemporary": 0,
    "pushRemoteTemporary": 1,
    "storeRemoteTemporary": 1,
    "popIntoRemoteTemporary": 1,
}
"""Rows whose operand of this number is an index of a temporary."""


class VerificationError(ValueError):
    """Bytecodes that no virtual machine may be given; `offset` is that of the instruction, `fault` one of FAULTS."""

    def __init__(self, offset: int, fault: str) -> None:
        super().__init__(f"bytecode {offset}: {FAULTS[fault]}")
        self.offset = offset
        self.fault = fault


@dataclass(frozen=True)
class Needs:
    """What sound code needs: slots of a context, for the method or the largest of its closures; so many variables of
    the receiver, the first of which that is stored into (NOTHING_STORED for none); the literals that are variables."""

    slots: int
    variables: int
    lowest_stored: int
    bindings: frozenset[int]

    @property
    def trailer(self) -> bytes:
        """The end of the method as the virtual machine makes it."""
        return bytes((self.variables, self.lowest_stored))

    def trusted_trailer(self, owner: int, followed: int) -> bytes:
        """The end of a method of the firmware. It may store into the first variables of the receiver, which the virtual
        machine follows, when that is an instance of the class that is special object `owner`."""
        if self.lowest_stored >= followed:
            return self.trailer
        return bytes((self.variables, FIRST_OWNER + owner))


def frame_size(code: bytes, temporary_count: int, literal_count: int) -> int:
    """The slots that the method's context, or the largest of its closures' contexts, needs for temporaries and stack.

    `temporary_count` includes the arguments. Raises VerificationError if the code is not sound.
    """
    return needs_of(code, temporary_count, literal_count).slots


@lru_cache(maxsize=REMEMBERED_METHODS)
def needs_of(
    code: bytes, temporary_count: int, literal_count: int, most_slots: int | None = None, has_machine_code: bool = False
) -> Needs:
    """All that the code needs. Raises VerificationError if it is not sound, or needs more than `most_slots`.

    Only with `has_machine_code`, which methods of the firmware may have, may it go on in a piece of machine code.
    Remembered: the compiler and who puts the method into an image both ask.
    """
    verifier = _Verifier(code, temporary_count, literal_count, most_slots, has_machine_code)
    verifier.verify()
    return Needs(verifier.greatest, verifier.needed, verifier.lowest_stored, frozenset(verifier.bindings))


@dataclass
class _Frame:
    """One activation: the method without its closures' bodies, or a closure. Depths count the temporaries."""

    start: int
    stop: int
    base: int
    number: int
    depth: int


_INSIDE: Final = (-1, 0)


class _Verifier:
    """One pass; `marks` has, for instructions and targets of jumps, the activation's number and the slots in use."""

    def __init__(
        self, code: bytes, temporaries: int, literal_count: int, most_slots: int | None, has_machine_code: bool
    ) -> None:
        self.code = code
        self.has_machine_code = has_machine_code
        self.literal_count = literal_count
        self.most_slots = most_slots
        self.marks: dict[int, tuple[int, int]] = {}
        self.frame = _Frame(0, len(code), temporaries, 0, temporaries)
        self.frames: list[_Frame] = []
        self.last_number = 0
        self.is_live = True
        self.offset = 0
        self.greatest = temporaries
        self.needed = 0
        self.lowest_stored = NOTHING_STORED
        self.bindings: set[int] = set()

    def fail(self, fault: str, offset: int | None = None) -> None:
        raise VerificationError(self.offset if offset is None else offset, fault)

    def verify(self) -> None:
        while self.offset < len(self.code) or self.frames or self.is_live:
            if self.offset == self.frame.stop:
                self.leave_frame()
            else:
                self.step()

    def leave_frame(self) -> None:
        if self.is_live:
            self.fail("RunsOff")
        self.frame = self.frames.pop()
        self.is_live = True

    def step(self) -> None:
        """One instruction, or a byte that no path arrives at."""
        code, frame, offset = self.code, self.frame, self.offset
        mark = self.marks.get(offset)
        if not self.is_live:
            if mark is None or mark == _INSIDE:
                self.offset += 1
                return
            if mark[0] != frame.number:
                self.fail("PathsDiffer")
            frame.depth = mark[1]
            self.is_live = True
        key = frame.number, frame.depth
        if mark not in (None, key):
            self.fail("Inside" if mark == _INSIDE else "PathsDiffer")
        self.marks[offset] = key
        row = BY_OPCODE[code[offset]]
        if row.name is None:
            self.fail("Unused")
        if offset + row.size > frame.stop:
            self.fail("CutOff")
        for inside in range(offset + 1, offset + row.size):
            if inside in self.marks:
                self.fail("Inside", inside)
            self.marks[inside] = _INSIDE
        self.follow(row, row.decode(code, offset))

    def follow(self, row: Bytecode, operands: tuple[int, ...]) -> None:
        name, frame, following = row.name or "", self.frame, self.offset + row.size
        self.check_operands(row, operands)
        popped, pushed = row.stack_effect(operands)
        if frame.depth - popped < frame.base * (not self.frames):
            self.fail("Empty")
        frame.depth += pushed - popped
        if name in RETURNS:
            self.is_live = False
        elif name in JUMPS or name in CONDITIONAL_JUMPS:
            self.is_live = name in CONDITIONAL_JUMPS
            self.jump(following + operands[0], following)
        elif name == "pushClosure":
            self.check_closure(following, operands[2])
        self.measure(frame.depth)
        self.offset = following
        if name == "pushClosure":
            self.last_number += 1
            self.frames.append(frame)
            depth = operands[0] + operands[1]
            self.frame = _Frame(following, following + operands[2], 0, self.last_number, depth)
            self.greatest = max(self.greatest, depth)

    def measure(self, depth: int) -> None:
        self.greatest = max(self.greatest, depth)
        if self.most_slots is not None and self.greatest > self.most_slots:
            self.fail("TooManySlots")

    def jump(self, target: int, following: int) -> None:
        frame = self.frame
        if not frame.start <= target < frame.stop:
            self.fail("RunsOff")
        key, mark = (frame.number, frame.depth), self.marks.get(target)
        if mark == _INSIDE:
            self.fail("Inside", target)
        if mark != key and not (mark is None and target >= following):
            self.fail("PathsDiffer", target)
        self.marks[target] = key

    def check_closure(self, start: int, length: int) -> None:
        if start + length > self.frame.stop:
            self.fail("ClosureCutOff", start)
        if len(self.frames) >= MOST_FRAMES or self.last_number >= MOST_CLOSURES:
            self.fail("Closures")

    def check_operands(self, row: Bytecode, operands: tuple[int, ...]) -> None:
        name = row.name or ""
        if name in _LITERAL_OPERANDS:
            self.check_literal(operands[_LITERAL_OPERANDS[name]])
        elif name in _TEMPORARY_OPERANDS:
            self.check_temporary(operands[_TEMPORARY_OPERANDS[name]])
        elif name == "pushLiteralVariable":
            self.check_binding(operands[0])
        elif name in ("pushReceiverVariable", "popIntoReceiverVariable"):
            self.use_variable(operands[0], is_store=name == "popIntoReceiverVariable")
        elif name in ("extendedPush", "extendedStore", "extendedPopInto"):
            kind, index = operands
            self.check_extended(kind, index, is_store=name != "extendedPush")
        elif name == "doubleExtended":
            self.check_double(*operands)
        elif name == "blockReturnTop" and not self.frames:
            self.fail("BlockReturn")
        elif name == "enterCode" and operands[0] and not self.has_machine_code:
            self.fail("Unused")

    def check_extended(self, kind: int, index: int, is_store: bool) -> None:
        if kind == bytecodes.RECEIVER_VARIABLE:
            self.use_variable(index, is_store)
        elif kind == bytecodes.TEMPORARY:
            self.check_temporary(index)
        elif kind == bytecodes.LITERAL_VARIABLE:
            self.check_binding(index)
        elif is_store:
            self.fail("LiteralStore")
        else:
            self.check_literal(index)

    def check_double(self, operation: int, arguments: int, index: int) -> None:
        if operation in (bytecodes.DOUBLE_SEND, bytecodes.DOUBLE_SUPER_SEND):
            self.check_literal(index)
            if arguments > MOST_ARGUMENTS:
                self.fail("Arguments")
        elif operation == bytecodes.DOUBLE_PUSH_LITERAL:
            self.check_literal(index)
        elif operation in (bytecodes.DOUBLE_PUSH_LITERAL_VARIABLE, bytecodes.DOUBLE_STORE_LITERAL_VARIABLE):
            self.check_binding(index)
        else:
            self.use_variable(index, operation != bytecodes.DOUBLE_PUSH_RECEIVER_VARIABLE)

    def check_literal(self, index: int) -> None:
        if index >= self.literal_count:
            self.fail("NoLiteral")

    def check_binding(self, index: int) -> None:
        self.check_literal(index)
        self.bindings.add(index)

    def check_temporary(self, index: int) -> None:
        if index >= (self.frame.depth if self.frames else self.frame.base):
            self.fail("NoTemporary")

    def use_variable(self, index: int, is_store: bool) -> None:
        if index > LAST_VARIABLE:
            self.fail("Variable")
        self.needed = max(self.needed, index + 1)
        if is_store:
            self.lowest_stored = min(self.lowest_stored, index)
