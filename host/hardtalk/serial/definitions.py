"""Statements that define classes, in the forms of Squeak, Pharo, Cuis and GNU Smalltalk, as class definitions.

    Object subclass: #Foo instanceVariableNames: 'a b' classVariableNames: 'C' poolDictionaries: 'P' category: 'X'
    Object variableByteSubclass: #Foo instanceVariableNames: '' classVariableNames: '' package: 'X'
    Object subclass: #Foo slots: { #a. #b } classVariables: { #C } package: 'X'
    Object << #Foo slots: { #a. #b }; sharedVariables: { #C }; tag: 't'; package: 'X'; install
    Foo class instanceVariableNames: 'x y'
    Foo class slots: { #x. #y }
    Object class << Foo class slots: { #x. #y }
    Foo addInstVarNamed: 'c'    Foo class removeInstVarNamed: 'x'    Foo addClassVarNamed: 'D'

The host must know them before they have been run, for it compiles the methods that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hardtalk.serial.code_text import quoted
from hardtalk.smalltalk.ast import BraceArray, Cascade, Expression, Literal, Message, Method, Send, Statement, Variable
from hardtalk.smalltalk.literals import Symbol
from hardtalk.smalltalk.scanner import NAME
from hardtalk.smalltalk.tonel import ClassDefinition

_KINDS: Final = {
    "subclass": "normal",
    "variableSubclass": "variable",
    "variableByteSubclass": "bytes",
    "variableWordSubclass": "words",
    "weakSubclass": "weak",
}
_LAYOUTS: Final = {
    "FixedLayout": "normal",
    "VariableLayout": "variable",
    "ByteLayout": "bytes",
    "WordLayout": "words",
    "WeakLayout": "weak",
}
_FIELDS: Final = {
    "instanceVariableNames": "instance_variables",
    "instanceVariables": "instance_variables",
    "slots": "instance_variables",
    "classVariableNames": "class_variables",
    "classVariables": "class_variables",
    "sharedVariables": "class_variables",
    "classInstanceVariableNames": "class_instance_variables",
    "poolDictionaries": "pools",
    "sharedPools": "pools",
    "category": "category",
    "package": "category",
}
_WITHOUT_MEANING: Final = frozenset({"tag", "comment", "stamp", "install"})
_TRAITS: Final = frozenset({"uses", "traits", "classTraits"})
_VARIABLE_CHANGE: Final = re.compile(r"(?P<change>add|remove)(?P<kind>Inst|Class)VarNamed?:")
_SUBCLASS: Final = re.compile(r"(?P<kind>\w*[sS]ubclass):(?P<rest>(?:\w+:)*)")


@dataclass(frozen=True, slots=True)
class ClassSideVariables:
    """What `Foo class instanceVariableNames: 'x y'` says."""

    class_name: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VariableChange:
    """What `Foo addInstVarNamed: 'c'` and its like say: a field of the class's shape, and a name that comes or goes."""

    class_name: str
    field: str
    name: str
    comes: bool

    def applied_to(self, names: tuple[str, ...]) -> tuple[str, ...]:
        others = tuple(each for each in names if each != self.name)
        return (*others, self.name) if self.comes and self.name not in names else names if self.comes else others


def defined_by(statement: Statement) -> ClassDefinition | None:
    """The class that the statement defines; None for any other statement, and for what the board must find out."""
    if isinstance(statement, Cascade) and isinstance(fluent := _fluent_start(statement.receiver), Send):
        return _fluent(fluent, statement.messages)
    if not isinstance(statement, Send):
        return None
    if isinstance(fluent := _fluent_start(statement), Send):
        return _fluent(fluent, ())
    if isinstance(fluent := _fluent_start(statement.receiver), Send):
        return _fluent(fluent, (Message(statement.selector, statement.arguments),))
    return _classic(statement)


def defining_statements(definition: ClassDefinition) -> list[str]:
    """What makes the class, in Squeak's form."""
    keyword = next(each for each, kind in _KINDS.items() if kind == definition.kind)
    fields = {
        "instanceVariableNames": " ".join(definition.instance_variables),
        "classVariableNames": " ".join(definition.class_variables),
        "poolDictionaries": " ".join(definition.pools),
        "category": definition.category,
    }
    arguments = " ".join(f"{each}: {quoted(text)}" for each, text in fields.items())
    statements = [f"{definition.superclass or 'nil'} {keyword}: #{definition.name} {arguments}"]
    if names := definition.class_instance_variables:
        statements.append(f"{definition.name} class instanceVariableNames: {quoted(' '.join(names))}")
    return statements


def class_side_variables(statement: Statement) -> ClassSideVariables | None:
    """The class-side variables that the statement gives a class that there is."""
    if not isinstance(statement, (Send, Cascade)):
        return None
    start = _fluent_start(statement.receiver)
    side = start.arguments[0] if start is not None else statement.receiver
    messages = statement.messages if isinstance(statement, Cascade) else (statement,)
    wanted = ("slots:",) if start is not None else ("instanceVariableNames:", "slots:")
    given = [each for each in messages if each.selector in wanted]
    is_side = isinstance(side, Send) and side.selector == "class"
    if not (is_side and isinstance(side, Send) and isinstance(side.receiver, Variable) and len(given) == 1):
        return None
    if start is None and isinstance(statement, Cascade):
        return None
    names = _names(given[0].arguments[0])
    return ClassSideVariables(side.receiver.name, names) if names is not None else None


def variable_change(statement: Statement) -> VariableChange | None:
    """The variable that the statement gives a class that there is, or takes from it."""
    if not isinstance(statement, Send):
        return None
    match = _VARIABLE_CHANGE.fullmatch(statement.selector)
    side = statement.receiver
    is_class_side = isinstance(side, Send) and side.selector == "class"
    if is_class_side and isinstance(side, Send):
        side = side.receiver
    if match is None or not isinstance(side, Variable) or (is_class_side and match["kind"] != "Inst"):
        return None
    name = _name(statement.arguments[0])
    if name is None:
        return None
    field = "class_variables" if match["kind"] == "Class" else "instance_variables"
    return VariableChange(side.name, f"class_{field}" if is_class_side else field, name, match["change"] == "add")


def uses_traits(statement: Statement) -> bool:
    """Whether the statement defines a trait, or a class that uses some."""
    if not isinstance(statement, (Send, Cascade)):
        return False
    start = _fluent_start(statement.receiver) or _fluent_start(statement)
    superclass = start.receiver if start is not None else statement.receiver
    messages = statement.messages if isinstance(statement, Cascade) else (statement,)
    if isinstance(superclass, Variable) and superclass.name == "Trait":
        return start is not None or any(each.selector.startswith("named:") for each in messages)
    is_side = isinstance(superclass, Send) and superclass.selector == "class"
    is_definition = start is not None or any(_SUBCLASS.fullmatch(each.selector) for each in messages)
    if not is_definition and not (is_side and any(each.selector.startswith("uses:") for each in messages)):
        return False
    pairs = (pair for each in messages for pair in zip(each.selector.split(":"), each.arguments, strict=False))
    return any(keyword in _TRAITS and _names(argument) != () for keyword, argument in pairs)


def strange_slots(statement: Statement) -> Expression | None:
    """Slots that a definition gives with more than names, such as `{ #a => LazySlot default: 5 }`."""
    if not isinstance(statement, (Send, Cascade)):
        return None
    messages = statement.messages if isinstance(statement, Cascade) else (statement,)
    start = _fluent_start(statement.receiver)
    for each in messages:
        keywords = each.selector.split(":")
        is_definition = start is not None or _SUBCLASS.fullmatch(each.selector) is not None
        if is_definition and "slots" in keywords:
            slots = each.arguments[keywords.index("slots")]
            return slots if isinstance(slots, BraceArray) and _names(slots) is None else None
    return None


def is_for_tools(node: Method) -> bool:
    """Whether a chunk does nothing but tell tools what there is."""
    if len(node.statements) != 1 or not isinstance(send := node.statements[0], (Send, Cascade)):
        return False
    return isinstance(send.receiver, Variable) and send.receiver.name == "SystemOrganization"


def commented_class(node: Method) -> str | None:
    """The class to which a chunk does nothing but give a comment."""
    if len(node.statements) != 1 or not isinstance(send := node.statements[0], Send) or send.selector != "comment:":
        return None
    return (
        send.receiver.name if isinstance(send.receiver, Variable) and isinstance(send.arguments[0], Literal) else None
    )


def _classic(send: Send) -> ClassDefinition | None:
    match = _SUBCLASS.fullmatch(send.selector)
    if match is None or match["kind"] not in _KINDS or not isinstance(send.receiver, Variable):
        return None
    name = _name(send.arguments[0])
    fields = _fields(zip(match["rest"].split(":"), send.arguments[1:], strict=False))
    if name is None or fields is None:
        return None
    return _definition(name, send.receiver.name, {"kind": _KINDS[match["kind"]], **fields})


def _fluent_start(node: Expression) -> Send | None:
    """`Object << #Foo` or `Object class << Foo class`; a stream is sent the same message, as a rule with a string."""
    if not isinstance(node, Send) or node.selector != "<<":
        return None
    argument = node.arguments[0]
    is_side = isinstance(argument, Send) and argument.selector == "class"
    return node if is_side or (isinstance(argument, Literal) and isinstance(argument.value, Symbol)) else None


def _fluent(start: Send, messages: Sequence[Message]) -> ClassDefinition | None:
    name = _name(start.arguments[0])
    if name is None or not isinstance(start.receiver, Variable):
        return None
    if not messages and (start.receiver.name == "Transcript" or not start.receiver.name[0].isupper()):
        return None  # something written on a stream
    pairs: list[tuple[str, Expression]] = []
    for message in messages:
        keywords = message.selector.rstrip(":").split(":")
        pairs += zip(keywords, message.arguments or (Literal(""),), strict=False)
    fields = _fields(pairs)
    return None if fields is None else _definition(name, start.receiver.name, {"kind": "normal", **fields})


def _fields(pairs: Iterable[tuple[str, Expression]]) -> dict[str, Any] | None:
    """The fields of the definition; None when a keyword is unknown or an argument no literal."""
    fields: dict[str, Any] = {}
    for keyword, argument in pairs:
        if keyword in _WITHOUT_MEANING or (keyword in _TRAITS and _names(argument) == ()):
            continue
        if keyword == "layout" and isinstance(argument, Variable) and argument.name in _LAYOUTS:
            fields["kind"] = _LAYOUTS[argument.name]
            continue
        field = _FIELDS.get(keyword)
        if field is None:
            return None
        if field == "category":
            fields[field] = str(argument.value) if isinstance(argument, Literal) else ""
        else:
            names = _pools(argument) if field == "pools" else _names(argument)
            if names is None:
                return None
            fields[field] = names
    return fields


def _definition(name: str, superclass: str, fields: Mapping[str, Any]) -> ClassDefinition:
    return ClassDefinition(name, None if superclass == "nil" else superclass, **fields)


def _name(node: Expression) -> str | None:
    value = node.value if isinstance(node, Literal) else None
    return str(value) if isinstance(value, str) and NAME.fullmatch(value) else None


def _names(node: Expression) -> tuple[str, ...] | None:
    """The names in a string, or in an array of symbols or strings."""
    if isinstance(node, BraceArray):
        names = [_name(element) for element in node.elements]
    elif isinstance(node, Literal) and isinstance(node.value, tuple):
        names = [str(each) if isinstance(each, (Symbol, str)) else None for each in node.value]
    elif isinstance(node, Literal) and isinstance(node.value, str):
        names = list(node.value.split())
    else:
        return None
    found = tuple(each for each in names if each is not None and NAME.fullmatch(each))
    return found if len(found) == len(names) else None


def _pools(node: Expression) -> tuple[str, ...] | None:
    """Names of classes, which may also stand there as such."""
    if isinstance(node, BraceArray) and all(isinstance(each, Variable) for each in node.elements):
        return tuple(each.name for each in node.elements if isinstance(each, Variable))
    return _names(node)
