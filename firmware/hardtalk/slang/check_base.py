"""What the check of one method is made with: its names, its complaints, and which type fits where.

A complaint is recorded, and the check goes on with a value of type `UNKNOWN`, which fits everywhere, so that one
mistake is told once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from hardtalk.slang.errors import slang_error
from hardtalk.slang.fields import cast_to
from hardtalk.slang.program import Program, SlangMethod
from hardtalk.slang.tree import Body, Constant, Local, Statement, Value
from hardtalk.slang.types import RecordType, SlangType, Type
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError

NUMBERS = "compare it, or declare <returns: #boolean> where it comes from"
CONVERSION = "convert with floatFromInteger: or integerFromFloat:, or declare another type"


class CheckBase(ABC):
    """The state of one method's check."""

    def __init__(self, program: Program, method: SlangMethod) -> None:
        self.program = program
        self.method = method
        self.errors: list[SourceError] = []
        self.locals = {
            name: Local(name, method.types.get(name, Type.INT32)) for name in (*method.parameters, *method.temporaries)
        }
        self.counters: dict[str, Local] = {}
        self.counter_count = 0
        self.divisions: dict[str, ast.Node] = {}

    @abstractmethod
    def value(self, node: ast.Node) -> Value:
        """The expression, of which a value is wanted."""

    @abstractmethod
    def send(self, node: ast.Send, wanted: bool) -> Statement:
        """A send, `wanted` for its value or for its effect."""

    @abstractmethod
    def body(self, node: ast.Node, wanted: bool = False) -> Body:
        """A block's statements, or an expression in place of a block."""

    @abstractmethod
    def returned(self, node: ast.Return) -> Value:
        """What an ordinary method's `^` gives; `NOTHING` where the method gives no value anywhere."""

    @abstractmethod
    def transfer_send(self, node: ast.Send) -> Statement:
        """A send to self with which a threaded routine ends."""

    def complain(self, place: ast.Node | int, message: str) -> Constant:
        """Records the complaint; a semicolon begins the remedy."""
        self.errors.append(self.complaint(place, message))
        return Constant(place if isinstance(place, int) else place.start, Type.UNKNOWN, 0)

    def complaint(self, place: ast.Node | int, message: str) -> SourceError:
        return slang_error(self.method.definition, self.method.node, place, message)

    def local(self, name: str) -> Local | None:
        """The variable of the method that the name means here; an inner loop's counter hides others."""
        return self.counters.get(name) or self.locals.get(name)

    def state_type(self, node: ast.Variable) -> SlangType:
        """The type of a variable of the VM state, complained about when there is none that this class sees."""
        name, program = node.name, self.program
        if name in ast.PSEUDO_VARIABLES:
            remedy = "write 0 or nilObject" if name == "nil" else "only sends to self mean something in Slang"
            return self.complain(node, f"{name} is not a value in Slang; {remedy}").type
        if name not in program.state and name not in program.pinned:
            kind = "constant" if name[0].isupper() else "variable"
            return self.complain(
                node, f"unknown {kind} {name}; declare it as a temporary, an instance variable or a constant"
            ).type
        if name not in program.visible[self.method.class_name]:
            return self.complain(node, f"{name} belongs to another class; use a method of that class").type
        declared = program.state_types.get(name, Type.INT32)
        if declared.is_float:
            return self.complain(node, f"{name} is a word of the VM state; a float lives only in temporaries").type
        return declared

    def fits(self, value: Value, declared: SlangType) -> bool:
        """Whether the value may go where a `declared` one is kept: a truth becomes 0 or 1, a word never a truth, the
        address of a record never that of another."""
        if Type.UNKNOWN in (value.type, declared) or value.type is declared:
            return True
        if isinstance(declared, RecordType):
            if isinstance(value.type, RecordType):
                return value.type.record.may_be(declared.record)
            return value.type.is_word
        return not declared.is_float and not value.type.is_float and declared is not Type.BOOLEAN

    def require_fit(self, place: ast.Node, subject: str, value: Value, declared: SlangType) -> None:
        """Complains when the value does not fit `subject`."""
        if not self.fits(value, declared):
            remedy = CONVERSION if Type.FLOAT64 in (value.type, declared) else "compare it, or declare another type"
            if isinstance(declared, RecordType) and isinstance(value.type, RecordType):
                remedy = f"write {cast_to(declared.value)} behind it when it is one"
            self.complain(place, f"{subject} is #{declared.value}, the value is #{value.type.value}; {remedy}")

    def condition(self, node: ast.Node) -> Value:
        """An expression that decides something."""
        return self.require_boolean(node, self.value(node))

    def require_boolean(self, node: ast.Node, value: Value) -> Value:
        if value.type not in (Type.BOOLEAN, Type.UNKNOWN):
            return self.complain(node, f"a condition is #boolean, this is #{value.type.value}; {NUMBERS}")
        return value

    def block_of(self, node: ast.Node) -> ast.Block | None:
        """The node as a block; anything else is complained about."""
        if isinstance(node, ast.Block):
            return node
        self.complain(node, "expected a literal block here; blocks are not values in Slang")
        return None


def is_to_self(node: ast.Send) -> bool:
    return isinstance(node.receiver, ast.Variable) and node.receiver.name == "self"
