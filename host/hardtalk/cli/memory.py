"""`hardtalk memory`: what programs do to memory and the collector to them, which heap is enough, what objects cost."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from rich.console import Console

from hardtalk.bench import BootOptions
from hardtalk.build.collectors import TREADMILL
from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.files import out_file
from hardtalk.cli.memory_compare import circumstances, comparison
from hardtalk.cli.memory_image import image_table
from hardtalk.cli.memory_table import memory_table, plan_table, summary_table, verdict
from hardtalk.cli.options import ARM926, Collector, CycleModel, Drivers, Json, driver_options
from hardtalk.cli.progress import measured_in_turn
from hardtalk.memory.boards import boot_settled, bytes_from
from hardtalk.memory.comparison import DEFAULT_HEAP_BYTES, ROUNDS, ComparisonPlan, comparison_report
from hardtalk.memory.comparison import compare as compare_collectors
from hardtalk.memory.heap import Heap
from hardtalk.memory.mmu import WINDOWS_MICROSECONDS
from hardtalk.memory.object_sizes import image_report
from hardtalk.memory.programs import programs
from hardtalk.memory.results import Measured, allocation_rate, longest_cycles, memory_report
from hardtalk.memory.rings import Rings
from hardtalk.memory.study import Failed, MemoryPlan, cycles_per_unit, measure, most_live_bytes, with_workload
from hardtalk.report.durations import cycles_from

DEFAULT_PROGRAM: Final = "pairs"
ALL: Final = "all"

ProgramName = Annotated[
    str | None,
    Parameter(
        name="--program",
        help="A method of MemoryWorkload in its protocol programs, all of them (all), or an expression.",
    ),
]
HeapSize = Annotated[str | None, Parameter(name="--heap", help="The heap's size: 4M, 512K; all of RAM unless told.")]


@Parameter(name="*")
@dataclass(frozen=True)
class Pictures:
    """PNG files to draw; with several programs each gets a file of its own, heap.png becoming heap-pairs.png."""

    plot: Annotated[Path | None, out_file("Draw the MMU curve to this PNG file.")] = None
    map: Annotated[Path | None, out_file("Draw the heap as it is at the end to this PNG file.")] = None
    stretches: Annotated[Path | None, out_file("Draw the stretches without safepoint to this PNG file.")] = None
    fragmentation: Annotated[Path | None, out_file("Draw memory's use over time to this PNG file.")] = None

    def of_program(self, program: str) -> "Pictures":
        files = (self.plot, self.map, self.stretches, self.fragmentation)
        return Pictures(*(file and file.with_stem(f"{file.stem}-{program}") for file in files))

    def draw(self, measured: Measured) -> None:
        if self.plot is self.map is self.stretches is self.fragmentation is None:
            return
        from hardtalk.memory.pictures import fragmentation_picture, heap_picture, mmu_picture, stretch_picture

        run = measured.run
        meter, hertz = run.meter, run.bench.board.chip.cpu_hertz
        title = f"{run.program}, {run.bench.board.model}"
        if self.plot is not None:
            mmu_picture(self.plot, meter.intervals, meter.began or 0, meter.ended, hertz, title, WINDOWS_MICROSECONDS)
        if self.map is not None:
            heap = Heap(measured.machine)
            heap_picture(self.map, heap, Rings(heap), f"after {run.program}")
        if self.stretches is not None:
            stretch_picture(self.stretches, meter.collector, meter.program, title)
        if self.fragmentation is not None:
            fragmentation_picture(self.fragmentation, run.usages, hertz, title)


NO_PICTURES: Final = Pictures()

app = App(name="memory", help="Run programs; show what they do to memory, and the collector to them; audit the heap.")


@app.default
def memory(
    *,
    program: ProgramName = None,
    heap: HeapSize = None,
    pictures: Pictures = NO_PICTURES,
    limit: Annotated[
        str | None, Parameter(help="Exit with 1 when a stretch of the collector is longer: 10us, 2000cycles.")
    ] = None,
    collector: Collector = TREADMILL,
    driver: Drivers = None,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Run programs; show what they allocate, the collector's share, stretches, MMU, fragmentation; audit the heap."""
    names = tuple(programs()) if program == ALL else (program or DEFAULT_PROGRAM,)
    limit_cycles = cycles_of(limit)
    console = output.console()
    found: list[Measured] = []
    has_failed, is_whole = False, True
    for each in shown(MemoryPlan(with_heap(driver_options(driver, model, collector), heap), names), console):
        if isinstance(each, Failed):
            has_failed = True
            continue
        if not each.run.is_whole:
            is_whole = False
            continue
        found.append(each)
        (pictures if len(names) == 1 else pictures.of_program(each.run.program)).draw(each)
    if len(found) > 1:
        console.print()
        console.print(summary_table(found), soft_wrap=True)
    if json is not None and found:
        memory_report(found).write(json)
    longest = max((longest_cycles(each.run.meter.collector) for each in found), default=0)
    is_late = limit_cycles is not None and longest > limit_cycles
    if not is_whole:
        return INTERRUPTED
    return 1 if has_failed or is_late or any(each.complaint for each in found) else 0


@app.command
def compare(
    *,
    program: ProgramName = None,
    heap: Annotated[str | None, Parameter(help="The heap's size; 4M unless told.")] = None,
    rounds: Annotated[int, Parameter(help="How often each program is run in a row.")] = ROUNDS,
    driver: Drivers = None,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Run the program, or all of them, with both collectors; show the ratios."""
    heap_bytes = DEFAULT_HEAP_BYTES if heap is None else bytes_from(heap, "--heap")
    chosen = () if program in (None, ALL) else (str(program),)
    plan = ComparisonPlan(driver_options(driver, model), chosen, heap_bytes, rounds)
    console = output.console()
    pairs, is_whole = measured_in_turn(compare_collectors(plan), len(plan.chosen), console)
    for part in (*comparison(pairs), circumstances(plan, pairs)):
        console.print(part, soft_wrap=True)
    if json is not None:
        comparison_report(pairs, plan).write(json)
    if not is_whole:
        return INTERRUPTED
    return 1 if any(each.violations for pair in pairs for each in pair.both) else 0


@app.command
def image(
    *, heap: HeapSize = None, collector: Collector = TREADMILL, driver: Drivers = None, json: Json = None,
    model: CycleModel = ARM926,
) -> int:  # fmt: skip
    """Show what an object of the image costs, by class and by size of block."""
    bench = boot_settled(with_workload(with_heap(driver_options(driver, model, collector), heap)))
    console = output.console()
    for part in image_table(bench):
        console.print(part, soft_wrap=True)
    if json is not None:
        image_report(bench).write(json)
    return 0


@app.command
def plan(
    *,
    live: Annotated[str | None, Parameter(help="Bytes alive; as the program leaves them unless told.")] = None,
    rate: Annotated[str | None, Parameter(help="Bytes allocated a second; as measured unless told.")] = None,
    program: ProgramName = None,
    heap: HeapSize = None,
    driver: Drivers = None,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Show which heap is enough for so many bytes alive and so many allocated a second, or for a program."""
    live_bytes = None if live is None else bytes_from(live, "--live")
    planned_rate = None if rate is None else bytes_from(rate, "--rate")
    console = output.console()
    if program is None and live_bytes is not None and planned_rate is not None:
        show_plan(console, live_bytes, planned_rate, None, default_chip().cpu_hertz)
        return 0
    names = tuple(programs()) if program == ALL else (program or DEFAULT_PROGRAM,)
    found: list[Measured] = []
    has_failed, is_whole = False, True
    for each in shown(MemoryPlan(with_heap(driver_options(driver, model), heap), names, live is None), console):
        if isinstance(each, Failed):
            has_failed = True
            continue
        if not each.run.is_whole:
            is_whole = False
            continue
        found.append(each)
        run = each.run
        alive = most_live_bytes(each) if live_bytes is None else live_bytes
        allocated = allocation_rate(run) if planned_rate is None else planned_rate
        show_plan(console, alive, allocated, cycles_per_unit(run), run.bench.board.chip.cpu_hertz)
        console.print(verdict(alive, allocated, each.heap_bytes), soft_wrap=True)
    if json is not None and found:
        memory_report(found).write(json)
    if not is_whole:
        return INTERRUPTED
    return 1 if has_failed or any(each.complaint for each in found) else 0


def shown(plan: MemoryPlan, console: Console) -> Iterator[Measured | Failed]:
    """Each result, told as soon as it is there."""
    for number, each in enumerate(measure(plan)):
        if number:
            console.print()
        if isinstance(each, Failed):
            console.print(f"{each.program} failed: {each.error}", soft_wrap=True)
        else:
            if not each.run.is_whole:
                console.print("interrupted: what was measured before")
            for part in memory_table(each):
                console.print(part, soft_wrap=True)
        yield each


def with_heap(options: BootOptions, heap: str | None) -> BootOptions:
    return options if heap is None else replace(options, heap_bytes=bytes_from(heap, "--heap"))


def cycles_of(limit: str | None) -> int | None:
    try:
        return None if limit is None else cycles_from(limit, default_chip().cpu_hertz)
    except ValueError as error:
        raise UserError(f"--limit {error}") from error


def show_plan(console: Console, live: int, rate: int, cycles_a_unit: Fraction | None, hertz: int) -> None:
    if live < 1 or rate < 1:
        raise UserError("--live and --rate must be above zero", "Give both, or a program to measure them from.")
    for part in plan_table(live, rate, cycles_a_unit, hertz):
        console.print(part, soft_wrap=True)
