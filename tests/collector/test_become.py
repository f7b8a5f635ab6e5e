"""Changes of identity in random graphs, with the collector at any point of its work, against a model."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from hardtalk.board import Snapshot
from hardtalk.cli.boards import Bench
from hardtalk.cli.memory_board import SlicedConsole, boot_with_heap
from hardtalk.memory.audit import audit
from hardtalk.memory.injection import phase
from hardtalk.memory.machine import Machine
from hardtalk.memory.safepoints import settle

from .identity_model import Model, random_numbers
from .torture import torture

FIRMWARE = Path(__file__).parent / "firmware"
HEAP_BYTES = 2 << 20
ROOTS = 12
CHUNKS, OPERATIONS = 4, 40
UNITS = (0, 3, 40, 400, 2000)
AUDITED = 0.1
PIECE = 800
Small = tuple[Bench, SlicedConsole, Snapshot]


@pytest.fixture(scope="module")
def small() -> Small:
    bench, console = boot_with_heap([FIRMWARE], HEAP_BYTES, "arm926")
    return bench, console, bench.board.snapshot()


@pytest.fixture(scope="module")
def phases() -> Counter[str]:
    """In which phase of a collection forwarders were made, over all trials."""
    return Counter()


def started(small: Small) -> Bench:
    bench, console, snapshot = small
    bench.board.restore(snapshot)
    console.prompt.abandon()
    console.after_slice = lambda: None
    bench.console.evaluate(f"BecomeScript startWith: {ROOTS}")
    return bench


def told_graph(bench: Bench) -> str:
    """In pieces: the prompt shortens long answers."""
    size = int(bench.console.evaluate("(Smalltalk at: #BecomeGraph put: BecomeScript graph) size"))
    pieces = [
        bench.console.evaluate(f"(Smalltalk at: #BecomeGraph) copyFrom: {at} to: {min(at + PIECE - 1, size)}")
        for at in range(1, size + 1, PIECE)
    ]
    return "".join(piece[1:-1] for piece in pieces)


def assert_sound(bench: Bench) -> None:
    settle(bench.board)
    report = audit(bench.board)
    assert report.is_sound, report.text()


def until_forwarders_have_gone(bench: Bench) -> int:
    """How many whole collections it took."""
    for count in range(12):
        settle(bench.board)
        if Machine.of_board(bench.board).variable("isForwarding") == 0:
            return count
        bench.console.evaluate("Smalltalk garbageCollect")
    pytest.fail("there are still forwarders after 12 collections")


@pytest.mark.parametrize("seed", range(8))
def test_graphs_are_those_of_the_model(small: Small, seed: int) -> None:
    source = random.Random(seed)
    bench, console = started(small), small[1]
    model = Model([0] * ROOTS)
    stops = random.Random(seed)

    def stop_somewhere() -> None:
        bench.board.run(stops.randint(1, 20_000))
        if stops.random() < AUDITED:
            assert_sound(bench)

    for _ in range(CHUNKS):
        torture(bench.board, source.choice(UNITS))
        numbers = random_numbers(source, ROOTS, OPERATIONS)
        console.after_slice = stop_somewhere
        seen = bench.console.evaluate(f"BecomeScript run: #({' '.join(map(str, numbers))})")
        console.after_slice = lambda: None
        assert re.findall(r"#?\w+", seen[2:-1] if seen.startswith("#(") else seen) == model.run(numbers)
        torture(bench.board, 0)
        assert model.agree(told_graph(bench)) == ""
        assert_sound(bench)
    assert until_forwarders_have_gone(bench) <= 8
    assert model.agree(told_graph(bench)) == ""
    assert_sound(bench)
