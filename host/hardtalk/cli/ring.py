"""`hardtalk ring`: several boards on one MediaWire ring, what they print, and how it went with each."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardtalk.chip import default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.options import ARM926, NO_PARTS, Json, Parts, Workers
from hardtalk.cli.progress import check_workers
from hardtalk.report.durations import microseconds
from hardtalk.ring.member import NodeResult
from hardtalk.ring.plan import (
    DEFAULT_PROGRAM,
    FRAMES_PER_MILLISECOND,
    Cut,
    Program,
    RingPlan,
    check_nodes,
    with_driver,
)
from hardtalk.ring.running import RingResult, ring_report, run_ring
from hardtalk.smalltalk.source_file import read_source_file
from hardtalk.soak.executors import EXECUTORS, NotInstalled
from hardtalk.soak.executors import executor as executor_named

COLUMNS = (
    "node", "in the ring", "program", "others found", "served", "longest, µs", "late", "overruns", "underruns", "trace",
)  # fmt: skip
TEXT_COLUMNS = 3
DIGITS_OF_TRACE = 12


def ring(
    *,
    nodes: Annotated[int, Parameter(help="How many boards.")] = 2,
    program: Annotated[
        list[Path] | None,
        Parameter(negative="", help="Smalltalk to run, as repl --script does: one for all, or one for each node."),
    ] = None,
    milliseconds: Annotated[int, Parameter(help="Of the boards' time, at most; less when all programs end.")] = 10_000,
    delay: Annotated[int, Parameter(help="Frames from one board to the next, 1 to 4; more is faster.")] = 4,
    stop: Annotated[
        list[str] | None, Parameter(negative="", help="NODE@MILLISECONDS: the node is switched off then.")
    ] = None,
    cut: Annotated[
        list[str] | None,
        Parameter(
            negative="", help="NODE@FROM-TO: nothing comes in at the node between these milliseconds, or NODE@FROM."
        ),
    ] = None,
    workers: Workers = 1,
    executor: Annotated[str, Parameter(help="What runs them: processes, threads, dask or ray.")] = "processes",
    parts: Parts = NO_PARTS,
    json: Json = None,
) -> int:
    """Run boards on one MediaWire ring in step; exit with 1 when a program fails or a board halts.

    Each board has devices of its own, made from the --device files.
    """
    check_workers(workers, "--workers")
    if executor not in EXECUTORS:
        raise UserError(f"--executor {executor}: there is none of that name", f"Choose one of {', '.join(EXECUTORS)}.")
    check_nodes(nodes)
    plan = RingPlan(
        with_driver(parts.boot_options(ARM926)),
        programs_of(program or [], nodes),
        milliseconds,
        delay,
        dict(stop_of(each) for each in stop or ()),
        tuple(cut_of(each) for each in cut or ()),
    )
    result = carried_out(plan, min(workers, nodes), executor)
    if not result.is_whole:
        output.console().print("interrupted: what was done before")
    show(output.wide_console(), result)
    if json is not None:
        ring_report(plan, result).write(json)
    if not result.is_whole:
        return INTERRUPTED
    return 0 if result.is_good else 1


def programs_of(files: list[Path], nodes: int) -> tuple[Program, ...]:
    """One for each node."""
    programs = [Program(read_source_file(each), str(each)) for each in files] or [Program(DEFAULT_PROGRAM, "ring")]
    if len(programs) == 1:
        return (*programs,) * nodes
    if len(programs) != nodes:
        raise UserError(f"{len(programs)} programs for {nodes} nodes", "Give --program once, or once for each node.")
    return tuple(programs)


def stop_of(text: str) -> tuple[int, int]:
    node, _, milliseconds = text.partition("@")
    if not (node.isdecimal() and milliseconds.isdecimal()):
        raise UserError(f"--stop {text}: it is NODE@MILLISECONDS, such as 2@500")
    return int(node), int(milliseconds)


def cut_of(text: str) -> Cut:
    node, _, times = text.partition("@")
    begin, dash, end = times.partition("-")
    if not (node.isdecimal() and begin.isdecimal() and end.isdecimal() == bool(dash)):
        raise UserError(f"--cut {text}: it is NODE@FROM-TO in milliseconds, such as 2@500-800, or 2@500 for ever")
    return Cut(int(node), int(begin), int(end) if dash else None)


def carried_out(plan: RingPlan, workers: int, executor: str) -> RingResult:
    if workers == 1:
        return run_ring(plan)
    try:
        with executor_named(executor, workers) as pool:
            return run_ring(plan, workers, pool)
    except NotInstalled as error:
        raise UserError(str(error)) from error


def show(console: Console, result: RingResult) -> None:
    for line in result.lines:
        console.print(Text(f"{line.frame / FRAMES_PER_MILLISECOND:9.3f} ms  {line.node}: {line.text}"), soft_wrap=True)
    console.print(ring_table(result.nodes))
    console.print(
        f"{len(result.nodes)} boards, {result.milliseconds:,.3f} ms of their time in {result.host_seconds:,.1f} s: "
        f"{result.boards_a_second:.2f} boards simulated a second"
    )


def ring_table(nodes: tuple[NodeResult, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(COLUMNS):
        table.add_column(column, justify="left" if index < TEXT_COLUMNS else "right", no_wrap=True)
    hertz = default_chip().cpu_hertz
    for each in nodes:
        counts = (each.late, each.overruns, each.underruns)
        table.add_row(
            str(each.number), each.condition, each.ended, str(each.found), f"{each.services:,}",
            microseconds(each.worst_cycles, hertz), *(f"{count:,}" for count in counts), each.digest[:DIGITS_OF_TRACE],
        )  # fmt: skip
    return table
