"""`hardtalk trace`: what the board did while interrupts came, for Perfetto and viewers of waves; one as a picture."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from hardtalk.cli import output
from hardtalk.cli.boards import Bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_bench import boot_latency_bench, start_load
from hardtalk.cli.latency_loads import Load, chosen_loads, known_loads
from hardtalk.cli.latency_subjects import SMALLTALK, Subject, chosen_forms, subject_named
from hardtalk.cli.latency_table import circumstances, sum_of_parts
from hardtalk.cli.moments import blocks_that_return, watched_addresses
from hardtalk.cli.options import ARM926, CycleModel, Device, Drivers, Svds
from hardtalk.cli.process_names import ProcessNames
from hardtalk.latency.interrupt import Interrupt, Moment
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.trace.perfetto_file import perfetto_bytes
from hardtalk.trace.picture import picture
from hardtalk.trace.recorder import COLLECTION, NATIVE, PROCESSES, Recorder, WatchedBlocks, WatchedWord
from hardtalk.trace.recording import Recording, Slice
from hardtalk.trace.vcd_file import vcd_text
from hardtalk.vm.constants import COLLECTOR_PHASES

MARGIN_CYCLES = 100
NATIVE_RUNNING, VM_RECORD = "nativeRunning", "vmRecord"
COLLECTOR_WORK, COLLECTOR_STEP = "Collector>>collectFor:", "Collector>>collectorStep:"
COLLECTOR_PHASE = "collectorPhase"


def trace(
    *,
    perfetto: Annotated[Path | None, Parameter(help="Write a trace that ui.perfetto.dev opens.")] = None,
    vcd: Annotated[Path | None, Parameter(help="Write a value change dump, for GTKWave and others.")] = None,
    svg: Annotated[Path | None, Parameter(help="Write a picture of the way of the longest interrupt.")] = None,
    count: Annotated[int, Parameter(help="Interrupts to record.")] = 50,
    seed: Annotated[int, Parameter(help="Seed of the cycles at which interrupts are raised.")] = 1,
    load: Annotated[str, Parameter(help="A load of hardtalk latency.")] = "mixed",
    line: Annotated[str, Parameter(help="TIMER, UART, or the peripheral of a device of your own.")] = "TIMER",
    form: Annotated[str, Parameter(help="The handler's form: smalltalk or native.")] = SMALLTALK,
    driver: Drivers = None,
    svd: Svds = None,
    device: Device = None,
    model: CycleModel = ARM926,
) -> int:
    """Record processes, interrupts, safepoints, marks and devices while a load runs and a line is raised."""
    if perfetto is None and vcd is None and svg is None:
        raise UserError("nothing to write", "Give --perfetto, --vcd or --svg a file.")
    if count < 1:
        raise UserError(f"--count {count}: at least one interrupt must be recorded")
    forms, loads = chosen_forms(form), chosen_loads([load], known_loads(driver or []))
    if len(forms) != 1 or len(loads) != 1:
        raise UserError("a trace is of one form of handler and one load", "Give --form and --load one name each.")
    one_form, chosen = forms[0], loads[0]
    bench = boot_latency_bench(driver or [], svd or [], device, model)
    recording, interrupts = record(bench, subject_named(bench, line, one_form), chosen, count, seed)
    worst = max(interrupts, key=lambda each: each.latency)
    title = f"{line} under {chosen.name}"
    if perfetto is not None:
        perfetto.write_bytes(perfetto_bytes(recording, title))
    if vcd is not None:
        vcd.write_text(vcd_text(recording, title), encoding="utf-8")
    if svg is not None:
        svg.write_text(interrupt_picture(recording, worst, title), encoding="utf-8")
    console = output.console()
    slices = sum(len(track.slices) for track in recording.tracks.values())
    instants = sum(len(track.instants) for track in recording.tracks.values())
    cycles = recording.last - recording.first
    console.print(
        Text(f"{cycles:,} cycles, {len(interrupts):,} interrupts: {slices:,} slices and {instants:,} instants on")
    )
    for track in recording.tracks.values():
        console.print(Text(f"  {track.name}"))
    console.print(Text(f"longest: {worst.latency:,} cycles = {sum_of_parts(worst)}"))
    console.print(Text(f"{circumstances(bench.board)}   seed {seed}"))
    return 0


def record(bench: Bench, subject: Subject, load: Load, count: int, seed: int) -> tuple[Recording, list[Interrupt]]:
    """Measure as `hardtalk latency` does, first without and then with a recorder: both must see the same."""
    board = bench.board
    watched = watched_addresses(bench.source_map)
    start_load(bench, subject, load)
    start = board.snapshot()

    def measure() -> list[Interrupt]:
        laboratory = Laboratory(board, subject.line(board), subject.injector(board), watched, Schedule(seed))
        try:
            return laboratory.measure(count)
        except NotServed as error:
            raise UserError(f"{error}\n{board.fault_report()}", exit_code=1) from error

    interrupts = measure()
    end = board.clock.cycles
    board.restore(start)
    with bench_recorder(bench) as recorder:
        laboratory = Laboratory(board, subject.line(board), subject.injector(board), {}, Schedule(seed))
        again = laboratory.measure(count)
    if [each.latency for each in again] != [each.latency for each in interrupts] or board.clock.cycles != end:
        raise UserError("recording changed the run: this is a defect of Hardtalk", exit_code=1)
    return recorder.recording, interrupts


def bench_recorder(bench: Bench) -> Recorder:
    """Shows processes by name, the collector's phases, its stretches of work and their steps, and interrupts."""
    board, source_map = bench.board, bench.source_map
    watched = watched_addresses(source_map)
    names = ProcessNames(board, source_map)
    phases = {number: name.removeprefix("Phase").lower() for name, number in COLLECTOR_PHASES.items()}
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
