"""`hardtalk latency`: interrupts at random cycles under a Smalltalk load, and whether a deadline holds."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress

from hardtalk.board import Board
from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.boards import Bench, boot_bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_table import Row, latency_report, latency_table
from hardtalk.cli.moments import watched_addresses
from hardtalk.cli.options import ARM926, CycleModel, Device, Drivers, Json, Svds
from hardtalk.cli.sources import host_firmware
from hardtalk.devices import Sp804
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.report.durations import cycles_from
from hardtalk.smalltalk.tonel import read_class

ALL = "all"
CHARACTER = b"U"


@dataclass(frozen=True)
class Subject:
    """A line to measure: its peripheral, its driver, how it is raised; None when its device does that by itself."""

    peripheral: str
    driver: str
    raise_: Callable[[Board], None] | None

    def injector(self, board: Board) -> Callable[[], None] | None:
        return None if self.raise_ is None else partial(self.raise_, board)


def expire(board: Board) -> None:
    """The second timer pair's first counter reaches zero now: its clock has, for once, this phase."""
    timers = board.device("TIMER23")
    assert isinstance(timers, Sp804)
    timers.counters[0].reach_zero()


SUBJECTS = {
    "TIMER": Subject("TIMER23", "LatencyTimer", expire),
    "UART": Subject("UART1", "LatencySerialPort", lambda board: board.uart(1).send(CHARACTER)),
}


def latency(
    *,
    deadline: Annotated[str, Parameter(help="The greatest latency allowed: 100us, 0.1ms, 20000cycles.")] = "100us",
    count: Annotated[int, Parameter(help="Interrupts on each line under each load.")] = 10_000,
    seed: Annotated[int, Parameter(help="Seed of the cycles at which interrupts are raised.")] = 1,
    load: Annotated[str, Parameter(help="A method of LatencyWorkload in its protocol loads, or all.")] = "mixed",
    line: Annotated[
        list[str] | None,
        Parameter(negative="", help="TIMER, UART, or the peripheral of a device of your own; may be given again."),
    ] = None,
    driver: Drivers = None,
    svd: Svds = None,
    device: Device = None,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Measure how long interrupts wait for their Smalltalk handler; exit with 1 when a deadline is missed."""
    if count < 1:
        raise UserError(f"--count {count}: at least one interrupt must be measured")
    try:
        deadline_cycles = cycles_from(deadline, default_chip().cpu_hertz)
    except ValueError as error:
        raise UserError(f"--deadline {error}") from error
    loads = chosen_loads(load)
    bench = boot_bench([*(driver or []), host_firmware("latency-firmware")], svd or [], device, model)
    lines = line or list(SUBJECTS)
    console = output.console()
    rows = measure_all(bench, lines, loads, count, Schedule(seed), console)
    for part in latency_table(rows, bench.source_map, bench.board, deadline_cycles, seed):
        console.print(part, soft_wrap=True)
    if json is not None:
        latency_report(rows, bench.board.model, load, seed, bench.firmware_hash, deadline_cycles).write(json)
    return 1 if any(row.distribution.misses(deadline_cycles) for row in rows) else 0


def load_names() -> list[str]:
    path = host_firmware("latency-firmware") / "LatencyWorkload.class.st"
    definition = read_class(path.read_text(encoding="utf-8"), str(path))
    return [method.selector for method in definition.methods if method.category == "loads"]


def chosen_loads(load: str) -> list[str]:
    known = load_names()
    if load == ALL:
        return known
    if load not in known:
        raise UserError(f"--load {load}: there is no such load", f"Choose one of {', '.join(known)}, {ALL}.")
    return [load]


def measure_all(
    bench: Bench, lines: list[str], loads: list[str], count: int, schedule: Schedule, console: Console
) -> list[Row]:
    """A row for each line and load, each from the same state of the board, so that none depends on those before it."""
    watched = watched_addresses(bench.source_map)
    booted = bench.board.snapshot()
    rows = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for name in lines:
            subject = subject_named(bench, name)
            for load in loads:
                task = progress.add_task(f"{name} {load}", total=count)
                bench.board.restore(booted)
                bench.console.evaluate(f"LatencyLaboratory start: {subject.driver} load: #{load}")
                number = bench.board.chip.peripheral(subject.peripheral).lines[0]
                laboratory = Laboratory(bench.board, number, subject.injector(bench.board), watched, schedule)
                try:
                    interrupts = laboratory.measure(count, partial(progress.advance, task))
                except NotServed as error:
                    raise UserError(
                        f"{name} under {load}: {error}\n{bench.board.fault_report()}", exit_code=1
                    ) from error
                rows.append(Row(name, load, interrupts))
    bench.board.restore(booted)
    return rows


def subject_named(bench: Bench, name: str) -> Subject:
    """The line that ships under that name, or a peripheral of the user's with the driver that names it."""
    if name in SUBJECTS:
        return SUBJECTS[name]
    known = [
        each.name for each in bench.board.chip.peripherals if each.lines and each.base >= bench.board.chip.free_base
    ]
    if name not in known:
        raise UserError(f"--line {name}: there is no such line", f"Choose one of {', '.join([*SUBJECTS, *known])}.")
    driver = bench.console.evaluate(
        f"(Device allSubclasses detect: [:each | (each class includesSelector: #peripheral) and: "
        f"[each peripheral == #{name}]] ifNone: [nil])"
    )
    if driver == "nil":
        raise UserError(f"--line {name}: no class drives {name}", "Give --driver a folder with its Device subclass.")
    return Subject(name, driver, None)
