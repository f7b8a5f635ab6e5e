"""Two machines that run the same firmware: QEMU's versatilepb, which nobody here wrote, and the emulated board."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hardtalk.board import Board
from hardtalk.link import Firmware

Run = Callable[[Firmware], tuple[str, int]]
CYCLE_LIMIT = 20_000_000


@pytest.fixture
def run_on_qemu(tmp_path: Path) -> Run:
    """Answers a function: firmware -> (its serial output, QEMU's exit status)."""
    qemu = shutil.which("qemu-system-arm")
    if qemu is None:
        pytest.skip("qemu-system-arm is not installed")

    def run(firmware: Firmware) -> tuple[str, int]:
        path = tmp_path / "firmware.elf"
        path.write_bytes(firmware.elf)
        done = subprocess.run(
            [qemu, "-M", "versatilepb", "-m", "128", "-nographic", "-semihosting", "-kernel", str(path)],
            env={**os.environ, "QEMU_AUDIO_DRV": "none"},
            capture_output=True,
            timeout=20,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        return done.stdout.decode().replace("\r\n", "\n"), done.returncode

    return run


@pytest.fixture
def run_on_board() -> Run:
    """Answers a function: firmware -> (its serial output, the code it halted with)."""

    def run(firmware: Firmware) -> tuple[str, int]:
        board = Board(firmware.elf)
        stop = board.run(cycles=CYCLE_LIMIT)
        assert stop.reason == "halted", stop
        return board.uart(0).take().decode().replace("\r\n", "\n"), stop.code

    return run


@pytest.fixture(params=["board", "qemu"])
def run(request: pytest.FixtureRequest) -> Run:
    """Each of the two machines."""
    machine: Run = request.getfixturevalue(f"run_on_{request.param}")
    return machine
