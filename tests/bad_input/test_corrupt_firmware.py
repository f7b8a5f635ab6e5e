"""A firmware file that is damaged: the host says so for what is no ELF, the board for an image that was changed."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from hardtalk.board import Board, BoardError, StopReason
from hardtalk.build import BuildOptions, build
from hardtalk.cli.main import run

COMPLAINT = "the image is corrupt: its checksum is "


@pytest.fixture(scope="module")
def elf() -> bytes:
    return build(BuildOptions()).elf


def section(elf: bytes, name: str) -> tuple[int, int]:
    """File offset and size."""
    found = ELFFile(BytesIO(elf)).get_section_by_name(name)
    return found["sh_offset"], found["sh_size"]


@pytest.mark.parametrize("place", [0.0, 0.0001, 0.3, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("bit", [0, 7])
def test_one_flipped_bit_of_the_image_is_told_and_the_machine_halts(elf: bytes, place: float, bit: int) -> None:
    offset, size = section(elf, ".image")
    damaged = bytearray(elf)
    damaged[offset + int((size - 1) * place)] ^= 1 << bit
    board = Board(bytes(damaged))
    stop = board.run(cycles=20_000_000)
    assert (stop.reason, stop.code) == (StopReason.HALTED, 3)
    text = board.uart(0).take().decode().replace("\r\n", "\n")
    assert text.startswith(f"\n*** {COMPLAINT}")
    assert text.endswith("Load the firmware again; if that does not help, build it again.\n*** halted\n")
    assert len(text.splitlines()) == 4


def test_two_words_exchanged_are_noticed(elf: bytes) -> None:
    offset, _ = section(elf, ".image")
    damaged = bytearray(elf)
    damaged[offset + 8 : offset + 16] = damaged[offset + 12 : offset + 16] + damaged[offset + 8 : offset + 12]
    assert damaged != elf
    assert Board(bytes(damaged)).run(cycles=20_000_000).code == 3


def test_the_good_image_starts(elf: bytes) -> None:
    board = Board(elf)
    board.run(cycles=10_000_000)
    assert b"Hardtalk" in board.uart(0).take()


def test_a_file_cut_short(elf: bytes) -> None:
    for size in (5, 20, 52, 100, 5000, len(elf) // 2, len(elf) - 2000, len(elf) - 10):
        with pytest.raises(BoardError, match=r"the firmware's ELF file is damaged: .*\nremedy: build it again"):
            Board(elf[:size])


@pytest.mark.parametrize("content", [b"", b"\x7f", b"hello", b"#!/bin/sh\n" * 100])
def test_a_file_that_is_no_elf(content: bytes) -> None:
    with pytest.raises(BoardError, match="the firmware is not an ELF file\nremedy: "):
        Board(content)


@pytest.mark.parametrize("offset", [0x10, 0x1C, 0x20, 0x2A, 0x2C, 0x2E, 0x34, 0x38, 0x44, 0x48])
def test_headers_overwritten(elf: bytes, offset: int) -> None:
    """A damaged header is refused, or what it says does not matter: no other exception comes out."""
    damaged = bytearray(elf)
    damaged[offset : offset + 2] = b"\xff\xff"
    try:
        board = Board(bytes(damaged))
    except BoardError as error:
        assert "remedy: " in str(error)
    else:
        board.run(cycles=1_000_000)


def test_explain_says_so(elf: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "firmware.elf"
    for content, complaint in ((b"hello", "not an ELF file"), (elf[: len(elf) // 2], "the ELF file cannot be read: ")):
        path.write_bytes(content)
        assert run(["explain", "0x10000", "--elf", str(path)]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"hardtalk: {path}: {complaint}")
        assert error.endswith("Give --elf a file that hardtalk build wrote.\n")
