"""What the host must know of the board's classes to compile for them: superclasses and variables.

It comes from the sources the firmware was built from and follows the definitions that are typed. A global the host does
not know is left to the board, which resolves it by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hardtalk.smalltalk.scope import Environment
from hardtalk.smalltalk.tonel import ClassDefinition


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


class ClassModel:
    """Class name to its shape. The classes that it is made with are the firmware's: their names cannot be assigned to."""

    def __init__(self, definitions: Iterable[ClassDefinition] = ()) -> None:
        self._shapes: dict[str, ClassShape] = {}
        self._fixed = set(FIRMWARE_GLOBALS)
        for definition in definitions:
            if not definition.is_extension:
                self.define(shape_of(definition))
                self._fixed.add(definition.name)

    def __contains__(self, name: object) -> bool:
        return name in self._shapes

    def __getitem__(self, name: str) -> ClassShape:
        return self._shapes[name]

    def define(self, shape: ClassShape) -> None:
        self._shapes[shape.name] = shape

    def take(self, other: ClassModel) -> None:
        """Know what another model knows."""
        self._shapes.update(other._shapes)
        self._fixed |= other._fixed

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
        """The names that a method of the class sees. All others are globals, known or not."""
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
            {each: shape.name for shape in chain for each in shape.class_variables},
            is_known_global=lambda _: True,
            is_fixed_global=self._fixed.__contains__,
        )


def shape_of(definition: ClassDefinition) -> ClassShape:
    return ClassShape(
        definition.name,
        definition.superclass,
        definition.instance_variables,
        definition.class_variables,
        definition.class_instance_variables,
        definition.kind,
    )
