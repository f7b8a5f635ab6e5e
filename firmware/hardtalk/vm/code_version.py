"""The number of a virtual machine: compiled code runs on one that has the same instructions and primitives."""

from __future__ import annotations

import binascii
from typing import Final

from hardtalk.smalltalk.bytecodes import BYTECODES, SPECIAL_CONSTANTS, SPECIAL_SELECTORS
from hardtalk.vm.primitives import PRIMITIVES


def _code_version() -> int:
    instructions = [(row.pattern, row.name, row.bias) for row in BYTECODES]
    primitives = [(row.number, row.last, row.routine, row.arity) for row in PRIMITIVES]
    text = repr((instructions, SPECIAL_CONSTANTS, SPECIAL_SELECTORS, primitives))
    return binascii.crc32(text.encode("ascii"))


CODE_VERSION: Final = _code_version()
"""32 bits of check sum of the tables that the compiler and the virtual machine are made from."""
