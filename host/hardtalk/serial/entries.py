"""A script's parts: one Tonel class, or the chunks of a file-in, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.requests import Request, is_class_definition, method_request, requests_for
from hardtalk.smalltalk.chunk import Chunk, ExpressionChunk, MethodChunk, read_chunks
from hardtalk.smalltalk.tonel import MethodDefinition


@dataclass(frozen=True, slots=True)
class Text:
    """What could have been typed at the prompt."""

    source: str
    file: str
    line: int = 1


Entry: TypeAlias = Text | Chunk


def entries_of(text: str, file: str) -> list[Entry]:
    """The entries of a script; raises SourceError when one of them is no Smalltalk."""
    if is_class_definition(text):
        return [Text(text, file)]
    return list(read_chunks(text, file))


def requests_of(entry: Entry, model: ClassModel) -> list[Request]:
    """The requests that do an entry. A comment makes none: the board keeps no comments."""
    if isinstance(entry, (Text, ExpressionChunk)):
        return requests_for(entry.source, model, entry.file, entry.line)
    if isinstance(entry, MethodChunk):
        selector, place = entry.node.selector, (entry.file, entry.line, entry.node)
        method = MethodDefinition(entry.class_side, selector, entry.category, entry.source, *place)
        return [method_request(method, entry.class_name, model)]
    return []
