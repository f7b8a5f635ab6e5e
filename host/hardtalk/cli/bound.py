"""`hardtalk bound`: how long an interrupt can wait at most, proven from the firmware's code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from hardtalk.bench import build_options, chip_of
from hardtalk.bench.firmware import firmware_hash
from hardtalk.bounds.blocks import Unprovable
from hardtalk.bounds.budget import BUDGETS, add_handlers, add_responses, bound_report, broken_budgets, figure
from hardtalk.bounds.frames import Problem
from hardtalk.bounds.handlers import Handler, handlers_of, responses_of
from hardtalk.bounds.longest import Unbounded
from hardtalk.bounds.parts import PARTS, part_way
from hardtalk.bounds.proof import COLD, HITTING, INSTRUCTIONS, LARGE, MODELS, SMALL, Proof, Stretch
from hardtalk.bounds.schedule import Response
from hardtalk.bounds.telling import place, routine_name, way_lines
from hardtalk.build import build
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import ARM926, NO_PARTS, Json, Parts
from hardtalk.report.durations import microseconds
from hardtalk.symbols.source_map import SourceMap

TOP = 10


def bound(
    *,
    way: Annotated[
        str | None,
        Parameter(
            help="Show the longest way from this routine, or from all that end so, or through masked, entry, switch."
        ),
    ] = None,
    loops: Annotated[bool, Parameter(negative="", help="Show each loop with what ends it.")] = False,
    top: Annotated[int, Parameter(help="How many routines are listed.")] = TOP,
    elf: Annotated[Path | None, Parameter(help="Prove this firmware instead of building one.")] = None,
    parts: Parts = NO_PARTS,
    json: Json = None,
) -> int:
    """Prove from the code how long an interrupt can wait; exit with 1 when there is no bound or a budget is broken."""
    console = output.console()
    options = parts.boot_options(ARM926)
    data = build(build_options(options)).elf if elf is None else elf.read_bytes()
    try:
        source_map = SourceMap(data, parts.folders)
    except ValueError as error:
        raise UserError(f"{elf}: {error}", "Give --elf a file that hardtalk build wrote.") from error
    proof = Proof(source_map, chip_of(options))
    if (
        way is not None
        and way not in PARTS
        and not any(is_named(routine.name, way) for routine in proof.code.facts.routines)
    ):
        raise UserError(f"--way {way}: there is no such routine", "hardtalk explain --facts lists them.")
    try:
        rows = proof.rows
        own = [row for row in rows if row is rows[0] or not proof.leads_elsewhere(row)]
        print_proof(proof, own[:top], console)
        if way in PARTS:
            print_part(proof, way, console)
        elif way is not None:
            print_ways(proof, way, console)
        if loops:
            print_loops(proof)
        broken = list(broken_budgets(proof))
        followed = handlers_of(proof)
        handlers = followed.handlers
        print_handlers(handlers, proof, console)
        together = responses_of(followed, proof)
        print_responses(together, handlers, proof, console)
        if json is not None:
            report = bound_report(proof, firmware_hash(data))
            add_handlers(report, handlers)
            add_responses(report, together)
            report.write(json)
    except Unbounded as error:
        raise UserError(unbounded_text(error, source_map), "Bound the loop, or put a safepoint in it.") from error
    except Unprovable as error:
        where = f"{routine_name(source_map, error.address)}  {place(source_map, error.address)}"
        raise UserError(f"bound: {where}: {error.problem}", "See docs/bounds.md, What the proof needs.") from error
    for budget, value in broken:
        console.print(f"over its budget: {budget.what}, {budget.model}: {value:,} of {budget.limit:,} cycles")
    return 1 if broken or any(each.problem is not None for each in handlers) else 0


def unbounded_text(error: Unbounded, source_map: SourceMap) -> str:
    head = error.nodes[0] if error.head is None else error.head
    names = ", ".join(dict.fromkeys(routine_name(source_map, node) for node in error.nodes))
    return f"bound: {place(source_map, head)}: no bound and no safepoint for the loop through {names}"


def print_proof(proof: Proof, rows: list[Stretch], console: Console) -> None:
    hertz = proof.chip.cpu_hertz
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(("longest stretch from", "place", "instructions", "cycles", "", "cold", "")):
        table.add_column(column, justify="left" if index < 2 else "right", no_wrap=True)
    for row in rows:
        times = [(row.lengths[model], microseconds(row.lengths[model], hertz)) for model in (HITTING, COLD)]
        cells = [cell for cycles, time in times for cell in (f"{cycles:,}", time)]
        table.add_row(row.routine.name, place(proof.source_map, row.node), f"{row.lengths[INSTRUCTIONS]:,}", *cells)
    output.wide_console().print(table)
    for model in MODELS:
        response = proof.response(model)
        found = proof.masked_section(model)
        where = "" if found is None else f"   longest masked: {found[0].name}"
        parts = ", ".join(f"{part} {value:,}" for part, value in response.parts.items())
        time = "" if model == INSTRUCTIONS else f" = {microseconds(response.whole, hertz)}"
        console.print(f"{model}: line to handler at most {response.whole:,}{time}: {parts}{where}", soft_wrap=True)
    if proof.waiting_slots is not None:
        console.print(f"a driver's process waits in a context of {proof.waiting_slots} slots", soft_wrap=True)
    for context in (SMALL, LARGE):
        more = ", ".join(f"{model} {proof.longer_by(context, model):,}" for model in MODELS)
        text = f"one that waits in a {context} context all of whose slots are in use, at most later by: {more}"
        console.print(text, soft_wrap=True)
    means = ", ".join(f"{count} {name}" for name, count in proof.loops_by_means.items())
    console.print(f"loops: {means}", soft_wrap=True)
    for budget in BUDGETS:
        value = figure(proof, budget.what, budget.model)
        console.print(
            f"budget: {budget.what}, {budget.model}: {value:,} of {budget.limit:,} cycles, wanted {budget.aim:,}",
            soft_wrap=True,
        )


def print_loops(proof: Proof) -> None:
    """Every loop of the firmware: where it is, how often it goes round, and what ends it."""
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("loop", "turns", "ended by", "limited by"):
        table.add_column(column, justify="right" if column == "turns" else "left", no_wrap=True)
    for loop in proof.loops:
        table.add_row(str(loop), "" if loop.bound is None else f"{loop.bound:,}", loop.means, loop.limited_by)
    output.wide_console().print(table)


def print_handlers(handlers: Sequence[Handler], proof: Proof, console: Console) -> None:
    """Each driver's handler from its first bytecode on, and what cannot be bounded, with its place and a remedy."""
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(
        ("handler", "line", "priority", "to first access", "", "to its end", "", "of it making")
    ):
        table.add_column(column, justify="left" if index < 2 else "right", no_wrap=True)
    for each in handlers:
        if each.problem is None:
            hertz = proof.chip.cpu_hertz
            times = [
                ("-", "") if cycles is None else (f"{cycles:,}", microseconds(cycles, hertz)) for cycles in each.lengths
            ]
            cells = [cell for pair in times for cell in pair]
            driver = each.driver
            table.add_row(driver.name, driver.peripheral, str(driver.priority), *cells, f"{each.making:,}")
    if table.row_count:
        output.wide_console().print(table)
    for each in handlers:
        if each.problem is not None:
            console.print(f"{each.driver.name} cannot be bounded: {problem_text(each.problem)}", soft_wrap=True)


def print_responses(together: Sequence[Response], handlers: Sequence[Handler], proof: Proof, console: Console) -> None:
    """Each line's longest response when all are served together, and whether all deadlines hold."""
    hertz = proof.chip.cpu_hertz
    table = Table(box=None, pad_edge=False, header_style="")
    for index, column in enumerate(("all together", "at least every", "deadline", "to first access", "to its end", "")):
        table.add_column(column, justify="right" if 0 < index < 5 else "left", no_wrap=True)
    for each in together:
        times = (each.task.distance, each.task.deadline, each.access, each.end)
        cells = ["no bound" if cycles is None else microseconds(cycles, hertz) for cycles in times]
        table.add_row(each.task.name, *cells, "holds" if each.holds else "does not hold")
    if table.row_count:
        output.wide_console().print(table)
    known = {each.task.name for each in together}
    missing = [each.driver.name for each in handlers if each.driver.name not in known]
    if missing:
        console.print(f"not among them, without a bound or a least distance: {', '.join(missing)}", soft_wrap=True)
    is_good = all(each.holds for each in together) and not missing
    verdict = "hold together" if is_good else "are not proven to hold together"
    console.print(
        f"deadlines {verdict}: first access within the deadline, end before the next interrupt", soft_wrap=True
    )


def problem_text(problem: Problem) -> str:
    through = "".join(f", from {place}" for place in problem.through)
    return f"{problem.place}: {problem.text}{through}. {problem.remedy}"


def is_named(name: str, given: str) -> bool:
    """By its whole name or by its selector."""
    return name == given or name.endswith(f">>{given}")


def print_part(proof: Proof, part: str, console: Console) -> None:
    """The longest way of what is the same for every routine."""
    way, solver = part_way(proof, part, HITTING)
    console.print(f"{part}: {way.length:,} cycles")
    for line in way_lines(way, solver, proof.source_map):
        console.print(line, soft_wrap=True)


def print_ways(proof: Proof, routine: str, console: Console) -> None:
    found = [row for row in proof.rows if is_named(row.routine.name, routine)]
    if not found:
        raise UserError(f"--way {routine}: the VM reaches no such routine", "hardtalk explain --facts lists them.")
    solver = proof.stretches[HITTING]
    for row in found:
        way = solver.whole(row.node)
        assert way is not None
        console.print(f"{row.routine.name}: {way.length:,} cycles from {place(proof.source_map, row.node)}")
        for line in way_lines(way, solver, proof.source_map):
            console.print(line, soft_wrap=True)
