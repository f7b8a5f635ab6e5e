"""A debugger attaches to the firmware on QEMU, knows its symbols, stops in a routine of the VM and goes on."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.bench import Bench

QEMU, GDB = "qemu-system-arm", "gdb-multiarch"
ATTACH_SECONDS, PATIENCE_SECONDS = 20, 120

pytestmark = pytest.mark.skipif(
    shutil.which(QEMU) is None or shutil.which(GDB) is None, reason=f"{QEMU} or {GDB} is not installed"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def machine(bench: Bench, tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """The ELF and the port where QEMU, stopped before the first instruction, waits for a debugger."""
    elf, port = tmp_path / "firmware.elf", free_port()
    elf.write_bytes(bench.firmware.elf)
    command = [QEMU, "-M", "versatilepb", "-m", "128", "-display", "none", "-monitor", "none", "-serial", "null"]
    process = subprocess.Popen(
        [*command, "-S", "-gdb", f"tcp:127.0.0.1:{port}", "-kernel", str(elf)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "QEMU_AUDIO_DRV": "none"},
    )  # fmt: skip
    yield elf, port
    process.kill()
    process.wait()


def debug(elf: Path, port: int, *commands: str) -> str:
    """What the debugger says when it has attached and done these."""
    deadline = time.monotonic() + ATTACH_SECONDS
    scripted = [argument for command in commands for argument in ("-ex", command)]
    while True:
        done = subprocess.run(
            [GDB, "-batch", "-nx", "-ex", f"target remote 127.0.0.1:{port}", *scripted, str(elf)],
            capture_output=True, text=True, timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if "Connection refused" not in done.stderr:
            return done.stdout + done.stderr
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.2)


def test_debugger_stops_where_it_is_told(machine: tuple[Path, int], bench: Bench) -> None:
    elf, port = machine
    entry = bench.source_map.address_of("interruptEntry")
    assert entry is not None
    shown = debug(
        elf, port, "info symbol $pc", "break *&interruptEntry", "continue", "printf \"at %x\\n\", $pc",
        "info symbol $pc", "x/1i $pc", "delete", "stepi", "printf \"then %x\\n\", $pc",
    )  # fmt: skip
    assert "startMachine in section" in shown
    assert f"at {entry:x}" in shown and "interruptEntry in section" in shown
    assert "{r0, r1, r2, r3}" in shown
    assert f"then {entry + 4:x}" in shown


def test_lines_and_calls_are_those_of_the_sources(machine: tuple[Path, int]) -> None:
    elf, port = machine
    routine = "BlockAllocator>>takeUnlistedBlock:"
    shown = debug(elf, port, f'break -function "{routine}"', "continue", "backtrace")
    assert "startMachine () at boot/start.s:" in shown
    frames = re.findall(r"^#\d+ .*?([\w:]+>>[\w:]+) \(\) at firmware/vm/\w+/\w+\.class\.st:\d+", shown, re.MULTILINE)
    assert frames[0] == routine
    assert len(frames) > 2
