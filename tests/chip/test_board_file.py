"""The board file's mistakes."""

from pathlib import Path

import pytest

from hardtalk.chip import ChipError, default_chip, hal_folder, load_chip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("cpu = 200_000_000", "", "clocks.cpu is missing"),
        ("timer = 1_000_000", 'timer = "fast"', "clocks.timer is not a positive integer"),
        ('kind = "ram"', 'kind = "rom"', "memory ram is not complete"),
        ("count = 32", "", "lines.count is missing or no int"),
        ("line = 32\n\n[cache.data]", "line = 30\n\n[cache.data]", "no whole number of sets"),
        ("[clocks]", "[clocks", "Expected"),
    ],
)
def test_mistakes_name_the_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (hal_folder() / "board.toml").read_text()
    assert old in text
    file = tmp_path / "board.toml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(ChipError, match=message) as caught:
        load_chip([hal_folder() / "versatilepb.svd"], file)
    assert "board.toml" in str(caught.value)


def test_the_board() -> None:
    chip = default_chip()
    assert chip.cpu_hertz == 200_000_000
    assert (chip.ram.base, chip.ram.size) == (0, 128 << 20)
    assert chip.instruction_cache.size == 16 << 10
