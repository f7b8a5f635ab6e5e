"""The forms of interrupts at every instruction of short windows; `hardtalk inject --forms` takes the windows whole."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.cli.main import run
from hardtalk.injection.forms import HANDLERS, NATIVE, PATTERN, PROGRAM, SMALLTALK, FormResult, FormSweep, Window
from hardtalk.injection.pending_switch import PendingSwitch
from hardtalk.injection.registers import IRQ_MASKED, NAMES, RegisterFile
from hardtalk.injection.shared_forms import FormRow, FormsRecipe, PreparedForms, interrupt_forms, prepared_by
from hardtalk.injection.trial import Interrupted, Rule

WINDOWS = (
    Window(PROGRAM),
    Window(PATTERN),
    Window(PROGRAM, SMALLTALK),
    Window(PROGRAM, NATIVE),
    Window(PATTERN, NATIVE),
)
POINTS = 100


@pytest.fixture(scope="module")
def rows() -> dict[tuple[Window, str], FormRow]:
    with ThreadPoolExecutor(1) as executor:
        found, _ = interrupt_forms(executor, "arm926", WINDOWS, count=POINTS)
    return {(row.window, row.handler): row for row in found}


@pytest.mark.parametrize("handler", HANDLERS)
@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_nothing_is_disturbed(rows: dict[tuple[Window, str], FormRow], window: Window, handler: str) -> None:
    found = rows[window, handler].found
    assert found.violation == ""
    assert found.points == POINTS == found.along + found.interrupted.total()
    assert 1 <= found.outcomes < POINTS // 4


def test_each_kind_of_code_is_interrupted(rows: dict[tuple[Window, str], FormRow]) -> None:
    assert rows[Window(PATTERN), SMALLTALK].found.interrupted == {Interrupted.PROCESS: POINTS}
    assert rows[Window(PROGRAM), SMALLTALK].found.interrupted == {Interrupted.VM: POINTS}
    nested = rows[Window(PROGRAM, NATIVE), NATIVE].found
    assert nested.interrupted[Interrupted.HANDLER] > 50
    assert nested.along > 0


def test_the_native_code_fills_every_register() -> None:
    prepared = prepared_by(FormsRecipe(Window(PATTERN), "arm926"))
    prepared.board.restore(prepared.start)
    registers = RegisterFile(prepared.board)
    seen = []
    for _ in range(600):
        seen.append(registers.read())
        prepared.board.step()
    changing = {name for name, values in zip(NAMES, zip(*seen, strict=True), strict=True) if len(set(values)) > 1}
    constant = {"d1", "d3", "d4", "d6", "d8", "d11", "d12", "d13", "d14", "d15", "sp_svc", "lr_svc", "sp_irq"}
    assert set(NAMES) - changing <= constant
    assert all(seen[0][NAMES.index(name)] for name in constant if name.startswith("d"))
    flags = {values[NAMES.index("cpsr")] >> 27 for values in seen}
    assert len(flags) > 8


def broken(prepared: PreparedForms, routine: str, old: int, new: int) -> PreparedForms:
    """The same board with one instruction of a routine replaced."""
    board = prepared.board
    board.restore(prepared.start)
    at = board.firmware.address_of(routine)
    while int.from_bytes(board.ram.read(at, 4), "little") != old:
        at += 4
    board.ram.write(at, new.to_bytes(4, "little"))
    board.cpu.forget_code()
    return replace(prepared, start=board.snapshot())


def swept(prepared: PreparedForms, window: Window, handler: str, count: int) -> FormResult:
    return FormSweep(prepared.board, prepared.place, window, handler, prepared.start).run(0, count)


FAULTS = [
    (PROGRAM, NATIVE, "leaveHandler", 0xE8BD000F, 0xE8BD0107, "r3 is"),  # ldmia sp!, {r0-r3} loads r8 instead of r3
    (PROGRAM, NATIVE, "leaveHandler", 0xE1B0F00E, 0xE1A0F00E, ""),  # movs pc, lr leaves the mode and the flags
    (PATTERN, SMALLTALK, "switchFromInterrupt", 0xE8800FF0, 0xE88007F0, "r11 is"),  # stmia r0, {r4-r11} without r11
    (PATTERN, SMALLTALK, "saveFloats", 0xECA00B20, 0xECA00B1E, "d15 is"),  # fstmiad r0!, {d0-d15} without d15
]


@pytest.mark.parametrize(("over", "handler", "routine", "old", "new", "message"), FAULTS)
def test_a_broken_save_is_found(over: str, handler: str, routine: str, old: int, new: int, message: str) -> None:
    window = Window(over)
    prepared = prepared_by(FormsRecipe(window, "arm926"))
    found = swept(broken(prepared, routine, old, new), window, handler, 200)
    assert message in found.violation and found.violation.startswith(f"{window.name} interrupted for a {handler}")


@pytest.fixture(scope="module")
def asking() -> tuple[PreparedForms, list[int]]:
    """The turn of the program, and the instructions in which the VM has asked for a switch and has not made it."""
    prepared = prepared_by(FormsRecipe(Window(PROGRAM), "arm926"))
    board = prepared.board
    board.restore(prepared.start)
    switch, before = PendingSwitch(board), board.instructions
    board.run_to(board.firmware.address_of("NativeSemaphores>>signalNative:"), 10_000_000)
    first = board.instructions - before
    points = []
    for number in range(first, first + 200):
        if switch.is_asked() and not board.cpu.cpsr & IRQ_MASKED:
            points.append(number)
        board.step()
    return prepared, points


@pytest.mark.parametrize("handler", HANDLERS)
def test_a_switch_that_the_vm_has_asked_for_is_made_once(asking: tuple[PreparedForms, list[int]], handler: str) -> None:
    prepared, points = asking
    assert 3 <= len(points) < 30
    first = points[0] - 5
    sweep = FormSweep(prepared.board, prepared.place, Window(PROGRAM), handler, prepared.start)
    found = sweep.run(first, points[-1] + 1 - first)
    assert found.violation == ""
    assert found.interrupted[Interrupted.VM] == found.points


def test_a_broken_save_at_a_switch_is_found(asking: tuple[PreparedForms, list[int]]) -> None:
    """stmia r0, {r4-r11} without r10: the VM comes back with r11 in it."""
    prepared, points = asking
    wrong = broken(prepared, "switchFromInterrupt", 0xE8800FF0, 0xE8800BF0)
    found = swept_from(wrong, points[2])
    assert "r10 is" in found.violation


def test_a_count_that_differs_at_a_switch_is_found(
    asking: tuple[PreparedForms, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One switch more is expected than there is."""
    prepared, points = asking
    real = FormSweep._rules

    def rules(self: FormSweep) -> dict[Interrupted, Rule]:
        found = real(self)
        switches = self.board.firmware.address_of("nativeSwitches")
        return {kind: replace(rule, counts={**rule.counts, switches: 1}) for kind, rule in found.items()}

    monkeypatch.setattr(FormSweep, "_rules", rules)
    assert "nativeSwitches" in swept_from(prepared, points[2]).violation


def swept_from(prepared: PreparedForms, first: int) -> FormResult:
    return FormSweep(prepared.board, prepared.place, Window(PROGRAM), NATIVE, prepared.start).run(first, 1)


def test_the_command_and_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inject"]) == 2
    assert "Give --collection" in capsys.readouterr().err
    assert run(["inject", "--collection", "--program", "sleeping"]) == 2
    assert "there is no such program" in capsys.readouterr().err
    path = tmp_path / "inject.json"
    arguments = ["inject", "--collection", "--program", "collecting", "--first", "5000", "--count", "50", "--jobs", "1"]
    assert run([*arguments, "--json", str(path)]) == 0
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    assert figures["collecting.points"] == figures["collecting.points.marking"] == 50
    assert figures["collecting.violations"] == 0
    assert "no violation" in capsys.readouterr().out
