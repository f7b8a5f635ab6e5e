"""The table of primitives, the Slang that implements it and the Smalltalk that uses it must agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.build.sources import read_classes, with_made_methods
from hardtalk.slang.program import read_program
from hardtalk.smalltalk.ast import Pragma
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, read_class_file
from hardtalk.vm.codes import STATISTICS
from hardtalk.vm.constants import slang_constants
from hardtalk.vm.primitives import LARGEST_NUMBER, PRIMITIVES, complaint_about, primitive_numbered, with_routines

from .small_memory import SmallMemory, vm_classes

ROOT = Path(__file__).parents[2]


def numbers_of(pragma: Pragma) -> tuple[int, int]:
    first, last = pragma.values[0], pragma.values[-1]
    assert isinstance(first, int) and isinstance(last, int)
    return first, last


def declared_in(classes: tuple[ClassDefinition, ...]) -> list[tuple[tuple[int, int], MethodDefinition, str]]:
    return [
        (numbers_of(pragma), method, definition.name)
        for definition in classes
        for method in definition.methods
        for pragma in method.node.pragmas
        if pragma.selector in ("primitive:", "primitive:to:") and isinstance(pragma.values[0], int)
    ]


def test_every_routine_has_its_row_and_every_row_its_routine() -> None:
    methods = read_program(vm_classes(), slang_constants()).methods.values()
    slang = {each.numbers[1:]: each.selector for each in methods if each.numbers and each.numbers[0] == "primitive"}
    table = {(row.numbers[0], row.numbers[-1]): row.routine for row in with_routines()}
    assert slang == table


def library_uses() -> list[tuple[int, int, str]]:
    """Number, argument count and name of every Smalltalk method with a primitive."""
    folders = [ROOT / "firmware" / "kernel", ROOT / "drivers"]
    classes = tuple(read_class_file(path) for folder in folders for path in sorted(folder.glob("*.class.st")))
    return [
        (numbers[0], len(method.node.parameters), f"{name}>>{method.selector}")
        for numbers, method, name in declared_in(classes)
    ]


def test_every_primitive_the_library_names_is_in_the_table() -> None:
    uses = library_uses()
    assert uses
    for number, arguments, name in uses:
        assert complaint_about(number, arguments) == "", name


def test_wrong_uses_are_complained_about() -> None:
    assert complaint_about(60, 1) == ""
    assert complaint_about(83, 3) == ""
    assert complaint_about(19, 0) == "there is no primitive 19"
    assert complaint_about(61, 1) == "primitive 61 (Object>>at:put:) takes 2 arguments, this method has 1"


def test_numbers_fit_a_method_header() -> None:
    assert all(0 < number <= LARGEST_NUMBER for row in PRIMITIVES for number in row.numbers)
    assert primitive_numbered(300) is primitive_numbered(264)
    assert primitive_numbered(19) is None


def test_rows_without_routine_say_why() -> None:
    for row in PRIMITIVES:
        if not row.has_routine:
            assert any(word in row.meaning for word in ("Smalltalk", "cannot", "no ", "fixed")), row


@pytest.mark.parametrize("number", range(1, len(STATISTICS) + 1))
def test_counters_are_in_the_order_of_their_table(memory: SmallMemory, number: int) -> None:
    name = STATISTICS[number - 1]
    if name == "bytesFree":  # allocating the answer would change it, so it is a SmallInteger here
        expected = memory.state[name] & 0xFFFFFFFF
    else:
        memory.state[name] = expected = 1000 + number
    result = memory.run(607, memory.nil, memory.integer(number))
    assert isinstance(result, int) and memory.value(result) == expected


def test_the_library_names_the_counters_of_the_table() -> None:
    """In the order of their numbers, whatever the source says: the build writes the method."""
    file = ROOT / "firmware" / "kernel" / "SystemDictionary.class.st"
    (made,) = with_made_methods(read_classes([file]))
    (method,) = [each for each in made.methods if each.selector == "vmValueNames"]
    assert method.source.split("#(", 1)[1].split(")", 1)[0].split() == list(STATISTICS)
    assert [each.selector for each in made.methods] == [each.selector for each in read_classes([file])[0].methods]
