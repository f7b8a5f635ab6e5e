"""A recording of interrupts under a load, or of a program; one interrupt as a picture."""

from hardtalk.bench import Bench
from hardtalk.bench.errors import BenchError
from hardtalk.bench.process_watch import NATIVE_RUNNING, VM_RECORD
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.latency.loaded_board import printed, start_load
from hardtalk.latency.loads import Load
from hardtalk.latency.subjects import Subject
from hardtalk.symbols.moment import Moment
from hardtalk.symbols.moments import blocks_that_return, watched_addresses
from hardtalk.symbols.process_names import ProcessNames
from hardtalk.tasks.side_by_side import CutShort
from hardtalk.trace.picture import picture
from hardtalk.trace.recorder import COLLECTION, NATIVE, PROCESSES, Recorder, WatchedBlocks, WatchedWord
from hardtalk.trace.recording import Recording, Slice
from hardtalk.vm.codes import PHASE_NAMES

MARGIN_CYCLES = 100
COLLECTOR_WORK, COLLECTOR_STEP = "Collector>>collectFor:", "Collector>>collectorStep:"
COLLECTOR_PHASE = "collectorPhase"


def record(
    bench: Bench, subject: Subject, load: Load, count: int, seed: int
) -> tuple[Recording, list[Interrupt], bool]:
    """Measure as `hardtalk latency` does, first with and then without a recorder: both must see the same. When
    Control-C comes, what is recorded by then and the interrupts so far. Also whether nobody interrupted it."""
    board = bench.board
    watched = watched_addresses(bench.source_map)
    start_load(bench, subject, load)
    start = board.snapshot()

    def measure() -> tuple[list[Interrupt], bool]:
        laboratory = Laboratory(board, subject.line(board), subject.injector(board), watched, Schedule(seed))
        try:
            return laboratory.measure(count), True
        except KeyboardInterrupt as interrupt:
            return interrupt.done if isinstance(interrupt, CutShort) else [], False
        except NotServed as error:
            reason = "\n".join([*bench.console.device_failures, *printed(bench), str(error)])
            raise BenchError(f"{reason}\n{board.fault_report()}") from error

    with bench_recorder(bench) as recorder:
        interrupts, is_whole = measure()
    if not is_whole:
        return recorder.recording, interrupts, False
    end = board.clock.cycles
    board.restore(start)
    again, is_whole = measure()
    is_same = [each.latency for each in again] == [each.latency for each in interrupts[: len(again)]]
    if not is_same or (is_whole and board.clock.cycles != end):
        raise BenchError("recording changed the run: this is a defect of Hardtalk")
    return recorder.recording, interrupts, is_whole


def record_program(bench: Bench, expression: str, cycles: int) -> tuple[Recording, str, bool]:
    """While the board evaluates the expression, so many cycles at most or until Control-C comes; with its answer, or
    why there is none, and whether nobody interrupted it."""
    start, is_whole = bench.board.clock.cycles, True
    with bench_recorder(bench) as recorder:
        try:
            answer = bench.console.evaluate(expression, cycles)
        except KeyboardInterrupt:
            passed = bench.board.clock.cycles - start
            is_whole = False
            answer = f"interrupted after {passed * 1000 // bench.board.chip.cpu_hertz} ms"
        except BenchError as error:
            is_over = bench.board.clock.cycles - start >= cycles
            late = f"still running after {cycles * 1000 // bench.board.chip.cpu_hertz} ms"
            answer = "\n".join([*bench.console.device_failures, *printed(bench), late]) if is_over else str(error)
    return recorder.recording, answer, is_whole


def bench_recorder(bench: Bench) -> Recorder:
    """Shows processes by name, the collector's phases, its stretches of work and their steps, and interrupts."""
    board, source_map = bench.board, bench.source_map
    watched = watched_addresses(source_map)
    names = ProcessNames(board.ram, source_map)
    phases = dict(enumerate(PHASE_NAMES))
    begin, ends = blocks_that_return(source_map, COLLECTOR_WORK)
    step = source_map.address_of(COLLECTOR_STEP)
    blocks = WatchedBlocks(
        frozenset(watched[Moment.RETURNED]), frozenset(watched[Moment.SAFEPOINT]), frozenset([begin]),
        frozenset([] if step is None else [step]), frozenset(ends),
    )  # fmt: skip
    vm_record = board.firmware.address_of(VM_RECORD)
    words = {
        NATIVE: WatchedWord(
            board.firmware.address_of(NATIVE_RUNNING),
            lambda record: "" if record == vm_record else f"native process {record:#x}",
        ),
        PROCESSES: WatchedWord(names.word, names.name),
        COLLECTION: WatchedWord(
            board.firmware.address_of(COLLECTOR_PHASE), lambda value: phases.get(value, "?") if value else ""
        ),
    }
    return Recorder(board, blocks, words)


def interrupt_picture(recording: Recording, interrupt: Interrupt, title: str) -> str:
    """The way of one interrupt, with its parts below."""
    spans, last = [], interrupt.raised
    for part, cycles in interrupt.parts.items():
        if cycles:
            spans.append(Slice(part, last, last + cycles))
        last += cycles
    start, end = interrupt.raised - MARGIN_CYCLES, last + MARGIN_CYCLES
    return picture(recording, start, end, f"{title}: {interrupt.latency:,} cycles to the first access", spans)
