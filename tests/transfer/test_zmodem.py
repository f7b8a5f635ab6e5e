"""Files over the serial line by ZMODEM, from the program that most terminal programs use for it."""

from __future__ import annotations

import random
import shutil
from binascii import crc_hqx
from pathlib import Path

import pytest

from hardtalk.bench import Bench
from hardtalk.devices import CfiFlash
from hardtalk.flash import Volume

from .terminal import Terminal

SECOND = 200_000_000
pytestmark = pytest.mark.skipif(shutil.which("sz") is None, reason="lrzsz is not installed")


def flash_of(bench: Bench) -> CfiFlash:
    flash = bench.board.device("FLASH")
    assert isinstance(flash, CfiFlash)
    return flash


@pytest.fixture
def terminal(bench: Bench) -> Terminal:
    Volume(flash_of(bench).contents, is_new=True)
    bench.console.evaluate("FlashVolumeDevice mount")
    bench.board.uart(0).take()
    return Terminal(bench.board)


def made(path: Path, seed: int, size: int) -> str:
    path.write_bytes(random.Random(seed).randbytes(size))
    return str(path)


def held(bench: Bench, *paths: str) -> None:
    """The files are on the volume, and nothing else."""
    volume = Volume(flash_of(bench).contents)
    assert sorted(row.path for row in volume.rows()) == sorted(Path(each).name for each in paths)
    for each in paths:
        assert volume.read(Path(each).name) == Path(each).read_bytes()


def test_files_come_once(bench: Bench, terminal: Terminal, tmp_path: Path) -> None:
    """What is on the board already is not sent; the prompt goes on afterwards."""
    files = made(tmp_path / "a.bin", 1, 6_000), made(tmp_path / "b", 2, 0), made(tmp_path / "c.st", 3, 300)
    assert terminal.send("sz", *files) == 0
    assert terminal.sent < 7_500
    terminal.listen(SECOND)
    assert terminal.heard.endswith(b"a.bin: 6000 bytes\r\nb: 0 bytes\r\nc.st: 300 bytes\r\n")
    held(bench, *files)
    made(tmp_path / "c.st", 4, 300)
    assert terminal.send("sz", *files) == 0
    assert terminal.sent < 1_000
    terminal.listen(SECOND)
    assert terminal.heard.endswith(b"a.bin: unchanged\r\nb: unchanged\r\nc.st: 300 bytes\r\n")
    held(bench, *files)
    assert bench.console.evaluate("{ 3 + 4. SerialPort console lost }") == "#(7 0)"


def test_a_transfer_that_breaks_off_goes_on_where_it_was(bench: Bench, terminal: Terminal, tmp_path: Path) -> None:
    """The sender goes, the board is started anew, the same file is sent again: what had come is not sent twice."""
    file = made(tmp_path / "a.bin", 5, 9_000)
    assert terminal.send("sz", file, most=6_000) is None
    terminal.listen(60 * SECOND)
    assert terminal.heard.endswith(b"a.bin: the line is silent or too noisy\r\n")
    (part,) = Volume(flash_of(bench).contents).rows()
    assert part.path.endswith(".part") and 3_000 < part.size < 7_000
    bench.console.evaluate("FileDirectory default: nil. FlashVolumeDevice mount")
    assert terminal.send("sz", file) == 0
    assert terminal.sent < 1.15 * (9_000 - part.size) + 500
    terminal.listen(SECOND)
    held(bench, file)
    made(tmp_path / "a.bin", 6, 1_500)
    assert terminal.send("sz", file, most=900) is None
    terminal.listen(60 * SECOND)
    made(tmp_path / "a.bin", 7, 1_500)
    assert terminal.send("sz", file) == 0
    terminal.listen(SECOND)
    held(bench, file)


def test_a_noisy_line(bench: Bench, terminal: Terminal, tmp_path: Path) -> None:
    """Every 1,500 bytes or so one is changed, one is lost, or others come between."""
    chance = random.Random(8)
    changes = iter((700, 2_300, 3_600, 5_000))
    following, passed = next(changes), 0

    def spoil(data: bytes) -> bytes:
        nonlocal following, passed
        passed += len(data)
        if passed < following or len(data) < 20:
            return data
        following = next(changes, 1 << 30)
        place = chance.randrange(len(data))
        return chance.choice((
            data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :],
            data[:place] + data[place + 1 :],
            data[:place] + chance.randbytes(5) + data[place:],
        ))  # fmt: skip

    files = made(tmp_path / "a.bin", 1, 4_000), made(tmp_path / "b.bin", 2, 2_000)
    assert terminal.send("sz", *files, spoil=spoil) == 0
    assert following == 1 << 30
    terminal.listen(SECOND)
    held(bench, *files)


def test_what_cannot_be_stored(bench: Bench, terminal: Terminal, tmp_path: Path) -> None:
    """A volume without room refuses a file and takes the next; without a volume the sender is told to stop."""
    bench.console.evaluate(
        "FileDirectory default: (LittlefsVolume format: (FlashVolumeDevice on: NorFlash current from: 32 count: 4))"
    )
    files = made(tmp_path / "large", 1, 3), made(tmp_path / "small", 2, 700)
    bench.console.evaluate(
        "FileDirectory default fileNamed: 'full' do: [ :s | s nextPutAll: (ByteArray new: 300000). 7 ]"
    )
    (tmp_path / "large").write_bytes(bytes(6_000))
    terminal.send("sz", *files)
    terminal.listen(SECOND)
    assert b"large: " in terminal.heard and b"small: 700 bytes\r\n" in terminal.heard
    assert bench.console.evaluate("FileDirectory default fileNames") == "#('full' 'small')"
    stored = bench.console.evaluate(
        "FileDirectory default fileNamed: 'x' do: [ :s | [ s nextPutAll: (ByteArray new: 3000) ] on: FileSystemError "
        "do: [ :e | [ s flush ] on: FileSystemError do: [ :again | e return: again messageText ] ] ]"
    )
    assert stored == "'x is in the middle of a write that has failed'"
    bench.console.evaluate("FileDirectory default: nil")
    assert terminal.send("sz", files[1]) not in (0, None)
    terminal.listen(SECOND)
    assert b"no volume is mounted: FlashVolumeDevice mount" in terminal.heard
    assert bench.console.evaluate("3 + 4") == "7"


def test_garbage_behind_a_beginning_ends(bench: Bench, terminal: Terminal) -> None:
    """Headers and packets made at random, right and damaged: the line comes back to the prompt, and no file is made."""
    chance = random.Random(3)
    for _ in range(2):
        bench.board.uart(0).send(b"**\x18B00000000000000\r\x8a")
        for _ in range(40):
            kind = chance.randrange(16)
            body = f"{kind:02x}{chance.choice((0, 1, 1 << 31, chance.randrange(1 << 32))):08x}"
            data = bytes.fromhex(body) + crc_hqx(bytes.fromhex(body), 0).to_bytes(2, "big")
            garbage = chance.randbytes(chance.randrange(40))
            bench.board.uart(0).send(b"**\x18B" + data.hex().encode() + b"\r\n" + garbage)
        terminal.listen(60 * SECOND)
    assert not list(Volume(flash_of(bench).contents).rows())
    assert bench.console.evaluate("3 + 4") == "7"
