"""Runs firmware on QEMU's versatilepb, the machine nobody here wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from hardtalk.link import Firmware


@pytest.fixture
def run_on_qemu(tmp_path: Path) -> Callable[[Firmware], tuple[str, int]]:
    """Answers a function: firmware -> (its serial output, QEMU's exit status)."""
    qemu = shutil.which("qemu-system-arm")
    if qemu is None:
        pytest.skip("qemu-system-arm is not installed")

    def run(firmware: Firmware) -> tuple[str, int]:
        path = tmp_path / "firmware.elf"
        path.write_bytes(firmware.elf)
        done = subprocess.run(
            [qemu, "-M", "versatilepb", "-m", "128", "-nographic", "-semihosting", "-kernel", str(path)],
            env={**os.environ, "QEMU_AUDIO_DRV": "none"}, capture_output=True, timeout=20, stdin=subprocess.DEVNULL,
            check=False)
        return done.stdout.decode().replace("\r\n", "\n"), done.returncode

    return run
