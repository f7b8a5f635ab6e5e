"""The same ELF under QEMU: trials run in the model's order on a machine that nobody here wrote."""

from __future__ import annotations

import os
import selectors
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.build import build
from hardtalk.cli.firmware import class_model, options_for
from hardtalk.serial import ClassModel, ConsoleText, Event, Prompt, Result

from .conftest import FIRMWARE
from .trials import described, expected, expression, log_of, random_trial

QEMU = shutil.which("qemu-system-arm")
PATIENCE_SECONDS = 40
OPTIONS = ["-M", "versatilepb", "-m", "128", "-display", "none", "-monitor", "none", "-serial", "stdio"]

pytestmark = pytest.mark.skipif(QEMU is None, reason="qemu-system-arm is absent")


class Machine:
    """A running QEMU with a prompt on its serial line."""

    def __init__(self, process: subprocess.Popen[bytes], model: ClassModel) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.input, self.output = process.stdin, process.stdout
        self.prompt = Prompt(model)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.output, selectors.EVENT_READ)

    def receive(self) -> list[Event]:
        ready = self.selector.select(timeout=0.1)
        return self.prompt.receive(os.read(self.output.fileno(), 65536)) if ready else []

    def evaluate(self, source: str) -> str:
        self.prompt.enter(source)
        events: list[Event] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.prompt.is_busy:
            assert time.monotonic() < deadline, f"no answer to {source}: {events}"
            self.input.write(self.prompt.take_outgoing())
            self.input.flush()
            events += self.receive()
        answer = events[-1]
        assert isinstance(answer, Result), answer
        return answer.text


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    options = options_for([FIRMWARE], [])
    elf: Path = tmp_path_factory.mktemp("qemu") / "firmware.elf"
    elf.write_bytes(build(options).elf)
    process = subprocess.Popen(
        [str(QEMU), *OPTIONS, "-kernel", str(elf)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "QEMU_AUDIO_DRV": "none"},
    )
    machine = Machine(process, class_model(options))
    text, deadline = "", time.monotonic() + PATIENCE_SECONDS
    while "drivers:" not in text:
        assert time.monotonic() < deadline, text
        text += "".join(event.text for event in machine.receive() if isinstance(event, ConsoleText))
    yield machine
    process.kill()
    process.wait()


@pytest.mark.parametrize("seed", range(12))
def test_order_is_the_models(machine: Machine, seed: int) -> None:
    assert described(log_of(machine.evaluate(expression(random_trial(seed))))) == described(expected(seed))


def test_a_native_handler_signals_smalltalk(machine: Machine) -> None:
    machine.evaluate(
        "Smalltalk at: #Line put: (SoftwareLine line: 2 native: #softwareLine: priority: 60)."
        " Line signalSmalltalkAt: 65"
    )
    for _ in range(20):
        machine.evaluate("InterruptController current raise: 4")
    assert machine.evaluate("Line runs") == "20"
    assert machine.evaluate("Line served") == "20"


def test_a_native_process_is_interrupted_for_smalltalk(machine: Machine) -> None:
    """The prompt itself, which only interrupts reach, answers while native code computes below its priority.

    QEMU's serial line is so fast that the VM may not come to rest between two questions.
    """
    machine.evaluate("Smalltalk at: #Block put: (Bitmap new: 3)")
    machine.evaluate("(NativeProcess routine: #computeForever: argument: Block priority: 20) resume")
    assert int(machine.evaluate("Block at: 1")) >= 0
    before = int(machine.evaluate("Block at: 1"))
    assert machine.evaluate("100 factorial / 99 factorial") == "100"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while int(machine.evaluate("Block at: 1")) <= before:
        assert time.monotonic() < deadline, "the native process does not run any more"
    assert machine.evaluate("Block at: 3") == "0"
