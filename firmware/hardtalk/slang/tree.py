"""The checked program: syntax trees in which every name is resolved and every value has its type.

`check` makes them of a method's syntax tree; the lowering and the host simulation work from them alone and find
nothing more to refuse. `start` is the offset in the method's text, for line tables and faults.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from hardtalk.slang.operators import Form, Intrinsic, Kind, Operator
from hardtalk.slang.program import SlangMethod
from hardtalk.slang.types import SlangType, Type


@dataclass(eq=False, slots=True)
class Local:
    """A parameter, a temporary, or with a `number` of its own from 1 the counter of a loop. It is its identity."""

    name: str
    type: SlangType
    number: int = 0

    @property
    def is_counter(self) -> bool:
        return self.number > 0


@dataclass(eq=False, slots=True)
class Node:
    start: int


@dataclass(eq=False, slots=True)
class Value(Node):
    """What has a value, a word or a float as `type` says; `NOTHING` when it is there for its effect."""

    type: SlangType


@dataclass(eq=False, slots=True)
class Constant(Value):
    """`value` is a word, 0 .. 2**32 - 1."""

    value: int


@dataclass(eq=False, slots=True)
class ReadLocal(Value):
    local: Local


@dataclass(eq=False, slots=True)
class ReadState(Value):
    """A variable of the VM state, pinned or in memory."""

    name: str


@dataclass(eq=False, slots=True)
class AssignLocal(Value):
    local: Local
    value: Value


@dataclass(eq=False, slots=True)
class AssignState(Value):
    name: str
    value: Value


@dataclass(eq=False, slots=True)
class Cast(Value):
    """The same word as the address of a record."""

    operand: Value


@dataclass(eq=False, slots=True)
class StoreReference(Value):
    """A reference goes into the receiver's word at `offset` by a call of the write barrier's `method`."""

    receiver: Value
    value: Value
    offset: int
    method: SlangMethod


@dataclass(eq=False, slots=True)
class Unary(Value):
    form: Form
    operand: Value


@dataclass(eq=False, slots=True)
class Binary(Value):
    """Arithmetic, a shift or a division."""

    operator: Operator
    form: Form
    left: Value
    right: Value


@dataclass(eq=False, slots=True)
class PartAddress(Binary):
    """The address of a record and, on the right, the constant offset of a part or of a place in it."""


@dataclass(eq=False, slots=True)
class Relation(Value):
    form: Form
    left: Value
    right: Value

    @property
    def is_of_floats(self) -> bool:
        return self.left.type.is_float


@dataclass(eq=False, slots=True)
class Not(Value):
    operand: Value


@dataclass(eq=False, slots=True)
class Body(Node):
    """A block's statements and, when its value is wanted and a path reaches its end, the value."""

    statements: tuple[Statement, ...]
    value: Value | None


@dataclass(eq=False, slots=True)
class Junction(Value):
    """`and:` or `or:`."""

    is_and: bool
    left: Value
    right: Body


@dataclass(eq=False, slots=True)
class Conditional(Value):
    """`arms` in the order of the text, each with the truth for which it runs; one only when nothing is wanted."""

    condition: Value
    arms: tuple[tuple[bool, Body], ...]

    @property
    def has_value(self) -> bool:
        return self.type is not Type.NOTHING


@dataclass(eq=False, slots=True)
class Call(Value):
    """A send to self of a method of the program that comes back."""

    method: SlangMethod
    arguments: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Apply(Value):
    """An intrinsic on values. A `TEST` is a condition of its own."""

    intrinsic: Intrinsic
    arguments: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Overflow(Value):
    """The exact result, or `body`, which leaves, when that does not fit."""

    intrinsic: Intrinsic
    left: Value
    right: Value
    body: Body


@dataclass(eq=False, slots=True)
class AddressOfState(Value):
    name: str


@dataclass(eq=False, slots=True)
class AddressOfSymbol(Value):
    """Of a routine by selector, else of a symbol of the linker's."""

    name: str


@dataclass(frozen=True, slots=True)
class Ends:
    """What the text says of a loop's end: the greatest number of turns, the methods that limit it where the loop does
    not count, whether it looks for interrupts, whether it is a native process's that need not end. `start` is where."""

    start: int
    bound: int | None = None
    limited_by: tuple[str, ...] = ()
    polls: bool = False
    is_in_process: bool = False


@dataclass(eq=False, slots=True)
class While(Node):
    """Runs `body`, if there is one, and then `test` again while it is `expected`. `weight` is that of the test."""

    test: Body
    expected: bool
    body: Body | None
    ends: Ends
    weight: int


@dataclass(eq=False, slots=True)
class Repeat(Node):
    body: Body
    ends: Ends


@dataclass(eq=False, slots=True)
class Count(Node):
    """`to:do:` and `to:by:do:`; `is_unsigned` says how counter and limit are compared."""

    counter: Local
    first: Value
    limit: Value
    step: int
    is_unsigned: bool
    body: Body
    ends: Ends


@dataclass(eq=False, slots=True)
class Times(Node):
    count: Value
    body: Body
    ends: Ends


@dataclass(eq=False, slots=True)
class Return(Node):
    value: Value


@dataclass(eq=False, slots=True)
class Transfer(Node):
    """A threaded routine's end: by an intrinsic, or a jump to `method`."""

    target: Intrinsic | SlangMethod
    arguments: tuple[Value, ...]


Loop: TypeAlias = While | Repeat | Count | Times
Statement: TypeAlias = Value | While | Repeat | Count | Times | Return | Transfer


@dataclass(eq=False, slots=True)
class Tree:
    """A checked method."""

    method: SlangMethod
    parameters: tuple[Local, ...]
    statements: tuple[Statement, ...]


def is_simple(node: Value) -> bool:
    """Whether evaluating the node can change no variable."""
    if isinstance(node, Constant | ReadLocal | ReadState):
        return True
    if isinstance(node, Unary | Cast):
        return is_simple(node.operand)
    if isinstance(node, Binary):
        return node.operator.kind is not Kind.DIVISION and is_simple(node.left) and is_simple(node.right)
    if isinstance(node, Apply):
        return node.intrinsic.operation == "ld" and is_simple(node.arguments[0])
    return False
