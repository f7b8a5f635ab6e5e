"""Syntax trees of Smalltalk and of Slang.

Nodes are immutable and compare by meaning: `start` and `stop`, offsets into the method's text, take no part in `==`,
nor do a method's text and file. So a tree that was printed and parsed again equals the first. The nodes `true`,
`false`, `nil`, `self`, `super` and `thisContext` are variables; in literal arrays and pragmas the first three are
values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import LiteralValue, literal_key

PSEUDO_VARIABLES = frozenset({"self", "super", "nil", "true", "false", "thisContext"})


@dataclass(frozen=True, slots=True)
class Node:
    """`start` is the offset of the first character in the method's text, `stop` that behind the last."""

    start: int = field(default=0, compare=False, repr=False, kw_only=True)
    stop: int = field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Literal(Node):
    value: LiteralValue

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and literal_key(self.value) == literal_key(other.value)

    def __hash__(self) -> int:
        return hash(literal_key(self.value))


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """A use of a name, or its declaration in `parameters` and `temporaries`."""

    name: str


@dataclass(frozen=True, slots=True)
class Assignment(Node):
    variable: Variable
    value: Expression


@dataclass(frozen=True, slots=True)
class Message(Node):
    """One message of a cascade. `start` is that of its selector."""

    selector: str
    arguments: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Send(Node):
    """A message to `receiver`. `selector_start` is the offset of the (first part of the) selector."""

    receiver: Expression
    selector: str
    arguments: tuple[Expression, ...] = ()
    selector_start: int = field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Cascade(Node):
    """At least two messages to one receiver; the value is that of the last."""

    receiver: Expression
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class BraceArray(Node):
    elements: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Return(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class Pragma(Node):
    """`<selector: literal ...>`."""

    selector: str
    arguments: tuple[Literal, ...] = ()

    @property
    def values(self) -> tuple[LiteralValue, ...]:
        return tuple([argument.value for argument in self.arguments])


@dataclass(frozen=True, slots=True)
class Block(Node):
    parameters: tuple[Variable, ...] = ()
    temporaries: tuple[Variable, ...] = ()
    pragmas: tuple[Pragma, ...] = ()
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Method(Node):
    """A method, or with selector `DoIt` an expression. `prefix` stands before the text on its first line."""

    selector: str
    parameters: tuple[Variable, ...] = ()
    temporaries: tuple[Variable, ...] = ()
    pragmas: tuple[Pragma, ...] = ()
    statements: tuple[Statement, ...] = ()
    source: str = field(default="", compare=False, repr=False)
    file: str = field(default="<text>", compare=False, repr=False)
    line: int = field(default=1, compare=False, repr=False)
    prefix: str = field(default="", compare=False, repr=False)

    def error(self, place: Node | int, message: str, remedy: str = "") -> SourceError:
        """The complaint about a node (at its start) or an offset of this method, to be raised by the caller."""
        offset = place if isinstance(place, int) else place.start
        return SourceError.at(self.source, offset, message, remedy, file=self.file, line=self.line, prefix=self.prefix)

    def line_of(self, place: Node | int) -> int:
        """The line of the file on which a node of this method starts."""
        offset = place if isinstance(place, int) else place.start
        return self.line + self.source.count("\n", 0, offset)


Expression: TypeAlias = Literal | Variable | Assignment | Send | Cascade | Block | BraceArray
Statement: TypeAlias = Expression | Return


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below, in the order in which they are evaluated (declarations and pragmas first)."""
    if isinstance(node, Assignment):
        yield node.value
        yield node.variable
    elif isinstance(node, Send):
        yield node.receiver
        yield from node.arguments
    elif isinstance(node, Cascade):
        yield node.receiver
        yield from node.messages
    elif isinstance(node, (Message, Pragma)):
        yield from node.arguments
    elif isinstance(node, BraceArray):
        yield from node.elements
    elif isinstance(node, Return):
        yield node.value
    elif isinstance(node, (Block, Method)):
        yield from node.parameters
        yield from node.temporaries
        yield from node.pragmas
        yield from node.statements


def walk(node: Node) -> Iterator[Node]:
    """The node and all nodes below it, parents first, however deep they are nested."""
    pending = [iter((node,))]
    while pending:
        found = next(pending[-1], None)
        if found is None:
            pending.pop()
        else:
            yield found
            pending.append(children(found))
