"""Numbers that methods of the class library share with the virtual machine: each says what the table says."""

import re
from pathlib import Path

from hardtalk.image.hierarchy import SEALED
from hardtalk.smalltalk.tonel import read_class_file
from hardtalk.vm.constants import MOST_SUPERCLASSES, PRIORITY_COUNT, VM_CONSTANTS
from hardtalk.vm.special_objects import FOLLOWED

KERNEL = Path(__file__).parents[2] / "firmware/kernel"


def numbers(class_name: str, selector: str) -> list[int]:
    """The integers of a method's source, its comment left out, in order."""
    definition = read_class_file(KERNEL / f"{class_name}.class.st")
    (method,) = (each for each in definition.methods if each.selector == selector)
    source = re.sub(r'"[^"]*"', "", method.node.source)
    return [int(each) for each in re.findall(r"\b\d+\b", source)]


def test_superclasses() -> None:
    assert numbers("Behavior", "mostSuperclasses") == [VM_CONSTANTS["NearClassDepth"] - 1, MOST_SUPERCLASSES]


def test_variables_made_in_one_step() -> None:
    assert numbers("ClassBuilder", "mostVariables") == [VM_CONSTANTS["LargeFillBytes"] >> 2]


def test_classes_that_cannot_have_subclasses() -> None:
    definition = read_class_file(KERNEL / "ClassBuilder.class.st")
    (method,) = (each for each in definition.methods if each.selector == "sealedClasses")
    (names,) = re.findall(r"#\(([A-Z][\w ]+)\)", method.node.source)
    assert set(names.split()) == SEALED


def test_variables_that_the_virtual_machine_owns() -> None:
    definition = read_class_file(KERNEL / "Behavior.class.st")
    (method,) = (each for each in definition.methods if each.selector == "variablesOfVirtualMachine")
    (names,) = re.findall(r"#\(([A-Z][\w ]+)\)", method.node.source)
    *counts, nothing = numbers("Behavior", "variablesOfVirtualMachine")
    assert dict(zip(names.split(), counts, strict=True)) == {name: each.followed for name, each in FOLLOWED.items()}
    assert nothing == 0


def test_handlers_begin_above_those_who_pay_for_the_collector() -> None:
    assert numbers("ProcessorScheduler", "lowIOPriority") == [VM_CONSTANTS["HandlerPriority"] + 1]
    assert max(numbers("ProcessorScheduler", "highIOPriority")) <= PRIORITY_COUNT
