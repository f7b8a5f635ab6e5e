"""The values of bytecodes that push or return a constant."""

from __future__ import annotations

from typing import Final

from hardtalk.compiled.frame import Value, integer

CONSTANTS: Final = {
    "self": Value("receiver"),
    "true": Value("specialObjects trueObject", is_boolean=True),
    "false": Value("specialObjects falseObject", is_boolean=True),
    "nil": Value("specialObjects nilObject"),
    **{str(each): integer(each) for each in (-1, 0, 1, 2)},
}
"""By what `hardtalk.smalltalk.bytecodes` calls them."""
