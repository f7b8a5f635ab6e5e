"""The prompt on a machine nobody here wrote: the same firmware under QEMU, UART0 on its standard input and output."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardtalk.serial import ConsoleText, Failure, Result

if TYPE_CHECKING:
    from conftest import QemuMachine


@pytest.fixture(scope="module")
def machine(start_qemu: Callable[[list[Path]], QemuMachine]) -> QemuMachine:
    machine = start_qemu([])
    machine.boot_text()
    return machine


def test_an_expression(machine: QemuMachine) -> None:
    assert machine.enter("100 factorial / 99 factorial")[-1] == Result("100")


def test_an_error(machine: QemuMachine) -> None:
    [failure] = machine.enter("nil foo")
    assert isinstance(failure, Failure)
    assert "foo" in failure.trace.splitlines()[0]


def test_an_address_without_a_device(machine: QemuMachine) -> None:
    """QEMU's bus answers anything; the page table does not."""
    [failure] = machine.enter("(Registers at: 16r20000000) wordAt: 4")
    assert isinstance(failure, Failure)
    assert failure.trace.splitlines()[0] == "Error: nothing answers at address 16r20000004"


def test_a_method_is_installed(machine: QemuMachine) -> None:
    machine.enter("Object subclass: #Lamp instanceVariableNames: 'level' classVariableNames: '' category: 'Tests'")
    machine.enter("Lamp >> level [ ^ level ifNil: [ level := 5 ] ]")
    assert machine.enter("Lamp new level") == [Result("5")]


def test_the_timer_keeps_time(machine: QemuMachine) -> None:
    """QEMU's clocks follow the host's, so only the lower bound is sure."""
    [result] = machine.enter("SystemCounter microsecondsToRun: [ (Delay forMilliseconds: 20) wait ]")
    assert isinstance(result, Result)
    assert int(result.text) >= 20000


def test_a_long_text_is_printed_whole(machine: QemuMachine) -> None:
    events = machine.enter("Transcript show: (String new: 5000 withAll: $x); cr. 1")
    assert "".join(event.text for event in events if isinstance(event, ConsoleText)) == "x" * 5000 + "\n"
    assert events[-1] == Result("1")
