"""Bytecodes as text and back.

A line of a listing is `offset  name operands  ; comment`, an instruction of the table each. The comment names the
literal, selector, constant or jump target; the reader ignores it.

      0  pushTemporary 0
      1  pushConstant 6       ; 1
      2  sendArithmetic 0     ; +
      3  returnTop
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.bytecodes import (
    BY_NAME,
    BY_OPCODE,
    CONDITIONAL_JUMPS,
    JUMPS,
    SPECIAL_CONSTANTS,
    SPECIAL_SELECTORS,
    Bytecode,
)
from hardtalk.smalltalk.compiled_method import (
    ClassBindingRef,
    ClassVariableRef,
    CompiledMethodSpec,
    GlobalRef,
    MethodLiteral,
)
from hardtalk.smalltalk.printer import print_literal

_COMMENT_COLUMN = 34


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction at `offset`."""

    offset: int
    row: Bytecode
    operands: tuple[int, ...]

    @property
    def next_offset(self) -> int:
        return self.offset + self.row.size


def disassemble(code: bytes) -> Iterator[Instruction]:
    """All instructions in order, those of closures in place."""
    offset = 0
    while offset < len(code):
        row = BY_OPCODE[code[offset]]
        if offset + row.size > len(code):
            raise ValueError(f"the instruction at {offset} is cut off")
        yield Instruction(offset, row, row.decode(code, offset))
        offset += row.size


def print_listing(code: bytes, literals: Sequence[MethodLiteral] = ()) -> str:
    """The listing of the bytecodes; with the literals, its comments name them."""
    lines = []
    for instruction in disassemble(code):
        if instruction.row.name is None:
            raise ValueError(f"opcode {code[instruction.offset]} at {instruction.offset} is unused")
        operands = "".join(f" {operand}" for operand in instruction.operands)
        line = f"{instruction.offset:4}  {instruction.row.name}{operands}"
        comment = _comment(instruction, literals)
        lines.append(f"{line:{_COMMENT_COLUMN}}; {comment}" if comment else line)
    return "\n".join(lines) + "\n"


def print_method_listing(spec: CompiledMethodSpec) -> str:
    """Header, literals and bytecodes of a method."""
    fields = spec.fields
    size = "large" if fields.is_large else "small"
    lines = [
        f"{spec.selector}: primitive {fields.primitive}, {fields.argument_count} arguments, "
        f"{fields.temporary_count} temporaries, {size} frame"
    ]
    lines.extend(f"literal {index}: {_name(literal)}" for index, literal in enumerate(spec.literals))
    return "\n".join(lines) + "\n" + print_listing(spec.bytecodes, spec.literals)


def read_listing(text: str) -> bytes:
    """The bytecodes of a listing; ValueError where it is not one."""
    code = bytearray()
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition(";")[0].split()
        if not words:
            continue
        if len(words) < 2 or words[1] not in BY_NAME:
            raise ValueError(f"line {number}: expected `offset name operands`, found {line.strip()!r}")
        if words[0] != str(len(code)):
            raise ValueError(f"line {number}: the offset is {len(code)}, not {words[0]}")
        code += BY_NAME[words[1]].encode(*(int(word) for word in words[2:]))
    return bytes(code)


def _comment(instruction: Instruction, literals: Sequence[MethodLiteral]) -> str:
    name = instruction.row.name
    operands = instruction.operands
    if name in ("sendArithmetic", "sendCommon"):
        return SPECIAL_SELECTORS[operands[0] + (0 if name == "sendArithmetic" else 16)][0]
    if name in ("pushConstant", "returnConstant"):
        return SPECIAL_CONSTANTS[operands[0]]
    if name in JUMPS or name in CONDITIONAL_JUMPS:
        return f"to {instruction.next_offset + operands[0]}"
    if name == "pushClosure":
        return f"to {instruction.next_offset + operands[2]}"
    index = _literal_index(name or "", operands)
    return _name(literals[index]) if index is not None and index < len(literals) else ""


def _literal_index(name: str, operands: tuple[int, ...]) -> int | None:
    if name == "doubleExtended":
        return operands[2] if operands[0] not in (2, 5, 6) else None
    if name in ("extendedPush", "extendedStore", "extendedPopInto"):
        return operands[1] if operands[0] >= bytecodes.LITERAL_CONSTANT else None
    if name in ("extendedSend", "superSend", "secondExtendedSend"):
        return operands[1]
    if name.startswith(("pushLiteral", "send")):
        return operands[0]
    return None


def _name(literal: MethodLiteral) -> str:
    if isinstance(literal, GlobalRef):
        return literal.name
    if isinstance(literal, ClassVariableRef):
        return f"{literal.class_name} {literal.name}"
    if isinstance(literal, ClassBindingRef):
        return f"{literal.class_name} class" if literal.class_side else literal.class_name
    return print_literal(literal)
