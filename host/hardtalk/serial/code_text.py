"""Compiled methods as text: what messages carry (docs/serial.md).

Nothing in the text depends on addresses or on the object memory: globals go by name, numbers by value, Floats exactly
as binary digits and a power of two.
"""

from __future__ import annotations

import math

from hardtalk.smalltalk.compiled_method import (
    ClassBindingRef,
    ClassVariableRef,
    CompiledMethodSpec,
    GlobalRef,
    MethodLiteral,
)
from hardtalk.smalltalk.literals import Character, ScaledDecimal, Symbol


class UnsendableLiteral(ValueError):
    """A literal that the board has no text form for."""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def float_text(value: float) -> str:
    """`2r<binary digits>e<power of two>`; the mantissa is an integer of at most 53 bits, so the value is exact."""
    if not math.isfinite(value):
        raise UnsendableLiteral(f"{value} is no literal")
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, exponent = math.frexp(abs(value))
    digits = int(math.ldexp(mantissa, 53))
    exponent -= 53
    while digits and digits % 2 == 0:
        digits //= 2
        exponent += 1
    return f"{sign}2r{digits:b}e{exponent if digits else 0}"


def literal_text(value: MethodLiteral) -> str:
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, Symbol):
        return "#" + quoted(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, Character):
        return "$" + chr(value.code)
    if isinstance(value, bytes):
        return f"#[{' '.join(map(str, value))}]"
    if isinstance(value, tuple):
        return f"#({' '.join(map(literal_text, value))})"
    if isinstance(value, GlobalRef):
        return "&" + value.name
    if isinstance(value, ClassVariableRef):
        return f"&{value.class_name}.{value.name}"
    if isinstance(value, ClassBindingRef):
        return class_text(value.class_name, value.class_side)
    if isinstance(value, ScaledDecimal):
        return f"{value.numerator}/{value.denominator}s{value.scale}"
    raise UnsendableLiteral(f"{value!r} has no text form")


def class_text(name: str, class_side: bool) -> str:
    return f"@({name} class)" if class_side else f"@{name}"


def code_text(spec: CompiledMethodSpec) -> str:
    """Selector, header, bytecodes, number of literals, literals: one a line. The last two literals go without saying:
    the selector, and the class for which the method is."""
    literals = spec.literals[:-2]
    lines = [
        literal_text(Symbol(spec.selector)),
        str(spec.header_value),
        quoted(spec.bytecodes.decode("latin-1")),
        str(len(literals)),
        *map(literal_text, literals),
    ]
    return "\n".join(lines)


def encoded(text: str) -> bytes:
    """The board's Characters are bytes."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise UnsendableLiteral(f"{text[error.start]!r} is beyond the board's 256 characters") from error
