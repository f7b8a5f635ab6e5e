"""Constant folding: what an IR operation gives on constants, also the meaning the IR interpreter uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hardtalk.slang.ir import Operand
from hardtalk.slang.types import WORD_MASK, signed


def _shift_left(a: int, b: int) -> int:
    return a << (b & 255) if b & 255 < 32 else 0


def _shift_right(a: int, b: int) -> int:
    return a >> (b & 255) if b & 255 < 32 else 0


def _shift_arithmetic(a: int, b: int) -> int:
    return signed(a) >> min(b & 255, 31)


OPERATIONS: dict[str, Callable[..., int]] = {
    "mov": lambda a: a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": _shift_left,
    "shr": _shift_right,
    "sar": _shift_arithmetic,
    "mvn": lambda a: ~a,
    "clz": lambda a: 32 - a.bit_length(),
    "mulhi": lambda a, b: a * b >> 32,
}
CONDITIONS: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lo": lambda a, b: a < b,
    "ls": lambda a, b: a <= b,
    "hi": lambda a, b: a > b,
    "hs": lambda a, b: a >= b,
    "lt": lambda a, b: signed(a) < signed(b),
    "le": lambda a, b: signed(a) <= signed(b),
    "gt": lambda a, b: signed(a) > signed(b),
    "ge": lambda a, b: signed(a) >= signed(b),
    "tz": lambda a, b: a & b == 0,
    "tn": lambda a, b: a & b != 0,
}
EXACT: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: signed(a) + signed(b),
    "sub": lambda a, b: signed(a) - signed(b),
    "mul": lambda a, b: signed(a) * signed(b),
}


def fold(op: str, args: Sequence[Operand]) -> int | None:
    """The constant that `op` gives, or None when it is not constant. `cmp.eq` and `ovf.add` ask for those forms."""
    if not all(isinstance(argument, int) for argument in args):
        return _identity(op, args)
    if op.startswith("cmp."):
        return int(CONDITIONS[op[4:]](*args))  # type: ignore[arg-type]  # all are int, checked above
    if op.startswith("ovf."):
        exact = EXACT[op[4:]](*args)  # type: ignore[arg-type]  # all are int, checked above
        return exact & WORD_MASK if -(1 << 31) <= exact < 1 << 31 else None
    operation = OPERATIONS.get(op)
    return operation(*args) & WORD_MASK if operation and args else None


def _identity(op: str, args: Sequence[Operand]) -> int | None:
    """Constants that hold for any value of the other operand."""
    if len(args) == 2 and args[1] == 0 and isinstance(args[1], int) and op in ("and", "mul", "mulhi"):
        return 0
    return None
