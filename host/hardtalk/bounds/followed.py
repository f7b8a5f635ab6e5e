"""What the execution of a bytecode, and the longest way through a body, ask of whoever follows the sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hardtalk.bounds.frames import Result
from hardtalk.bounds.image import Found, Image, Oop
from hardtalk.bounds.steps import Steps, Unlimited
from hardtalk.bounds.values import Closure, Kind, Range, Value


class Stored(Protocol):
    """What instance variables can hold."""

    def store(self, class_oop: Oop, index: int, value: Value) -> None: ...


class Followed(Protocol):
    """`counts`: whether costs are wanted; `only_values`: whether sends whose answer nobody uses are left out."""

    image: Image
    steps: Steps
    counts: bool
    only_values: bool
    boolean: Value

    @property
    def fields(self) -> Stored: ...

    def class_of(self, kind: Kind) -> tuple[Oop, ...]: ...

    def classes(self, receiver: Value) -> Value: ...

    def constant(self, oop: Oop) -> Value: ...

    def binding(self, association: Oop) -> Value: ...

    def field(self, receiver: Value, index: int) -> Value: ...

    def send(
        self, selector: Oop, receiver: Value, arguments: Sequence[Value], place: str, opcode: int | None = None
    ) -> Result: ...

    def found(
        self, found: Found, class_oop: Oop, receiver: Value, arguments: Sequence[Value], place: str
    ) -> Result: ...

    def block(self, closure: Closure, arguments: Sequence[Value]) -> Result: ...

    def with_context(self, body: Result, cost: int | Unlimited, place: str = "") -> Result: ...

    def of_integers(self, selector: str, left: Range, right: Range) -> tuple[Value, bool]: ...
