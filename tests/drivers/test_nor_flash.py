"""The driver of the flash: on the emulated board, against the model and its file, and on QEMU, against its model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.devices import CfiFlash
from hardtalk.flash import FlashFile
from hardtalk.serial import Result

if TYPE_CHECKING:
    from conftest import QemuMachine

WORK = """[ | flash bytes |
flash := NorFlash current.
bytes := ByteArray new: 5000.
1 to: 5000 do: [ :each | bytes at: each put: each * each \\\\ 251 ].
flash eraseSectorAt: 262144.
flash program: bytes at: 262144 + 1000.
flash program: #[16r0F 16rF0 16rFF 16r55] at: 262140.
flash program: #[1 2 3 4 5 6 7 8] at: 524288 - 8.
flash read: 4993 at: 262144 + 1003 into: bytes startingAt: 4.
(1 to: 5000) allSatisfy: [ :each | (bytes at: each) = (each * each \\\\ 251) ] ] value"""


def model(bench: Bench) -> CfiFlash:
    flash = bench.board.device("FLASH")
    assert isinstance(flash, CfiFlash)
    return flash


def expected_contents() -> list[tuple[int, bytes]]:
    squares = bytes(each * each % 251 for each in range(1, 5001))
    return [(262144 + 1000, squares), (262140, bytes([0x0F, 0xF0, 0xFF, 0x55])), (524280, bytes(range(1, 9)))]


def test_the_geometry_is_the_query_tables(bench: Bench) -> None:
    answer = bench.console.evaluate("{ NorFlash current size. NorFlash current sectorSize. NorFlash current pageSize }")
    assert answer == "#(67108864 262144 2048)"


def test_what_is_programmed_is_in_the_cells(bench: Bench) -> None:
    assert bench.console.evaluate(WORK) == "true"
    for offset, data in expected_contents():
        assert model(bench).contents.read(offset, len(data)) == data
    assert model(bench).contents.wear[:3] == [0, 1, 0]


def test_qemu_holds_the_same(start_qemu: Callable[..., QemuMachine], tmp_path: Path) -> None:
    FlashFile(tmp_path / "flash.bin")
    machine = start_qemu([], tmp_path / "flash.bin")
    machine.boot_text()
    assert machine.enter(WORK)[-1] == Result("true")
    machine.close()
    data = (tmp_path / "flash.bin").read_bytes()
    for offset, part in expected_contents():
        assert data[offset : offset + len(part)] == part


def test_reads_go_on_while_a_sector_is_erased(bench: Bench) -> None:
    answer = bench.console.evaluate(
        """[ | flash eraser worst start |
        flash := NorFlash current.
        flash program: #[1 2 3 4] at: 262144.
        eraser := [ flash eraseSectorAt: 0 ] fork.
        (Delay forMilliseconds: 10) wait.
        worst := 0.
        10 timesRepeat: [
            start := Timer current microseconds.
            (flash read: 4 at: 262144) = #[1 2 3 4] ifFalse: [ self error: 'wrong' ].
            worst := worst max: Timer current microseconds - start.
            (Delay forMilliseconds: 5) wait ].
        { eraser isTerminated. worst < 1000 } ] value"""
    )
    assert answer == "#(false true)"
    bench.console.evaluate("(Delay forMilliseconds: 1100) wait")
    assert model(bench).contents.wear[0] == 1


def test_a_program_terminated_anywhere_leaves_the_flash_in_order(bench: Bench) -> None:
    """Some 300 moments over the time that a page takes."""
    bench.console.evaluate(
        """flash := NorFlash current. bytes := ByteArray new: 300. left := 0.
        0 to: 1200 by: 4 do: [ :each | | process |
            process := [ flash program: bytes at: each * 2048 ] forkAt: 30.
            (Delay forMicroseconds: each) wait.
            process terminate.
            (flash read: 4 at: 16r3000000) = #[255 255 255 255] ifFalse: [ left := left + 1 ] ].
        flash program: #[1 2 3 4] at: 16r3000000"""
    )
    assert bench.console.evaluate("{ left. flash read: 4 at: 16r3000000 }") == "#(0 #[1 2 3 4])"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("NorFlash current program: #[1 2 3 4] at: 2", "flash is programmed in whole words"),
        ("NorFlash current program: #[1 2 3] at: 4", "flash is programmed in whole words"),
        ("NorFlash current read: 2 at: 67108863", "the flash has 67108864 bytes, not 2 at 67108863"),
        ("NorFlash current read: 4 at: -4", "the flash has 67108864 bytes, not 4 at -4"),
        ("NorFlash current eraseSectorAt: 67108864", "the flash has 67108864 bytes, not 1 at 67108864"),
    ],
)
def test_what_does_not_fit_is_an_error(bench: Bench, source: str, message: str) -> None:
    with pytest.raises(BenchError, match=message):
        bench.console.evaluate(source)


def test_a_worn_sector_is_an_error_once(bench: Bench) -> None:
    model(bench).contents.wear[7] = model(bench).endurance
    source = "[ NorFlash current eraseSectorAt: 7 * 262144. nil ] on: FlashError do: [ :error | error messageText ]"
    assert bench.console.evaluate(source) == "'erasing failed: the sector is worn out, at 16r1C0000'"
    assert bench.console.evaluate("NorFlash current eraseSectorAt: 0. 5") == "5"


def test_a_file_keeps_the_contents_for_the_next_board(tmp_path: Path) -> None:
    options = BootOptions(flash_file=tmp_path / "flash.bin")
    assert boot(options).console.evaluate(WORK) == "true"
    bench = boot(options)
    for offset, data in expected_contents():
        assert model(bench).contents.read(offset, len(data)) == data
    assert model(bench).contents.wear[1] == 1
    assert bench.console.evaluate("NorFlash current read: 4 at: 262140") == "#[15 240 255 85]"
