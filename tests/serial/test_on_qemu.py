"""The prompt on a machine nobody here wrote: the same firmware under QEMU, UART0 on its standard input and output."""

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
from hardtalk.serial import ClassModel, ConsoleText, Event, Failure, Prompt, Result

QEMU = shutil.which("qemu-system-arm")
PATIENCE_SECONDS = 30
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

    def enter(self, source: str) -> list[Event]:
        self.prompt.enter(source)
        events: list[Event] = []
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.prompt.is_busy:
            assert time.monotonic() < deadline, f"no answer to {source}: {events}"
            self.input.write(self.prompt.take_outgoing())
            self.input.flush()
            events += self.receive()
        return events


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    options = options_for([], [])
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


def test_an_expression(machine: Machine) -> None:
    assert machine.enter("100 factorial / 99 factorial")[-1] == Result("100")


def test_an_error(machine: Machine) -> None:
    [failure] = machine.enter("nil foo")
    assert isinstance(failure, Failure)
    assert "foo" in failure.trace.splitlines()[0]


def test_a_method_is_installed(machine: Machine) -> None:
    machine.enter("Object subclass: #Lamp instanceVariableNames: 'level' classVariableNames: '' category: 'Tests'")
    machine.enter("Lamp >> level [ ^ level ifNil: [ level := 5 ] ]")
    assert machine.enter("Lamp new level") == [Result("5")]


def test_the_timer_keeps_time(machine: Machine) -> None:
    """QEMU's clocks follow the host's, so only the lower bound is sure."""
    [result] = machine.enter("SystemCounter microsecondsToRun: [ (Delay forMilliseconds: 20) wait ]")
    assert isinstance(result, Result)
    assert int(result.text) >= 20000


def test_a_long_text_is_printed_whole(machine: Machine) -> None:
    events = machine.enter("Transcript show: (String new: 5000 withAll: $x); cr. 1")
    assert "".join(event.text for event in events if isinstance(event, ConsoleText)) == "x" * 5000 + "\n"
    assert events[-1] == Result("1")
