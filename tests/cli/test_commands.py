"""The commands on the firmware that ships: what they show, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.bench import Bench
from hardtalk.cli.main import run
from hardtalk.symbols.bytecode_routines import interrupt_handler
from hardtalk.symbols.source_map import SourceMap

LAMP_TEST = """
"I test nothing of use."
Class { #name : #LampTest, #superclass : #TestCase, #category : #Lamp }

{ #category : #tests }
LampTest >> testGood [
	self assert: 3 + 4 equals: 7
]
"""
BAD_TESTS = """
{ #category : #tests }
LampTest >> testBad [
	self assert: 3 + 4 equals: 8
]

{ #category : #tests }
LampTest >> testWrong [
	nil lightUp
]
"""


@pytest.fixture
def elf(booted: tuple[Bench, object], tmp_path: Path) -> Path:
    path = tmp_path / "firmware.elf"
    path.write_bytes(booted[0].firmware.elf)
    return path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) == 0
    return capsys.readouterr().out


def test_build_writes_the_same_bytes_every_time(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, "build", "--out", str(tmp_path / "f.elf"), "--map")
    assert (tmp_path / "f.elf").read_bytes() == bench.firmware.elf
    assert bench.firmware_hash in text and "image" in text
    assert " interruptEntry\n" in (tmp_path / "f.map").read_text(encoding="utf-8")


def test_build_tells_whether_another_firmware_loads_the_same(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, same, other = tmp_path / "first.elf", tmp_path / "same.elf", tmp_path / "other.elf"
    same.write_bytes(bench.firmware.elf)
    assert "loads the same bytes" in shown(capsys, "build", "--out", str(first), "--against", str(same))
    at = bench.source_map.address_of("interruptEntry")
    assert at is not None
    damaged = bytearray(bench.firmware.elf)
    place = damaged.index(bench.source_map.read(at, 16))
    damaged[place] ^= 1
    other.write_bytes(damaged)
    assert run(["build", "--out", str(first), "--against", str(other)]) == 1
    assert f".boot: differs from {at:#010x} (interruptEntry+0x0) on" in capsys.readouterr().out.replace("\n", " ")
    other.write_bytes(b"no ELF")
    assert run(["build", "--out", str(first), "--against", str(other)]) == 2


def test_build_error_is_placed_and_no_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "Lamp.class.st"
    file.write_text(
        "Class { #name : #Lamp, #superclass : #Object }\n\nLamp >> glow [\n\t^ 3 + ]\n]\n", encoding="utf-8"
    )
    assert run(["build", "--out", str(tmp_path / "f.elf"), "--driver", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"hardtalk: {file}:4:")
    assert "^" in error and "Traceback" not in error


def test_explain_names_a_symbol_with_its_source_and_instructions(elf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "explain", "interruptEntry", "--elf", str(elf))
    assert "interruptEntry  in .boot" in text
    assert "boot/interrupts.s:" in text
    assert "stmdb   sp!, {r0-r3}" in text or "push" in text
    assert text.count("->") == 1


def test_explain_prints_the_facts(elf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, "explain", "--facts", "--elf", str(elf)).splitlines()
    assert "    r5   ip" in lines and "      1  bytesFree" in lines and "      0  + 1" in lines
    assert any(">>tickNative" in line and line.endswith(" at most 32 times") for line in lines)
    assert any("callNative" in line and ">>sleepNative:" in line for line in lines)
    assert run(["explain"]) == run(["explain", "0x10000", "--facts"]) == 2


def test_explain_finds_the_slang_line_of_an_address(elf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source_map = SourceMap(elf.read_bytes())
    text = shown(capsys, "explain", hex(interrupt_handler(source_map)), "--elf", str(elf))
    assert "handleInterrupts  in .vm" in text
    assert "firmware/vm/" in text


def test_explain_shows_the_bytecodes_of_a_compiled_method(elf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "explain", "Object>>isNil", "--elf", str(elf))
    assert "firmware/kernel/Object.class.st:" in text
    assert "return" in text


def test_every_method_and_routine_can_be_explained(elf: Path) -> None:
    source_map = SourceMap(elf.read_bytes())
    assert len(source_map.methods) > 1000
    for method in source_map.methods:
        assert source_map.method_at(method.address + method.size - 1) is method
    code = [symbol for symbol in source_map.symbols if symbol.section == ".vm" and symbol.size]
    assert not [symbol.name for symbol in code if source_map.arm_place(symbol.address) is None]


def test_explain_of_a_wrong_name_offers_the_nearest(elf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "interuptEntry", "--elf", str(elf)]) == 2
    assert "Did you mean interruptEntry" in capsys.readouterr().err


def test_bench_gives_right_results_and_the_agreed_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "bench.json"
    shown(capsys, "bench", "--json", str(path))
    raw = json.loads(path.read_text(encoding="utf-8"))
    limits = {"fib": 4_500_000, "loop": 9_000_000, "sends": 20_000_000, "allocation": 25_500_000, "sieve": 4_000_000}
    figures = {figure["name"]: figure["value"] for figure in raw["figures"]}
    of_programs = {f"{name}.{unit}" for name in limits for unit in ("instructions", "cycles")}
    of_objects = {"new2": 120, "new16": 300, "new1000": 2_500, "new1000000": 2_000_000}
    of_image = {"image.objects", "image.object_bytes", "image.internal_waste"}
    collected = {"allocation.collected.instructions", "allocation.collected.cycles"}
    others = {"tinyBenchmarks.bytecodes", "tinyBenchmarks.sends"} | of_image | collected
    assert set(figures) == of_programs | others | {f"{name}.instructions" for name in of_objects}
    assert not [name for name, limit in of_objects.items() if not 0 < figures[f"{name}.instructions"] <= limit]
    assert figures["allocation.instructions"] < figures["allocation.collected.instructions"] < 27_600_000
    assert figures["allocation.cycles"] < figures["allocation.collected.cycles"] < 42_200_000
    assert 28 <= figures["image.object_bytes"] <= 60 and 0 < figures["image.internal_waste"] < 500
    assert not [name for name, limit in limits.items() if figures[f"{name}.instructions"] > limit]


def test_sunit_tests_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "LampTest.class.st"
    file.write_text(LAMP_TEST, encoding="utf-8")
    assert "1 passed" in shown(capsys, "test", str(tmp_path))
    file.write_text(LAMP_TEST + BAD_TESTS, encoding="utf-8")
    assert run(["test", str(tmp_path)]) == 1
    text = capsys.readouterr().out
    assert f"{file} .FE" in text
    assert "FAILED LampTest>>testBad - AssertionFailure: got 7, expected 8" in text
    assert "ERROR LampTest>>testWrong - MessageNotUnderstood: UndefinedObject does not understand #lightUp" in text
    assert "2 failed, 1 passed" in text


def test_script_runs_and_tells_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "script.st"
    script.write_text("Transcript show: 'from the board'; cr!\n6 * 7!\n", encoding="utf-8")
    text = shown(capsys, "repl", "--script", str(script))
    assert "from the board\n" in text and "42\n" in text
    script.write_text("1 / 0!\n6 * 7!\n", encoding="utf-8")
    assert run(["repl", "--script", str(script)]) == 1
    text = capsys.readouterr().out
    assert "ZeroDivide" in text and "42\n" in text
