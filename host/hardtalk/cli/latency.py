"""`hardtalk latency`: interrupts at random cycles under a Smalltalk load, and whether a deadline holds."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from hardtalk.board import Board
from hardtalk.cli.boards import Bench, boot_bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.firmware import firmware_hash
from hardtalk.cli.moments import watched_addresses
from hardtalk.cli.options import CycleModel, Device, Drivers, Json, Svds
from hardtalk.cli.source_map import SourceMap
from hardtalk.cli.sources import host_firmware, source_line
from hardtalk.devices import Sp804
from hardtalk.latency.distribution import P99, P99_9, Distribution
from hardtalk.latency.interrupt import Interrupt
from hardtalk.latency.laboratory import Laboratory, NotServed, Schedule
from hardtalk.report.durations import cycles_from, microseconds
from hardtalk.report.figures import Report
from hardtalk.smalltalk.tonel import read_class

ALL = "all"
CHARACTER = b"U"


@dataclass(frozen=True)
class Subject:
    """A line that can be measured without a device of the user's: its peripheral, its driver, how it is raised."""

    peripheral: str
    driver: str
    raise_: Callable[[Board], None]


def expire(board: Board) -> None:
    """The second timer pair's first counter reaches zero now: its clock has, for once, this phase."""
    timers = board.device("TIMER23")
    assert isinstance(timers, Sp804)
    timers.counters[0].reach_zero()


SUBJECTS = {
    "TIMER": Subject("TIMER23", "LatencyTimer", expire),
    "UART": Subject("UART1", "LatencySerialPort", lambda board: board.uart(1).send(CHARACTER)),
}


@dataclass(frozen=True)
class Row:
    """What was measured on one line under one load."""

    line: str
    load: str
    interrupts: list[Interrupt]

    @property
    def distribution(self) -> Distribution:
        return Distribution.of(each.latency for each in self.interrupts)

    @property
    def worst(self) -> Interrupt:
        """The first of the longest."""
        return max(self.interrupts, key=lambda each: each.latency)


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
    model: CycleModel = "arm926",
) -> int:
    """Measure how long interrupts wait for their Smalltalk handler; exit with 1 when a deadline is missed."""
    if count < 1:
        raise UserError(f"--count {count}: at least one interrupt must be measured")
    loads = chosen_loads(load)
    bench = boot_bench([*(driver or []), host_firmware("latency-firmware")], svd or [], device, model)
    hertz = bench.board.chip.cpu_hertz
    try:
        deadline_cycles = cycles_from(deadline, hertz)
    except ValueError as error:
        raise UserError(f"--deadline {error}") from error
    lines = line or list(SUBJECTS)
    console = Console(highlight=False)
    rows = measure_all(bench, lines, loads, count, Schedule(seed), console)
    show(console, bench, rows, deadline_cycles, seed)
    if json is not None:
        report(bench, rows, load, seed, deadline_cycles).write(json)
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
    source_map = bench.source_map
    watched = watched_addresses(source_map)
    booted = bench.board.snapshot()
    rows = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        for name in lines:
            for load in loads:
                task = progress.add_task(f"{name} {load}", total=count)
                bench.board.restore(booted)
                interrupts = measure(
                    bench, name, load, count, schedule, watched, lambda more, task=task: progress.advance(task, more)
                )
                rows.append(Row(name, load, interrupts))
    return rows
