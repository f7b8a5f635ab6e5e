"""The bytecodes of Squeak V3 with closures: one table, from which encoder, disassembler and verifier are derived.

A row's pattern gives its bits, the opcode's byte first; a letter is a bit of the operand of that name, most significant
first. So a row says at once which opcodes it covers, how many bytes an instruction has and how operands are packed. The
effect on the stack is stated as (popped, pushed), computed from the operands where it depends on them. The table checks
itself when it is loaded: 256 opcodes, none of them twice, none forgotten.

Sources: Goldberg and Robson, Smalltalk-80 (1983), chapter 28; Squeak's closures (rows 138-143).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

Effect: TypeAlias = tuple[int, int]

# Extended push and store (128-130): the kinds of operand k.
RECEIVER_VARIABLE: Final = 0
TEMPORARY: Final = 1
LITERAL_CONSTANT: Final = 2
LITERAL_VARIABLE: Final = 3

# Double extended (132): the operations of operand o.
DOUBLE_SEND: Final = 0
DOUBLE_SUPER_SEND: Final = 1
DOUBLE_PUSH_RECEIVER_VARIABLE: Final = 2
DOUBLE_PUSH_LITERAL: Final = 3
DOUBLE_PUSH_LITERAL_VARIABLE: Final = 4
DOUBLE_STORE_RECEIVER_VARIABLE: Final = 5
DOUBLE_POP_INTO_RECEIVER_VARIABLE: Final = 6
DOUBLE_STORE_LITERAL_VARIABLE: Final = 7

SPECIAL_CONSTANTS: Final = ("self", "true", "false", "nil", "-1", "0", "1", "2")
"""What 112-119 push and 120-123 return."""

SPECIAL_SELECTORS: Final = (
    ("+", 1),
    ("-", 1),
    ("<", 1),
    (">", 1),
    ("<=", 1),
    (">=", 1),
    ("=", 1),
    ("~=", 1),
    ("*", 1),
    ("/", 1),
    ("\\\\", 1),
    ("@", 1),
    ("bitShift:", 1),
    ("//", 1),
    ("bitAnd:", 1),
    ("bitOr:", 1),
    ("at:", 1),
    ("at:put:", 2),
    ("size", 0),
    ("next", 0),
    ("nextPut:", 1),
    ("atEnd", 0),
    ("==", 1),
    ("class", 0),
    ("blockCopy:", 1),
    ("value", 0),
    ("value:", 1),
    ("do:", 1),
    ("new", 0),
    ("new:", 1),
    ("x", 0),
    ("y", 0),
)
"""Selector and number of arguments of 176-207, in order; special object 23 holds the same pairs."""


def _double_extended(operation: int, arguments: int, index: int) -> Effect:
    if operation in (DOUBLE_SEND, DOUBLE_SUPER_SEND):
        return (arguments + 1, 1)
    if operation in (DOUBLE_STORE_RECEIVER_VARIABLE, DOUBLE_STORE_LITERAL_VARIABLE):
        return (1, 1)
    return (1, 0) if operation == DOUBLE_POP_INTO_RECEIVER_VARIABLE else (0, 1)


def _special_send(base: int) -> Callable[[int], Effect]:
    return lambda index: (SPECIAL_SELECTORS[base + index][1] + 1, 1)


@dataclass(frozen=True)
class Bytecode:
    """A row: the opcodes `first` to `last`. Operands are in the order of the letters' first bits; `bias` is added to
    the last one. `name` None marks opcodes that no method may contain."""

    pattern: str
    name: str | None
    effect: Effect | Callable[..., Effect] = (0, 0)
    bias: int = 0

    @cached_property
    def bits(self) -> str:
        return self.pattern.replace(" ", "")

    @cached_property
    def size(self) -> int:
        """Bytes of an instruction, opcode included."""
        return len(self.bits) // 8

    @property
    def operand_bytes(self) -> int:
        return self.size - 1

    @cached_property
    def first(self) -> int:
        return int("".join(bit if bit in "01" else "0" for bit in self.bits[:8]), 2)

    @cached_property
    def last(self) -> int:
        return int("".join(bit if bit in "01" else "1" for bit in self.bits[:8]), 2)

    @cached_property
    def fields(self) -> tuple[tuple[str, int, int], ...]:
        """Letter, shift and width of each operand in the instruction read as one big-endian number."""
        letters = dict.fromkeys(bit for bit in self.bits if bit not in "01")
        return tuple(
            (letter, len(self.bits) - 1 - self.bits.rindex(letter), self.bits.count(letter)) for letter in letters
        )

    def encode(self, *operands: int) -> bytes:
        """The instruction with these operands; ValueError if one does not fit."""
        if len(operands) != len(self.fields):
            raise ValueError(f"{self.name} takes {len(self.fields)} operands, not {len(operands)}")
        word = self.first << (8 * self.operand_bytes)
        for index, (letter, shift, width) in enumerate(self.fields):
            value = operands[index] - (self.bias if index == len(operands) - 1 else 0)
            if not 0 <= value < 1 << width:
                raise ValueError(f"operand {letter} of {self.name} cannot be {operands[index]}")
            word |= value << shift
        return word.to_bytes(self.size, "big")

    def decode(self, code: bytes, offset: int) -> tuple[int, ...]:
        """The operands of the instruction at `offset`."""
        word = int.from_bytes(code[offset : offset + self.size], "big")
        operands = [word >> shift & (1 << width) - 1 for _, shift, width in self.fields]
        if self.bias:
            operands[-1] += self.bias
        return tuple(operands)

    def stack_effect(self, operands: tuple[int, ...]) -> Effect:
        """How many words the instruction takes from the stack, and how many it then puts there."""
        return self.effect if isinstance(self.effect, tuple) else self.effect(*operands)


BYTECODES: Final[tuple[Bytecode, ...]] = (
    Bytecode("0000iiii", "pushReceiverVariable", (0, 1)),
    Bytecode("0001iiii", "pushTemporary", (0, 1)),
    Bytecode("001iiiii", "pushLiteral", (0, 1)),
    Bytecode("010iiiii", "pushLiteralVariable", (0, 1)),
    Bytecode("01100iii", "popIntoReceiverVariable", (1, 0)),
    Bytecode("01101iii", "popIntoTemporary", (1, 0)),
    Bytecode("01110ccc", "pushConstant", (0, 1)),
    Bytecode("011110cc", "returnConstant", (0, 0)),
    Bytecode("01111100", "returnTop", (1, 0)),
    Bytecode("01111101", "blockReturnTop", (1, 0)),
    Bytecode("0111111x", None),
    Bytecode("10000000 kkiiiiii", "extendedPush", (0, 1)),
    Bytecode("10000001 kkiiiiii", "extendedStore", (1, 1)),
    Bytecode("10000010 kkiiiiii", "extendedPopInto", (1, 0)),
    Bytecode("10000011 aaalllll", "extendedSend", lambda arguments, literal: (arguments + 1, 1)),
    Bytecode("10000100 oooaaaaa llllllll", "doubleExtended", _double_extended),
    Bytecode("10000101 aaalllll", "superSend", lambda arguments, literal: (arguments + 1, 1)),
    Bytecode("10000110 aallllll", "secondExtendedSend", lambda arguments, literal: (arguments + 1, 1)),
    Bytecode("10000111", "pop", (1, 0)),
    Bytecode("10001000", "duplicate", (1, 2)),
    Bytecode("10001001", "pushThisContext", (0, 1)),
    Bytecode("10001010 pnnnnnnn", "pushNewArray", lambda popped, size: (size if popped else 0, 1)),
    Bytecode("10001011 mmmmmmmm mmmmmmmm", "enterCode"),
    Bytecode("10001100 iiiiiiii vvvvvvvv", "pushRemoteTemporary", (0, 1)),
    Bytecode("10001101 iiiiiiii vvvvvvvv", "storeRemoteTemporary", (1, 1)),
    Bytecode("10001110 iiiiiiii vvvvvvvv", "popIntoRemoteTemporary", (1, 0)),
    Bytecode("10001111 ccccaaaa ssssssss ssssssss", "pushClosure", lambda copied, arguments, size: (copied, 1)),
    Bytecode("10010ddd", "shortJump", bias=1),
    Bytecode("10011ddd", "shortJumpIfFalse", (1, 0), bias=1),
    Bytecode("10100ddd dddddddd", "longJump", bias=-1024),
    Bytecode("101010dd dddddddd", "longJumpIfTrue", (1, 0)),
    Bytecode("101011dd dddddddd", "longJumpIfFalse", (1, 0)),
    Bytecode("1011ssss", "sendArithmetic", _special_send(0)),
    Bytecode("1100ssss", "sendCommon", _special_send(16)),
    Bytecode("1101llll", "sendNoArguments", (1, 1)),
    Bytecode("1110llll", "sendOneArgument", (2, 1)),
    Bytecode("1111llll", "sendTwoArguments", (3, 1)),
)
"""Operands: i index, l literal, c constant or copied values, k kind, o operation, a arguments, s size or special
selector, n elements, p popped, v the temporary that holds the vector, d jump distance from the next instruction, m the
number of a piece of machine code, x unused. Opcodes 126 and 127 are unused here; 139, which later images use for
calling primitives, goes on in machine code that does the same as the bytecodes behind it."""


def _by_opcode() -> tuple[Bytecode, ...]:
    rows: list[Bytecode] = []
    for row in BYTECODES:
        if row.first != len(rows):
            raise AssertionError(f"row {row.pattern} starts at {row.first}, not at {len(rows)}: a gap or an overlap")
        rows.extend([row] * (row.last - row.first + 1))
    if len(rows) != 256:
        raise AssertionError(f"the table covers {len(rows)} opcodes, not 256")
    return tuple(rows)


BY_OPCODE: Final = _by_opcode()
"""The row of each of the 256 opcodes."""

BY_NAME: Final = {row.name: row for row in BYTECODES if row.name is not None}
"""The row of each name."""

UNUSED_OPCODES: Final = tuple(opcode for opcode, row in enumerate(BY_OPCODE) if row.name is None)
JUMPS: Final = frozenset({"shortJump", "longJump"})
CONDITIONAL_JUMPS: Final = frozenset({"shortJumpIfFalse", "longJumpIfTrue", "longJumpIfFalse"})
RETURNS: Final = frozenset({"returnConstant", "returnTop", "blockReturnTop"})

SPECIAL_SEND_OPCODES: Final = {
    selector: BY_NAME["sendArithmetic"].first + index for index, (selector, _) in enumerate(SPECIAL_SELECTORS)
}
"""The opcode that sends each special selector."""
