"""What is entered for a frame of a held process, made into statements that the prompt can run.

The frame's variables are reached through its context: a temporary by its place, a temporary that blocks share in the
vector that holds it, a variable of the receiver by its number. What is entered is run by a process of its own, as any
entry is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hardtalk.debugger.frames import Frame, Frames
from hardtalk.smalltalk.ast import (
    Assignment,
    Block,
    BraceArray,
    Cascade,
    Expression,
    Literal,
    Message,
    Method,
    Return,
    Send,
    Statement,
    Variable,
)
from hardtalk.smalltalk.parser import parse_expression

CONTEXT: Final = "context of the frame"
"""A name that nobody can write."""

Store = Callable[[Expression], Expression]


@dataclass(frozen=True)
class Access:
    """How a variable is read, and stored into."""

    read: Expression
    store: Store


def keyword(receiver: Expression, selector: str, *arguments: Expression) -> Send:
    return Send(receiver, selector, arguments)


def element(of: Expression, read: str, store: str, index: int) -> Access:
    place = Literal(index)
    return Access(keyword(of, read, place), lambda value: keyword(of, store, place, value))


def accesses(frames: Frames, frame: Frame) -> dict[str, Access]:
    """Of each variable that the frame sees, by its name, the innermost first."""
    context = Variable(CONTEXT)
    found: dict[str, Access] = {}
    scope = frames.scope(frame)
    for temporary, index in scope.slots.items() if scope is not None else ():
        place = element(context, "tempAt:", "tempAt:put:", index + 1)
        if temporary is not temporary.scope.vector:
            found.setdefault(temporary.name, place)
            continue
        for each in temporary.scope.names.values():
            if each.is_remote:
                found.setdefault(each.name, element(place.read, "at:", "at:put:", each.index + 1))
    receiver = Send(context, "receiver")
    for index, name in enumerate(frames.variables_of_receiver(frame)):
        found.setdefault(name, element(receiver, "instVarAt:", "instVarAt:put:", index + 1))
    return found


def in_frame(text: str, context: Expression, variables: dict[str, Access]) -> Method:
    """The statements of `text` with the variables of the frame whose context that expression answers. SourceError when
    it is no Smalltalk, sends to super or says thisContext."""
    node = parse_expression(text, file="<prompt>")
    rewriting = Rewriting(node, variables)
    statements = tuple(rewriting.statement(each, rewriting.own) for each in node.statements)
    begin = Assignment(Variable(CONTEXT), context)
    return replace(node, temporaries=(*node.temporaries, Variable(CONTEXT)), statements=(begin, *statements))


class Rewriting:
    """Of one entry. `own` are the temporaries that it declares itself, which hide the frame's."""

    def __init__(self, node: Method, variables: dict[str, Access]) -> None:
        self.node = node
        self.variables = variables
        self.own = frozenset(each.name for each in node.temporaries)

    def statement(self, node: Statement, own: frozenset[str]) -> Statement:
        return (
            replace(node, value=self.expression(node.value, own))
            if isinstance(node, Return)
            else self.expression(node, own)
        )

    def expression(self, node: Expression, own: frozenset[str]) -> Expression:
        match node:
            case Variable():
                return self.variable(node, own)
            case Assignment():
                value = self.expression(node.value, own)
                access = None if node.variable.name in own else self.variables.get(node.variable.name)
                return replace(node, value=value) if access is None else access.store(value)
            case Send():
                return replace(
                    node, receiver=self.expression(node.receiver, own), arguments=self.all(node.arguments, own)
                )
            case Cascade():
                return replace(
                    node,
                    receiver=self.expression(node.receiver, own),
                    messages=tuple(self.message(each, own) for each in node.messages),
                )
            case BraceArray():
                return replace(node, elements=self.all(node.elements, own))
            case Block():
                inner = own | {each.name for each in (*node.parameters, *node.temporaries)}
                return replace(node, statements=tuple(self.statement(each, inner) for each in node.statements))
        return node

    def message(self, node: Message, own: frozenset[str]) -> Message:
        return replace(node, arguments=self.all(node.arguments, own))

    def all(self, nodes: tuple[Expression, ...], own: frozenset[str]) -> tuple[Expression, ...]:
        return tuple(self.expression(each, own) for each in nodes)

    def variable(self, node: Variable, own: frozenset[str]) -> Expression:
        if node.name in ("super", "thisContext"):
            raise self.node.error(node, f"{node.name} means nothing here.", "Send to self; frames shows the stack.")
        if node.name == "self":
            return Send(Variable(CONTEXT), "receiver", start=node.start, stop=node.stop)
        access = None if node.name in own else self.variables.get(node.name)
        return node if access is None else access.read
