"""Changes of identity in random graphs, with the collector at any point of its work, against a model."""

from __future__ import annotations

import random
import re
from collections import Counter
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard
from hardtalk.injection.beginning import phase
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled
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
REPLACED_BYTES = 200_000
QUICK_UNITS = 100
PHASES = ("idle", "marking", "weak", "freeing")
"""Those that last long enough for a change to begin and end in them; the others are met in the trials."""
ENOUGH = 2
MOST_STOPS, STOPS_TO_AUDIT = 4_000, 8
LONGEST_STRIDE_CYCLES = {"flushing": 2_000, "burying": 2_000}
WEAK = "(Smalltalk at: #Weak)"
Small = tuple[Bench, KeptBoard]


@pytest.fixture(scope="module")
def small() -> Small:
    bench = boot_settled(BootOptions((FIRMWARE,), heap_bytes=HEAP_BYTES))
    return bench, bench.console.keep()


def started(small: Small) -> Bench:
    bench, kept = small
    bench.console.put_back(kept)
    bench.console.after_slice = lambda: None
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
    bench = started(small)
    model = Model([0] * ROOTS)
    stops = random.Random(seed)

    def stop_somewhere() -> None:
        bench.board.run(stops.randint(1, 20_000))
        if stops.random() < AUDITED:
            assert_sound(bench)

    for _ in range(CHUNKS):
        torture(bench.board, source.choice(UNITS))
        numbers = random_numbers(source, ROOTS, OPERATIONS)
        bench.console.after_slice = stop_somewhere
        seen = bench.console.evaluate(f"BecomeScript run: #({' '.join(map(str, numbers))})")
        bench.console.after_slice = lambda: None
        assert re.findall(r"#?\w+", seen[2:-1] if seen.startswith("#(") else seen) == model.run(numbers)
        torture(bench.board, 0)
        assert model.agree(told_graph(bench)) == ""
        assert_sound(bench)
    assert until_forwarders_have_gone(bench) <= 8
    assert model.agree(told_graph(bench)) == ""
    assert_sound(bench)


def test_identities_change_in_all_long_phases(small: Small) -> None:
    """After some changes without a collection and while marking, the collector makes its smallest steps, so that each
    phase lasts."""
    bench = started(small)
    bench.console.evaluate("BecomeScript startSpinning")
    strides = random.Random(3)
    made: Counter[str] = Counter()
    before = Machine.of_board(bench.board).variable("forwardersMade"), phase(bench.board)
    for stop in range(MOST_STOPS):
        bench.board.run(strides.randint(500, LONGEST_STRIDE_CYCLES.get(before[1], 20_000)))
        settle(bench.board)
        now = Machine.of_board(bench.board).variable("forwardersMade"), phase(bench.board)
        if now[1] == before[1]:
            made[now[1]] += now[0] - before[0]
        before = now
        if made["idle"] >= ENOUGH:
            torture(bench.board, QUICK_UNITS if now[1] in ("idle", "marking") else 1)
        if stop % STOPS_TO_AUDIT == 0:
            assert_sound(bench)
        if all(made[each] >= ENOUGH for each in PHASES):
            break
    assert_sound(bench)
    assert all(made[each] >= ENOUGH for each in PHASES), made
    assert bench.console.evaluate("Smalltalk at: #Wrong") == "0"


def evaluate(bench: Bench, text: str) -> str:
    return bench.console.evaluate(" ".join(text.split()))


def test_weak_slots_lead_to_the_target(small: Small) -> None:
    bench = started(small)
    evaluate(
        bench,
        """| one | one := Array with: 1.
        Smalltalk at: #Kept put: (Array with: 2); at: #Weak put: (BecomeWeak new: 2).
        (Smalltalk at: #Weak) at: 1 put: one; at: 2 put: one. one becomeForward: (Smalltalk at: #Kept). 0""",
    )
    assert until_forwarders_have_gone(bench) >= 1
    assert evaluate(bench, f"({WEAK} at: 1) == (Smalltalk at: #Kept)") == "true"
    assert evaluate(bench, f"({WEAK} at: 2) == (Smalltalk at: #Kept)") == "true"
    assert_sound(bench)


def test_weak_slots_keep_neither_forwarder_nor_target(small: Small) -> None:
    bench = started(small)
    evaluate(
        bench,
        """| one | one := Array with: 1. Smalltalk at: #Weak put: (BecomeWeak new: 1).
        (Smalltalk at: #Weak) at: 1 put: one. one becomeForward: (Array with: 2). 0""",
    )
    until_forwarders_have_gone(bench)
    evaluate(bench, "Smalltalk garbageCollect. Smalltalk garbageCollect")
    assert evaluate(bench, f"{WEAK} at: 1") == "nil"
    assert_sound(bench)


def test_replaced_blocks_are_freed(small: Small) -> None:
    bench = started(small)
    evaluate(bench, "Smalltalk garbageCollect. Smalltalk garbageCollect")
    free = int(evaluate(bench, "Smalltalk garbageCollect"))
    evaluate(
        bench,
        f"""Smalltalk at: #Holder put: (Array with: (Array new: {REPLACED_BYTES // 4})).
        (Smalltalk at: #Holder) first becomeForward: 'small' copy. 0""",
    )
    assert until_forwarders_have_gone(bench) <= 3
    assert abs(int(evaluate(bench, "Smalltalk garbageCollect")) - free) < REPLACED_BYTES // 4
    assert evaluate(bench, "(Smalltalk at: #Holder) first") == "'small'"
