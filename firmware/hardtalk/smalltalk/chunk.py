"""Chunk format, for file-ins and scripts: pieces of text that each end with `!`.

    Transcript show: 'hello'!
    !Point methodsFor: 'accessing'!
    x
        ^ x! !

A piece is an expression, unless an empty piece came before it. Then it says what the following ones are: methods of a
class, up to an empty piece, or a class's comment; what other Smalltalks write there for their tools
(`classDefinition:`, `reorganize`, `provides:`) means nothing here. A `!` within a piece is written twice, wherever it
stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from hardtalk.smalltalk.ast import Method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.parser import parse_expression, parse_method
from hardtalk.smalltalk.tonel import DEFAULT_CATEGORY

_PIECE: Final = re.compile(r"([^!]*(?:!![^!]*)*)(!|\Z)")
_HEADER: Final = re.compile(
    r"\s*(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<side>\s+class)?\s+"
    r"(?P<what>methodsFor|publicMethodsFor|privateMethodsFor|commentStamp)"
    r"(?::\s*#?(?:'(?P<text>[^']*(?:''[^']*)*)'|(?P<word>\w+)))?"
    r"(?:\s+(?:stamp:\s*'[^']*(?:''[^']*)*'|(?:prior|overrides):\s*(?:[0-9]+|nil)))*\s*"
)
_FOR_TOOLS: Final = re.compile(
    r"(?:(?:class|method|systemCategory)(?:Definition|Removal|Renamed?|Moved)"
    r"|provides|requires|description|preamble|postscript):[\s\S]*"
)
_REORGANIZE: Final = re.compile(r"\s*\w+(?:\s+class)?\s+reorganize\s*")
_NOTES: Final = ("]style[", "----")
"""What text attributes, and marks in a file of changes, begin with."""
_ALMOST_HEADER: Final = re.compile(r"\w+(?:\s+class)?\s+\w+(?::\s*'[^']*(?:''[^']*)*')?\s*\Z")
_OF_METHODS: Final = re.compile(r"\w+(?:\s+class)?\s+\w*[mM]ethodsFor\w*:?")
"""So begins what methods follow, up to an empty piece; they are no statements, whatever else it says."""


@dataclass(frozen=True, slots=True)
class ExpressionChunk:
    """Statements to be run; `node` is what `parse_expression` made of them."""

    source: str
    file: str = field(default="<text>", compare=False)
    line: int = field(default=1, compare=False)
    node: Method = field(default=Method(""), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MethodChunk:
    """A method of a class or, with `class_side`, of its metaclass."""

    class_name: str
    class_side: bool
    category: str
    source: str
    file: str = field(default="<text>", compare=False)
    line: int = field(default=1, compare=False)
    node: Method = field(default=Method(""), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class CommentChunk:
    """A class's comment."""

    class_name: str
    comment: str


@dataclass(frozen=True, slots=True)
class RefusedChunk:
    """A piece that is no Smalltalk, and why."""

    error: SourceError


Chunk: TypeAlias = ExpressionChunk | MethodChunk | CommentChunk


def read_chunks(text: str, file: str = "<text>") -> list[Chunk]:
    """The chunks of a text, parsed. What follows the last `!` is a piece too, if not blank. Raises SourceError."""
    chunks: list[Chunk] = []
    for chunk in read_all_chunks(text, file):
        if isinstance(chunk, RefusedChunk):
            raise chunk.error
        chunks.append(chunk)
    return chunks


def read_all_chunks(text: str, file: str = "<text>") -> list[Chunk | RefusedChunk]:
    """As `read_chunks`, but a piece that is no Smalltalk is told in its place, and the others go on."""
    chunks: list[Chunk | RefusedChunk] = []
    header: re.Match[str] | None = None
    is_header_next = is_skipped = is_refused = False
    line, counted = 1, 0
    for start, raw in _pieces(text):
        offset = start + len(raw) - len(raw.lstrip())
        line, counted = line + text.count("\n", counted, offset), offset
        prefix = text[text.rfind("\n", 0, offset) + 1 : offset]
        source = raw.strip().replace("!!", "!")
        try:
            if header is not None and header["what"] == "commentStamp":
                chunks.append(CommentChunk(header["name"], source))
                header = None
            elif is_skipped:
                is_skipped = False
            elif not source:
                is_header_next = header is None and not is_refused
                header, is_refused = None, False
            elif is_refused or source.startswith(_NOTES):
                continue
            elif is_header_next:
                is_header_next = False
                is_skipped = _REORGANIZE.fullmatch(source) is not None
                is_refused = _OF_METHODS.match(source) is not None and _HEADER.fullmatch(source) is None
                header = None if is_skipped else _header(text, offset, source, file)
                if header is None and not is_skipped and not _FOR_TOOLS.fullmatch(source):
                    chunks += _statements(source, file, line, prefix)
            elif header is not None:
                chunks.append(_method(header, source, file, line, prefix))
            else:
                chunks += _statements(source, file, line, prefix)
        except SourceError as error:
            chunks.append(RefusedChunk(error))
    return chunks


def _statements(source: str, file: str, line: int, prefix: str) -> list[ExpressionChunk]:
    """None for a piece of comments."""
    node = parse_expression(source, file, line, prefix)
    return [ExpressionChunk(source, file, line, node)] if node.statements else []


def _method(header: re.Match[str], source: str, file: str, line: int, prefix: str) -> MethodChunk:
    category = header["word"] or (header["text"] or DEFAULT_CATEGORY).replace("''", "'")
    node = parse_method(source, file, line, prefix)
    return MethodChunk(header["name"], header["side"] is not None, category, source, file, line, node)


def _pieces(text: str) -> list[tuple[int, str]]:
    """Offset and text of each piece; a blank end of the text is none."""
    pieces = []
    offset = 0
    while offset < len(text):
        match = _PIECE.match(text, offset)
        assert match is not None
        if match[2] or match[1].strip():
            pieces.append((offset, match[1]))
        offset = match.end()
    return pieces


def _header(text: str, offset: int, source: str, file: str) -> re.Match[str] | None:
    """What the piece says of the next ones; None for an expression behind an exclamation mark."""
    match = _HEADER.fullmatch(source)
    if match is None and (_ALMOST_HEADER.match(source) or _OF_METHODS.match(source)):
        raise SourceError.at(
            text,
            offset,
            "This piece, behind an empty one, does not say what follows.",
            "Write `!Name methodsFor: 'category'!`, or remove the `!` before it.",
            file=file,
        )
    return match


def write_chunks(chunks: Sequence[Chunk]) -> str:
    """The text of the chunks, methods of one category together; reading it gives equal chunks."""
    parts: list[str] = []
    open_header: str | None = None
    for chunk in chunks:
        header = _header_text(chunk) if isinstance(chunk, MethodChunk) else None
        if open_header is not None and header != open_header:
            parts.append(" !\n\n")
            open_header = None
        if isinstance(chunk, CommentChunk):
            parts.append(f"!{chunk.class_name} commentStamp: '' prior: 0!\n{_doubled(chunk.comment)}!\n\n")
        elif isinstance(chunk, ExpressionChunk):
            parts.append(f"{_doubled(chunk.source)}!\n\n")
        else:
            if open_header is None and header is not None:
                parts.append(f"{header}\n")
                open_header = header
            else:
                parts.append("\n\n")
            parts.append(f"{_doubled(chunk.source)}!")
    if open_header is not None:
        parts.append(" !\n")
    return "".join(parts)


def _header_text(chunk: MethodChunk) -> str:
    receiver = f"{chunk.class_name} class" if chunk.class_side else chunk.class_name
    category = _doubled(chunk.category.replace("'", "''"))
    return f"!{receiver} methodsFor: '{category}'!"


def _doubled(text: str) -> str:
    return text.replace("!", "!!")
