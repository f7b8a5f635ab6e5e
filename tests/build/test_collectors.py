"""Building with another collector: which classes and methods replace the VM's, and what is wrong is told."""

from __future__ import annotations

from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from hardtalk.build import BUILD_ERRORS, BuildOptions, build
from hardtalk.build.collectors import (
    REPLACEMENT_FOLDERS,
    STOP_THE_WORLD,
    TREADMILL,
    UnknownCollector,
    with_replacements,
)
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, read_class
from hardtalk.symbols.source_map import SourceMap


def definition(name: str, superclass: str, *methods: str) -> ClassDefinition:
    head = f"Class {{\n\t#name : #{name},\n\t#superclass : #{superclass}\n}}\n"
    return read_class(head + body(name, *methods), f"{name}.class.st")


def extension(name: str, *methods: str) -> ClassDefinition:
    return read_class(f"Extension {{ #name : #{name} }}\n{body(name, *methods)}", f"{name}.extension.st")


def body(name: str, *methods: str) -> str:
    return "".join(f"\n{name} >> {method} [\n\t^ 1\n]\n" for method in methods)


VM = [
    definition("Memory", "Object", "store"),
    definition("Marking", "Memory", "mark"),
    definition("Collecting", "Marking", "collect"),
    definition("Running", "Memory", "run", "stop"),
]


def test_without_replacements_nothing_changes() -> None:
    assert with_replacements(VM, []) == VM


def test_a_class_replaces_its_namesake_and_what_only_that_needed_is_left_out() -> None:
    found = with_replacements(
        VM, [definition("Collecting", "Sweeping", "collect"), definition("Sweeping", "Memory", "sweep")]
    )
    assert [(each.name, each.superclass) for each in found] == [
        ("Memory", "Object"),
        ("Collecting", "Sweeping"),
        ("Running", "Memory"),
        ("Sweeping", "Memory"),
    ]


def test_an_extension_replaces_methods_in_their_places() -> None:
    found = with_replacements(VM, [extension("Running", "stop")])
    running = next(each for each in found if each.name == "Running")
    assert [(each.selector, each.file) for each in running.methods] == [
        ("run", "Running.class.st"),
        ("stop", "Running.extension.st"),
    ]


def test_an_extension_without_what_it_extends_is_an_error_with_its_place() -> None:
    with pytest.raises(SourceError) as unknown:
        with_replacements(VM, [extension("Running", "walk")])
    assert str(unknown.value).startswith(
        "Running.extension.st:3:12: Running has no method walk to replace\nRunning >> walk"
    )
    with pytest.raises(SourceError, match=r"Gone.extension.st:1:1: the virtual machine has no class Gone to extend"):
        with_replacements(VM, [extension("Gone", "walk")])


def test_an_unknown_collector_is_told() -> None:
    assert UnknownCollector in BUILD_ERRORS
    with pytest.raises(UnknownCollector, match="copying: no such collector; one of treadmill, stop-the-world"):
        build(BuildOptions(collector="copying", cache_folder=None))


@pytest.fixture(scope="module")
def firmwares(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """By collector, from one cache."""
    cache = tmp_path_factory.mktemp("cache")
    return {each: build(BuildOptions(collector=each, cache_folder=cache)).elf for each in REPLACEMENT_FOLDERS}


def classes_of_routines(elf: bytes) -> set[str]:
    table = ELFFile(BytesIO(elf)).get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    vm_end = next(symbol["st_value"] for symbol in table.iter_symbols() if symbol.name == "vmState")
    names = (symbol.name for symbol in table.iter_symbols() if symbol["st_value"] < vm_end)
    return {name.split(">>")[0] for name in names if ">>" in name}


def test_each_firmware_has_the_classes_of_its_own_collector(firmwares: dict[str, bytes]) -> None:
    treadmill, baseline = (classes_of_routines(firmwares[each]) for each in (TREADMILL, STOP_THE_WORLD))
    assert {"Treadmill", "Reclamation", "Collector"} <= treadmill and not {"Marker", "Sweeper"} & treadmill
    assert {"Marker", "Sweeper", "Collector"} <= baseline and not {"Treadmill", "Reclamation"} & baseline


def test_the_image_is_the_same(firmwares: dict[str, bytes]) -> None:
    images = {ELFFile(BytesIO(elf)).get_section_by_name(".image").data() for elf in firmwares.values()}
    assert len(images) == 1


@pytest.mark.parametrize("collector", REPLACEMENT_FOLDERS)
def test_the_same_sources_give_the_same_bytes(firmwares: dict[str, bytes], collector: str) -> None:
    assert build(BuildOptions(collector=collector, cache_folder=None)).elf == firmwares[collector]


def test_lines_of_replacements_are_those_of_their_own_files(firmwares: dict[str, bytes]) -> None:
    source_map = SourceMap(firmwares[STOP_THE_WORLD])
    vm = (each for each in source_map.symbols if each.name.startswith(("Sweeper>>", "StartUp>>")))
    addresses = (address for each in vm for address in range(each.address, each.address + each.size, 4))
    places = map(source_map.arm_place, addresses)
    files = {place.file for place in places if place is not None}
    assert {f"firmware/vm-stop-the-world/{name}.st" for name in ("Sweeper.class", "StartUp.extension")} <= files
