"""`hardtalk memory`: what programs do to memory and the collector to them, which heap is enough, what objects cost."""

from fractions import Fraction
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Console

from hardtalk.build.collectors import TREADMILL
from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.memory_board import boot_with_heap, bytes_from
from hardtalk.cli.memory_compare import DEFAULT_HEAP_BYTES, ROUNDS
from hardtalk.cli.memory_compare import compare as compare_collectors
from hardtalk.cli.memory_image import image_report, image_table
from hardtalk.cli.memory_programs import programs
from hardtalk.cli.memory_run import MemoryRun, workload_folder
from hardtalk.cli.memory_table import (
    Measured,
    allocation_rate,
    longest_cycles,
    memory_report,
    memory_table,
    plan_table,
    summary_table,
    verdict,
)
from hardtalk.cli.options import Collector, CycleModel, Drivers, Json
from hardtalk.memory.audit import audit_machine
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.mmu import WINDOWS_MICROSECONDS
from hardtalk.memory.rings import Rings
from hardtalk.memory.roots import root_indices
from hardtalk.memory.safepoints import settle
from hardtalk.report.durations import cycles_from

DEFAULT_PROGRAM: Final = "pairs"
ALL: Final = "all"


def memory(
    *,
    program: Annotated[
        str | None,
        Parameter(help="A method of MemoryWorkload in its protocol programs, all of them (all), or an expression."),
    ] = None,
    heap: Annotated[str | None, Parameter(help="The heap's size: 4M, 512K; all of RAM unless told.")] = None,
    plot: Annotated[Path | None, Parameter(help="Draw the MMU curve to this PNG file.")] = None,
    map: Annotated[Path | None, Parameter(help="Draw the heap as it is at the end to this PNG file.")] = None,
    stretches: Annotated[Path | None, Parameter(help="Draw the stretches without safepoint to this PNG file.")] = None,
    fragmentation: Annotated[Path | None, Parameter(help="Draw memory's use over time to this PNG file.")] = None,
    limit: Annotated[
        str | None, Parameter(help="Exit with 1 when a stretch of the collector is longer: 10us, 2000cycles.")
    ] = None,
    plan: Annotated[bool, Parameter(negative="", help="Show which heap is enough for --live and --rate.")] = False,
    live: Annotated[str | None, Parameter(help="For --plan: bytes alive; else as the program leaves them.")] = None,
    rate: Annotated[str | None, Parameter(help="For --plan: bytes allocated a second; else as measured.")] = None,
    compare: Annotated[
        bool, Parameter(negative="", help="Run the program, or all of them, with both collectors; show the ratios.")
    ] = False,
    rounds: Annotated[int, Parameter(help="For --compare: how often each program is run in a row.")] = ROUNDS,
    collector: Collector = TREADMILL,
    image: Annotated[bool, Parameter(negative="", help="Instead: show what an object of the image costs.")] = False,
    driver: Drivers = None,
    json: Json = None,
    model: CycleModel = "arm926",
) -> int:
    """Run programs; show what they allocate, the collector's share, stretches, MMU, fragmentation; audit the heap."""
    console = output.console()
    if plan and program is None and live is not None and rate is not None:
        show_plan(console, bytes_from(live, "--live"), bytes_from(rate, "--rate"), None, default_chip().cpu_hertz)
        return 0
    wanted_bytes = None if heap is None else bytes_from(heap, "--heap")
    if compare:
        if plan or plot or map or limit or collector != TREADMILL:
            raise UserError("--compare shows ratios of both collectors only", "Leave out the options of a single run.")
        compared = [] if program is None else [program]
        return compare_collectors(
            console, compared, wanted_bytes or DEFAULT_HEAP_BYTES, rounds, driver or [], model, json
        )  # fmt: skip
    if plan and collector != TREADMILL:
        raise UserError("--plan is about the treadmill", "Leave out --collector, or --plan.")
    folders = [*(driver or []), workload_folder()]
    bench, sliced = boot_with_heap(folders, wanted_bytes, model, collector)
    if image:
        for part in image_table(bench):
            console.print(part, soft_wrap=True)
        if json is not None:
            image_report(bench).write(json)
        return 0
    hertz = bench.board.chip.cpu_hertz
    try:
        limit_cycles = None if limit is None else cycles_from(limit, hertz)
    except ValueError as error:
        raise UserError(f"--limit {error}") from error
    names = tuple(programs()) if program == ALL else (program or DEFAULT_PROGRAM,)
    booted = bench.board.snapshot()
    found: list[Measured] = []
    failed = False
    for name in names:
        if name != names[0]:
            bench.board.restore(booted)
            bench.console.prompt.abandon()
            console.print()
        run = MemoryRun(bench, sliced, name, with_live=plan and live is None)
        try:
            run.measure()
        except UserError as error:
            if len(names) == 1:
                raise
            console.print(f"{name} failed: {error}", soft_wrap=True)
            failed = True
            continue
        settle(bench.board)
        machine = Machine.of_board(bench.board)
        heap_bytes = machine.variable("regionEnd") - machine.variable("regionStart")
        found.append(Measured(run, audit_machine(machine), heap_bytes))
        for part in memory_table(found[-1]):
            console.print(part, soft_wrap=True)
        if plan:
            live_bytes = bytes_from(live, "--live") if live is not None else most_live_bytes(run, Heap(machine))
            planned_rate = bytes_from(rate, "--rate") if rate is not None else allocation_rate(run)
            show_plan(console, live_bytes, planned_rate, cycles_per_unit(run, machine), hertz)
            console.print(verdict(live_bytes, planned_rate, heap_bytes), soft_wrap=True)
        files = (plot, map, stretches, fragmentation)
        draw(run, machine, *(each if each is None or len(names) == 1 else named(each, name) for each in files))
    if len(found) > 1:
        console.print()
        console.print(summary_table(found), soft_wrap=True)
    if json is not None and found:
        memory_report(found).write(json)
    longest = max((longest_cycles(each.run.meter.collector) for each in found), default=0)
    is_late = limit_cycles is not None and longest > limit_cycles
    return 1 if failed or is_late or any(each.complaint for each in found) else 0


def named(path: Path, program: str) -> Path:
    """heap.png as heap-pairs.png: each program's picture in a file of its own."""
    return path.with_stem(f"{path.stem}-{program}")


def draw(
    run: MemoryRun,
    machine: Machine,
    plot: Path | None,
    map: Path | None,
    stretches: Path | None,
    fragmentation: Path | None,
) -> None:
    if plot is map is stretches is fragmentation is None:
        return
    from hardtalk.memory.pictures import fragmentation_picture, heap_picture, mmu_picture, stretch_picture

    meter = run.meter
    hertz = run.bench.board.chip.cpu_hertz
    title = f"{run.program}, {run.bench.board.model}"
    if plot is not None:
        mmu_picture(plot, meter.intervals, meter.began or 0, meter.ended, hertz, title, WINDOWS_MICROSECONDS)
    if map is not None:
        heap = Heap(machine)
        heap_picture(map, heap, Rings(heap), f"after {run.program}")
    if stretches is not None:
        stretch_picture(stretches, meter.collector, meter.program, title)
    if fragmentation is not None:
        fragmentation_picture(fragmentation, run.usages, hertz, title)


def most_live_bytes(run: MemoryRun, heap: Heap) -> int:
    """Bytes of the blocks of everything that can be reached: the most of what was seen now and then and is now."""
    reached = heap.reachable(root_indices(heap))
    now = sum(1 << int(order) for order in heap.orders[reached])
    return max(now, *(each.live_bytes for each in run.usages)) if run.usages else now


def cycles_per_unit(run: MemoryRun, machine: Machine) -> Fraction | None:
    """The collector's cycles a unit of work, where the VM counts units; else None."""
    if not run.meter.collector_cycles or "unitsDone" not in run.counters.get(1, {}):
        return None
    return Fraction(run.meter.collector_cycles, max(run.counted("unitsDone"), 1))


def show_plan(console: Console, live: int, rate: int, cycles_a_unit: Fraction | None, hertz: int) -> None:
    if live < 1 or rate < 1:
        raise UserError("--plan needs --live and --rate above zero", "Give both, or a program to measure them from.")
    for part in plan_table(live, rate, cycles_a_unit, hertz):
        console.print(part, soft_wrap=True)
