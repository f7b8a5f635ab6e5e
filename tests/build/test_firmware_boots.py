"""The firmware of the sources boots on both machines and says the same: everything above the stub is Smalltalk."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from hardtalk.board import Board
from hardtalk.build import BuildOptions, BuildResult, build

BANNER = re.compile(r"Hardtalk [^\n]*: \d+ classes, (\d+) bytes free\ndrivers:[^\n]* a SerialPort on UART0[^\n]*\n")
CYCLE_LIMIT = 40_000_000
QEMU_SECONDS = 20


@pytest.fixture(scope="module")
def firmware() -> BuildResult:
    return build(BuildOptions())


def on_the_board(firmware: BuildResult) -> str:
    board = Board(firmware.elf)
    text = bytearray()

    def has_banner() -> bool:
        text.extend(board.uart(0).take())
        return BANNER.search(text.decode().replace("\r", "")) is not None

    board.run(cycles=CYCLE_LIMIT, until=has_banner)
    text.extend(board.uart(0).take())
    return text.decode().replace("\r", "")


def test_boots_on_the_board(firmware: BuildResult) -> None:
    text = on_the_board(firmware)
    banner = BANNER.match(text)
    assert banner is not None, text
    assert 100_000_000 < int(banner[1]) < 128 << 20


def test_prints_the_same_on_qemu(firmware: BuildResult, tmp_path: Path) -> None:
    qemu = shutil.which("qemu-system-arm")
    if qemu is None:
        pytest.skip("qemu-system-arm is not installed")
    path = tmp_path / "firmware.elf"
    path.write_bytes(firmware.elf)
    output = tmp_path / "serial.txt"
    process = subprocess.Popen(
        [qemu, "-M", "versatilepb", "-m", "128", "-display", "none", "-serial", f"file:{output}", "-kernel", str(path)],
        env={**os.environ, "QEMU_AUDIO_DRV": "none"},
    )
    try:
        deadline = time.monotonic() + QEMU_SECONDS
        text = ""
        while time.monotonic() < deadline and not BANNER.search(text):
            time.sleep(0.1)
            text = output.read_text().replace("\r", "") if output.exists() else ""
    finally:
        process.terminate()
        process.wait()
    banner = BANNER.search(text)
    assert banner is not None, text
    ours = BANNER.search(on_the_board(firmware))
    assert ours is not None
    assert text[: banner.end()] == on_the_board(firmware)[: ours.end()]
