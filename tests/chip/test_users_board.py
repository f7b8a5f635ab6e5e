"""A board file of the user's: what it changes, what it adds, and its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.chip import BOARD_VARIABLE, ChipError, chip_with, default_chip, parts_of_board, use_board

SHIPPED_HERTZ, OWN_HERTZ = 200_000_000, 100_000_000
SLOW = f"""
[clocks]
cpu = {OWN_HERTZ}
lamp = 32_768

[[memory]]
name = "ram"
base = 0
size = 0x0200_0000
kind = "ram"
"""
LAMP_SVD = """<device>
  <name>Lamps</name>
  <peripherals>
    <peripheral>
      <name>LAMP</name>
      <baseAddress>0x80020000</baseAddress>
      <addressBlock><offset>0</offset><size>0x1000</size><usage>registers</usage></addressBlock>
      <registers><register><name>DATA</name><addressOffset>0</addressOffset></register></registers>
    </peripheral>
  </peripherals>
</device>
"""


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A board file that a test writes; the process forgets the board afterwards."""
    monkeypatch.setenv(BOARD_VARIABLE, "")
    return tmp_path / "own.toml"


def test_the_file_says_what_differs(board: Path) -> None:
    shipped = default_chip()
    board.write_text(SLOW)
    use_board(board)
    own = default_chip()
    assert (shipped.cpu_hertz, own.cpu_hertz) == (SHIPPED_HERTZ, OWN_HERTZ)
    assert (own.ram.base, own.ram.size) == (0, 32 << 20)
    assert own.clocks == shipped.clocks | {"cpu": OWN_HERTZ, "lamp": 32_768}
    assert (own.name, own.data_cache, own.bus) == (shipped.name, shipped.data_cache, shipped.bus)


def test_a_memory_of_another_name_is_added(board: Path) -> None:
    board.write_text('[[memory]]\nname = "static"\nbase = 0x7000_0000\nsize = 0x1000\nkind = "ram"\n')
    use_board(board)
    assert [each.name for each in default_chip().memories] == ["ram", "static"]


def test_parts_are_relative_to_the_file_and_there_once(board: Path) -> None:
    (board.parent / "lamp").mkdir()
    svd, device = board.parent / "lamp" / "lamp.svd", board.parent / "lamp.py"
    svd.write_text(LAMP_SVD)
    device.touch()
    board.write_text('[parts]\ndriver = ["lamp"]\nsvd = ["lamp/lamp.svd"]\ndevice = ["lamp.py"]\n')
    use_board(board)
    parts = parts_of_board()
    assert (parts.driver, parts.svd, parts.device) == ((board.parent / "lamp",), (svd,), (device,))
    assert chip_with([svd]).peripheral("LAMP").base == 0x8002_0000
    assert default_chip().peripheral("LAMP").registers[0].name == "DATA"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[clock]\ncpu = 1\n", r"clock is not known\nremedy: here can be board, clocks, .*parts"),
        ("[cache.data]\nsizes = 1\n", r"cache.data.sizes is not known\nremedy: here can be size, ways, line"),
        ('[clocks]\ncpu = "fast"\n', "clocks.cpu is not a positive integer"),
        ("[clocks]\nuart = 1_000_000\n", r"clocks.uart is 1,000,000 hertz\nremedy: give at least 1,843,200"),
        ("[clocks]\ncpu = 999_999\n", r"clocks.cpu is 999,999 hertz\nremedy: give at least 1,000,000"),
        ("parts = 1\n", "parts is no table"),
        ('[parts]\ndrivers = ["lamp"]\n', r"parts.drivers is not known\nremedy: there are driver, svd, device"),
        ('[parts]\ndriver = "lamp"\n', "parts.driver is no list of paths"),
        ('[parts]\ndriver = ["nowhere"]\n', "parts.driver: there is no .*nowhere"),
        (f'[parts]\nsvd = ["{"[" * 300}"]\n', r"parts.svd: there is no .*\[\["),
        ("memory = 3\n", "memory is missing or no list"),
        ("[clocks\n", "Expected"),
    ],
)
def test_a_mistake_is_one_message_with_the_file_and_a_remedy(board: Path, text: str, message: str) -> None:
    board.write_text(text)
    with pytest.raises(ChipError, match=message) as caught:
        use_board(board)
        default_chip()
    assert str(board) in str(caught.value)


def test_no_file(board: Path) -> None:
    with pytest.raises(ChipError, match="cannot read the file"):
        use_board(board)
