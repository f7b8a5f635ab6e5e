"""The generated register classes: they are Smalltalk, and they say what the chip's description says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hardtalk.chip import ChipError, Field, Peripheral, Register, default_chip
from hardtalk.registers import register_classes, selector_for
from hardtalk.smalltalk.ast import Literal, walk
from hardtalk.smalltalk.tonel import ClassDefinition, read_class


@pytest.fixture(scope="module")
def classes() -> dict[str, ClassDefinition]:
    return {each.name: read_class(each.text, each.source) for each in register_classes(default_chip())}


def source(definition: ClassDefinition, selector: str) -> str:
    return " ".join(next(each.source for each in definition.methods if each.selector == selector).split())


def selectors(definition: ClassDefinition) -> set[str]:
    return {each.selector for each in definition.methods}


def test_every_register_has_its_accessors_and_offset(classes: dict[str, ClassDefinition]) -> None:
    for peripheral in default_chip().types():
        definition = classes[peripheral.type_name[0].upper() + peripheral.type_name[1:] + "Registers"]
        assert definition.superclass == "Registers"
        found = selectors(definition)
        for register in peripheral.registers:
            if (peripheral.name, register.family) == ("CLCD", "Palette"):
                continue
            selector = selector_for(register.name)
            assert (selector in found) is (register.is_readable or bool(register.fields))
            assert (selector + ":" in found) is register.is_writable
            if register.is_writable:
                setter = next(each for each in definition.methods if each.selector == selector + ":")
                numbers = [node.value for node in walk(setter.node) if isinstance(node, Literal)]
                assert numbers[-1] == register.offset
                direct = [764 + register.offset // 4] if register.offset < 256 else []
                assert numbers[:-1] == direct


def test_a_long_array_has_accessors_with_an_index(classes: dict[str, ClassDefinition]) -> None:
    display = classes["CLCDRegisters"]
    place = "(self check: index below: 128) * 4 + 16r200"
    assert source(display, "paletteAt:").endswith(f"^ self wordAt: {place}")
    assert source(display, "paletteAt:put:").endswith(f"^ self wordAt: {place} put: anInteger")
    assert not {"palette0", "palette127:"} & selectors(display)


def test_fields_of_a_readable_register(classes: dict[str, ClassDefinition]) -> None:
    flags = classes["UARTFRRegister"]
    assert flags.superclass == "RegisterView"
    assert source(flags, "txff") == 'txff "TXFF." <primitive: 633> ^ self bit: 5 at: 0'
    assert "txff:" not in selectors(flags)
    control = classes["UARTLCRHRegister"]
    assert source(control, "wlen:") == 'wlen: anInteger "WLEN." self bitsFrom: 5 width: 2 put: anInteger'
    assert source(control, "fen:") == 'fen: aBoolean "FEN." self bit: 4 put: aBoolean'


def test_fields_of_a_write_only_register_are_written_alone(classes: dict[str, ClassDefinition]) -> None:
    clear = classes["UARTICRRegister"]
    assert source(clear, "tx:") == 'tx: aBoolean "TX." self bit: 5 alonePut: aBoolean'
    assert "tx" not in selectors(clear)


def test_views_are_made_at_their_addresses(classes: dict[str, ClassDefinition]) -> None:
    uart = classes["UARTRegisters"]
    assert "fr" in uart.instance_variables
    assert "fr := UARTFRRegister at: wordAddress * 4 + 16r18." in source(uart, "makeViews")


def test_the_table_of_peripherals(classes: dict[str, ClassDefinition]) -> None:
    table = next(each for each in classes["Chip"].methods if each.selector == "peripherals")
    [rows] = [node.value for node in walk(table.node) if isinstance(node, Literal)]
    assert isinstance(rows, tuple)
    assert ("UART0", "UARTRegisters", 0x101F1000 // 4, (12,)) in rows
    assert len(rows) == len(default_chip().peripherals)


@pytest.mark.parametrize(
    ("name", "selector"),
    [("IMSC", "imsc"), ("Timer1Load", "timer1Load"), ("SYS_24MHZ", "sys_24mhz"), ("CLASS", "classBits")],
)
def test_selector(name: str, selector: str) -> None:
    assert selector_for(name) == selector


def test_two_names_that_become_one_are_refused() -> None:
    chip = default_chip()
    field = Field("A", 0, 1, "read-write")
    registers = tuple(Register(name, name, at, 32, "read-write", 0, (field,)) for name, at in (("AB", 0), ("ab", 4)))
    peripheral = Peripheral("P", "P", 0x80001000, 0x1000, (), registers)
    with pytest.raises(ChipError, match="P: two names become the selector ab"):
        register_classes(replace(chip, peripherals=(peripheral,)))


def test_the_same_chip_gives_the_same_text() -> None:
    assert register_classes(default_chip()) == register_classes(default_chip())
