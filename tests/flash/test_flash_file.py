"""Files that are no flash images, and counts of wear that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import CfiFlash
from hardtalk.flash import FlashFile, FlashFileError


def test_a_new_file_is_erased(tmp_path: Path) -> None:
    file = FlashFile(tmp_path / "flash.bin")
    assert file.path.stat().st_size == 64 << 20
    assert file.path.read_bytes().count(b"\xff") == 64 << 20
    assert file.wear() == [0] * 256


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    (tmp_path / "flash.bin").write_bytes(b"abc")
    with pytest.raises(FlashFileError, match=r"3 bytes, the board's flash 67,108,864\ngive"):
        FlashFile(tmp_path / "flash.bin")
    assert (tmp_path / "flash.bin").read_bytes() == b"abc"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"erases": 3}', '{"erases": {"900": 1}}', '{"erases": {"x": 1}}'])
def test_wear_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = FlashFile(tmp_path / "flash.bin")
    file.wear_path.write_text(text)
    with pytest.raises(FlashFileError, match=r"flash\.bin\.wear does not count"):
        file.attach(CfiFlash(default_chip().peripheral("FLASH")))


def test_what_changes_in_the_flash_changes_in_the_file(tmp_path: Path) -> None:
    file, flash = FlashFile(tmp_path / "flash.bin"), CfiFlash(default_chip().peripheral("FLASH"))
    file.attach(flash)
    for offset, value in ((8, 0x40), (8, 0x12345678)):
        flash.write_at(offset, value)
    flash.clock.advance(1_000_000)
    assert file.path.read_bytes()[4:16] == bytes.fromhex("ffffffff78563412ffffffff")
    for value in (0x20, 0xD0):
        flash.write_at(0, value)
    flash.clock.advance(300_000_000)
    assert file.path.read_bytes()[8] == 0xFF
    assert file.wear()[:2] == [1, 0]
