"""The drivers and examples as text: they compile, send only messages that exist, and contain no hardware numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.build.sources import is_slang
from hardtalk.chip import chip_with
from hardtalk.registers import register_classes
from hardtalk.serial import ClassModel
from hardtalk.smalltalk.ast import Literal, Message, Send, Variable, walk
from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, read_class, read_class_file

ROOT = Path(__file__).parents[2]
OWN_FOLDERS = ("drivers", "examples/thermometer", "examples/mediawire")
GLOBALS = {"Smalltalk", "Processor", "Transcript"}


def read_folder(folder: str) -> list[ClassDefinition]:
    """Without what is Slang, which the compiler of the firmware reads."""
    paths = [each for each in sorted((ROOT / folder).rglob("*.st")) if not is_slang(each)]
    return [read_class_file(each, str(each.relative_to(ROOT))) for each in paths]


@pytest.fixture(scope="module")
def generated() -> list[ClassDefinition]:
    chip = chip_with([ROOT / "examples" / "thermometer" / "thermometer.svd", ROOT / "hal" / "mediawire.svd"])
    return [read_class(each.text, each.source) for each in register_classes(chip)]


@pytest.fixture(scope="module")
def everything(generated: list[ClassDefinition]) -> list[ClassDefinition]:
    return [*generated, *(each for folder in ("firmware/kernel", *OWN_FOLDERS) for each in read_folder(folder))]


def own_methods() -> Iterator[tuple[ClassDefinition, MethodDefinition]]:
    for folder in OWN_FOLDERS:
        for definition in read_folder(folder):
            for method in definition.methods:
                yield definition, method


def test_every_method_compiles(everything: list[ClassDefinition], generated: list[ClassDefinition]) -> None:
    model = ClassModel(everything)
    names = {each.name for each in everything} | GLOBALS
    own = [*own_methods(), *((each, method) for each in generated for method in each.methods)]
    for definition, method in own:
        environment = model.environment(definition.name, method.class_side)
        compile_method(
            method.node,
            class_name=definition.name,
            class_side=method.class_side,
            instance_variables=environment.instance_variables,
            class_variables=environment.class_variables,
            is_known_global=names.__contains__,
        )


def test_every_message_is_understood_by_somebody(everything: list[ClassDefinition]) -> None:
    known = {method.selector for definition in everything for method in definition.methods}
    unknown = [
        f"{definition.file}:{method.node.line_of(node)}: {node.selector}"
        for definition, method in own_methods()
        for node in walk(method.node)
        if isinstance(node, (Send, Message)) and node.selector not in known
    ]
    assert not unknown


def test_every_class_says_what_it_is() -> None:
    assert not [each.name for folder in OWN_FOLDERS for each in read_folder(folder) if len(each.comment) < 40]


def test_drivers_use_no_addresses_or_bit_masks(everything: list[ClassDefinition]) -> None:
    """Hardware numbers come from the SVD: no driver names one of its addresses, and none of its offsets in radix 16."""
    bases = {peripheral.base for peripheral in chip_with([ROOT / "hal" / "mediawire.svd"]).peripherals}
    for definition, method in own_methods():
        for node in walk(method.node):
            if isinstance(node, Literal) and isinstance(node.value, int):
                text = method.source[node.start : node.stop]
                assert node.value not in bases
                place = f"{definition.name}>>{method.selector}"
                assert not text.startswith("16r") or text == "16rFFFFFFFF", f"{place}: {text}"


def test_device_subclasses_override_only_what_device_offers(everything: list[ClassDefinition]) -> None:
    device = next(each for each in everything if each.name == "Device")
    private = {each.selector for each in device.methods if each.category == "private"} - {"report:"}
    for definition in everything:
        if definition.superclass == "Device":
            assert not private & {each.selector for each in definition.methods}, definition.name


def test_registers_keeps_its_word_address_first() -> None:
    """The primitives read slot 0."""
    [registers] = [each for each in read_folder("drivers") if each.name == "Registers"]
    assert registers.superclass == "Object"
    assert registers.instance_variables[0] == "wordAddress"


def test_globals_used_exist(everything: list[ClassDefinition]) -> None:
    names = {each.name for each in everything} | GLOBALS
    names |= {name for each in everything for name in each.class_variables}
    unknown = [
        f"{definition.name}>>{method.selector}: {node.name}"
        for definition, method in own_methods()
        for node in walk(method.node)
        if isinstance(node, Variable) and node.name[0].isupper() and node.name not in names
    ]
    assert not unknown
