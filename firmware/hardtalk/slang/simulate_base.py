"""What the translation of a Slang method to Python is made with: its values, the lines it emits, what it sees.

Words are unsigned Python integers; signedness is chosen from the declared types. Python locals: `p_x`/`v_x` parameters
and temporaries, `k_n` kept values. Globals: `m_selector_` the other methods, `S` the VM state's words, `R` the pinned
registers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from hardtalk.slang.errors import slang_error
from hardtalk.slang.program import SlangMethod
from hardtalk.slang.simulate_operations import SIGN
from hardtalk.slang.types import Type, joined
from hardtalk.smalltalk.ast import Node
from hardtalk.smalltalk.errors import SourceError


def function_name(selector: str) -> str:
    return "m_" + selector.replace(":", "_")


class Scope(Protocol):
    """What a method sees of its program."""

    constants: dict[str, int]

    def state_type(self, name: str) -> Type | None: ...
    def state_text(self, name: str) -> str: ...
    def state_address(self, name: str) -> int | None: ...
    def method(self, selector: str) -> SlangMethod | None: ...


@dataclass(frozen=True)
class Value:
    """Python text of an expression, its Slang type, and whether nothing done later can change it."""

    text: str
    type: Type
    settled: bool = False
    constant: int | None = None


NOTHING = Value("0", Type.LITERAL, True, 0)


@dataclass
class _Lines:
    lines: list[tuple[int, str, int]] = field(default_factory=list)


class TranslatorBase(ABC):
    """The state of one method's translation."""

    @abstractmethod
    def expression(self, node: Node) -> Value:
        """Emit what the expression needs before it; answer its text."""

    def __init__(self, method: SlangMethod, scope: Scope) -> None:
        self.method = method
        self.scope = scope
        self.loop_locals: dict[str, str] = {}
        self.loop_count = 0
        self.types: dict[str, Type] = {}
        self.output = _Lines()
        self.depth = 1
        self.kept = 0
        self.offset = method.node.start

    def error(self, node: Node, message: str) -> SourceError:
        return slang_error(self.method.definition, self.method.node, node, message)

    def emit(self, text: str) -> None:
        self.output.lines.append((self.depth, text, self.offset))

    @contextmanager
    def indented(self) -> Iterator[None]:
        self.depth += 1
        before = len(self.output.lines)
        yield
        if len(self.output.lines) == before:
            self.emit("pass")
        self.depth -= 1

    @contextmanager
    def buffered(self) -> Iterator[list[tuple[int, str, int]]]:
        saved = self.output
        self.output = _Lines()
        yield self.output.lines
        self.output = saved

    def keep(self, value: Value) -> Value:
        if value.settled:
            return value
        self.kept += 1
        name = f"k_{self.kept}"
        self.emit(f"{name} = {value.text}")
        return Value(name, value.type, True)

    def condition(self, node: Node) -> str:
        return self.truth(node, self.expression(node))

    def truth(self, node: Node, value: Value) -> str:
        """A word counts as true when it is not 0: a boolean kept in an undeclared temporary is a word."""
        if value.type.is_float:
            raise self.error(node, "a #boolean is wanted here, this is #float64")
        return value.text if value.type is Type.BOOLEAN else f"({value.text} != 0)"

    def check_assignable(self, node: Node, value: Value, wanted: Type) -> None:
        if value.type.is_float != wanted.is_float and not (value.constant == 0 and value.type is Type.LITERAL):
            raise self.error(node, f"#{wanted.value} is wanted here, this is #{value.type.value}")

    def operands(self, nodes: Sequence[Node]) -> list[Value]:
        """Translate in order; what a later operand's statements could change is kept first."""
        values: list[Value] = []
        for node in nodes:
            with self.buffered() as lines:
                value = self.expression(node)
            if lines:
                values = [self.keep(earlier) for earlier in values]
                self.output.lines.extend(lines)
            values.append(value)
        return values

    def compare(self, operator: str, left: Value, right: Value) -> str:
        if operator in ("==", "!=") or left.type.is_float or joined(left.type, right.type).is_unsigned:
            return f"({left.text} {operator} {right.text})"
        texts = (
            str(v.constant ^ 0x80000000) if v.constant is not None else f"({v.text} ^ {SIGN})" for v in (left, right)
        )
        return f"({next(texts)} {operator} {next(texts)})"
