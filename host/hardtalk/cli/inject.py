"""`hardtalk inject`: interrupts at every instruction, and everything looked at that they might have disturbed."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.inject_collection import PROGRAMS, CollectionRecipe, CollectionResult, interrupt_collection
from hardtalk.cli.memory_board import bytes_from
from hardtalk.cli.options import ARM926, CycleModel, Json
from hardtalk.memory.rings import PHASES
from hardtalk.report.figures import Report


def inject(
    *,
    collection: Annotated[bool, Parameter(negative="", help="Interrupt every instruction of a collection.")] = False,
    program: Annotated[
        str, Parameter(help="With --collection: collecting, working (a program that works meanwhile), or both.")
    ] = "both",
    heap: Annotated[str, Parameter(help="With --collection: the heap's size.")] = "2M",
    first: Annotated[int, Parameter(help="The first instruction, counted from the beginning.")] = 0,
    count: Annotated[int, Parameter(help="So many instructions, 0 for all.")] = 0,
    jobs: Annotated[int, Parameter(help="Processes that share the work.")] = 2,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Interrupt at every instruction, check registers, memory and what follows; exit with 1 at the first violation."""
    if not collection:
        raise UserError("hardtalk inject: nothing is to be interrupted", "Give --collection.")
    if min(first, count) < 0 or jobs < 1:
        raise UserError("hardtalk inject: instructions and jobs are numbers, of jobs at least one")
    console = output.console()
    report = Report("inject", model, "", 0, "")
    with ProcessPoolExecutor(jobs, get_context("spawn")) as executor:
        violations = 0
        for name in chosen_programs(program):
            recipe = CollectionRecipe(name, bytes_from(heap, "--heap"), model)
            result = interrupt_collection(recipe, first, count or None, executor, Progress(console, name))
            print_collection(result, console)
            add_collection(report, result)
            violations += bool(result.found.violation)
    if json is not None:
        report.write(json)
    return 1 if violations else 0


class Progress:
    """A line for each tenth that is done."""

    def __init__(self, console: Console, name: str) -> None:
        self.console = console
        self.name = name
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        if done * 10 // total > self._told:
            self._told = done * 10 // total
            self.console.print(f"{self.name}: {done:,} of {total:,} points", highlight=False)


def chosen_programs(program: str) -> list[str]:
    if program == "both":
        return list(PROGRAMS)
    if program not in PROGRAMS:
        raise UserError(f"--program {program}: there is no such program", f"Choose one of {', '.join(PROGRAMS)}, both.")
    return [program]


def print_collection(result: CollectionResult, console: Console) -> None:
    found = result.found
    rate = found.points / max(result.seconds, 1e-9)
    lines = [
        f"{result.recipe.program}: a collection of {result.instructions:,} instructions, interrupted at "
        f"{found.points:,} of them in {result.seconds:.0f} s ({rate:,.0f} a second)",
        f"  in phase {', '.join(f'{name} {found.phases[name]:,}' for name in PHASES if found.phases[name])}",
        f"  {found.outcomes:,} different outcomes, each followed and its heap audited: in phase "
        f"{', '.join(f'{name} {found.audited[name]:,}' for name in PHASES if found.audited[name])}",
        f"  {found.completed:,} of them followed to the collection's end and audited again",
        f"  {found.violation or 'no violation'}",
    ]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def add_collection(report: Report, result: CollectionResult) -> None:
    report.load = ",".join(each for each in (report.load, result.recipe.program) if each)
    report.firmware = result.firmware
    name, found = result.recipe.program, result.found
    report.add(f"{name}.instructions", result.instructions, "instructions")
    report.add(f"{name}.points", found.points, "points")
    for phase in PHASES:
        report.add(f"{name}.points.{phase}", found.phases[phase], "points")
        report.add(f"{name}.audits.{phase}", found.audited[phase], "audits")
    report.add(f"{name}.outcomes", found.outcomes, "outcomes")
    report.add(f"{name}.completed", found.completed, "outcomes")
    report.add(f"{name}.violations", int(bool(found.violation)), "violations")
