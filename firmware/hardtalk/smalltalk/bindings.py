"""What names mean in a method: temporaries and the scopes they live in; variables of instances and classes, globals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hardtalk.smalltalk.ast import Block, Method
from hardtalk.smalltalk.compiled_method import ClassVariableRef, GlobalRef


@dataclass(frozen=True, slots=True)
class Environment:
    """The names that a method of a class sees. `class_variables` maps each, inherited ones included, to its class.

    A fixed global cannot be assigned to: the firmware relies on it.
    """

    class_name: str
    class_side: bool = False
    instance_variables: Sequence[str] = ()
    class_variables: Mapping[str, str] = field(default_factory=dict)
    is_known_global: Callable[[str], bool] | None = None
    is_fixed_global: Callable[[str], bool] | None = None


@dataclass(eq=False, slots=True)
class Temporary:
    """A parameter, a temporary or a vector of temporaries. `index` is its place in the vector when `is_remote`."""

    name: str
    scope: Scope
    is_parameter: bool = False
    is_remote: bool = False
    index: int = 0
    assignments: list[int] = field(default_factory=list)
    captures: list[int] = field(default_factory=list)

    @property
    def holder(self) -> Temporary:
        """What closures copy: the temporary, or the vector it lives in."""
        vector = self.scope.vector
        return vector if self.is_remote and vector is not None else self


@dataclass(frozen=True, slots=True)
class InstanceVariable:
    index: int


Binding: TypeAlias = Temporary | InstanceVariable | GlobalRef | ClassVariableRef | str
"""What a variable's node means; a str is the name of a pseudo-variable."""


@dataclass(frozen=True, slots=True)
class Loop:
    """An inlined loop, as the span of the analysis' event numbers within it."""

    activation: Scope
    first: int
    last: int


@dataclass(eq=False, slots=True)
class Scope:
    """A method or block. The `activation` of an inlined block is the scope whose frame it shares; a method's or
    closure's is itself, and `slots` then gives the frame's layout: parameters, copied values, own temporaries."""

    node: Method | Block
    parent: Scope | None
    is_inlined: bool
    first_event: int
    is_repeated: bool = False
    names: dict[str, Temporary] = field(default_factory=dict)
    vector: Temporary | None = None
    copied: dict[Temporary, None] = field(default_factory=dict)
    slots: dict[Temporary, int] = field(default_factory=dict)
    slot_count: int = 0

    @property
    def activation(self) -> Scope:
        scope = self
        while scope.is_inlined and scope.parent is not None:
            scope = scope.parent
        return scope

    @property
    def remote_count(self) -> int:
        return sum(temporary.is_remote for temporary in self.names.values())

    def take_slot(self) -> int:
        """A slot of this activation's frame for a value without a name."""
        self.slot_count += 1
        return self.slot_count - 1
