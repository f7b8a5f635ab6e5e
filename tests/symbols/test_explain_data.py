"""`hardtalk explain` of addresses that are no code: objects of the image, tables, variables, devices."""

from __future__ import annotations

import pytest

from hardtalk.build import BuildOptions, build
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.explanation import explanation, resolve
from hardtalk.symbols.image_objects import ImageObjects
from hardtalk.symbols.source_map import SourceMap
from hardtalk.vm.constants import SLOT_BYTES
from hardtalk.vm.special_objects import SPECIAL_OBJECTS


@pytest.fixture(scope="module")
def source_map() -> SourceMap:
    return SourceMap(build(BuildOptions()).elf)


def explained(source_map: SourceMap, address: int) -> list[str]:
    return list(explanation(source_map, address))


def word_at(source_map: SourceMap, address: int) -> int:
    return int.from_bytes(source_map.read(address, 4), "little")


def special(source_map: SourceMap, name: str) -> int:
    """The address of the slot of a special object."""
    index = next(each.index for each in SPECIAL_OBJECTS if each.name == name)
    return word_at(source_map, source_map.address_of("specialObjects") or 0) + 20 + 4 * index


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nil", "nil"),
        ("true", "a True of size 0"),
        ("String", "the class String"),
        ("Metaclass", "the class Metaclass"),
        ("doesNotUnderstand:", "#doesNotUnderstand:"),
        ("characterTable", "an Array of size 256"),
    ],
)
def test_a_slot_of_an_object(source_map: SourceMap, name: str, value: str) -> None:
    slot = special(source_map, name)
    index = next(each.index for each in SPECIAL_OBJECTS if each.name == name)
    head, line = explained(source_map, slot)
    assert head == f"{slot:#010x}  in .image"
    assert line.startswith("    an Array of size ")
    assert line.endswith(f", slot {index + 1} of {line.split(' of size ')[1].split()[0]}: {value}")


def test_header_fields_classes_and_bytes(source_map: SourceMap) -> None:
    string = word_at(source_map, special(source_map, "String"))
    assert explained(source_map, string + 8)[1] == f"    the class String at {string:#010x}, header: class oop"
    meta = word_at(source_map, string + 8)
    assert ImageObjects(source_map).describe(meta) == "the class String class"
    selector = word_at(source_map, special(source_map, "cannotReturn:"))
    assert explained(source_map, selector + 21)[1].endswith("byte 2 of 13")
    assert explained(source_map, selector + 40)[1].endswith("unused end of its block")


def test_every_object_of_the_image_can_be_described(source_map: SourceMap) -> None:
    objects = ImageObjects(source_map)
    assert len(objects.starts) > 5000
    assert not [start for start in objects.starts if "?" in objects.describe(start).split(" of size")[0][:3]]


def test_tables(source_map: SourceMap) -> None:
    entry = (source_map.address_of("dispatchTable") or 0) + SLOT_BYTES * 0x7C
    assert explained(source_map, entry)[0] == f"{entry:#010x}  Sends>>bytecodeReturnTop  in .vm"
    assert explained(source_map, entry - 12)[0] == f"{entry - 12:#010x}  DispatchSlots>>slot#124  in .vm"
    primitives = source_map.address_of("primitiveTable") or 0
    assert explained(source_map, primitives + 4)[1].endswith("SmallIntegerPrimitives>>primitiveAdd:arguments:")


def test_variables_and_devices_and_nothing(source_map: SourceMap) -> None:
    variable = source_map.address_of("liveContexts") or 0
    assert explained(source_map, variable) == [f"{variable:#010x}  liveContexts  in .state"]
    assert explained(source_map, 0x101F1018) == ["0x101f1018  UART0 FR"]
    assert explained(source_map, 0x101F1500) == ["0x101f1500  UART0, no register at offset 0x500"]
    assert explained(source_map, 0x07000000) == ["0x07000000  free memory of RAM"]
    assert explained(source_map, 0x90000000) == ["0x90000000  nothing answers there"]


def test_addresses_have_32_bits(source_map: SourceMap) -> None:
    with pytest.raises(SymbolError, match="addresses have 32 bits"):
        resolve(source_map, "0x100000000")


def test_every_instruction_has_its_line(source_map: SourceMap) -> None:
    """No hole and no place without a name in the code of the virtual machine."""
    vm = [each for each in source_map.symbols if each.section == ".vm"]
    assert len(vm) > 500
    for routine in vm:
        for address in range(routine.address, routine.address + routine.size, 4):
            place = source_map.arm_place(address)
            assert place is not None and place.file and place.line, f"{routine.name}+{address - routine.address:#x}"
