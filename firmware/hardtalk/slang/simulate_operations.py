"""What the simulation makes of Slang's operators and of the messages that Slang itself gives a meaning to."""

from __future__ import annotations

from hardtalk.slang.types import Type

WORD = "0xFFFFFFFF"
SIGN = "0x80000000"

LOADS = {
    "wordAt:": ("word_at", Type.INT32),
    "halfAt:": ("half_at", Type.INT32),
    "byteAt:": ("byte_at", Type.INT32),
    "signedHalfAt:": ("signed_half_at", Type.INT32),
    "signedByteAt:": ("signed_byte_at", Type.INT32),
    "floatAt:": ("float_at", Type.FLOAT64),
}
STORES = {
    "wordAt:put:": "word_at_put",
    "halfAt:put:": "half_at_put",
    "byteAt:put:": "byte_at_put",
    "floatAt:put:": "float_at_put",
}
UNARY_INTRINSICS = {
    "countLeadingZeros:": ("count_leading_zeros({0})", Type.INT32),
    "countTrailingZeros:": ("count_trailing_zeros({0})", Type.INT32),
    "squareRoot:": ("square_root({0})", Type.FLOAT64),
    "floatFromInteger:": ("float(signed({0}))", Type.FLOAT64),
    "integerFromFloat:": ("integer_from_float({0})", Type.INT32),
}
OVERFLOW = {"sumOf:and:ifOverflow:": "+", "differenceOf:and:ifOverflow:": "-", "productOf:and:ifOverflow:": "*"}
COMPARISONS = {"<": "<", "<=": "<=", ">": ">", ">=": ">=", "=": "==", "~=": "!=", "==": "==", "~~": "!="}
WRAPPING = {"+": "+", "-": "-", "*": "*"}
FLOAT_OPERATIONS = {"+": "float_add", "-": "float_subtract", "*": "float_multiply", "/": "float_divide"}
BITWISE = {"bitAnd:": "&", "&": "&", "bitOr:": "|", "|": "|", "bitXor:": "^"}
DIVISIONS = {
    "//": ("floor_divide_signed", "divide_unsigned"),
    "\\\\": ("modulo_signed", "remainder_unsigned"),
    "quo:": ("quotient_signed", "divide_unsigned"),
    "rem:": ("remainder_signed", "remainder_unsigned"),
}
CONDITIONALS = {"ifTrue:", "ifFalse:", "ifTrue:ifFalse:", "ifFalse:ifTrue:"}
LOOPS = {"whileTrue:", "whileFalse:", "whileTrue", "whileFalse", "repeat", "to:do:", "to:by:do:", "timesRepeat:"}
TRANSFERS = {"nextBytecode", "currentBytecode", "transferTo:", "transferTo:with:", "transferTo:with:with:"}
MAX_LOOP_STEPS = 50_000_000
