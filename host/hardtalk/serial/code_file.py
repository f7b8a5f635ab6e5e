"""Code files: compiled classes and methods for the board's volume (docs/code-files.md).

What comes over the serial line as messages lies in a file as records: the board installs both in one way. A class is
data there and not an expression, so that the board can check all before it changes anything.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from hardtalk.serial.board_forms import check_definition
from hardtalk.serial.class_model import ClassModel, shape_of
from hardtalk.serial.code_text import class_text, encoded, literal_text, quoted
from hardtalk.serial.definitions import commented_class, defined_by
from hardtalk.serial.entries import Entry, entries_of
from hardtalk.serial.requests import method_request
from hardtalk.smalltalk.ast import Method
from hardtalk.smalltalk.chunk import ExpressionChunk, MethodChunk, RefusedChunk
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Symbol
from hardtalk.smalltalk.parser import parse_expression
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition
from hardtalk.vm.code_version import CODE_VERSION

MAGIC: Final = b"Hardtalk code "
FORMAT_VERSION: Final = 2
CHECK_SUM_BYTES: Final = len(b"00000000\n")
CLASS, VARIABLES, METHOD = b"C", b"E", b"M"


@dataclass(frozen=True)
class Code:
    """A code file's bytes, the names of the classes that it defines, how many methods it has, and warnings of their
    sources."""

    data: bytes
    classes: tuple[str, ...]
    method_count: int
    warnings: tuple[SourceError, ...]


def code_file(sources: Iterable[tuple[str, str]], model: ClassModel) -> Code:
    """Compile texts, each with the name of its file, for the classes of `model`, which gets to know what they define.
    Raises SourceError."""
    entries = [entry for text, file in sources for entry in entries_of(text, file)]
    definitions = in_order([each for entry in entries if (each := definition_in(entry)) is not None])
    records: list[bytes] = []
    for each in definitions:
        check_superclass(each, model)
        records.append(record(CLASS, class_payload(each, model)))
        model.define(shape_of(each))
    methods = [method for entry in entries for method in methods_in(entry)]
    warnings: list[SourceError] = []
    described = {each.name for each in definitions}
    for class_name, method in methods:
        request = method_request(method, class_name, model)
        if class_name not in described:
            described.add(class_name)
            records.append(record(VARIABLES, variables_payload(class_name, model)))
        records.append(record(METHOD, request.payload))
        warnings += request.warnings
    return Code(framed(b"".join(records)), tuple(each.name for each in definitions), len(methods), tuple(warnings))


def framed(records: bytes) -> bytes:
    """Header, records, check sum."""
    body = MAGIC + b"%04X %08X %08X\n" % (FORMAT_VERSION, CODE_VERSION, len(records)) + records
    return body + b"%08X\n" % binascii.crc32(body)


def records_of(data: bytes) -> bytes:
    """What is between header and check sum."""
    return data[data.index(b"\n") + 1 : -CHECK_SUM_BYTES]


def record(kind: bytes, payload: bytes) -> bytes:
    return b"%s%08X\n" % (kind, len(payload)) + payload


def definition_in(entry: Entry) -> ClassDefinition | None:
    """The class that the entry defines. SourceError for what is neither a class nor a method."""
    if isinstance(entry, RefusedChunk):
        raise entry.error
    if isinstance(entry, ClassDefinition):
        return None if entry.is_extension else entry
    if not isinstance(entry, ExpressionChunk) or commented_class(entry.node):
        return None
    node = entry.node
    found = defined_by(node.statements[0]) if len(node.statements) == 1 else None
    if found is None:
        raise no_class(node)
    return found


def no_class(node: Method) -> SourceError:
    message = "A code file holds classes and methods, and no statements to be run."
    return node.error(0, message, "Leave it out, or put it into a class-side `initialize`.")


def methods_in(entry: Entry) -> list[tuple[str, MethodDefinition]]:
    """The methods of an entry, each with the name of its class."""
    if isinstance(entry, ClassDefinition):
        return [(entry.name, each) for each in entry.methods]
    if isinstance(entry, MethodChunk):
        place = (entry.file, entry.line, entry.node)
        method = MethodDefinition(entry.class_side, entry.node.selector, entry.category, entry.source, *place)
        return [(entry.class_name, method)]
    return []


def in_order(definitions: Sequence[ClassDefinition]) -> list[ClassDefinition]:
    """Superclasses before their subclasses, else as they came."""
    names = {each.name: each for each in definitions}
    done: dict[str, ClassDefinition] = {}

    def put(definition: ClassDefinition, below: tuple[str, ...] = ()) -> None:
        superclass = names.get(definition.superclass or "")
        if superclass is not None and superclass.name not in (*below, definition.name):
            put(superclass, (*below, definition.name))
        done.setdefault(definition.name, definition)

    for each in definitions:
        put(each)
    return list(done.values())


def check_superclass(definition: ClassDefinition, model: ClassModel) -> None:
    node = parse_expression(definition.name, file=definition.file, line=definition.line)
    check_definition(definition, model, node, node)


def class_payload(definition: ClassDefinition, model: ClassModel) -> bytes:
    """Name, superclass, kind, variables, category, inherited variables on both sides."""
    superclass = definition.superclass
    own = (definition.instance_variables, definition.class_variables, definition.class_instance_variables)
    lines = [
        literal_text(Symbol(definition.name)),
        literal_text(Symbol(superclass or "nil")),
        literal_text(Symbol(definition.kind)),
        *(quoted(" ".join(each)) for each in own),
        quoted(definition.category),
        *variables(superclass, model),
    ]
    return encoded("\n".join(lines))


def variables_payload(class_name: str, model: ClassModel) -> bytes:
    return encoded("\n".join([class_text(class_name, False), *variables(class_name, model)]))


def variables(class_name: str | None, model: ClassModel) -> list[str]:
    """The names of all instance variables, and of those of the class itself, as strings."""
    if class_name is None:
        return [quoted(""), quoted(" ".join(model.environment("Class").instance_variables))]
    sides = (model.environment(class_name, class_side) for class_side in (False, True))
    return [quoted(" ".join(each.instance_variables)) for each in sides]
