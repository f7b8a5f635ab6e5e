"""The values of bytecodes that push or return a constant."""

from __future__ import annotations

from typing import Final

from hardtalk.compiled.frame import Value, integer

RECEIVER: Final = Value("receiver")
"""Of the method that is active."""
NIL: Final = Value("specialObjects nilObject")
WORD_BYTES: Final = 4

CONSTANTS: Final = {
    "self": RECEIVER,
    "true": Value("specialObjects trueObject", is_boolean=True),
    "false": Value("specialObjects falseObject", is_boolean=True),
    "nil": NIL,
    **{str(each): integer(each) for each in (-1, 0, 1, 2)},
}
"""By what `hardtalk.smalltalk.bytecodes` calls them."""
