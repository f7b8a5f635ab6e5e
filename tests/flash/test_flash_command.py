"""`hardtalk flash` on images: against the board both ways, and with images, paths and files that are wrong."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions, boot
from hardtalk.cli.main import run
from hardtalk.devices import FlashCells
from hardtalk.flash import FIRST_SECTOR, FlashFile, Volume, VolumeError, check

SECTOR = 1 << 18


def flash(*arguments: object) -> int:
    return run(["flash", *map(str, arguments)])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """With an empty volume."""
    path = tmp_path / "flash.bin"
    assert flash("format", path) == 0
    return path


def put(image: Path, path: str, data: bytes) -> None:
    source = image.with_name("source")
    source.write_bytes(data)
    assert flash("write", image, source, path) == 0


def got(image: Path, path: str) -> bytes:
    target = image.with_name("target")
    assert flash("read", image, path, "--out", target) == 0
    return target.read_bytes()


def error(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one message of a command that refuses its input."""
    capsys.readouterr()
    assert flash(*arguments) == 2
    return capsys.readouterr().err


def test_the_board_and_the_command_read_what_the_other_wrote(image: Path) -> None:
    blocks = random.Random(1).randbytes(300_000)
    put(image, "logs/host", b"from the host")
    put(image, "blocks", blocks)
    board = boot(BootOptions(flash_file=image)).console
    board.evaluate("FlashVolumeDevice mount. d := FileDirectory default")
    assert board.evaluate("d contentsOf: 'logs/host'") == "'from the host'"
    assert board.evaluate("s := d readOnlyFileNamed: 'blocks'. s binary; position: 299990. s next: 10") == (
        "#[" + " ".join(map(str, blocks[-10:])) + "]"
    )
    board.evaluate("d fileNamed: 'logs/board' do: [ :s | s nextPutAll: 'from the board' ]. d deleteFileNamed: 'blocks'")
    assert got(image, "logs/board") == b"from the board"
    assert flash("check", image) == 0
    put(image, "/logs/host", b"again")
    assert flash("remove", image, "logs/board") == flash("make-directory", image, "new") == 0
    board = boot(BootOptions(flash_file=image)).console
    board.evaluate("FlashVolumeDevice mount. d := FileDirectory default")
    assert board.evaluate("{ d directoryNames. d fileNames. (d / 'logs') fileNames. d contentsOf: 'logs/host' }") == (
        "#(#('logs' 'new') #() #('host') 'again')"
    )


def test_list_and_wear_show_what_there_is(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(image, "a/long", bytes(600_000))
    put(image, "b", b"x")
    capsys.readouterr()
    assert flash("list", image) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["bytes", "path"],
        ["a/"],
        ["600,000", "a/long"],
        ["1", "b"],
        ["7", "of", "224", "blocks", "are", "in", "use"],
    ]
    assert flash("list", image, "/a/") == 0
    assert capsys.readouterr().out.splitlines()[1:-1] == ["600,000  a/long"]
    assert flash("wear", image, "--json", image.with_name("wear.json")) == 0
    text = capsys.readouterr().out
    assert "32 of firmware" in text and "224 of volume" in text and "32: 1, 33: 1" in text
    figures = json.loads(image.with_name("wear.json").read_text())["figures"]
    assert [each["value"] for each in figures] == FlashFile(image).wear()
    assert sum(FlashFile(image).wear()) == 6  # two of the root, one of the pair of a/, three of the file


def test_format_leaves_the_firmware_where_it_is(image: Path) -> None:
    with image.open("r+b") as file:
        file.write(b"firmware")
    put(image, "a", b"x")
    assert flash("format", image) == 0
    assert image.read_bytes()[:8] == b"firmware"
    assert not list(Volume(FlashFile(image).cells()).rows())


def test_read_writes_to_standard_output_as_it_is(image: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    put(image, "a", b"\x00\xff\r\n")
    capfdbinary.readouterr()
    assert flash("read", image, "a") == 0
    assert capfdbinary.readouterr().out == b"\x00\xff\r\n"


def test_no_room_is_told_and_leaves_what_was_there(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(image, "kept", b"kept")
    put(image, "most", bytes(200 * SECTOR))
    big = image.with_name("big")
    big.write_bytes(bytes(40 * SECTOR))
    for name in ("new", "kept"):
        assert error(capsys, "write", image, big, name).startswith(f"hardtalk: /{name}: no room is left\nremove ")
    assert got(image, "kept") == b"kept"
    assert [row.path for row in Volume(FlashFile(image).cells()).rows()] == ["kept", "most"]
    assert flash("check", image) == 0
    assert flash("remove", image, "most") == 0
    assert flash("write", image, big, "new") == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("read", "IMAGE", "nix"), "/nix: there is no such file or directory\nlist what"),
        (("read", "IMAGE", "d"), "/d: that is a directory\nname a file in it"),
        (("read", "IMAGE", "/"), "'/' is the root of the volume\nName a file"),
        (("read", "IMAGE", "d/f/g"), "/d/f/g: a part of the path is no directory\nlist what"),
        (("list", "IMAGE", "nix"), "/nix: there is no such file or directory\nlist what"),
        (("list", "IMAGE", "d/f"), "/d/f: a part of the path is no directory\nlist what"),
        (("write", "IMAGE", "IMAGE.wear", "d"), "/d: that is a directory\nname a file in it"),
        (("write", "IMAGE", "IMAGE.wear", "d/f/g"), "/d/f/g: a part of the path is no directory\nlist what"),
        (("write", "IMAGE", "IMAGE.wear", "ŝ"), "/ŝ: the board's names have Latin-1 characters only\ntake another"),
        (("write", "IMAGE", "IMAGE.wear", "n" * 256), "a name is longer than 255 bytes\ntake a shorter one"),
        (("write", "IMAGE", "IMAGE.none", "a"), "IMAGE.none: No such file or directory"),
        (("remove", "IMAGE", "nix"), "/nix: there is no such file or directory\nlist what"),
        (("remove", "IMAGE", "d"), "/d: the directory is not empty\nremove what is in it first"),
        (("make-directory", "IMAGE", "d"), "/d: there is one already\ntake another name"),
        (("make-directory", "IMAGE", "x/y"), "/x/y: there is no such file or directory\nlist what"),
        (("list", "IMAGE.none"), "IMAGE.none: there is no such file\nmake one with hardtalk flash format"),
        (("check", "IMAGE.wear"), "bytes, the board's flash 67,108,864\ngive"),
    ],
)
def test_what_cannot_be_is_one_message(
    image: Path, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    put(image, "d/f", b"x")
    before = image.read_bytes()
    text = error(capsys, *(each.replace("IMAGE", str(image)) for each in arguments))
    assert message.replace("IMAGE", str(image)) in text
    assert len(text.splitlines()) <= 2
    assert image.read_bytes() == before


def test_an_image_without_a_volume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = tmp_path / "flash.bin"
    FlashFile(image)
    assert "there is no volume in the flash from sector 32 on" in error(capsys, "list", image)
    assert flash("check", image) == 1
    assert (
        "block 0 (sector 32, offset 0x800000 of the image): neither this block nor block 1" in capsys.readouterr().out
    )


def damaged(image: Path, offset: int, data: bytes, capsys: pytest.CaptureFixture[str]) -> str:
    """What check says after bytes of a block of the volume have been changed."""
    with image.open("r+b") as file:
        file.seek(FIRST_SECTOR * SECTOR + offset)
        file.write(data)
    capsys.readouterr()
    assert flash("check", image) == 1
    return capsys.readouterr().out


def head_of(image: Path, path: str) -> int:
    """The last block of a file, found by a mark that it ends with."""
    data = image.read_bytes()[FIRST_SECTOR * SECTOR :]
    return data.index(path.encode() * 3) // SECTOR


def test_check_says_where_a_list_of_blocks_is_broken(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        put(image, name, bytes(300_000) + name.encode() * 3)
    one, two = head_of(image, "one"), head_of(image, "two")
    first_of_two = int.from_bytes(image.read_bytes()[(FIRST_SECTOR + two) * SECTOR :][:4], "little")
    shared = damaged(image, one * SECTOR, first_of_two.to_bytes(4, "little"), capsys)
    assert f"block {first_of_two} (sector {first_of_two + 32}, offset" in shared
    assert "it is used by the file two and by the file one\n    save what can be read" in shared
    outside = damaged(image, one * SECTOR, b"\xff" * 4, capsys)
    assert f"block {one} (sector {one + 32}, offset" in outside
    assert "block 0 of the file one would be block 0xffffffff of the volume\n    save what" in outside
    assert "/one: the volume is damaged there" in outside
    assert "damaged 2" in outside


def test_check_says_which_directory_is_gone(image: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(image, "d/f", b"x" * 30)
    contents = image.read_bytes()[FIRST_SECTOR * SECTOR :]
    block = contents.index(b"x" * 30) // SECTOR
    text = damaged(image, block * SECTOR, bytes(SECTOR), capsys)
    assert "neither this block nor block" in text
    assert "save what can be read with hardtalk flash read" in text


def test_random_damage_never_ends_in_a_traceback() -> None:
    """Bytes of the metadata and of the blocks' first pointers, changed in many ways."""
    whole = FlashCells(64 << 20, SECTOR)
    volume = Volume(whole, is_new=True)
    for index in range(4):
        volume.write(f"d{index}/f", bytes(290_000 * (index % 2) + index))
    assert not check(whole).damages
    used = [block for block in range(224) if whole.read((32 + block) * SECTOR, SECTOR) != b"\xff" * SECTOR]
    found = 0
    for seed in range(150):
        chance = random.Random(seed)
        cells = deepcopy(whole)
        for _ in range(chance.choice((1, 3, 20))):
            offset = (32 + chance.choice(used)) * SECTOR + chance.randrange(200)
            cells.put(offset, chance.randbytes(chance.choice((1, 4))))
        found += bool(check(cells).damages)
        try:
            for row in (damaged_volume := Volume(cells)).rows():
                if not row.is_directory:
                    damaged_volume.read(row.path)
        except VolumeError:
            pass
    assert found > 20
