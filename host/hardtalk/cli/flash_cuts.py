"""`hardtalk flash cuts`: the power cut in every operation of the flash while the board works with files."""

import time
from dataclasses import fields
from functools import partial
from typing import Annotated

from cyclopts import Parameter
from rich.table import Table

from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.options import Json, Workers
from hardtalk.cli.progress import measured_so_far
from hardtalk.power_cuts import SECTORS, CutPlan, Tally, run_cuts
from hardtalk.report.figures import Report
from hardtalk.tasks.side_by_side import CutShort, side_by_side

SHOWN_FAILURES = 8


def cuts(
    *,
    count: Annotated[int, Parameter(help="At least so many cuts.")] = 2000,
    seed: Annotated[int, Parameter(help="Another seed gives other work and other cuts.")] = 1,
    worn: Annotated[int, Parameter(help="Of a hundred sectors, so many cannot be erased any more.")] = 0,
    steps: Annotated[int, Parameter(help="Of a session, before the next goes on from one of the cuts.")] = 25,
    workers: Workers = 1,
    json: Json = None,
) -> int:
    """Cut the power in every operation of the flash while the board works with files; exit with 1 when one loses."""
    for name, value, least in (("count", count, 1), ("worn", worn, 0), ("steps", steps, 1), ("workers", workers, 1)):
        if value < least:
            raise UserError(f"--{name} {value}: it must be at least {least}")
    if worn > 50:
        raise UserError(f"--worn {worn}: a volume needs sectors", "Give at most 50 of a hundred.")
    plans = [CutPlan(-(-count // len(SECTORS)), seed, each, worn=worn, steps=steps) for each in SECTORS]
    began = time.monotonic()
    console = output.console()
    found, is_whole = measured_so_far(partial(side_by_side, tallied, plans), plans, workers, console)
    tallies = [tally for _, tally in found]
    names = [each.name for each in fields(Tally) if each.name != "failures"]
    table = Table("bytes a sector", *(each.replace("_", " ") for each in names), "failures")
    for plan, tally in found:
        row = [f"{getattr(tally, name):,}" for name in names]
        table.add_row(f"{plan.sector_bytes:,}", *row, f"{len(tally.failures):,}")
    failures = [failure for tally in tallies for failure in tally.failures]
    for failure in failures[:SHOWN_FAILURES]:
        console.print(failure, soft_wrap=True)
    console.print(table)
    rate = sum(each.cuts for each in tallies) / (time.monotonic() - began)
    console.print(f"{rate:.0f} cuts a second", soft_wrap=True)
    if json is not None:
        report = Report("flash cuts", "arm926", "", seed, "")
        for plan, tally in found:
            for name in names:
                report.add(f"{plan.sector_bytes}.{name}", getattr(tally, name), "")
            report.add(f"{plan.sector_bytes}.failures", len(tally.failures), "")
        report.write(json)
    if not is_whole:
        return INTERRUPTED
    return 1 if failures else 0


def tallied(plan: CutPlan) -> tuple[CutPlan, Tally]:
    """What is tried of a plan. Raises CutShort with what was tried before Control-C."""
    so_far: list[Tally] = []
    try:
        return plan, run_cuts(plan, so_far.append)
    except KeyboardInterrupt:
        raise CutShort((plan, each) for each in so_far[-1:]) from None
