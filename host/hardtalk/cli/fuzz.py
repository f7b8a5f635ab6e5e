"""`hardtalk fuzz`: shipped examples changed at random, for everything that reads input; no traceback, no hang."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError, exit_code, message
from hardtalk.cli.main import run
from hardtalk.cli.options import Json
from hardtalk.fuzz import Kind, Outcome, Tally, kinds, run_campaign, try_input
from hardtalk.fuzz.arguments import arguments_kind
from hardtalk.report.figures import Report

SHOWN = 8
"""Failures that differ in where they happened."""


def fuzz(
    *names: Annotated[
        str, Parameter(help="What is read: one kind or several; all but those on a board when none is given.")
    ],
    count: Annotated[int, Parameter(help="So many inputs of each kind.")] = 10_000,
    seed: Annotated[int, Parameter(help="Another seed gives other inputs.")] = 1,
    save: Annotated[Path, Parameter(help="The folder for inputs that are defects.")] = Path("fuzz"),
    repeat: Annotated[Path | None, Parameter(help="Try this one input, of the one kind that is named.")] = None,
    json: Json = None,
) -> int:
    """Change examples at random and read them; exit with 1 when one gives a traceback or does not end."""
    chosen = chosen_kinds(names)
    if count < 1:
        raise UserError(f"--count {count}: at least one input must be tried")
    console = output.console()
    if repeat is not None:
        return try_again(chosen, repeat, console)
    tallies = []
    table = Table("kind", "tried", *(each.value for each in Outcome), "s")
    for kind in chosen:
        began = time.monotonic()
        tally = run_campaign(kind, count, seed, judge)
        tallies.append(tally)
        counts = [f"{number:,}" for number in (tally.tried, *(tally.counts[each] for each in Outcome))]
        table.add_row(kind.name, *counts, f"{time.monotonic() - began:.0f}")
        tell_failures(tally, seed, save, console)
        if tally.is_cut:
            break
    console.print(table)
    if json is not None:
        report_of(tallies, seed).write(json)
    if any(tally.is_cut for tally in tallies):
        return INTERRUPTED
    return 1 if any(tally.failures for tally in tallies) else 0


def known_kinds() -> dict[str, Kind]:
    arguments = arguments_kind(run)
    return {**kinds(), arguments.name: arguments}


def chosen_kinds(names: Sequence[str]) -> list[Kind]:
    known = known_kinds()
    for name in names:
        if name not in known:
            raise UserError(f"fuzz {name}: there is no such kind of input", f"Choose of {', '.join(known)}.")
    return [known[name] for name in names or known if names or not known[name].is_on_board]


def judge(error: BaseException) -> str | None:
    """What a user reads of an error; None for a traceback."""
    return None if exit_code(error) is None else message(error)


def try_again(chosen: Sequence[Kind], path: Path, console: Console) -> int:
    """One input, with all that is said of it."""
    if len(chosen) != 1:
        raise UserError(f"--repeat {path}: of which kind?", "Name one, for example hardtalk fuzz svd --repeat FILE.")
    outcome, text = try_input(chosen[0], path.read_bytes(), judge)
    console.print(f"{outcome.value}\n{text}".rstrip(), markup=False, highlight=False, soft_wrap=True)
    return 1 if outcome.is_defect else 0


def tell_failures(tally: Tally, seed: int, folder: Path, console: Console) -> None:
    """Save each input that is a defect; show one for each place where it happened, and how to try it again."""
    shown: set[str] = set()
    for failure in tally.failures:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{tally.kind.name}-{seed}-{failure.number}"
        path.write_bytes(failure.data)
        if failure.cause in shown or len(shown) == SHOWN:
            continue
        shown.add(failure.cause)
        text = f"{failure.outcome.value}: hardtalk fuzz {tally.kind.name} --repeat {path}\n{failure.text}"
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def report_of(tallies: Sequence[Tally], seed: int) -> Report:
    report = Report("fuzz", "", ",".join(tally.kind.name for tally in tallies), seed, "")
    for tally in tallies:
        report.add(f"{tally.kind.name}.tried", tally.tried, "inputs")
        for outcome in Outcome:
            report.add(f"{tally.kind.name}.{outcome.value}", tally.counts[outcome], "inputs")
    return report
