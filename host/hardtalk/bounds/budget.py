"""Budgets that the proven figures of the shipped firmware must keep, and the report of those figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hardtalk.bounds.handlers import Handler
from hardtalk.bounds.proof import COLD, HITTING, INSTRUCTIONS, MODELS, Proof
from hardtalk.bounds.schedule import Response
from hardtalk.report.figures import Report

STRETCH, MASKED, RESPONSE = "stretch", "masked", "response"
FIGURES: Final = (STRETCH, MASKED, RESPONSE)


@dataclass(frozen=True)
class Budget:
    """`limit` cycles at most for what `aim` is wanted."""

    what: str
    model: str
    limit: int
    aim: int


BUDGETS: Final = (
    Budget(STRETCH, HITTING, 1_850, 2_000),
    Budget(MASKED, HITTING, 400, 400),
    Budget(RESPONSE, HITTING, 3_800, 4_000),
    Budget(RESPONSE, COLD, 34_000, 20_000),
)


def figure(proof: Proof, what: str, model: str) -> int:
    if what == STRETCH:
        return proof.longest_stretch(model)
    if what == MASKED:
        return proof.longest_masked(model)
    return proof.response(model).whole


def broken_budgets(proof: Proof) -> Iterator[tuple[Budget, int]]:
    for budget in BUDGETS:
        value = figure(proof, budget.what, budget.model)
        if value > budget.limit:
            yield budget, value


def bound_report(proof: Proof, firmware: str) -> Report:
    """Those of the model arm926 under their fixed names; those of others behind the model's name."""
    report = Report("bound", HITTING, "", 0, firmware)
    for model in (HITTING, *(each for each in MODELS if each != HITTING)):
        prefix = "" if model == HITTING else f"{model}."
        unit = "instructions" if model == INSTRUCTIONS else "cycles"
        for what in FIGURES:
            report.add(f"{prefix}bound.{what}.{unit}", figure(proof, what, model), unit)
        for part, value in proof.response(model).parts.items():
            report.add(f"{prefix}bound.response.{part}.{unit}", value, unit)
    for row in proof.rows:
        report.add(f"bound.routine.{row.routine.name}.cycles", row.lengths[HITTING], "cycles")
    for means, count in proof.loops_by_means.items():
        report.add(f"bound.loops.{means.replace(' ', '_')}", count, "loops")
    return report


def add_handlers(report: Report, handlers: Sequence[Handler]) -> None:
    """The longest of all handlers under its fixed name, and each one's lengths; none that cannot be bounded."""
    wholes = [each.whole for each in handlers if each.whole is not None]
    if len(wholes) == len(handlers):
        report.add("bound.handler.cycles", max(wholes, default=0), "cycles")
    for each in handlers:
        for part, value in zip(("access", "end"), each.lengths, strict=True):
            if value is not None:
                report.add(f"bound.handler.{each.driver.name}.{part}.cycles", value, "cycles")


def add_responses(report: Report, together: Sequence[Response]) -> None:
    """Each line's longest times from the line on, with all others; none where there is no bound."""
    for each in together:
        for part, value in (("access", each.access), ("end", each.end)):
            if value is not None:
                report.add(f"bound.response.{each.task.name}.{part}.cycles", value, "cycles")
