"""`hardtalk inject`: interrupts at every instruction, and everything looked at that they might have disturbed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.inject_calls import NO_CALLS, Calls, make_calls
from hardtalk.cli.inject_processes import sweep_lines, sweep_summary
from hardtalk.cli.inject_random import storm_line, storm_summary
from hardtalk.cli.options import ARM926, Compiled, CycleModel, Json
from hardtalk.cli.progress import pool
from hardtalk.injection.drivers import DRIVER_WINDOWS
from hardtalk.injection.forms import WINDOWS
from hardtalk.injection.plan import Injected, InjectionPlan, injection_report
from hardtalk.injection.plan import inject as carry_out
from hardtalk.injection.shared_collection import CollectionResult, chosen_programs
from hardtalk.injection.shared_forms import FormRow
from hardtalk.injection.shared_moments import SweepResult
from hardtalk.injection.shared_random import StormRow
from hardtalk.injection.trial import Interrupted
from hardtalk.latency.loads import ALL
from hardtalk.memory.boards import bytes_from
from hardtalk.vm.codes import PHASE_NAMES


@Parameter(name="*")
@dataclass(frozen=True)
class Interrupts:
    """What is interrupted, and where."""

    collection: Annotated[bool, Parameter(negative="", help="Interrupt every instruction of a collection.")] = False
    forms: Annotated[
        bool,
        Parameter(negative="", help="Interrupt Smalltalk code, native code and handlers of both kinds by both kinds."),
    ] = False
    drivers: Annotated[
        bool,
        Parameter(negative="", help="Interrupt the drivers of keyboard, mouse and DMA: from the line to what comes."),
    ] = False
    random: Annotated[
        int | None, Parameter(help="So many interrupts at random cycles instead of at every instruction.")
    ] = None
    load: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="With --random: under this load of `hardtalk latency`; may be given again. All if none is given.",
        ),
    ] = None
    processes: Annotated[
        int,
        Parameter(help="End, suspend and resume processes at so many moments of what they wait in or unwind."),
    ] = 0
    sweep: Annotated[
        list[str] | None,
        Parameter(negative="", help="With --processes: of this sweep; may be given again. All if none is given."),
    ] = None
    compile: Compiled = None
    program: Annotated[
        str, Parameter(help="With --collection: collecting, working (a program that works meanwhile), or both.")
    ] = "both"
    heap: Annotated[str, Parameter(help="With --collection: the heap's size.")] = "2M"
    first: Annotated[
        int, Parameter(help="The first instruction, counted from the beginning of the collection or of each window.")
    ] = 0
    count: Annotated[int, Parameter(help="So many instructions, of each window with --forms; 0 for all.")] = 0
    seed: Annotated[
        int,
        Parameter(help="With --random and random calls: of the first row or batch; the others follow."),
    ] = 1

    def plan(self, model: str) -> InjectionPlan:
        if self.random is not None and self.random < 1:
            raise UserError(f"--random {self.random}: at least one interrupt must be raised")
        return InjectionPlan(
            model,
            chosen_programs(self.program) if self.collection else (),
            bytes_from(self.heap, "--heap"),
            (*(WINDOWS if self.forms else ()), *(DRIVER_WINDOWS if self.drivers else ())),
            self.first,
            self.count or None,
            self.random or 0,
            self.seed,
            self.processes,
            tuple(self.load or (ALL,)),
            tuple(self.sweep or ()),
            tuple(self.compile or ()),
        )


NONE = Interrupts()


def inject(
    *,
    interrupts: Interrupts = NONE,
    calls: Calls = NO_CALLS,
    jobs: Annotated[int, Parameter(help="Processes that share the work.")] = 2,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Interrupt at every instruction, or call and store at random; exit with 1 when what follows is not right."""
    if calls.operations:
        return make_calls(calls, interrupts.seed, jobs, model, json)
    plan = interrupts.plan(model)
    injected, told, is_whole = Injected(), Told(output.console()), True
    try:
        with pool(jobs, "--jobs") as executor:
            carry_out(plan, executor, told, injected)
    except KeyboardInterrupt:
        if not told.has_told:
            raise
        output.console().print("interrupted: what is told above was done before")
        is_whole = False
    if json is not None:
        injection_report(plan, injected).write(json)
    if not is_whole:
        return INTERRUPTED
    return 1 if injected.violations else 0


class Told:
    """Prints results as they come: lines for each tenth of a collection, each window, each row of random interrupts."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.has_told = False
        self._tenths = ("", 0)

    def points_done(self, program: str, done: int, total: int) -> None:
        tenths = program, done * 10 // total
        if tenths > (self._tenths if self._tenths[0] == program else (program, 0)):
            self._tenths = tenths
            self._print(f"{program}: {done:,} of {total:,} points")

    def collection_done(self, result: CollectionResult) -> None:
        for line in collection_lines(result):
            self._print(line)

    def window_done(self, row: FormRow) -> None:
        self._print(form_line(row))

    def windows_done(self, rows: Sequence[FormRow], seconds: float) -> None:
        self._print(forms_summary(rows, seconds))

    def storm_done(self, row: StormRow) -> None:
        self._print(storm_line(row))

    def storms_done(self, rows: Sequence[StormRow], seconds: float) -> None:
        for line in storm_summary(rows, seconds):
            self._print(line)

    def sweep_done(self, result: SweepResult) -> None:
        for line in sweep_lines(result):
            self._print(line)

    def sweeps_done(self, results: Sequence[SweepResult], seconds: float) -> None:
        self._print(sweep_summary(results, seconds))

    def _print(self, line: str) -> None:
        self.has_told = True
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)


def form_line(row: FormRow) -> str:
    """A window and a kind of handler."""
    found = row.found
    went_on = ", ".join(f"{each.value} {found.interrupted[each]:,}" for each in Interrupted if found.interrupted[each])
    so_far = "" if row.is_whole else " so far"
    text = f"{row.window.name}, for a {row.handler} handler: {found.points:,} points{so_far} ({went_on})"
    if found.along:
        text += f", {found.along:,} taken along"
    return f"{text}, {found.outcomes:,} outcomes: {found.violation or 'no violation'}"


def forms_summary(rows: Sequence[FormRow], seconds: float) -> str:
    points = sum(row.found.points for row in rows)
    outcomes = sum(row.found.outcomes for row in rows)
    wrong = sum(bool(row.found.violation) for row in rows)
    rate = points / max(seconds, 1e-9)
    return (
        f"forms: {points:,} points in {seconds:.0f} s ({rate:,.0f} a second), "
        f"{outcomes:,} different outcomes followed, {wrong} of {len(rows)} rows with a violation"
    )


def collection_lines(result: CollectionResult) -> list[str]:
    found = result.found
    rate = found.points / max(result.seconds, 1e-9)
    so_far = "" if result.is_whole else "so far "
    return [
        f"{result.recipe.program}: a collection of {result.instructions:,} instructions, {so_far}interrupted at "
        f"{found.points:,} of them in {result.seconds:.0f} s ({rate:,.0f} a second)",
        f"  in phase {', '.join(f'{name} {found.phases[name]:,}' for name in PHASE_NAMES if found.phases[name])}",
        f"  {found.outcomes:,} different outcomes, each followed and its heap audited: in phase "
        f"{', '.join(f'{name} {found.audited[name]:,}' for name in PHASE_NAMES if found.audited[name])}",
        f"  {found.completed:,} of them followed to the collection's end and audited again",
        f"  {found.violation or 'no violation'}",
    ]
