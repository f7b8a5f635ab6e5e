"""What the translation of a Slang method to Python is made with: the lines it emits and the values it keeps.

Words are unsigned Python integers, truths Python's or 0 and 1. Python locals: `v_x` parameters and temporaries, `i_n_x`
counters of loops, `k_n` kept values. Globals: `m_selector_` the other methods, `S` the VM state's words, `R` the pinned
registers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from hardtalk.slang import tree
from hardtalk.slang.tree import Local


def function_name(selector: str) -> str:
    return "m_" + selector.replace(":", "_")


class Scope(Protocol):
    """Where a program's variables are."""

    def state_text(self, name: str) -> str: ...
    def state_address(self, name: str) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Text:
    """Python text of an expression, and whether nothing done later can change it."""

    text: str
    settled: bool = False


@dataclass
class _Lines:
    lines: list[tuple[int, str, int]] = field(default_factory=list)


class TranslatorBase(ABC):
    """The state of one method's translation."""

    @abstractmethod
    def expression(self, node: tree.Value) -> Text:
        """Emit what the expression needs before it; answer its text."""

    def __init__(self, method: tree.Tree, scope: Scope) -> None:
        self.tree = method
        self.scope = scope
        self.output = _Lines()
        self.depth = 1
        self.kept = 0
        self.offset = method.method.node.start

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

    def fresh(self, letter: str = "k") -> str:
        self.kept += 1
        return f"{letter}_{self.kept}"

    def keep(self, value: Text) -> Text:
        if value.settled:
            return value
        name = self.fresh()
        self.emit(f"{name} = {value.text}")
        return Text(name, True)

    def operands(self, nodes: Sequence[tree.Value]) -> list[Text]:
        """Translate in order; what a later operand's statements could change is kept first."""
        values: list[Text] = []
        for node in nodes:
            with self.buffered() as lines:
                value = self.expression(node)
            if lines:
                values = [self.keep(earlier) for earlier in values]
                self.output.lines.extend(lines)
            values.append(value)
        return values


def local_name(local: Local) -> str:
    return f"i_{local.number}_{local.name}" if local.is_counter else f"v_{local.name}"
