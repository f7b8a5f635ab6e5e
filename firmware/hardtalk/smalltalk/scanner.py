"""Source text to tokens, by one regular expression.

White space and comments are dropped. `|` is always a token of its own, so that `||` can be an empty list of
temporaries; the parser puts binary selectors like `||` and `<|` together. A `-` directly before a digit ends the binary
selector before it: `x>-3` compares with minus three. Whether `-3` is a negative number is the parser's to say.
"""

from __future__ import annotations

import re
from typing import Final

from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.number_syntax import NUMBER_PATTERN

BINARY_CHARACTERS: Final = "+-/\\*~<>=@%|&?,!"

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_OPERATOR: Final = "[" + re.escape(BINARY_CHARACTERS.replace("|", "")) + "]"
_TOKEN: Final = re.compile(
    rf"""(?P<space>(?:[ \t\r\n\f]+|"[^"]*")+)
    |(?P<keyword>{_NAME}:(?!=))
    |(?P<name>{_NAME})
    |(?P<assign>:=)
    |(?P<punctuation>[\^()\[\]{{}}.;:])
    |(?P<number>{NUMBER_PATTERN})
    |(?P<string>'[^']*(?:''[^']*)*')
    |(?P<symbol>\#(?:(?::*{_NAME}(?::+(?!=))?)+|'[^']*(?:''[^']*)*'|(?:\||{_OPERATOR})+))
    |(?P<array>\#[(\[])
    |(?P<character>\$[\s\S])
    |(?P<bar>\|)
    |(?P<binary>{_OPERATOR}(?:(?!-[0-9]){_OPERATOR})*)
    |(?P<unknown>[\s\S])""",
    re.VERBOSE,
)
NAME: Final = re.compile(_NAME)
KEYWORD_SELECTOR: Final = re.compile(rf"(?:{_NAME}:)+")
BINARY_SELECTOR: Final = re.compile(rf"(?:\||{_OPERATOR})+")

_UNTERMINATED: Final = {
    "'": ("The string that starts here has no closing quote.", "Close it with `'`; a quote within is written twice."),
    '"': ("The comment that starts here has no closing quote.", 'Close it with `"`.'),
    "#": ("`#` is not followed by a symbol, an array or a byte array.", "Write #name, #(1 2) or #[1 2]."),
    "$": ("`$` is not followed by a character.", "Write the character directly behind `$`."),
}


class Tokens:
    """The tokens of a text as parallel lists: kind, text and start. The last is of kind `end`.

    Kinds: name, keyword, binary, number, string, symbol, character, assign, end; for punctuation, `#(`, `#[` and `|`
    the kind is the text itself.
    """

    __slots__ = ("kinds", "starts", "texts")

    def __init__(self) -> None:
        self.kinds: list[str] = []
        self.texts: list[str] = []
        self.starts: list[int] = []


def scan(source: str, *, file: str = "<text>", line: int = 1, prefix: str = "") -> Tokens:
    """All tokens of the source; raises SourceError where no token can start."""
    tokens = Tokens()
    kinds, texts, starts = tokens.kinds, tokens.texts, tokens.starts
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup
        if kind == "space":
            continue
        text = match.group()
        if kind == "punctuation" or kind == "array" or kind == "bar":
            kind = text
        elif kind == "unknown":
            stray = (f"The character {text!r} has no place in Smalltalk.", "Remove it.")
            message, remedy = _UNTERMINATED.get(text, stray)
            raise SourceError.at(source, match.start(), message, remedy, file=file, line=line, prefix=prefix)
        kinds.append(kind or "")
        texts.append(text)
        starts.append(match.start())
    kinds.append("end")
    texts.append("")
    starts.append(len(source))
    return tokens


def argument_count(selector: str) -> int:
    """How many arguments a message with this selector has."""
    if selector[-1:] == ":":
        return selector.count(":")
    return 0 if selector[:1].isalpha() or selector[:1] == "_" else 1
