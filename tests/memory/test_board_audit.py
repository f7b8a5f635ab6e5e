"""The board's own audit: silent while the heap changes under it, and every kind of damage told with its address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard
from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board
from hardtalk.cli.main import run
from hardtalk.injection.beginning import phase
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.heap import STACK_POINTER, SUSPENDED_CONTEXT, Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.rings import Rings
from hardtalk.memory.safepoints import settle
from hardtalk.serial import ConsoleText
from hardtalk.vm import object_format as of
from hardtalk.vm.codes import AUDIT_KINDS

HEAP_BYTES = 2 << 20
PASS_CYCLES = 15_000_000
WHITE_AND_BLACK = of.COLOUR_ALLOCATED ^ of.COLOUR_OTHER
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def auditing() -> tuple[Bench, KeptBoard]:
    bench = boot_settled(BootOptions((study_folder("memory"),), heap_bytes=HEAP_BYTES))
    evaluate(bench, """| semaphore | semaphore := Semaphore new. Smalltalk at: #Faults put: 0.
        Smalltalk at: #Waiting put: (Array new: 1000).
        (Smalltalk at: #Waiting) at: 1 put: [(Delay forSeconds: 1000) wait] fork.
        HeapAudit faultSemaphore: semaphore.
        [[semaphore wait. Smalltalk at: #Faults put: (Smalltalk at: #Faults) + 1] repeat] fork.
        HeapAudit start. 0""")  # fmt: skip
    bench.board.run(PASS_CYCLES)
    settle(bench.board)
    return bench, bench.console.keep()


@pytest.fixture
def bench(auditing: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    found, kept = auditing
    found.console.put_back(kept)
    found.console.receive()
    yield found


def evaluate(bench: Bench, text: str) -> str:
    return bench.console.evaluate(" ".join(text.split()))


def variable(board: Board, name: str) -> int:
    return int.from_bytes(board.ram.read(board.firmware.address_of(name), 4), "little")


def put(board: Board, address: int, value: int) -> None:
    board.ram.write(address, (value & 0xFFFFFFFF).to_bytes(4, "little"))


def told(bench: Bench) -> list[tuple[str, int]]:
    """Kind and address of what the board has said on its console."""
    text = "".join(event.text for event in bench.console.receive() if isinstance(event, ConsoleText))
    return [(kind, int(address, 16)) for kind, address in re.findall(r"heap audit: (.+) at 16r([0-9A-F]+)", text)]


def some_object(heap: Heap, object_format: int = 2) -> int:
    """An object in the midst of memory, of that format and with at least one slot."""
    rings = Rings(heap)
    chosen = np.flatnonzero(heap.is_object & (heap.formats == object_format) & (heap.sizes > 0) & (rings.ring_of > 0))
    return int(heap.addresses[chosen[len(chosen) // 2]])


def waiting_context(heap: Heap) -> int:
    """The context of the process that waits for the clock."""
    board = heap.machine
    processes = heap.addresses[heap.is_process]
    tops = [board.slot(int(each), SUSPENDED_CONTEXT) - 1 for each in processes]
    listed = [each for each in tops if board.byte(each + 16) == of.FORMATS["FormatListedContext"]]
    return listed[0]


def broken_order(board: Board, heap: Heap) -> int:
    each = some_object(heap)
    order = board.ram.read(each + 17, 1)[0]
    board.ram.write(each + 17, bytes([order + 1]))
    return each


def broken_size(board: Board, heap: Heap) -> int:
    each = some_object(heap, of.FORMATS["FormatBytes"])
    put(board, each + 12, 1 << 20)
    return each


def broken_free_list(board: Board, heap: Heap) -> int:
    """The first block of the largest order that has one says that another one precedes it."""
    lists = board.firmware.address_of("freeLists")
    orders = range(of.LARGEST_ORDER, of.SMALLEST_ORDER, -1)
    first = next(block for order in orders if (block := heap.machine.word(lists + 4 * order)))
    put(board, first + 4, heap.start)
    return first


def broken_bitmap(board: Board, heap: Heap) -> int:
    place = board.firmware.address_of("nonEmptyOrders")
    put(board, place, heap.machine.word(place) ^ 1 << 26)
    return board.firmware.address_of("freeLists") + 4 * 26


def broken_link(board: Board, heap: Heap) -> int:
    each = some_object(heap)
    put(board, each + 4, 0)
    return each


def wild_link(board: Board, heap: Heap) -> int:
    each = some_object(heap)
    put(board, each, 0xDEADBEEF)
    return each


def broken_colour(board: Board, heap: Heap) -> int:
    each = some_object(heap)
    board.ram.write(each + 17, bytes([board.ram.read(each + 17, 1)[0] ^ WHITE_AND_BLACK << of.COLOUR_SHIFT]))
    return each


def broken_ring(board: Board, heap: Heap) -> int:
    """A black object on the white ring while nothing is collected."""
    each = some_object(heap)
    following, before = heap.machine.word(each), heap.machine.word(each + 4)
    put(board, before, following)
    put(board, following + 4, before)
    anchor = board.firmware.address_of("whiteRing")
    for place, value in ((anchor, each), (anchor + 4, each), (each, anchor), (each + 4, anchor)):
        put(board, place, value)
    return anchor


def broken_class(board: Board, heap: Heap) -> int:
    each = some_object(heap)
    put(board, each + 8, heap.machine.variable("nilObject"))
    return each


def class_in_the_wild(board: Board, heap: Heap) -> int:
    each = some_object(heap)
    put(board, each + 8, 0xFFFFFFE0)
    return each


def dangling_reference(board: Board, heap: Heap) -> int:
    each = some_object(heap)
    free = int(heap.addresses[np.flatnonzero(~heap.is_taken)[0]])
    put(board, each + of.slot_offset(0), free)
    return each + of.slot_offset(0)


def reference_into_an_object(board: Board, heap: Heap) -> int:
    """The second slot of a large object, in a context's stack as well as anywhere."""
    context = waiting_context(heap)
    large = int(heap.addresses[np.flatnonzero(heap.is_object & (heap.formats == 2) & (heap.orders >= 8))[0]])
    put(board, context + of.slot_offset(5), large + 32)
    return context + of.slot_offset(5)


def broken_stack(board: Board, heap: Heap) -> int:
    context = waiting_context(heap)
    put(board, context + of.slot_offset(STACK_POINTER), context)
    return context


def unlisted_object(board: Board, heap: Heap) -> int:
    """An array that says that it is a plain context's equal."""
    each = some_object(heap)
    order = board.ram.read(each + 17, 1)[0] & of.ORDER_MASK
    board.ram.write(each + 17, bytes([order | of.COLOUR_UNLISTED << of.COLOUR_SHIFT]))
    return each


def broken_cache(board: Board, heap: Heap) -> int:
    """An entry in a row that nobody has used: no lookup comes by it, nor fills it meanwhile."""
    base = board.firmware.address_of("methodCache")
    rows = [base + 16 * row for row in range(1024)]
    entry = next(row for row in rows if heap.machine.word(row))
    unused = next(row for row in reversed(rows) if not heap.machine.word(row))
    free = int(heap.addresses[np.flatnonzero(~heap.is_taken)[0]])
    for offset, value in enumerate([heap.machine.word(entry), heap.machine.word(entry + 4), free]):
        put(board, unused + 4 * offset, value)
    return unused


def broken_count(board: Board, heap: Heap) -> int:
    place = board.firmware.address_of("bytesFree")
    put(board, place, heap.machine.word(place) + 32)
    return place


DAMAGES: dict[str, tuple[str, Callable[[Board, Heap], int]]] = {
    "order": ("block", broken_order),
    "size": ("block", broken_size),
    "free list": ("free list", broken_free_list),
    "bitmap": ("free list", broken_bitmap),
    "link": ("link", broken_link),
    "wild link": ("link", wild_link),
    "colour": ("colour", broken_colour),
    "ring": ("ring", broken_ring),
    "class": ("class", broken_class),
    "wild class": ("class", class_in_the_wild),
    "reference to a free block": ("reference", dangling_reference),
    "reference into an object": ("reference", reference_into_an_object),
    "stack pointer": ("context", broken_stack),
    "unlisted object": ("context", unlisted_object),
    "method cache": ("method cache", broken_cache),
    "count": ("statistics", broken_count),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_told_with_kind_and_address(bench: Bench, name: str) -> None:
    board = bench.board
    assert told(bench) == []
    kind, damage = DAMAGES[name]
    address = damage(board, Heap(Machine.of_board(board)))
    board.run(3 * PASS_CYCLES)
    found = told(bench)
    assert (kind, address) in found, found
    assert len(found) == len(set(found)), "nothing is told twice"
    assert variable(board, "auditFaults") >= len(found)


def test_a_fault_signals_the_semaphore(bench: Bench) -> None:
    broken_count(bench.board, Heap(Machine.of_board(bench.board)))
    bench.board.run(2 * PASS_CYCLES)
    assert evaluate(bench, "Smalltalk at: #Faults") == "1"


RESTLESS_MICROSECONDS = 1_000
WATCHED_CYCLES = 900_000_000
MUTATOR = """[| kept chain random | random := Random seed: 5. kept := Array new: 400.
    [(Delay forMicroseconds: PERIOD) wait.
    1 to: 60 do: [:each | kept at: (random nextInteger: 400) put: (Array new: (random nextInteger: 60))].
    kept at: (random nextInteger: 400) put: (Bitmap new: (random nextInteger: 3000)).
    chain := nil. 1 to: 20 do: [:each | chain := [:a | a -> each] value: chain].
    kept at: 1 put: [(Delay forMilliseconds: (random nextInteger: 9)) wait. chain size] fork] repeat]
    forkAt: Processor userBackgroundPriority. 0"""


@pytest.mark.parametrize("period", [700, 2000])
def test_it_is_silent_while_the_heap_changes(bench: Bench, period: int) -> None:
    """With collections running, too. Where the program rests between them it is at work in other phases than idle."""
    board = bench.board
    evaluate(bench, MUTATOR.replace("PERIOD", str(period)))
    phases, passes = set(), variable(board, "auditPasses")
    end = board.cpu.cycles + WATCHED_CYCLES
    while board.cpu.cycles < end:
        board.run(50_021 if phase(board) == "idle" else 3_001)
        if "HeapAudit" in board.firmware.describe(board.cpu.pc):
            phases.add(phase(board))
        has_seen_all = len(phases) > 1 or period < RESTLESS_MICROSECONDS
        if has_seen_all and variable(board, "auditPasses") > passes + 1 and variable(board, "cyclesCompleted") > 2:
            break
    assert told(bench) == [] and variable(board, "auditFaults") == 0
    assert variable(board, "auditPasses") > passes + 1 and variable(board, "cyclesCompleted") > 2
    assert has_seen_all, phases
    settle(board)
    report = audit(board)
    assert report.is_sound, report.text()


def test_it_can_be_stopped_and_asked(bench: Bench) -> None:
    assert evaluate(bench, "HeapAudit isRunning") == "true"
    assert re.fullmatch(r"'\d+ passes, \d+ blocks, \d+ stacks skipped, 0 faults'", evaluate(bench, "HeapAudit report"))
    evaluate(bench, "HeapAudit stop. 0")
    passes = variable(bench.board, "auditPasses")
    bench.board.run(2 * PASS_CYCLES)
    assert variable(bench.board, "auditPasses") == passes
    assert evaluate(bench, "HeapAudit runPass") == "0"
    assert variable(bench.board, "auditPasses") == passes + 2


def test_kinds_have_names() -> None:
    source = (ROOT / "firmware" / "kernel" / "HeapAudit.class.st").read_text(encoding="utf-8")
    names = re.findall(r"'([a-z ]+)'", source.split("kinds [", 1)[1].split("]", 1)[0])
    assert len(names) == len(AUDIT_KINDS) and sorted(AUDIT_KINDS.values()) == list(range(1, len(names) + 1))


LOAD = """"The board's own audit, again and again."
Class { #name : #AuditLoad, #superclass : #LatencyWorkload, #category : #Latency }

{ #category : #loads }
AuditLoad >> auditing [
	HeapAudit runPass
]
"""


def test_interrupts_do_not_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "AuditLoad.class.st").write_text(LOAD)
    arguments = ["latency", "--load", "auditing", "--driver", str(tmp_path), "--count", "300", "--line", "TIMER"]
    assert run([*arguments, "--deadline", "10us"]) == 0
