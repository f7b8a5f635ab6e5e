"""From what is typed to the messages that do it: expressions, methods, class definitions.

An entry becomes one request or several, to be sent one after the other while each succeeds. `learn` of a request is
done when the board has replied that it was done: then the host's model of the classes follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final

from hardtalk.serial.class_model import ClassModel, ClassShape, shape_of
from hardtalk.serial.code_text import UnsendableLiteral, class_text, code_text, encoded, quoted
from hardtalk.serial.definitions import VariableChange, class_side_variables, defined_by, variable_change
from hardtalk.serial.frames import FrameError, encode_frame
from hardtalk.smalltalk.ast import Cascade, Method, Node, Send, Statement, Variable, walk
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec, GlobalRef
from hardtalk.smalltalk.compiler import compile_expression, compile_method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.parser import parse_expression
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, read_class
from hardtalk.vm.primitive_pragma import check_primitive
from hardtalk.vm.relied_methods import reliance

RUN: Final = "X"
INSTALL: Final = "M"

PROMPT: Final = "<prompt>"
"""What messages call the text that is typed."""
_METHOD_HEAD: Final = re.compile(r"\s*(?:\{[^}]*\}\s*)?([A-Z]\w*)(?:\s+class)?\s*>>\s*[^#\s(][^\[]*\[", re.DOTALL)
_CLASS_HEAD: Final = re.compile(r'\s*(?:"(?:[^"]|"")*"\s*)?(?:Class|Extension)\s*\{')


@dataclass(frozen=True, slots=True)
class Request:
    """One message. `title` is what to say when it succeeds, empty for the board's reply; a quiet one says nothing.
    `warnings` are to be told before it is sent; `place` is the file and line of its entry, empty at the prompt."""

    kind: str
    payload: bytes
    title: str = ""
    learn: Callable[[], None] | None = None
    is_quiet: bool = False
    warnings: tuple[SourceError, ...] = ()
    place: str = ""

    def frame(self, number: int) -> bytes:
        return encode_frame(self.kind, self.payload, number)


def is_class_definition(source: str) -> bool:
    return _CLASS_HEAD.match(source) is not None


def is_method_definition(source: str) -> bool:
    """Whether the text is `Name >> pattern [ body ]`, with or without a category before it."""
    return _METHOD_HEAD.match(source) is not None


def requests_for(source: str, model: ClassModel, file: str = PROMPT, line: int = 1) -> list[Request]:
    """The requests of one entry: a Tonel class or method, or an expression."""
    if is_class_definition(source):
        return class_requests(in_line(read_class, source, file, line), model)
    head = _METHOD_HEAD.match(source)
    if head:
        extension = f"Extension {{ #name : #{head[1]} }}\n{source}"
        return class_requests(in_line(read_class, extension, file, line - 1), model)
    return [expression_request(source, model, file, line)]


def in_line(read: Callable[[str, str], ClassDefinition], source: str, file: str, line: int) -> ClassDefinition:
    """Read text that starts on a line of a file; errors tell that file's lines."""
    shift = line - 1
    try:
        definition = read(source, file)
    except SourceError as error:
        raise SourceError(
            error.file, error.line + shift, error.column, error.source_line, error.message, error.remedy
        ) from None
    methods = [
        replace(each, line=each.line + shift, node=replace(each.node, line=each.node.line + shift))
        for each in definition.methods
    ]
    return replace(definition, methods=tuple(methods), line=definition.line + shift)


def expression_request(source: str, model: ClassModel, file: str = PROMPT, line: int = 1) -> Request:
    return statements_request(parse_expression(source, file=file, line=line), model)


def statements_request(node: Method, model: ClassModel) -> Request:
    """Statements to be run. Definitions of classes among them are brought to the one form that the board has."""
    after = ClassModel()
    after.take(model)
    statements = tuple(_as_the_board_has_it(each, node, after) for each in node.statements)
    for statement in node.statements:
        _check_definitions_in(statement, node, after)
    spec = compile_expression(
        replace(node, statements=statements),
        class_name="UndefinedObject",
        is_known_global=lambda _: True,
        is_fixed_global=model.environment("UndefinedObject").is_fixed_global,
    )
    after.globals |= {each.name for each in spec.literals if isinstance(each, GlobalRef)}
    return Request(
        RUN, sendable(spec, node), learn=lambda: model.take(after), warnings=spec.warnings, place=place_of(node)
    )


def _as_the_board_has_it(statement: Statement, node: Method, model: ClassModel) -> Statement:
    """The statement; `model` gets to know what it will define."""
    definition = defined_by(statement)
    if definition is not None:
        check_definition(definition, model, node, statement)
        if definition.name in model and not definition.class_instance_variables:
            kept = model[definition.name].class_instance_variables
            definition = replace(definition, class_instance_variables=kept)
        model.define(shape_of(definition))
        [creation] = parse_expression(creation_expression(definition)).statements
        return creation
    given = class_side_variables(statement)
    if given is not None and given.class_name in model:
        shape = model[given.class_name]
        if shape.class_instance_variables == given.names:
            return Variable(given.class_name, start=statement.start, stop=statement.stop)
        model.define(replace(shape, class_instance_variables=given.names))
    change = variable_change(statement)
    if change is not None and change.class_name in model:
        shape = model[change.class_name]
        model.define(_changed(shape, change))
    return statement


def _check_definitions_in(statement: Statement, node: Method, model: ClassModel) -> None:
    """Those in blocks, or as arguments, are left to the board; but no superclass is misspelt."""
    for each in walk(statement):
        definition = defined_by(each) if each is not statement and isinstance(each, (Send, Cascade)) else None
        if definition is not None and definition.superclass not in model.globals:
            check_definition(definition, model, node, each)


def _changed(shape: ClassShape, change: VariableChange) -> ClassShape:
    match change.field:
        case "instance_variables":
            return replace(shape, instance_variables=change.applied_to(shape.instance_variables))
        case "class_variables":
            return replace(shape, class_variables=change.applied_to(shape.class_variables))
        case _:
            return replace(shape, class_instance_variables=change.applied_to(shape.class_instance_variables))


def check_definition(definition: ClassDefinition, model: ClassModel, node: Method, place: Node) -> None:
    """Superclass and pools are classes: nothing is made below nil because a name is misspelt."""
    superclass = definition.superclass
    if superclass is not None and superclass not in model:
        near = get_close_matches(superclass, model.names(), 1)
        guess = f"Did you mean `{near[0]}`? " if near else ""
        message = f"The superclass {superclass} of {definition.name} is not known."
        raise node.error(place, message, f"{guess}Define it first, or correct the name.")
    for pool in definition.pools:
        if pool not in model:
            message = f"{definition.name} uses the pool {pool}, which is no class that is known."
            raise node.error(place, message, "A pool is a class with class variables; define it first.")


def place_of(node: Method) -> str:
    return "" if node.file == PROMPT else f"{node.file}:{node.line}"


def sendable(spec: CompiledMethodSpec, node: Method, before: str = "") -> bytes:
    """The payload; what cannot be sent is an error of the method."""
    try:
        payload = encoded(before + code_text(spec))
        encode_frame(RUN, payload)
    except (UnsendableLiteral, FrameError) as error:
        raise node.error(0, str(error)) from error
    return payload


def method_request(method: MethodDefinition, class_name: str, model: ClassModel) -> Request:
    if class_name not in model:
        raise method.node.error(0, f"The class {class_name} is not known.", "Define the class first.")
    check_primitive(method.node)
    environment = model.environment(class_name, method.class_side)
    spec = compile_method(
        method.node,
        class_name=class_name,
        class_side=method.class_side,
        instance_variables=environment.instance_variables,
        class_variables=environment.class_variables,
        is_known_global=environment.is_known_global,
        is_fixed_global=environment.is_fixed_global,
    )
    before = f"{class_text(class_name, method.class_side)}\n{quoted(method.category)}\n"
    warnings = (*spec.warnings, *_replaced(method, class_name, model))
    return Request(INSTALL, sendable(spec, method.node, before), warnings=warnings, place=place_of(method.node))


def _replaced(method: MethodDefinition, class_name: str, model: ClassModel) -> list[SourceError]:
    """The warning that a method takes the place of one of the class library; an error where that cannot be."""
    if (class_name, method.class_side, method.selector) not in model.library:
        return []
    name = f"{class_name}{' class' if method.class_side else ''}>>{method.selector}"
    reason = reliance(class_name, method.class_side, method.selector)
    if reason:
        raise method.node.error(0, f"{name} cannot be replaced: {reason}.", "Define it in a subclass.")
    return [method.node.error(0, f"{name} of the class library is replaced.", "Every program sees the new one.")]


def class_requests(definition: ClassDefinition, model: ClassModel) -> list[Request]:
    """Make the class unless this is an extension, then install its methods."""
    requests: list[Request] = []
    after = ClassModel()
    after.take(model)
    if not definition.is_extension:
        shape = shape_of(definition)
        text = creation_expression(definition)
        node = parse_expression(text, file=definition.file, line=definition.line)
        check_definition(definition, after, replace(node, source=f"Class {definition.name}"), node)
        creation = statements_request(node, after)
        requests.append(replace(creation, learn=lambda: model.define(shape)))
        after.define(shape)
    requests += [method_request(method, definition.name, after) for method in definition.methods]
    if not requests:
        return []
    count = len(definition.methods)
    if definition.is_extension and count == 1:
        side = " class" if definition.methods[0].class_side else ""
        title = f"{definition.name}{side}>>{definition.methods[0].selector}"
    elif count == 0:
        title = definition.name
    else:
        title = f"{definition.name}, {count} method{'' if count == 1 else 's'}"
    last = requests[-1]
    quiet = [replace(each, is_quiet=True) for each in requests[:-1]]
    return [*quiet, replace(last, title=title)]


def creation_expression(definition: ClassDefinition) -> str:
    """The Smalltalk expression that makes the class on the board."""
    lists = {
        "instanceVariableNames": definition.instance_variables,
        "classVariableNames": definition.class_variables,
        "classInstanceVariableNames": definition.class_instance_variables,
    }
    names = " ".join(f"{keyword}: {quoted(' '.join(values))}" for keyword, values in lists.items())
    return (
        f"ClassBuilder new superclass: {definition.superclass or 'nil'} name: #{definition.name} "
        f"kind: #{definition.kind} {names} category: {quoted(definition.category)}"
    )
