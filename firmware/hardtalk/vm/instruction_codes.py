"""The table `instructionTable`: a word for each opcode, from the table of bytecodes, with what the VM's verifier needs.

Bits of a word: 0-2 bytes of the instruction, 0 for an unused opcode; 3-4 words popped and 5-6 pushed, where the opcode
decides both; 7 set where the instruction jumps or returns; 8-15 the row's number; 16-23 the operand in the opcode.
"""

from __future__ import annotations

import struct
from typing import Final

from hardtalk.smalltalk.bytecodes import (
    BY_NAME,
    BY_OPCODE,
    BYTECODES,
    CONDITIONAL_JUMPS,
    JUMPS,
    RETURNS,
    Bytecode,
)

INSTRUCTION_TABLE_BYTES: Final = 4 * len(BY_OPCODE)

POPPED_SHIFT: Final = 3
PUSHED_SHIFT: Final = 5
LEAVES: Final = 1 << 7
ROW_SHIFT: Final = 8
OPERAND_SHIFT: Final = 16
_LEAVING: Final = JUMPS | CONDITIONAL_JUMPS | RETURNS

INSTRUCTION_CONSTANTS: Final = {
    "InstructionSizeMask": 7,
    "InstructionPoppedShift": POPPED_SHIFT,
    "InstructionPushedShift": PUSHED_SHIFT,
    "InstructionEffectMask": 3,
    "InstructionLeaves": LEAVES,
    "InstructionRowShift": ROW_SHIFT,
    "InstructionOperandShift": OPERAND_SHIFT,
    "InstructionByteMask": 255,
    "ShortJumpBias": BY_NAME["shortJump"].bias,
    "LongJumpBack": -BY_NAME["longJump"].bias,
    **{f"Row{row.name[0].upper()}{row.name[1:]}": number for number, row in enumerate(BYTECODES) if row.name},
}
"""Where the parts of a word lie, what is added to the operands of jumps, and the numbers of the rows."""


def instruction_codes() -> bytes:
    """The table, words in the order of the opcodes."""
    return struct.pack(f"<{len(BY_OPCODE)}I", *(_word(opcode, row) for opcode, row in enumerate(BY_OPCODE)))


def _word(opcode: int, row: Bytecode) -> int:
    if row.name is None:
        return 0
    popped, pushed = _effect(opcode, row)
    word = row.size | popped << POPPED_SHIFT | pushed << PUSHED_SHIFT
    word |= BYTECODES.index(row) << ROW_SHIFT | opcode - row.first << OPERAND_SHIFT
    return word | LEAVES if row.name in _LEAVING else word


def _effect(opcode: int, row: Bytecode) -> tuple[int, int]:
    """(0, 0) where the bytes behind the opcode decide."""
    if isinstance(row.effect, tuple):
        return row.effect
    return (0, 0) if row.operand_bytes else row.stack_effect(row.decode(bytes((opcode,)), 0))
