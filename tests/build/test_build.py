"""`hardtalk.build`: the whole chain from sources, what is kept between builds, and what users add."""

from __future__ import annotations

import json
import shutil
import struct
import zlib
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from hardtalk.build import BUILD_ERRORS, BuildOptions, BuildResult, build
from hardtalk.build.builder import wherever
from hardtalk.build.sources import class_paths, text_root
from hardtalk.chip import chip_with
from hardtalk.symbols.difference import loaded_sections

THERMOMETER_SVD = Path(__file__).parents[2] / "examples" / "thermometer" / "thermometer.svd"
DRIVER = """Class {
	#name : #LampDriver,
	#superclass : #Object
}

LampDriver >> light [
	^ 1
]
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def cold(cache: Path) -> BuildResult:
    return build(BuildOptions(cache_folder=cache))


def symbols(result: BuildResult) -> set[str]:
    table = ELFFile(BytesIO(result.elf)).get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    return {symbol.name for symbol in table.iter_symbols()}


def test_cold_build(cold: BuildResult) -> None:
    assert not cold.is_from_cache
    assert cold.elf[:4] == b"\x7fELF"
    loaded = [".boot", ".vm", ".tables", ".state", ".imageHeader", ".image"]
    debugging = [f".debug_{part}" for part in ("abbrev", "info", "ranges", "line", "frame")]
    assert list(cold.sizes) == [*loaded, ".hardtalk.lines", ".hardtalk.facts", *debugging]
    assert cold.counts["classes"] > 100
    assert set(cold.timings) == {"inputs", "compiled methods", "slang", "classes", "image", "link"}
    assert {"startMachine", "Object>>yourself", "dispatchTable", "pendingLines"} <= symbols(cold)


def test_the_same_sources_come_from_the_cache(cold: BuildResult, cache: Path) -> None:
    again = build(BuildOptions(cache_folder=cache))
    assert again.is_from_cache
    assert again.elf == cold.elf
    assert set(again.timings) == {"inputs"}


def test_added_class_compiles_no_slang(cold: BuildResult, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "LampDriver.class.st").write_text(DRIVER)
    result = build(BuildOptions(class_folders=(tmp_path,), cache_folder=cache))
    assert not result.is_from_cache
    assert result.timings["slang"] < cold.timings["slang"] / 2
    assert {"LampDriver>>light"} <= symbols(result)
    changed = DRIVER.replace("^ 1", "^ 2")
    (tmp_path / "LampDriver.class.st").write_text(changed)
    assert not build(BuildOptions(class_folders=(tmp_path,), cache_folder=cache)).is_from_cache


def test_where_a_peripheral_s_file_lies_makes_no_other_firmware(tmp_path: Path) -> None:
    """But its name does, which messages say."""
    svd = THERMOMETER_SVD.read_bytes()
    names = ("here/thermometer.svd", "there/thermometer.svd", "there/other.svd")
    chips = []
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(svd)
        chips.append(wherever(chip_with([path])))
    here, there, other = chips
    assert here == there and repr(here) == repr(there)
    assert here != other


def test_a_damaged_cache_entry_is_made_again(cold: BuildResult, cache: Path) -> None:
    for path in cache.glob("BuildResult-*.pickle"):
        path.write_bytes(b"not a pickle")
    assert build(BuildOptions(cache_folder=cache)).elf == cold.elf
    for path in cache.glob("BuildResult-*.pickle"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1  # in the middle of the ELF: a pickle all the same
        path.write_bytes(content)
    assert build(BuildOptions(cache_folder=cache)).elf == cold.elf


def test_without_cache_the_bytes_are_the_same(cold: BuildResult, tmp_path: Path) -> None:
    assert build(BuildOptions(cache_folder=None)).elf == cold.elf


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DRIVER.replace("^ 1", "^ Lmap new"), "LampDriver.class.st:7:4: `Lmap` is not declared."),
        (DRIVER.replace("^ 1", "^ (1"), "LampDriver.class.st:7:"),
        (
            DRIVER.replace("#Object", "#Devise"),
            "LampDriver has the superclass Devise, which no file defines. Did you mean Device?",
        ),
    ],
)
def test_mistakes_in_a_users_class(cache: Path, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "LampDriver.class.st").write_text(text)
    with pytest.raises(BUILD_ERRORS) as caught:
        build(BuildOptions(class_folders=(tmp_path,), cache_folder=cache))
    assert message in str(caught.value)


def test_folder_without_classes(tmp_path: Path) -> None:
    with pytest.raises(BUILD_ERRORS, match=r"no \*\.class\.st file in it; give the folder that holds the sources"):
        build(BuildOptions(class_folders=(tmp_path,), cache_folder=None))
    with pytest.raises(BUILD_ERRORS, match="no such folder; correct the path"):
        build(BuildOptions(class_folders=(tmp_path / "none",), cache_folder=None))


def test_users_device_becomes_register_classes(cache: Path, tmp_path: Path) -> None:
    svd = tmp_path / "lamp.svd"
    svd.write_text("""<device><name>Lamp</name><peripherals><peripheral>
        <name>LAMP</name><baseAddress>0x80010000</baseAddress>
        <addressBlock><offset>0</offset><size>0x1000</size><usage>registers</usage></addressBlock>
        <interrupt><name>LAMP</name><value>18</value></interrupt>
        <registers><register><name>SWITCH</name><addressOffset>0</addressOffset><size>32</size>
        <access>read-write</access><fields><field><name>ON</name><bitOffset>0</bitOffset><bitWidth>1</bitWidth></field>
        </fields></register></registers></peripheral></peripherals></device>""")
    result = build(BuildOptions(svd_paths=(svd,), cache_folder=cache))
    assert {"LAMPRegisters>>switch"} <= symbols(result)


def test_the_elf_does_not_depend_on_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smalltalk and Slang classes with lines and loops of their own, by absolute path and by a path from elsewhere."""
    made = []
    for name in ("here", "elsewhere/deep/down"):
        shutil.copytree(text_root() / "examples" / "native", tmp_path / name)
        made.append(build(BuildOptions(class_folders=(tmp_path / name,), cache_folder=None)).elf)
    monkeypatch.chdir(tmp_path / "elsewhere")
    made.append(build(BuildOptions(class_folders=(Path("deep/down"),), cache_folder=None)).elf)
    assert len(set(made)) == 1
    section = ELFFile(BytesIO(made[0])).get_section_by_name(".hardtalk.lines")
    assert "NativePort.class.st" in json.loads(zlib.decompress(section.data()))["files"]
    assert str(tmp_path).encode() not in zlib.decompress(section.data())


def test_a_heap_of_its_own_size_changes_one_word(cold: BuildResult) -> None:
    """The literal of the heap's limit, in the routine that sets up memory."""
    small = build(BuildOptions(heap_bytes=4 << 20, cache_folder=None))
    differing = [
        (name, offset)
        for name, (_, _, data) in loaded_sections(small.elf).items()
        for offset, (mine, theirs) in enumerate(
            zip(words(data), words(loaded_sections(cold.elf)[name][2]), strict=True)
        )
        if mine != theirs
    ]
    assert [name for name, _ in differing] == [".vm"]


def words(data: bytes) -> list[int]:
    return [word for (word,) in struct.iter_unpack("<I", data[: len(data) & ~3])]


def test_warnings_tell_of_this_folder_though_the_firmware_was_made_from_another(tmp_path: Path) -> None:
    text = "Extension { #name : #Object }\n\nObject >> isNil [ ^ false ]\n"
    told = []
    for name in ("here", "there"):
        (folder := tmp_path / name).mkdir()
        (folder / "Object.extension.st").write_text(text, encoding="utf-8")
        told.append(build(BuildOptions(class_folders=(folder,), cache_folder=tmp_path / "cache")))
    assert not told[0].is_from_cache and told[1].is_from_cache
    for name, result in zip(("here", "there"), told, strict=True):
        [warning] = result.warnings
        assert warning.startswith(f"{tmp_path / name / 'Object.extension.st'}:3: warning: this replaces Object>>isNil")


def test_extensions_beside_classes_are_read(tmp_path: Path) -> None:
    (tmp_path / "Lamp.class.st").write_text("Class { #name : #Lamp, #superclass : #Object }\n", encoding="utf-8")
    extension = tmp_path / "Object.extension.st"
    extension.write_text("Extension { #name : #Object }\n\nObject >> lamp: name [ ^ name ]\n", encoding="utf-8")
    assert class_paths(BuildOptions(class_folders=(tmp_path,)))[-2:] == [tmp_path / "Lamp.class.st", extension]
    extension.write_text("Extension { #name : #Object }\n\nObject >> isNil [ ^ false ]\n", encoding="utf-8")
    result = build(BuildOptions(class_folders=(tmp_path,)))
    [warning] = result.warnings
    assert warning.startswith(
        f"{extension}:3: warning: this replaces Object>>isNil, from firmware/kernel/Object.class.st:"
    )
