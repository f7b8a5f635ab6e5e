"""Building with another collector: each firmware has its own collector's components, and what is wrong is told."""

from __future__ import annotations

from io import BytesIO

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from hardtalk.build import BUILD_ERRORS, BuildOptions, build
from hardtalk.build.collectors import COLLECTORS, STOP_THE_WORLD, TREADMILL, UnknownCollector
from hardtalk.build.sources import vm_paths
from hardtalk.symbols.source_map import SourceMap


def test_an_unknown_collector_is_told() -> None:
    assert UnknownCollector in BUILD_ERRORS
    with pytest.raises(UnknownCollector, match="copying: no such collector; one of treadmill, stop-the-world"):
        build(BuildOptions(collector="copying", cache_folder=None))


def test_the_virtual_machine_is_the_same_but_for_the_collectors_folder() -> None:
    folders = {
        each: {path for path in vm_paths(each) if path.parent.name == each and path.parent.parent.name == "collector"}
        for each in COLLECTORS
    }
    assert all(folders.values())
    assert set(vm_paths(TREADMILL)) - folders[TREADMILL] == set(vm_paths(STOP_THE_WORLD)) - folders[STOP_THE_WORLD]


@pytest.fixture(scope="module")
def firmwares(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """By collector, from one cache."""
    cache = tmp_path_factory.mktemp("cache")
    return {each: build(BuildOptions(collector=each, cache_folder=cache)).elf for each in COLLECTORS}


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


@pytest.mark.parametrize("collector", COLLECTORS)
def test_the_same_sources_give_the_same_bytes(firmwares: dict[str, bytes], collector: str) -> None:
    assert build(BuildOptions(collector=collector, cache_folder=None)).elf == firmwares[collector]


def test_lines_of_a_collector_are_those_of_its_own_files(firmwares: dict[str, bytes]) -> None:
    source_map = SourceMap(firmwares[STOP_THE_WORLD])
    vm = (each for each in source_map.symbols if each.name.startswith(("Sweeper>>", "Marker>>")))
    addresses = (address for each in vm for address in range(each.address, each.address + each.size, 4))
    places = map(source_map.arm_place, addresses)
    files = {place.file for place in places if place is not None}
    assert {f"firmware/vm/collector/stop-the-world/{name}.class.st" for name in ("Sweeper", "Marker")} <= files
