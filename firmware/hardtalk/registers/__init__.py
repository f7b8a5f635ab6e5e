"""Smalltalk register classes, generated from the chip's description.

    register_classes(chip) -> list[GeneratedClass]      name and Tonel text of each class, in a fixed order

For each type of peripheral there is a class `<Type>Registers`, for each register with fields a class
`<Type><Register>Register`, and once the class `Chip` with the table of peripherals and the clocks. Their superclasses
`Registers` and `RegisterView` are written by hand in `drivers/`.

Accessors carry the manual's names: a name in capitals in lower case (`IMSC` is `imsc`), any other with a small
first letter (`Timer1Load` is `timer1Load`).
"""

from hardtalk.registers.classes import GeneratedClass, register_classes
from hardtalk.registers.names import register_class_name, selector_for

__all__ = ["GeneratedClass", "register_class_name", "register_classes", "selector_for"]
