"""Masked sections: every place of the code, the longest way by a count of its own, and no run that sees more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.bounds.masked import ENDLESS, Section
from hardtalk.bounds.proof import Proof
from hardtalk.build.sources import vm_paths
from hardtalk.chip import default_chip
from hardtalk.cli.main import run
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loaded_board import build_latency_firmware
from hardtalk.latency.loads import known_loads
from hardtalk.latency.masked import masked_rows
from hardtalk.latency.matrix import LatencyPlan
from hardtalk.symbols.source_map import SourceMap

MASKING = re.compile(r"^\t+self maskInterrupts", re.MULTILINE)


@pytest.fixture(scope="module")
def source_map() -> SourceMap:
    return SourceMap(build_latency_firmware().elf)


@pytest.fixture(scope="module")
def sections(source_map: SourceMap) -> list[Section]:
    return Proof(source_map, default_chip()).masked_sections


def test_every_routine_that_masks_is_listed(source_map: SourceMap, sections: list[Section]) -> None:
    """Of those that anything calls: the others are not in the firmware."""
    listed = 0
    names = {section.name for section in sections}
    assert {"interruptEntry", "waitForInterrupt", "nativeInterrupt"} <= names
    for path in vm_paths():
        file, text = path.name.removesuffix(".class.st"), path.read_text(encoding="utf-8")
        for method in text.split("{ #category")[1:]:
            if MASKING.search(method):
                selector = method.split(" >> ", 1)[1].split(" [", 1)[0]
                keywords = re.findall(r"\w+:", selector)
                name = f"{file}>>{''.join(keywords) or selector}"
                listed += name in names
                assert name in names or source_map.address_of(name) is None
    assert listed > 12


def test_sections_have_an_end_but_for_those_of_a_machine_that_stops(sections: list[Section]) -> None:
    assert {section.name for section in sections if section.cycles is None} <= ENDLESS
    for section in sections:
        if section.cycles is not None and section.instructions is not None:
            assert section.cycles >= section.instructions > 0


def test_a_short_section_is_counted_right(source_map: SourceMap, sections: list[Section]) -> None:
    """waitForInterrupt, when something is pending: six instructions and a taken branch, then two to unmask."""
    (section,) = [each for each in sections if each.name == "waitForInterrupt"]
    entry = source_map.address_of("waitForInterrupt")
    done = source_map.address_of("waitDone")
    assert entry is not None and done is not None
    straight = (done - section.start) // 4 + 2
    assert section.instructions == straight
    assert not section.loops


def test_no_section_that_ends_has_a_loop(sections: list[Section]) -> None:
    assert all(not section.loops for section in sections if section.name not in ENDLESS)
    assert any(section.loops for section in sections)


def test_no_run_sees_what_the_code_does_not_show(source_map: SourceMap) -> None:
    loads = [known_loads()[name] for name in ("idle", "messages", "native")]
    cells = LatencyPlan((BootOptions(),), ("TIMER",), ("smalltalk", "native"), tuple(loads), 100, Schedule(1)).cells
    rows = masked_rows(cells, source_map, None, lambda _: None)
    assert all(row.is_sound for row in rows)
    seen = {row.section.name for row in rows if row.section is not None and row.count}
    assert {
        "interruptEntry", "waitForInterrupt", "nativeInterrupt", "NativeSemaphores>>signalNative:",
        "NativeSemaphores>>waitNative:", "NativeQueues>>queue:put:", "NativeScheduler>>yieldToNative",
    } <= seen  # fmt: skip


def test_command_lists_the_sections(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "masked.json"
    arguments = ["latency", "masked", "--count", "20", "--line", "TIMER", "--load", "idle", "--json", str(path)]
    assert run(arguments) == 0
    assert run([*arguments[:-2], "--baseline", str(path)]) == 0
    data = json.loads(path.read_text(encoding="utf-8"))
    (figure,) = [each for each in data["figures"] if each["name"] == "masked.waitForInterrupt.code.cycles"]
    figure["value"] -= 1
    path.with_name("worse.json").write_text(json.dumps(data), encoding="utf-8")
    assert run([*arguments[:-2], "--baseline", str(path.with_name("worse.json"))]) == 1
    assert "worse than the baseline: masked.waitForInterrupt.code.cycles" in capsys.readouterr().out
    figures = {each["name"]: each["value"] for each in json.loads(path.read_text(encoding="utf-8"))["figures"]}
    seen, code = figures["masked.interruptEntry.seen.max.cycles"], figures["masked.interruptEntry.code.cycles"]
    assert 0 < seen <= code and figures["masked.interruptEntry.seen"] >= 20
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    assert "NativeSemaphores>>signalNative:" in shown and "boot/interrupts.s:" in shown and "at most 64 times" in shown
