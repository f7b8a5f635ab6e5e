"""What the host must know of the board's classes to compile for them: superclasses and variables.

It comes from the sources the firmware was built from and follows the definitions that are typed. A global the host does
not know is left to the board, which resolves it by name; but in a method a small name that nobody has assigned to is a
mistake, most likely a variable that the class was not given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hardtalk.smalltalk.bindings import Environment
from hardtalk.smalltalk.tonel import ClassDefinition

LIBRARY: Final = ("firmware/kernel/", "drivers/")
"""Where the files of the class library are."""


FIRMWARE_GLOBALS = ("Smalltalk", "Processor", "Transcript")
"""Besides the firmware's classes: globals that keep their objects, as the board insists."""


@dataclass(frozen=True, slots=True)
class ClassShape:
    name: str
    superclass: str | None
    instance_variables: tuple[str, ...] = ()
    class_variables: tuple[str, ...] = ()
    class_instance_variables: tuple[str, ...] = ()
    kind: str = "normal"
    pools: tuple[str, ...] = ()


class ClassModel:
    """Class name to its shape. `globals` are those that entries have named, `assigned` those that they gave a value,
    `library` the methods of the class library: class, whether it is the class side, selector. Nothing can be assigned
    to the classes that it is made with."""

    def __init__(self, definitions: Iterable[ClassDefinition] = ()) -> None:
        self._shapes: dict[str, ClassShape] = {}
        self.globals: set[str] = set()
        self.assigned: set[str] = set()
        self.library: set[tuple[str, bool, str]] = set()
        self._fixed = set(FIRMWARE_GLOBALS)
        for definition in definitions:
            if not definition.is_extension:
                self.define(shape_of(definition))
                self._fixed.add(definition.name)
            if definition.file.startswith(LIBRARY):
                self.library.update((definition.name, each.class_side, each.selector) for each in definition.methods)

    def __contains__(self, name: object) -> bool:
        return name in self._shapes

    def __getitem__(self, name: str) -> ClassShape:
        return self._shapes[name]

    def define(self, shape: ClassShape) -> None:
        self._shapes[shape.name] = shape

    def is_declared(self, name: str) -> bool:
        """Whether the host knows that there is a class or global of that name; the board may know others."""
        return name in self._shapes or name in self._fixed or name in self.assigned

    def take(self, other: ClassModel) -> None:
        """Know what another model knows."""
        self._shapes.update(other._shapes)
        self._fixed |= other._fixed
        self.globals |= other.globals
        self.assigned |= other.assigned
        self.library |= other.library

    def names(self) -> list[str]:
        return sorted(self._shapes)

    def superclasses(self, name: str) -> list[ClassShape]:
        """The class and its superclasses, as far as they are known, the root first."""
        chain: list[ClassShape] = []
        next_name: str | None = name
        while next_name is not None and (shape := self._shapes.get(next_name)) is not None and shape not in chain:
            chain.append(shape)
            next_name = shape.superclass
        return chain[::-1]

    def environment(self, name: str, class_side: bool = False) -> Environment:
        """The names that a method of the class sees. All others with a capital, or used by an entry, are globals."""
        chain = self.superclasses(name)
        if class_side:
            variables = [each for shape in self.superclasses("Class") for each in shape.instance_variables]
            variables += [each for shape in chain for each in shape.class_instance_variables]
        else:
            variables = [each for shape in chain for each in shape.instance_variables]
        return Environment(
            name,
            class_side,
            tuple(variables),
            self._class_variables(chain),
            is_known_global=lambda name: name[0].isupper() or name in self.globals,
            is_fixed_global=self._fixed.__contains__,
        )

    def _class_variables(self, chain: Iterable[ClassShape]) -> dict[str, str]:
        """Each variable with the class that has it; a class's own come before those of its pools."""
        found: dict[str, str] = {}
        for shape in chain:
            for pool in shape.pools:
                if pool in self:
                    found.update(dict.fromkeys(self[pool].class_variables, pool))
            found.update(dict.fromkeys(shape.class_variables, shape.name))
        return found


def shape_of(definition: ClassDefinition) -> ClassShape:
    return ClassShape(
        definition.name,
        definition.superclass,
        definition.instance_variables,
        definition.class_variables,
        definition.class_instance_variables,
        definition.kind,
        definition.pools,
    )
