"""Masked sections: every place of the code, the longest way by a count of its own, and no run that sees more."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hardtalk.bench import BootOptions
from hardtalk.build.sources import text_root, vm_paths
from hardtalk.cli.main import run
from hardtalk.latency.laboratory import Schedule
from hardtalk.latency.loaded_board import build_latency_firmware
from hardtalk.latency.loads import known_loads
from hardtalk.latency.masked import masked_rows
from hardtalk.latency.masked_code import Length, MaskedCode, Section, depth_first, longest
from hardtalk.latency.matrix import LatencyPlan
from hardtalk.symbols.source_map import SourceMap

MASKING = re.compile(r"^\t+self maskInterrupts", re.MULTILINE)


@pytest.fixture(scope="module")
def source_map() -> SourceMap:
    return SourceMap(build_latency_firmware().elf)


@pytest.fixture(scope="module")
def sections(source_map: SourceMap) -> list[Section]:
    return MaskedCode(source_map).sections


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


def test_sections_that_end_have_a_length_and_their_loops_a_bound(sections: list[Section]) -> None:
    open_ended = {section.name for section in sections if not section.is_whole}
    assert open_ended <= {"startMachine", "reportFault", "haltMachine"}
    for section in sections:
        if section.is_whole:
            assert section.longest is not None and section.longest.cycles >= section.longest.instructions > 0


def test_a_short_section_is_counted_right(source_map: SourceMap, sections: list[Section]) -> None:
    """waitForInterrupt, when something is pending: six instructions and a taken branch, then two to unmask."""
    (section,) = [each for each in sections if each.name == "waitForInterrupt"]
    assert section.longest is not None
    entry = source_map.address_of("waitForInterrupt")
    done = source_map.address_of("waitDone")
    assert entry is not None and done is not None
    straight = (done - section.start) // 4 + 2
    assert section.longest.instructions == straight
    assert not section.loops


def test_longest_way_through_a_diamond_and_a_loop() -> None:
    one = Length(1, 1)
    ways_on = {1: [(2, one), (3, Length(5, 2))], 2: [(4, one)], 3: [(4, one)], 4: [(2, one), (5, one)], 5: []}
    order, back = depth_first(1, ways_on)
    assert order[0] == 1 and back == {(4, 2)}
    onward = {at: [way for way in ways if (at, way[0]) not in back] for at, ways in ways_on.items()}
    assert longest(1, onward, {}, {5: Length(10, 3)}) == Length(17, 7)
    assert longest(1, onward, {4: Length(100, 50)}, {5: Length(10, 3)}) == Length(117, 57)
    assert longest(2, onward, {}, {3: one}) is None


def test_loops_have_the_bounds_and_places_of_their_source(sections: list[Section]) -> None:
    loops = {loop for section in sections if section.is_whole for loop in section.loops}
    assert loops
    for loop in loops:
        assert loop.place is not None
        lines = (text_root() / loop.place.file).read_text(encoding="utf-8").splitlines()
        assert f"<bound: {loop.bound}>" in "\n".join(lines[loop.place.line - 1 : loop.place.line + 3])


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
