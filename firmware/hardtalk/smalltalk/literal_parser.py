"""The tokens of a source as a parser steps over them, and the literals among them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, NoReturn

from hardtalk.smalltalk.ast import Literal
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Character, LiteralValue, ScaledDecimal, Symbol
from hardtalk.smalltalk.number_syntax import NumberError, read_number
from hardtalk.smalltalk.scanner import scan

GREATEST_NESTING: Final = 60
CONSTANTS: Final[dict[str, bool | None]] = {"true": True, "false": False, "nil": None}
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}", "#(": ")", "#[": "]"}
_NUMBER_LIKE: Final = re.compile(r"[redqs][0-9a-zA-Z]*$")
"""What behind a number looks like a part of it: digits of a radix, an exponent, a scale."""
_SYMBOL_PUNCTUATION: Final = frozenset({"^", ":=", ";", ".", ":"})


class LiteralParser:
    """Reads tokens and literals of `source`; `index` is the next token's."""

    def __init__(self, source: str, file: str, line: int, prefix: str) -> None:
        self.source = source
        self.file = file
        self.line = line
        self.prefix = prefix
        tokens = scan(source, file=file, line=line, prefix=prefix)
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.starts = tokens.starts
        self.index = 0
        self.nesting = 0

    # Errors

    def fail(self, index: int, message: str, remedy: str = "") -> NoReturn:
        raise self.error(self.starts[index], message, remedy)

    def error(self, offset: int, message: str, remedy: str) -> SourceError:
        return SourceError.at(self.source, offset, message, remedy, file=self.file, line=self.line, prefix=self.prefix)

    def expected(self, what: str, remedy: str = "") -> NoReturn:
        index = self.index
        found = "the text ends" if self.kinds[index] == "end" else f"found `{self.texts[index]}`"
        self.fail(index, f"Expected {what}, but {found}.", remedy)

    # Tokens

    def stop(self) -> int:
        """The offset behind the token read last."""
        previous = self.index - 1
        return self.starts[previous] + len(self.texts[previous]) if previous >= 0 else 0

    def take(self, kind: str, what: str, remedy: str = "") -> str:
        if self.kinds[self.index] != kind:
            self.expected(what, remedy)
        self.index += 1
        return self.texts[self.index - 1]

    def open(self) -> int:
        """Step over an opening bracket; answer its index for `close`."""
        self.nesting += 1
        if self.nesting > GREATEST_NESTING:
            message = f"Brackets are nested more than {GREATEST_NESTING} deep."
            self.fail(self.index, message, "Move inner parts to other methods.")
        self.index += 1
        return self.index - 1

    def close(self, opener: int, what: str) -> None:
        closer = _CLOSERS[self.texts[opener]]
        if self.kinds[self.index] != closer:
            place = self.error(self.starts[opener], "", "")
            self.expected(
                f"`{closer}` to close the {what} of line {place.line}, column {place.column}",
                "Close it, or remove what does not belong in it.",
            )
        self.index += 1
        self.nesting -= 1

    # Literals

    def is_negative_number(self) -> bool:
        index = self.index
        return (
            self.texts[index] == "-"
            and self.kinds[index + 1] == "number"
            and self.starts[index + 1] == self.starts[index] + 1
        )

    def literal(self) -> Literal:
        start = self.starts[self.index]
        value = self.literal_value()
        return Literal(value, start=start, stop=self.stop())

    def whole_literal(self) -> Literal:
        literal = self.literal()
        if self.kinds[self.index] != "end":
            self.expected("the end of the literal", "Write one literal only.")
        return literal

    def literal_value(self) -> LiteralValue:
        """The value of a literal, or of an element of a literal array, whose bare words are Symbols."""
        index = self.index
        kind = self.kinds[index]
        text = self.texts[index]
        self.index += 1
        if kind == "number":
            return self.literal_number(index)
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "symbol":
            return Symbol(text[2:-1].replace("''", "'")) if text[1] == "'" else Symbol(text[1:])
        if kind == "name":
            return CONSTANTS[text] if text in CONSTANTS else Symbol(text)
        if kind == "character":
            return Character(ord(text[1]))
        if kind == "keyword":
            return Symbol(text + self.adjacent_keywords())
        self.index = index
        if kind == "binary" and self.is_negative_number():
            self.index += 2
            return negated(self.literal_number(index + 1))
        if kind == "#(" or kind == "(":
            return self.literal_array()
        if kind == "#[" or kind == "[":
            return self.byte_array()
        self.expected("a literal", "Write a number, string, symbol, character or array of these.")

    def adjacent_keywords(self) -> str:
        """The rest of `at:put:`, whose parts are tokens of their own."""
        rest = ""
        while self.kinds[self.index] in ("keyword", "name") and self.starts[self.index] == self.stop():
            rest += self.texts[self.index]
            self.index += 1
        return rest

    def literal_array(self) -> tuple[LiteralValue, ...]:
        opener = self.open()
        elements: list[LiteralValue] = []
        while self.kinds[self.index] not in (")", "end", "]", "}", "{"):
            kind = self.kinds[self.index]
            text = self.texts[self.index]
            if kind == "|" or text in _SYMBOL_PUNCTUATION or (kind == "binary" and not self.is_negative_number()):
                self.index += 1
                elements.append(Symbol(text))
            else:
                elements.append(self.literal_value())
        self.close(opener, "literal array")
        return tuple(elements)

    def byte_array(self) -> bytes:
        opener = self.open()
        elements = []
        while self.kinds[self.index] == "number":
            value = self.literal_number(self.index)
            if not isinstance(value, int) or value > 255:
                self.fail(self.index, f"`{self.texts[self.index]}` is not a byte.", "Write integers from 0 to 255.")
            elements.append(value)
            self.index += 1
        self.close(opener, "byte array")
        return bytes(elements)

    def literal_number(self, index: int) -> int | float | ScaledDecimal:
        value = self.number(index)
        if isinstance(value, Fraction):
            remedy = "Write a Float with a fraction, as in `1.0e-2`."
            self.fail(index, f"`{self.texts[index]}` is not an integer.", remedy)
        return value

    def number(self, index: int) -> int | float | ScaledDecimal | Fraction:
        text = self.texts[index]
        stop = self.starts[index] + len(text)
        follower = self.texts[index + 1]
        is_joined = self.starts[index + 1] == stop and self.kinds[index + 1] in ("name", "keyword")
        if is_joined and (_NUMBER_LIKE.match(follower) or not follower[0].islower()):
            self.fail(
                index + 1,
                f"The number `{text}` runs into `{self.texts[index + 1]}`.",
                "Put a space between them; digits above 9 are capitals, as in 16rFF.",
            )
        try:
            return read_number(text)
        except NumberError as error:
            raise self.error(self.starts[index], error.message, error.remedy) from None


def negated(value: int | float | ScaledDecimal) -> int | float | ScaledDecimal:
    if isinstance(value, ScaledDecimal):
        return ScaledDecimal(-value.numerator, value.denominator, value.scale)
    return -value
