"""Constant folding: what an operation, a comparison or an exact sum gives when its operands are known."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.slang.conditions import holds
from hardtalk.slang.ir import Operand
from hardtalk.slang.operations import EXACT, OPERATIONS
from hardtalk.slang.types import WORD_MASK


def fold(op: str, args: Sequence[Operand]) -> int | None:
    """The word that the operation gives, or None when that is not known."""
    row = OPERATIONS[op]
    words = [argument for argument in args if isinstance(argument, int)]
    if len(words) == len(args):
        if row.meaning is None or not row.is_of_words or not args:
            return None
        return int(row.meaning(*words)) & WORD_MASK
    return 0 if row.zero and isinstance(args[1], int) and args[1] == 0 else None


def fold_comparison(condition: str, left: Operand, right: Operand) -> bool | None:
    """Whether the condition holds, or None when that is not known."""
    return holds(condition, left, right) if isinstance(left, int) and isinstance(right, int) else None


def fold_exact(op: str, left: Operand, right: Operand) -> int | None:
    """The word that `ovf` gives, or None when that is not known or does not fit."""
    if not isinstance(left, int) or not isinstance(right, int):
        return None
    exact = EXACT[op](left, right)
    return exact & WORD_MASK if -(1 << 31) <= exact < 1 << 31 else None
