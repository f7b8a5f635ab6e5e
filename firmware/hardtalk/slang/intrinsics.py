"""The selectors that Slang itself gives a meaning to, and what each becomes in the IR."""

from hardtalk.slang.types import Type

CONDITIONALS = {"ifTrue:", "ifFalse:", "ifTrue:ifFalse:", "ifFalse:ifTrue:"}
LOADS = {"wordAt:": "w", "halfAt:": "h", "byteAt:": "b", "signedHalfAt:": "sh", "signedByteAt:": "sb"}
STORES = {"wordAt:put:": "w", "halfAt:put:": "h", "byteAt:put:": "b"}
OVERFLOWING = {
    "sumOf:and:ifOverflow:": "add",
    "differenceOf:and:ifOverflow:": "sub",
    "productOf:and:ifOverflow:": "mul",
}
ARITHMETIC = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "",
    "<<": "shl",
    ">>": "shr",
    "bitAnd:": "and",
    "&": "and",
    "bitOr:": "or",
    "|": "or",
    "bitXor:": "xor",
}
# selector: unsigned and signed routines of the run-time class Arithmetic
DIVISIONS = {
    "//": ("unsignedQuotientOf:and:", "floorQuotientOf:and:"),
    "\\\\": ("unsignedRemainderOf:and:", "floorRemainderOf:and:"),
    "quo:": ("unsignedQuotientOf:and:", "truncatedQuotientOf:and:"),
    "rem:": ("unsignedRemainderOf:and:", "truncatedRemainderOf:and:"),
}
# selector: condition codes for signed words, unsigned words, floats (after FMSTAT; unordered is false, but for ~=)
RELATIONS = {
    "<": ("lt", "lo", "mi"),
    "<=": ("le", "ls", "ls"),
    ">": ("gt", "hi", "gt"),
    ">=": ("ge", "hs", "ge"),
    "=": ("eq", "eq", "eq"),
    "==": ("eq", "eq", "eq"),
    "~=": ("ne", "ne", "ne"),
    "~~": ("ne", "ne", "ne"),
}
# what an intrinsic answers where that is not #int32
RESULT_TYPES = {
    "squareRoot:": Type.FLOAT64,
    "floatFromInteger:": Type.FLOAT64,
    "floatAt:": Type.FLOAT64,
    "addressOf:": Type.ADDRESS,
    "addressOfState:": Type.ADDRESS,
    "highProductOf:and:": Type.UINT32,
}
