"""`hardtalk memory`: figures, pictures, plan, exit codes; and that measuring does not change what is measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hardtalk.arm import encode as arm
from hardtalk.bench import Bench, UnfitRequest
from hardtalk.board.watch import Watch
from hardtalk.cli.main import run
from hardtalk.memory.boards import bytes_from
from hardtalk.memory.code import NO_SAFEPOINT, code_map
from hardtalk.memory.programs import programs
from hardtalk.memory.run import expression_for
from hardtalk.vm.constants import BYTECODE_COUNT, PENDING_BIT, PINNED_REGISTERS, SLOT_BYTES

FIXED_NAMES = {"longest_stretch.cycles", "mmu.100us", "mmu.1ms", "collector.share"}


def figures(path: Path) -> dict[str, int]:
    return {each["name"]: each["value"] for each in json.loads(path.read_text())["figures"]}


def test_a_run_with_all_its_outputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["a.json", "mmu.png", "map.png"]
    paths = [tmp_path / name for name in names]
    arguments = ["memory", "--program", "(1 to: 2000) inject: 0 into: [:a :b | (Array with: a with: b) size + a]"]
    arguments += ["--heap", "4M", "--json", str(paths[0]), "--plot", str(paths[1]), "--map", str(paths[2])]
    assert run(arguments) == 0
    text = capsys.readouterr().out
    assert "answered 4000" in text and "sound:" in text
    found = figures(paths[0])
    assert found.keys() >= FIXED_NAMES
    assert found["heap.bytes"] == 4 << 20
    assert found["audit.violations"] == 0
    assert 2000 * 32 <= found["allocated.bytes"] < 2000 * 32 * 3
    assert found["program.cycles"] > found["collector.cycles"]
    raw = json.loads(paths[0].read_text())
    assert raw["command"] == "memory" and raw["model"] == "arm926"
    before = [path.read_bytes() for path in paths]
    assert all(data.startswith(b"\x89PNG") for data in before[1:])
    assert run(arguments) == 0
    assert [path.read_bytes() for path in paths] == before


def test_a_plan_needs_no_board(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["memory", "plan", "--live", "1M", "--rate", "4M"]) == 0
    text = capsys.readouterr().out
    assert f"{2 << 20:,}" in text


def test_a_plan_from_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.json"
    program = "(1 to: 2000) inject: 0 into: [:a :b | (Array with: a with: b) size + a]"
    assert run(["memory", "plan", "--program", program, "--heap", "4M", "--json", str(path)]) == 0
    text = capsys.readouterr().out
    assert "answered 4000" in text and "heap >= live" in text and "the heap of 4,194,304 bytes is enough" in text
    assert figures(path)["allocated.bytes"] >= 2000 * 32


def test_mistakes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["memory", "--heap", "much"]) == 2
    assert "Write for example 4M" in capsys.readouterr().err
    assert run(["memory", "--heap", "1K", "--program", "3"]) == 2
    assert "the image takes" in capsys.readouterr().err
    assert run(["memory", "--program", "3 zork", "--heap", "4M"]) == 1
    assert "zork" in capsys.readouterr().err


def test_names_and_expressions() -> None:
    assert "full" in programs()
    assert expression_for("full") == "MemoryWorkload run: #full"
    assert expression_for("3 + 4") == "MemoryWorkload measure: [3 + 4]"


@pytest.mark.parametrize(("text", "size"), [("17", 17), ("64K", 65536), ("2m", 2 << 20), ("3 MiB", 3 << 20)])
def test_sizes(text: str, size: int) -> None:
    assert bytes_from(text, "--heap") == size


def test_no_size() -> None:
    with pytest.raises(UnfitRequest, match="--live x: is no size"):
        bytes_from("x", "--live")


def test_measuring_disturbs_nothing(bench: Bench) -> None:
    kept = bench.console.keep()
    bench.console.evaluate("(1 to: 300) inject: 0 into: [:a :b | a + b printString size]")
    undisturbed = bench.board.clock.cycles, bench.board.trace.digest()
    bench.console.put_back(kept)
    with Watch(bench.board, code_map(bench.board).addresses) as watch:
        bench.console.evaluate("(1 to: 300) inject: 0 into: [:a :b | a + b printString size]")
        addresses, cycles = watch.take()
    assert (bench.board.clock.cycles, bench.board.trace.digest()) == undisturbed
    assert len(addresses) > 10_000
    assert (cycles[1:] > cycles[:-1]).all()


def test_the_map_of_the_code_knows_polls_and_dispatch(bench: Bench) -> None:
    board = bench.board
    code = code_map(board)
    test = arm.data("tst", 0, PINNED_REGISTERS["dispatchBase"], arm.Immediate(PENDING_BIT)).to_bytes(4, "little")
    polls = {address for address in code.addresses if board.ram.read(address, 4) == test}
    assert len(polls) > 5
    for address in polls:
        assert code.safepoint[(address - code.base) >> 2] == 1
    table = board.firmware.address_of("dispatchTable")
    for address in range(table, table + BYTECODE_COUNT * SLOT_BYTES, SLOT_BYTES):
        assert code.safepoint[(address - code.base) >> 2] != NO_SAFEPOINT
    assert code.sleeps.any()
