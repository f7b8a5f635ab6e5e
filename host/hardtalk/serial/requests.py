"""From what is typed to the messages that do it: expressions, methods, class definitions.

An entry becomes one request or several, to be sent one after the other while each succeeds. `learn` of a request is
done when the board has replied that it was done: then the host's model of the classes follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hardtalk.serial.class_model import ClassModel, ClassShape, shape_of
from hardtalk.serial.code_text import UnsendableLiteral, class_text, code_text, encoded, quoted
from hardtalk.serial.frames import FrameError, encode_frame
from hardtalk.smalltalk.ast import Cascade, Literal, Method, Send, Variable
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec
from hardtalk.smalltalk.compiler import compile_expression, compile_method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import LiteralValue
from hardtalk.smalltalk.parser import parse_expression
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, read_class
from hardtalk.vm.primitive_pragma import check_primitive

RUN: Final = "X"
INSTALL: Final = "M"

_SUBCLASS_SELECTOR: Final = re.compile(r"(?:variable|variableByte|variableWord)?[sS]ubclass:(?:\w+:)*")
_METHOD_HEAD: Final = re.compile(r"\s*(?:\{[^}]*\}\s*)?([A-Z]\w*)(?:\s+class)?\s*>>\s*[^#\s(][^\[]*\[", re.DOTALL)
_CLASS_HEAD: Final = re.compile(r'\s*(?:"(?:[^"]|"")*"\s*)?(?:Class|Extension)\s*\{')


@dataclass(frozen=True, slots=True)
class Request:
    """One message. `title` is what to say when it succeeds, empty for the board's reply; a quiet one says nothing."""

    kind: str
    payload: bytes
    title: str = ""
    learn: Callable[[], None] | None = None
    is_quiet: bool = False

    @property
    def frame(self) -> bytes:
        return encode_frame(self.kind, self.payload)


def is_class_definition(source: str) -> bool:
    return _CLASS_HEAD.match(source) is not None


def is_method_definition(source: str) -> bool:
    """Whether the text is `Name >> pattern [ body ]`, with or without a category before it."""
    return _METHOD_HEAD.match(source) is not None


def requests_for(source: str, model: ClassModel, file: str = "<prompt>", line: int = 1) -> list[Request]:
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


def expression_request(source: str, model: ClassModel, file: str = "<prompt>", line: int = 1) -> Request:
    node = parse_expression(source, file=file, line=line)
    environment = model.environment("UndefinedObject")
    spec = compile_expression(
        node,
        class_name="UndefinedObject",
        is_known_global=environment.is_known_global,
        is_fixed_global=environment.is_fixed_global,
    )
    shape = defined_class(node, model)
    learn = (lambda: model.define(shape)) if shape else None
    return Request(RUN, sendable(spec, node), learn=learn)


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
    return Request(INSTALL, sendable(spec, method.node, before))


def class_requests(definition: ClassDefinition, model: ClassModel) -> list[Request]:
    """Make the class unless this is an extension, then install its methods."""
    requests: list[Request] = []
    after = ClassModel()
    after.take(model)
    if not definition.is_extension:
        shape = shape_of(definition)
        creation = expression_request(creation_expression(definition), after, definition.file)
        requests.append(Request(RUN, creation.payload, learn=lambda: model.define(shape)))
        after.define(shape)
    requests += [method_request(method, definition.name, after) for method in definition.methods]
    if not requests:
        return []
    count = len(definition.methods)
    if definition.is_extension and count == 1:
        side = " class" if definition.methods[0].class_side else ""
        title = f"{definition.name}{side}>>{definition.methods[0].selector}"
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


def defined_class(node: Method, model: ClassModel) -> ClassShape | None:
    """The class that an expression makes whose last statement is `Object subclass: #Foo …` or the like."""
    if not node.statements:
        return None
    send = node.statements[-1]
    if isinstance(send, Cascade) and isinstance(send.receiver, Send):
        send = send.receiver
    if not isinstance(send, Send) or not _SUBCLASS_SELECTOR.fullmatch(send.selector):
        return None
    if not isinstance(send.receiver, Variable):
        return None
    arguments = dict(zip(send.selector.split(":"), send.arguments, strict=False))
    values: dict[str, LiteralValue] = {
        keyword: argument.value for keyword, argument in arguments.items() if isinstance(argument, Literal)
    }
    first = next(iter(values.values()), None)
    if not isinstance(first, str):
        return None
    superclass = None if send.receiver.name == "nil" else send.receiver.name
    instance, shared = names_in(values, "instanceVariableNames"), names_in(values, "classVariableNames")
    return ClassShape(str(first), superclass, instance, shared)


def names_in(values: dict[str, LiteralValue], keyword: str) -> tuple[str, ...]:
    value = values.get(keyword, "")
    return tuple(value.split()) if isinstance(value, str) else ()
