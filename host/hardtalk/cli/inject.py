"""`hardtalk inject`: interrupts at every instruction, and everything looked at that they might have disturbed."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.inject_random import StormLine, storm_summary
from hardtalk.cli.options import ARM926, CycleModel, Json
from hardtalk.injection.shared_collection import (
    CollectionRecipe,
    CollectionResult,
    add_collection,
    chosen_programs,
    interrupt_collection,
)
from hardtalk.injection.shared_forms import FormRow, add_forms, interrupt_forms
from hardtalk.injection.shared_random import add_storms, storm_all, tasks_for
from hardtalk.injection.trial import Interrupted
from hardtalk.memory.boards import bytes_from
from hardtalk.memory.rings import PHASES
from hardtalk.report.figures import Report


def inject(
    *,
    collection: Annotated[bool, Parameter(negative="", help="Interrupt every instruction of a collection.")] = False,
    forms: Annotated[
        bool,
        Parameter(negative="", help="Interrupt Smalltalk code, native code and handlers of both kinds by both kinds."),
    ] = False,
    random: Annotated[
        int, Parameter(help="So many interrupts at random cycles instead of at every instruction, over all loads.")
    ] = 0,
    program: Annotated[
        str, Parameter(help="With --collection: collecting, working (a program that works meanwhile), or both.")
    ] = "both",
    heap: Annotated[str, Parameter(help="With --collection: the heap's size.")] = "2M",
    first: Annotated[
        int, Parameter(help="The first instruction, counted from the beginning of the collection or of each window.")
    ] = 0,
    count: Annotated[int, Parameter(help="So many instructions, of each window with --forms; 0 for all.")] = 0,
    seed: Annotated[int, Parameter(help="With --random: of the first row; the others have the numbers after it.")] = 1,
    jobs: Annotated[int, Parameter(help="Processes that share the work.")] = 2,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Interrupt at every instruction, check registers, memory and what follows; exit with 1 at the first violation."""
    if not (collection or forms or random):
        raise UserError("hardtalk inject: nothing is to be interrupted", "Give --collection, --forms or --random.")
    if min(first, count, random, seed) < 0 or jobs < 1:
        raise UserError("hardtalk inject: instructions, interrupts and jobs are numbers, of jobs at least one")
    console = output.console()
    report = Report("inject", model, "", seed, "")
    with ProcessPoolExecutor(jobs, get_context("spawn")) as executor:
        violations = 0
        for name in chosen_programs(program) if collection else ():
            recipe = CollectionRecipe(name, bytes_from(heap, "--heap"), model)
            result = interrupt_collection(recipe, first, count or None, executor, Progress(console, name))
            print_collection(result, console)
            add_collection(report, result)
            violations += bool(result.found.violation)
        if forms:
            rows, seconds = interrupt_forms(
                executor, model, first=first, count=count or None, finished=RowLine(console)
            )
            console.print(forms_summary(rows, seconds), highlight=False, soft_wrap=True, markup=False)
            add_forms(report, rows)
            violations += sum(bool(row.found.violation) for row in rows)
        if random:
            storms, seconds = storm_all(executor, tasks_for(random, seed, model), StormLine(console))
            for line in storm_summary(storms, seconds):
                console.print(line, highlight=False, soft_wrap=True, markup=False)
            add_storms(report, storms)
            violations += sum(bool(row.storm.violation) for row in storms)
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


class RowLine:
    """A line for each window and kind of handler."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __call__(self, row: FormRow) -> None:
        found = row.found
        went_on = ", ".join(
            f"{each.value} {found.interrupted[each]:,}" for each in Interrupted if found.interrupted[each]
        )
        text = f"{row.window.name}, for a {row.handler} handler: {found.points:,} points ({went_on})"
        if found.along:
            text += f", {found.along:,} taken along"
        text += f", {found.outcomes:,} outcomes: {found.violation or 'no violation'}"
        self.console.print(text, highlight=False, soft_wrap=True, markup=False)


def forms_summary(rows: Sequence[FormRow], seconds: float) -> str:
    points = sum(row.found.points for row in rows)
    outcomes = sum(row.found.outcomes for row in rows)
    wrong = sum(bool(row.found.violation) for row in rows)
    rate = points / max(seconds, 1e-9)
    return (
        f"forms: {points:,} points in {seconds:.0f} s ({rate:,.0f} a second), "
        f"{outcomes:,} different outcomes followed, {wrong} of {len(rows)} rows with a violation"
    )


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
