"""The same firmware.elf on a machine nobody here wrote: it prints the same text and answers the same prompt."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardtalk.bench import Bench
from hardtalk.serial import Result

if TYPE_CHECKING:
    from conftest import QemuMachine

PATIENCE_SECONDS = 60


@pytest.fixture
def machine(start_qemu: Callable[[list[Path]], QemuMachine]) -> QemuMachine:
    return start_qemu([])


def printed(machine: QemuMachine, size: int) -> str:
    """The first `size` characters and whatever follows within a second."""
    data = b""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(data) < size and time.monotonic() < end:
        data += machine.read(1)
    return (data + machine.read(1)).decode("latin-1")


def test_boot_prints_the_same_text(bench: Bench, machine: QemuMachine) -> None:
    expected = bench.text.replace("\n", "\r\n")
    assert printed(machine, len(expected)) == expected


def test_prompt_answers_the_same(bench: Bench, machine: QemuMachine) -> None:
    expression = "(1 to: 30) inject: 1 into: [:product :each | product * each]"
    machine.boot_text()
    assert machine.enter(expression)[-1] == Result("265252859812191058636308480000000")
    assert bench.console.evaluate(expression) == "265252859812191058636308480000000"
