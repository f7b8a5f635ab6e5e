"""The same driver with QEMU's PL080, which has the same address and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hardtalk.bench import Bench
from hardtalk.build.sources import text_root
from hardtalk.serial import Result

if TYPE_CHECKING:
    from conftest import QemuMachine

OPENED = Path(__file__).parent / "opened"
NUMBERED = """here := Bitmap new: 10000.
1 to: 10000 do: [ :each | here at: each put: each * 77777 ].
there := Bitmap new: 10000"""
ASKED = (
    """DmaTransfer new copy: 9000 wordsFrom: here startingAt: 5 to: there startingAt: 3; run.
    { (1 to: 9000) allSatisfy: [ :each | (there at: each + 2) = ((each + 4) * 77777) ].
    there at: 2. there at: 9003 }""",
    """DmaTransfer new
        copy: 3 wordsFrom: here startingAt: 1 to: there startingAt: 1;
        copy: 2 wordsFrom: there startingAt: 2 to: there startingAt: 9000;
        copy: 5000 wordsFrom: here startingAt: 10 to: there startingAt: 100;
        run.
    { (there copyFrom: 1 to: 4) asArray. (there copyFrom: 9000 to: 9002) asArray.
    (1 to: 5000) allSatisfy: [ :each | (there at: each + 99) = (here at: each + 9) ] }""",
    """| dmac |
    DmaTransfer new copy: 5 wordsFrom: here startingAt: 5 to: there startingAt: 3; run.
    dmac := DmaController current registers.
    { dmac periphid0. dmac periphid3. dmac pcellid0. dmac configuration value. dmac enbldChns. dmac rawIntTCStatus.
    dmac c0_Configuration value. DmaController current transfers }""",
    """| transfers |
    transfers := (1 to: 12) collect: [ :each |
        DmaTransfer new copy: 100 wordsFrom: here startingAt: each to: there startingAt: each * 100; run; yourself ].
    { transfers collect: [ :each | each failure ]. there at: 100. there at: 1299. DmaController current failures }""",
)


@pytest.fixture(scope="module")
def machine(start_qemu: Callable[[list[Path]], QemuMachine]) -> QemuMachine:
    machine = start_qemu([text_root() / "drivers" / "dma", OPENED])
    machine.boot_text()
    return machine


@pytest.mark.parametrize("number", range(len(ASKED)))
def test_both_answer_the_same(bench: Bench, machine: QemuMachine, number: int) -> None:
    bench.console.evaluate(NUMBERED)
    machine.enter(NUMBERED)
    answer = bench.console.evaluate(ASKED[number])
    assert machine.enter(ASKED[number])[-1] == Result(answer)
    assert answer.startswith(
        ("#(true 0 0)", "#(#(77777 155554 233331 0)", "#(128 10 13 1 0 0 49152 #())", "#(#(nil nil")
    )
