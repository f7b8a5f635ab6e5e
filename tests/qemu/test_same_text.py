"""The same firmware.elf on a machine nobody here wrote: it prints the same text and answers the same prompt."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.cli.boards import Bench
from hardtalk.cli.firmware import class_model
from hardtalk.serial import ConsoleText, Event, Prompt, Result

QEMU = "qemu-system-arm"
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"{QEMU} is not installed")


class Machine:
    """QEMU's versatilepb with its UART0 on our pipes."""

    def __init__(self, elf: Path) -> None:
        command = [QEMU, "-M", "versatilepb", "-m", "128", "-nographic", "-monitor", "none", "-serial", "stdio"]
        self._process = subprocess.Popen(
            [*command, "-kernel", str(elf)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "QEMU_AUDIO_DRV": "none"},
        )

    def read(self, seconds: float) -> bytes:
        """What it has printed; empty when nothing came in that time."""
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        return os.read(self._process.stdout.fileno(), 65536) if ready else b""

    def write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def machine(booted: tuple[Bench, object], tmp_path: Path) -> Iterator[Machine]:
    elf = tmp_path / "firmware.elf"
    elf.write_bytes(booted[0].firmware.elf)
    machine = Machine(elf)
    yield machine
    machine.close()


def printed(machine: Machine, size: int) -> str:
    """The first `size` characters and whatever follows within a second."""
    data = b""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(data) < size and time.monotonic() < end:
        data += machine.read(1)
    return (data + machine.read(1)).decode("latin-1")


def test_boot_prints_the_same_text(bench: Bench, machine: Machine) -> None:
    assert printed(machine, len(bench.text)) == bench.text.replace("\n", "\r\n")


def test_prompt_answers_the_same(bench: Bench, machine: Machine) -> None:
    expression = "(1 to: 30) inject: 1 into: [:product :each | product * each]"
    printed(machine, len(bench.text))
    prompt = Prompt(class_model(bench.options))
    prompt.enter(expression)
    machine.write(prompt.take_outgoing())
    events: list[Event] = []
    end = time.monotonic() + PATIENCE_SECONDS
    while prompt.is_busy and time.monotonic() < end:
        events += prompt.receive(machine.read(1))
    results = [event for event in events if not isinstance(event, ConsoleText)]
    assert results == [Result("265252859812191058636308480000000")]
    assert bench.console.evaluate(expression) == "265252859812191058636308480000000"
