"""From what is typed to the messages that do it: expressions, methods, class definitions.

An entry becomes one request or several, to be sent one after the other while each succeeds. `learn` of a request is
done when the board has replied that it was done: then the host's model of the classes follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hardtalk.serial.board_forms import check_definition, creation_expression, in_board_form
from hardtalk.serial.class_model import ClassModel, shape_of
from hardtalk.serial.code_text import UnsendableLiteral, class_text, code_text, encoded, quoted
from hardtalk.serial.frames import FrameError, encode_frame
from hardtalk.serial.undeclared import declared_by, questions, unknown_names
from hardtalk.smalltalk.ast import Method
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
METHOD_HEAD: Final = re.compile(r"\s*(?:\{[^}]*\}\s*)?([A-Z]\w*)(?:\s+class)?\s*>>\s*[^#\s(][^\[]*\[", re.DOTALL)
_CLASS_HEAD: Final = re.compile(r'\s*(?:"(?:[^"]|"")*"\s*)?(?:Class|Extension|Trait)\s*\{')


@dataclass(frozen=True, slots=True)
class Request:
    """What the board is asked for. `method` is the name of the one that it installs. `title` is what to say when it
    succeeds, empty for that name or the board's reply; a quiet one says nothing.
    `warnings` are to be told; `place` is the file and line of its entry, empty at the prompt. `entry`
    is the number of what was entered that it is a part of; it goes in a message of its own when it `is_alone`.
    `unknown` are the names in a method that only the board can know, with what to say if it does not. With `complaints`
    it is a question, and the rest of its entry is not sent if the reply is the reason for one."""

    kind: str
    payload: bytes
    title: str = ""
    learn: Callable[[], None] | None = None
    is_quiet: bool = False
    warnings: tuple[SourceError, ...] = ()
    place: str = ""
    entry: int = 0
    is_alone: bool = False
    method: str = ""
    unknown: Mapping[str, SourceError] = field(default_factory=dict)
    complaints: Callable[[str], list[SourceError]] | None = None


def is_class_definition(source: str) -> bool:
    return _CLASS_HEAD.match(source) is not None


def is_method_definition(source: str) -> bool:
    """Whether the text is `Name >> pattern [ body ]`, with or without a category before it."""
    return METHOD_HEAD.match(source) is not None


def requests_for(source: str, model: ClassModel, file: str = PROMPT, line: int = 1) -> list[Request]:
    """The requests of one entry: a Tonel class or method, or an expression."""
    if is_class_definition(source):
        return class_requests(in_line(read_class, source, file, line), model)
    head = METHOD_HEAD.match(source)
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


def statements_request(node: Method, model: ClassModel, class_name: str = "UndefinedObject") -> Request:
    """Statements to be run; they see the class's own variables. Definitions of classes among them are brought to the
    one form that the board has."""
    after = ClassModel()
    after.take(model)
    environment = model.environment(class_name)
    spec = compile_expression(
        in_board_form(node, after),
        class_name="UndefinedObject",
        class_variables=environment.class_variables,
        is_known_global=lambda _: True,
        is_fixed_global=environment.is_fixed_global,
    )
    after.globals |= {each.name for each in spec.literals if isinstance(each, GlobalRef)}
    after.assigned.update(declared_by(node))
    return Request(
        RUN, sendable(spec, node), learn=lambda: model.take(after), warnings=spec.warnings, place=place_of(node)
    )


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
    name = method_name(class_name, method.class_side, method.selector)
    return Request(
        INSTALL,
        sendable(spec, method.node, before),
        warnings=(*spec.warnings, *_replaced(method, class_name, model)),
        place=place_of(method.node),
        method=name,
        unknown=unknown_names(
            spec, method.node, model, (*environment.class_variables, *environment.instance_variables)
        ),
    )


def with_questions(requests: list[Request], model: ClassModel) -> list[Request]:
    """Before the first method: whether the board knows the names that the host does not."""
    names = {name: error for each in reversed(requests) for name, error in each.unknown.items()}
    first = next((place for place, each in enumerate(requests) if each.unknown), 0)
    return [*requests[:first], *question_requests(names, model), *requests[first:]]


def question_requests(names: Mapping[str, SourceError], model: ClassModel) -> list[Request]:
    return [
        replace(statements_request(parse_expression(each.expression), model), is_quiet=True, complaints=each.complaints)
        for each in questions(names)
    ]


def method_name(class_name: str, class_side: bool, selector: str) -> str:
    return f"{class_name}{' class' if class_side else ''}>>{selector}"


def _replaced(method: MethodDefinition, class_name: str, model: ClassModel) -> list[SourceError]:
    """The warning that a method takes the place of one of the class library; an error where that cannot be."""
    if (class_name, method.class_side, method.selector) not in model.library:
        return []
    name = method_name(class_name, method.class_side, method.selector)
    reason = reliance(class_name, method.class_side, method.selector)
    if reason:
        raise method.node.error(0, f"{name} cannot be replaced: {reason}.", "Define it in a subclass.")
    return [method.node.error(0, f"{name} of the class library is replaced.", "Every program sees the new one.")]


def class_requests(
    definition: ClassDefinition, model: ClassModel, refused: list[SourceError] | None = None
) -> list[Request]:
    """Make the class unless this is an extension, then install its methods. With a list `refused` a method that cannot
    be compiled is left out, and the complaint about it put there."""
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
    methods: list[Request] = []
    for method in definition.methods:
        try:
            methods.append(method_request(method, definition.name, after))
        except SourceError as error:
            if refused is None or definition.name not in after:
                raise
            refused.append(error)
    requests += methods
    if not requests:
        return []
    count = len(methods)
    last = requests[-1]
    if definition.is_extension and count == 1:
        title = last.method
    elif count == 0:
        title = definition.name
    else:
        title = f"{definition.name}, {count} method{'' if count == 1 else 's'}"
    quiet = [replace(each, is_quiet=True) for each in requests[:-1]]
    return [*quiet, replace(last, title=title)]
