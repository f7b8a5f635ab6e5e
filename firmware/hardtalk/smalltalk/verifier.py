"""Checks a method's bytecodes and measures the frame they need, from the bytecode table's stack effects alone.

What is checked: every path has the same depth wherever paths meet; the stack is never popped below its bottom; jumps
go to instructions of their own method or closure; no path runs off the end; literals and temporaries exist; each
instruction is in the table.
"""

from __future__ import annotations

from typing import Final

from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import BY_OPCODE, CONDITIONAL_JUMPS, JUMPS, RETURNS, Bytecode

_LITERAL_OPERANDS: Final = {
    "pushLiteral": 0,
    "pushLiteralVariable": 0,
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
    """Bytecodes that no virtual machine may be given; `offset` is that of the instruction."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(f"bytecode {offset}: {message}")
        self.offset = offset
        self.message = message


def frame_size(code: bytes, temporary_count: int, literal_count: int) -> int:
    """The slots that the method's context, or the largest of its closures' contexts, needs for temporaries and stack.

    `temporary_count` includes the arguments. Raises VerificationError if the code is not sound.
    """
    greatest = 0
    pending = [(0, len(code), temporary_count, False)]
    while pending:
        start, stop, base, is_closure = pending.pop()
        path = _Frame(code, start, stop, base, literal_count, is_closure)
        greatest = max(greatest, path.verify())
        pending.extend(path.closures)
    return greatest


class _Frame:
    """One activation's code: a method's without its closures' bodies, or a closure's. Depths count the temporaries."""

    def __init__(self, code: bytes, start: int, stop: int, base: int, literal_count: int, is_closure: bool) -> None:
        self.code = code
        self.start = start
        self.stop = stop
        self.base = base
        self.literal_count = literal_count
        self.is_closure = is_closure
        self.depths: dict[int, int] = {}
        self.interiors: set[int] = set()
        self.pending: list[tuple[int, int]] = []
        self.closures: list[tuple[int, int, int, bool]] = []
        self.greatest = base

    def verify(self) -> int:
        """The greatest depth."""
        self.pending.append((self.start, self.base))
        while self.pending:
            offset, depth = self.pending.pop()
            self.follow(offset, depth)
        for offset in self.depths:
            if offset in self.interiors:
                raise VerificationError(offset, "a jump leads into the middle of an instruction")
        return self.greatest

    def follow(self, offset: int, depth: int) -> None:
        """Step through the code from `offset` until a return or a place that was reached before."""
        code = self.code
        while True:
            if not self.start <= offset < self.stop:
                raise VerificationError(offset, "a path leaves the method or closure without a return")
            known = self.depths.get(offset)
            if known is not None:
                if known != depth:
                    raise VerificationError(offset, f"paths meet with {known} and with {depth} slots in use")
                return
            self.depths[offset] = depth
            row = BY_OPCODE[code[offset]]
            size = row.size
            if row.name is None:
                raise VerificationError(offset, f"opcode {code[offset]} is unused")
            if offset + size > self.stop:
                raise VerificationError(offset, "the last instruction is cut off")
            if size > 1:
                self.interiors.update(range(offset + 1, offset + size))
            operands = row.decode(code, offset)
            self.check_operands(row, operands, offset, depth)
            popped, pushed = row.stack_effect(operands)
            depth -= popped
            if depth < (0 if self.is_closure else self.base):
                raise VerificationError(offset, "the stack is empty")
            depth += pushed
            if depth > self.greatest:
                self.greatest = depth
            offset += size
            name = row.name
            if name in RETURNS:
                return
            if name in JUMPS:
                offset += operands[0]
            elif name in CONDITIONAL_JUMPS:
                self.pending.append((offset + operands[0], depth))
            elif name == "pushClosure":
                copied_count, argument_count, length = operands
                if offset + length > self.stop:
                    raise VerificationError(offset, "a closure's code is cut off")
                self.closures.append((offset, offset + length, copied_count + argument_count, True))
                offset += length

    def check_operands(self, row: Bytecode, operands: tuple[int, ...], offset: int, depth: int) -> None:
        name = row.name or ""
        if name in _LITERAL_OPERANDS:
            self.check_literal(operands[_LITERAL_OPERANDS[name]], offset)
        elif name in _TEMPORARY_OPERANDS:
            self.check_temporary(operands[_TEMPORARY_OPERANDS[name]], offset, depth)
        elif name in ("extendedPush", "extendedStore", "extendedPopInto"):
            kind, index = operands
            if kind == bytecodes.TEMPORARY:
                self.check_temporary(index, offset, depth)
            elif kind == bytecodes.LITERAL_CONSTANT and name != "extendedPush":
                raise VerificationError(offset, "a literal is stored into")
            elif kind != bytecodes.RECEIVER_VARIABLE:
                self.check_literal(index, offset)
        elif name == "doubleExtended":
            operation, _, index = operands
            if operation not in (
                bytecodes.DOUBLE_PUSH_RECEIVER_VARIABLE,
                bytecodes.DOUBLE_STORE_RECEIVER_VARIABLE,
                bytecodes.DOUBLE_POP_INTO_RECEIVER_VARIABLE,
            ):
                self.check_literal(index, offset)
        elif name == "blockReturnTop" and not self.is_closure:
            raise VerificationError(offset, "a block return stands outside a closure")

    def check_literal(self, index: int, offset: int) -> None:
        if index >= self.literal_count:
            raise VerificationError(offset, f"literal {index} does not exist")

    def check_temporary(self, index: int, offset: int, depth: int) -> None:
        if index >= (depth if self.is_closure else self.base):
            raise VerificationError(offset, f"temporary {index} does not exist")
