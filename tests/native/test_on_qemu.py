"""The same ELF under QEMU: trials run in the model's order on a machine that nobody here wrote."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardtalk.serial import Result

from .conftest import FIRMWARE
from .trials import described, expected, expression, log_of, random_trial

if TYPE_CHECKING:
    from conftest import QemuMachine

PATIENCE_SECONDS = 40


@pytest.fixture(scope="module")
def machine(start_qemu: Callable[[list[Path]], QemuMachine]) -> QemuMachine:
    machine = start_qemu([FIRMWARE])
    machine.boot_text()
    return machine


def answer(machine: QemuMachine, source: str) -> str:
    result = machine.enter(source)[-1]
    assert isinstance(result, Result), result
    return result.text


@pytest.mark.parametrize("seed", range(12))
def test_order_is_the_models(machine: QemuMachine, seed: int) -> None:
    assert described(log_of(answer(machine, expression(random_trial(seed))))) == described(expected(seed))


def test_a_native_handler_signals_smalltalk(machine: QemuMachine) -> None:
    answer(
        machine,
        "Smalltalk at: #Line put: (SoftwareLine line: 2 native: #softwareLine: priority: 60)."
        " Line signalSmalltalkAt: 65",
    )
    for _ in range(20):
        answer(machine, "InterruptController current raise: 4")
    assert answer(machine, "Line runs") == "20"
    assert answer(machine, "Line served") == "20"


def test_a_native_process_is_interrupted_for_smalltalk(machine: QemuMachine) -> None:
    """The prompt itself, which only interrupts reach, answers while native code computes below its priority.

    QEMU's serial line is so fast that the VM may not come to rest between two questions.
    """
    answer(machine, "Smalltalk at: #Block put: (Bitmap new: 3)")
    answer(machine, "(NativeProcess routine: #computeForever: argument: Block priority: 20) resume")
    assert int(answer(machine, "Block at: 1")) >= 0
    before = int(answer(machine, "Block at: 1"))
    assert answer(machine, "100 factorial / 99 factorial") == "100"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while int(answer(machine, "Block at: 1")) <= before:
        assert time.monotonic() < deadline, "the native process does not run any more"
    assert answer(machine, "Block at: 3") == "0"
