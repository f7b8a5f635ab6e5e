"""A snapshot of the running image: taken while interrupts are served, put into the flash, resumed after a reset."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from snapshot_board import FIRST, SECOND, booted_from, flash_image, restarted, started

from hardtalk.bench import Bench, BenchError, BootOptions
from hardtalk.bench.booting import flash_of
from hardtalk.board import Board
from hardtalk.cli.flash_slots import moment
from hardtalk.cli.main import run
from hardtalk.devices import FlashCells
from hardtalk.devices.cfi_flash import Operation
from hardtalk.flash import FlashFile
from hardtalk.image.audit import audit
from hardtalk.latency.laboratory import Laboratory, Schedule
from hardtalk.latency.loaded_board import build_latency_firmware, with_laboratory
from hardtalk.latency.subjects import NATIVE, SMALLTALK, subject_named
from hardtalk.link.linker import image_checksum
from hardtalk.link.plan import HEAP_BASE, IMAGE_HEADER_BYTES
from hardtalk.power_cuts.judges import torn
from hardtalk.serial import Result
from hardtalk.slots import read_header, slots_in
from hardtalk.slots.layout import HEADER_BYTES, PAYLOAD, slot_offset

if TYPE_CHECKING:
    from conftest import QemuMachine

BEFORE = (
    "Object subclass: #Kept instanceVariableNames: 'large' classVariableNames: '' package: 'Tests'",
    "Kept >> large: anInteger [ large := anInteger ]",
    "Kept >> sum [ ^ large - 7 ]",
    "Smalltalk at: #Kept1 put: (Kept new large: 3000000000; yourself). nil",
    "Smalltalk at: #Log put: OrderedCollection new; at: #Signal put: Semaphore new; at: #Guard put: Mutex new. nil",
    "Smalltalk at: #Words put: #(1 -1 1073741823 -1073741824 1.5 $a 'text' #symbol 1000000000000). nil",
    "Smalltalk at: #Bytes put: #[0 255 128 7]; at: #Bits put: ((Bitmap new: 3) at: 2 put: 16rFEDCBA98; yourself). nil",
    "Smalltalk at: #Weak put: (WeakArray with: Kept1 with: Object new). nil",
    "[ (Delay forSeconds: 24) wait. Log add: #delayed ] fork. nil",
    "[ Signal wait. Log add: #signalled ] forkAt: 30. nil",
    """[ [ [ Signal wait. Log add: 1 / 0 ] ensure: [ Log add: #ensured ] ]
        on: ZeroDivide do: [ :error | Log add: #handled ] ] forkAt: 29. nil""",
    "[ Guard critical: [ Signal wait. Log add: #first ] ] forkAt: 28. nil",
    "[ Guard critical: [ Log add: #second ] ] forkAt: 39. nil",
    """Smalltalk at: #Picture put: (Form extent: 600@400 depth: 8).
    Smalltalk at: #Inversions put: 0.
    [ 41 timesRepeat: [
        (BitBlt toForm: Picture) combinationRule: 10; copyBits.
        Smalltalk at: #Inversions put: Inversions + 1 ] ] forkAt: 11. nil""",
    "Smalltalk at: #Stopped put: [ Log add: #never ] newProcess. nil",
)
"""Objects of all kinds, and processes: on a delay, a semaphore, a mutex, in the middle of a blit, suspended."""
TAKE = """| before answer |
(Delay forMilliseconds: 5) wait.
before := Delay microseconds.
answer := Smalltalk snapshot.
Log add: answer.
Smalltalk at: #Took put: Delay microseconds - before.
answer"""
FILL = """| all |
Smalltalk at: #Hog put: (all := OrderedCollection new).
26 to: 20 by: -1 do: [ :bits |
    [ all add: (ByteArray new: (1 bitShift: bits) - 32) ] on: OutOfMemory do: [ :error | ] ]"""
GAPS = (400_000, 900_000)
"""Cycles between two interrupts while the snapshot is made."""


ANOTHER = """Smalltalk at: #Second put: ([
    (Delay forSeconds: 3) wait.
    Log add: ([ Smalltalk snapshot ] on: Error do: [ :error | error messageText ]) ] forkAt: 45). nil"""
RESPONSE_CYCLES = 10_600
"""What `hardtalk bound` proves of any handler, at most."""


@dataclass
class Story:
    """What was seen from the snapshot to the resumed image."""

    answers: list[str] = field(default_factory=list)
    operations: list[tuple[FlashCells, Operation]] = field(default_factory=list)
    latencies: dict[str, list[int]] = field(default_factory=dict)
    cycles: int = 0
    resumed_after: int = 0
    cells: FlashCells | None = None


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flash of the firmware with the drivers of the latency laboratory, in slot A, confirmed."""
    return flash_image(tmp_path_factory.mktemp("snapshot") / "flash.bin", build_latency_firmware().elf)


def booted(path: Path) -> Bench:
    return booted_from(path, with_laboratory(BootOptions()))


@pytest.fixture(scope="module")
def told(image: Path) -> Iterator[tuple[Bench, Story]]:
    """The resumed board."""
    bench, story = booted(image), Story()
    evaluate, flash = bench.console.evaluate, flash_of(bench.board)
    for each in BEFORE:
        evaluate(each)
    flash.finishing = lambda operation: story.operations.append((deepcopy(flash.contents), operation))
    laboratories = {form: laboratory(bench, *each) for form, *each in ((SMALLTALK, "TIMER"), (NATIVE, "UART"))}
    start = bench.board.clock.cycles
    with ExitStack() as stack:
        for each in laboratories.values():
            stack.enter_context(each.raising())
        story.answers.append(evaluate(TAKE))
    story.cycles = bench.board.clock.cycles - start
    story.latencies = {form: [each.latency for each in one.stopwatch.finished] for form, one in laboratories.items()}
    flash.finishing = None
    story.answers.append(evaluate("{ Log. Inversions. Took }"))
    story.cells = deepcopy(flash.contents)
    story.answers.append(restarted(bench))
    story.resumed_after = bench.board.clock.cycles
    yield bench, story


def laboratory(bench: Bench, name: str) -> Laboratory:
    form = NATIVE if name == "UART" else SMALLTALK
    subject = subject_named(bench, name, form)
    bench.console.evaluate(f"{subject.driver} start. nil")
    board: Board = bench.board
    return Laboratory(
        board,
        subject.line(board),
        subject.injector(board),
        {},
        Schedule(1, *GAPS),
    )


def test_it_answers_false_and_the_image_goes_on(told: tuple[Bench, Story]) -> None:
    _, story = told
    assert story.answers[0] == "false"
    assert story.answers[1].startswith("{an OrderedCollection(false). 41. ")


def test_interrupts_are_served_meanwhile(told: tuple[Bench, Story]) -> None:
    _, story = told
    most = {form: max(each) for form, each in story.latencies.items()}
    assert all(len(each) > 1000 for each in story.latencies.values())
    assert most[SMALLTALK] < RESPONSE_CYCLES and most[NATIVE] < 400, most


def test_the_image_in_the_flash_is_sound(told: tuple[Bench, Story]) -> None:
    _, story = told
    assert story.cells is not None
    header = read_header(story.cells.read(slot_offset(1), HEADER_BYTES))
    assert header is not None
    *code, (address, size) = header.segments
    assert address == HEAP_BASE - IMAGE_HEADER_BYTES
    start = slot_offset(1) + PAYLOAD + sum(each for _, each in code)
    data = story.cells.read(start, size)
    end, special, checksum = (int.from_bytes(data[each : each + 4], "little") for each in (0, 4, 8))
    assert (end, checksum) == (address + size, image_checksum(data[IMAGE_HEADER_BYTES:], special))
    report = audit(data[IMAGE_HEADER_BYTES:], HEAP_BASE, special)
    assert report.faults == []
    assert report.methods > 4000


def test_the_power_cut_at_any_operation(told: tuple[Bench, Story]) -> None:
    _, story = told
    chance = random.Random(3)
    assert len(story.operations) > 500
    some = [*story.operations[:8], *chance.sample(story.operations[8:-2], 24), *story.operations[-2:]]
    for before, operation in some:
        assert started(before) == FIRST
        assert started(torn(before, operation, chance)) in (FIRST, SECOND)
    assert {started(torn(*each, chance)) for each in some[:-1]} == {FIRST}
    assert story.cells is not None and started(story.cells) == SECOND


@pytest.fixture(scope="module")
def other(image: Path) -> Bench:
    """A board of its own, whose flash is given contents."""
    return booted(image)


def test_the_board_itself_after_the_power_was_cut(told: tuple[Bench, Story], other: Bench) -> None:
    """It starts what was good before, whatever is half done in the other slot."""
    _, story = told
    chance = random.Random(5)
    count = len(story.operations)
    for number in (0, 2, count // 2, count - 2):
        flash_of(other.board).contents = torn(*story.operations[number], chance)
        other.start_from_flash()
        assert "slot A: generation 1, " in other.text and "resumed" not in other.text
        assert other.console.evaluate("{ FirmwareSlot running. FirmwareSlot running isConfirmed. 3 + 4 }") == (
            "{slot A. true. 7}"
        )


def test_one_that_does_not_get_so_far_as_to_confirm_itself(told: tuple[Bench, Story], other: Bench) -> None:
    """It is started three times, then what was good before."""
    _, story = told
    board, flash = other.board, flash_of(other.board)
    flash.contents = deepcopy(story.cells)
    marks: list[Operation] = []
    flash.finishing = marks.append
    for left in (2, 1, 0):
        board.reset()
        marks.clear()
        while not marks:
            board.run(cycles=100_000)
        header = slots_in(flash.contents)[1].header
        assert header is not None and (header.tries_left, header.is_confirmed) == (left, False)
    flash.finishing = None
    other.start_from_flash()
    assert "slot A: generation 1, " in other.text and "resumed" not in other.text
    assert other.console.evaluate("FirmwareSlot running") == "slot A"


def test_the_slots_tell_which_is_a_snapshot(
    told: tuple[Bench, Story], other: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, story = told
    assert story.cells is not None
    path = tmp_path / "flash.bin"
    FlashFile(path).store(story.cells)
    first, second = slots_in(story.cells)
    assert first.header is not None and second.header is not None and second.header.taken is not None
    assert (first.header.taken, first.header.name) == (None, second.header.name)
    assert 1 <= second.header.taken <= 30
    assert run(["flash", "slots", str(path)]) == 0
    a, b = capsys.readouterr().out.splitlines()[1:3]
    assert "snapshot" not in a
    assert f"generation 2, snapshot of {second.header.name} taken {second.header.taken} s after the start, " in b
    assert moment(1_800_000_000) == "2027-01-15 08:00:00 UTC"
    flash_of(other.board).contents = deepcopy(story.cells)
    answer = other.console.evaluate(
        "FirmwareSlot all collect: [ :each | each taken ifNotNil: [ :time | time asUnixTime ] ]"
    )
    assert answer == f"#(nil {second.header.taken})"


def test_everything_goes_on_after_the_reset(told: tuple[Bench, Story]) -> None:
    bench, story = told
    evaluate = bench.console.evaluate
    lines = story.answers[2].splitlines()
    assert lines[0].startswith("slot B: generation 2, ")
    assert lines[1].startswith("Hardtalk 0.1: resumed from a snapshot, ")
    assert lines[2] == (
        "drivers: a Timer on TIMER01 a LatencyTimer on TIMER23 a SerialPort on UART0 a LatencyNativeSerialPort on UART1"
    )
    assert evaluate("{ FirmwareSlot running. FirmwareSlot running isConfirmed }") == "{slot B. true}"
    assert evaluate("Kept1 sum") == "2999999993"
    assert evaluate("Words") == "#(1 -1 1073741823 -1073741824 1.5 $a 'text' #symbol 1000000000000)"
    assert evaluate("{ Bytes. (Bits at: 2) printStringBase: 16. Bits at: 3 }") == "#(#[0 255 128 7] 'FEDCBA98' 0)"
    assert evaluate("{ (Weak at: 1) == Kept1. Weak at: 2 }") == "#(true nil)"
    assert evaluate("Log") == "an OrderedCollection(true)"
    assert evaluate("3 timesRepeat: [ Signal signal ]. (Delay forMilliseconds: 200) wait. Log asArray") == (
        "#(true #first #second #signalled #handled #ensured)"
    )
    assert evaluate("{ Inversions. (Picture bits collect: [ :each | each ]) asSet }") == "{41. a Set(4294967295)}"
    assert evaluate("(Delay forSeconds: 10) wait. Log size") == "6"
    assert evaluate("(Delay forSeconds: 14) wait. Log last") == "#delayed"
    assert evaluate("Stopped resume. Processor yield. Log last") == "#never"
    assert evaluate("Kept >> sum [ ^ large + 1 ]") == "Kept>>sum"
    assert evaluate("Kept1 sum") == "3000000001"


def test_devices_are_served_again(told: tuple[Bench, Story]) -> None:
    bench, _ = told
    for name, driver in (("TIMER", "LatencyTimer"), ("UART", "LatencyNativeSerialPort")):
        subject = subject_named(bench, name, NATIVE if name == "UART" else SMALLTALK)
        assert subject.driver == driver
        board = bench.board
        served = Laboratory(board, subject.line(board), subject.injector(board), {}, Schedule(2)).measure(50)
        assert max(each.latency for each in served) < 1_400


def test_the_heap_is_sound(told: tuple[Bench, Story]) -> None:
    bench, _ = told
    assert bench.console.evaluate("HeapAudit runPass") == "0"
    assert bench.console.evaluate("Smalltalk garbageCollect. HeapAudit runPass") == "0"


def test_a_snapshot_of_a_snapshot(told: tuple[Bench, Story]) -> None:
    bench, _ = told
    evaluate = bench.console.evaluate
    evaluate(ANOTHER)
    assert evaluate("Smalltalk snapshot") == "false"
    assert evaluate("Log removeLast") == "'a snapshot is being made already'"
    assert restarted(bench).startswith("slot A: generation 3, ")
    evaluate("Second terminate")
    assert evaluate("{ Kept1 sum. Log size. FirmwareSlot running isConfirmed }") == "#(3000000001 8 true)"
    assert evaluate("HeapAudit runPass") == "0"


def test_a_damaged_snapshot_is_passed_over(told: tuple[Bench, Story], image: Path, tmp_path: Path) -> None:
    _, story = told
    assert story.cells is not None
    cells = deepcopy(story.cells)
    place = slot_offset(1) + PAYLOAD + 500_000
    cells.put(place, bytes([cells.read(place, 1)[0] ^ 4]))
    path = tmp_path / "flash.bin"
    FlashFile(path).store(cells)
    lines = booted(path).text.splitlines()
    assert lines[0].startswith("slot B: the firmware's checksum is ")
    assert lines[1].startswith("slot A: generation 1, ")


def test_it_is_resumed_from_the_same_moment_each_time(told: tuple[Bench, Story], tmp_path: Path) -> None:
    """Until somebody takes another one."""
    _, story = told
    assert story.cells is not None
    path = tmp_path / "flash.bin"
    FlashFile(path).store(story.cells)
    for _ in range(2):
        bench = booted(path)
        assert bench.text.splitlines()[1].startswith("Hardtalk 0.1: resumed from a snapshot, ")
        assert bench.console.evaluate("Log add: 1; yourself") == "an OrderedCollection(true 1)"


def test_qemu_resumes_it(start_qemu: Callable[..., QemuMachine], told: tuple[Bench, Story], tmp_path: Path) -> None:
    _, story = told
    assert story.cells is not None
    path = tmp_path / "flash.bin"
    FlashFile(path).store(story.cells)
    machine = start_qemu([], path, starts_from_flash=True)
    lines = machine.boot_text().splitlines()
    assert lines[0].startswith("slot B: generation 2, ")
    assert lines[1].startswith("Hardtalk 0.1: resumed from a snapshot, ")
    assert machine.enter("Kept1 sum")[-1] == Result("2999999993")
    assert machine.enter("3 timesRepeat: [ Signal signal ]. (Delay forMilliseconds: 200) wait. Log asArray")[-1] == (
        Result("#(true #first #second #signalled #handled #ensured)")
    )
    machine.close()


def test_memory_that_is_too_short(bench: Bench) -> None:
    """The objects are taken all the same where there is no flash; nothing is left of an attempt that fails."""
    evaluate = bench.console.evaluate
    assert evaluate("SystemSnapshot basicNew takeObjects") == "false"
    evaluate(FILL)
    with pytest.raises(BenchError, match=r"there is not enough memory for a new (object|process)"):
        evaluate("SystemSnapshot basicNew takeObjects")
    evaluate("Smalltalk removeKey: #Hog. Smalltalk garbageCollect")
    assert evaluate("SystemSnapshot basicNew takeObjects") == "false"
    assert evaluate("HeapAudit runPass") == "0"


def test_it_is_refused(bench: Bench) -> None:
    evaluate = bench.console.evaluate
    with pytest.raises(BenchError, match=r"this firmware was not started from flash, where a snapshot goes: hardtalk"):
        evaluate("Smalltalk snapshot")
    with pytest.raises(BenchError, match="a snapshot is taken by a process of a priority below 57"):
        evaluate("Processor highestPriorityDo: [ Smalltalk snapshot ]")
    for each in ("SerialConsole", "Delay", "NativeSlot", "RunningDevices", "SerialPort console", "Timer current"):
        with pytest.raises(BenchError, match="only what resumes a snapshot does this"):
            evaluate(f"{each} resumeAfterSnapshot")
