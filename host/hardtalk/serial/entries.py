"""A script's parts, in order: a Tonel class, the chunks of a file-in, or the contents of a GNU Smalltalk file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.definitions import class_side_variables, commented_class, defined_by, is_for_tools
from hardtalk.serial.requests import (
    Request,
    class_requests,
    is_class_definition,
    method_request,
    question_requests,
    requests_for,
    statements_request,
    with_questions,
)
from hardtalk.smalltalk.ast import Method, Statement
from hardtalk.smalltalk.chunk import Chunk, ExpressionChunk, MethodChunk, RefusedChunk, read_all_chunks
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.gnu import is_gnu, read_gnu
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, read_class


@dataclass(frozen=True, slots=True)
class Text:
    """What could have been typed at the prompt."""

    source: str
    file: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """Statements that a tool has made of what was typed; the class's variables are in sight."""

    node: Method
    class_name: str
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class EndOfScript:
    """Names that its methods use and nobody has declared yet are put into `unknown` as they are compiled."""

    unknown: dict[str, SourceError]


_PACKAGE: Final = re.compile(r"\s*Package\s*\{[^}]*\}\s*\Z")
"""What a folder of Tonel says of itself."""

Entry: TypeAlias = Text | Made | Chunk | RefusedChunk | ClassDefinition | EndOfScript


def entries_of(text: str, file: str) -> list[Entry]:
    """The entries of a script. What is no Smalltalk is an entry too, which is refused in its turn."""
    if is_class_definition(text):
        return _tonel_entries(text, file)
    if _PACKAGE.match(text):
        return []
    parts: Sequence[Entry] = read_gnu(text, file) if is_gnu(text) else read_all_chunks(text, file)
    return _with_class_side_variables(parts)


def _tonel_entries(text: str, file: str) -> list[Entry]:
    refused: list[SourceError] = []
    try:
        definition = read_class(text, file, refused)
    except SourceError as error:
        return [RefusedChunk(error)]
    return [definition, *(RefusedChunk(each) for each in refused)]


def _with_class_side_variables(parts: Sequence[Entry]) -> list[Entry]:
    """A file-in gives a class its class-side variables after it has been made, often behind its methods. The class is
    made with them instead, so that nothing need be changed later. A definition that says nothing of them stays as it
    is: a class that there is keeps them."""
    entries: list[Entry] = []
    places: dict[str, int] = {}
    definitions: dict[str, ClassDefinition] = {}
    for part in parts:
        statement = _only_statement(part)
        given = class_side_variables(statement) if statement is not None else None
        place = places.get(given.class_name) if given is not None else None
        if given is not None and place is not None:
            entries[place] = replace(definitions[given.class_name], class_instance_variables=given.names)
            continue
        definition = _defined(part, statement)
        if definition is not None:
            places[definition.name] = len(entries)
            definitions[definition.name] = definition
        entries.append(part)
    return entries


def _defined(part: Entry, statement: Statement | None) -> ClassDefinition | None:
    """The class that the part defines, if it does nothing else."""
    if isinstance(part, ClassDefinition):
        return part
    if not isinstance(part, ExpressionChunk) or statement is None:
        return None
    definition = defined_by(statement)
    return replace(definition, file=part.file, line=part.line) if definition is not None else None


def _only_statement(part: Entry) -> Statement | None:
    if isinstance(part, ExpressionChunk) and len(part.node.statements) == 1 and not part.node.temporaries:
        return part.node.statements[0]
    return None


def requests_of(entry: Entry, model: ClassModel, refused: list[SourceError]) -> list[Request]:
    """The requests that do an entry. A comment makes none: the board keeps no comments. Raises SourceError; complaints
    about single methods of a script's class go to `refused`, and the rest of it goes on."""
    if isinstance(entry, RefusedChunk):
        raise entry.error
    if isinstance(entry, Text):
        return with_questions(requests_for(entry.source, model, entry.file, entry.line), model)
    if isinstance(entry, Made):
        return [replace(statements_request(entry.node, model, entry.class_name), is_quiet=entry.is_quiet)]
    if isinstance(entry, EndOfScript):
        names = {name: error for name, error in entry.unknown.items() if not model.is_declared(name)}
        return question_requests(names, model)
    if isinstance(entry, ClassDefinition):
        return class_requests(entry, model, refused)
    if isinstance(entry, ExpressionChunk):
        is_nothing = commented_class(entry.node) or is_for_tools(entry.node)
        return [] if is_nothing else [statements_request(entry.node, model)]
    if isinstance(entry, MethodChunk):
        selector, place = entry.node.selector, (entry.file, entry.line, entry.node)
        method = MethodDefinition(entry.class_side, selector, entry.category, entry.source, *place)
        return [method_request(method, entry.class_name, model)]
    return []
