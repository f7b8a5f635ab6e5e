"""What is proven of the lines that are measured, to stand beside what was seen: hardtalk.bounds, kept by its content.

The bound of a row is the longest way from the line to its handler's first bytecode, and from there to the end of the
step that first accesses the device (docs/bounds.md says what both assume).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hardtalk.bounds.blocks import Unprovable
from hardtalk.bounds.budget import FIGURES, RESPONSE, figure
from hardtalk.bounds.handlers import handlers_of
from hardtalk.bounds.longest import Unbounded
from hardtalk.bounds.proof import COLD, HITTING, INSTRUCTIONS, Proof
from hardtalk.build.cache import BuildCache, digest, tools_digest
from hardtalk.chip import Chip
from hardtalk.latency.models import ARM926, CACHED_MODELS
from hardtalk.latency.rows import Row, figure_prefix
from hardtalk.latency.subjects import SMALLTALK
from hardtalk.report.figures import Report
from hardtalk.symbols.source_map import SourceMap

PROVEN_IN: Final = {"instructions": INSTRUCTIONS, ARM926: HITTING, **dict.fromkeys(CACHED_MODELS, COLD)}
"""The model of the proof whose lengths hold for what the board charges: caches with something in them never cost more
than those that hold nothing."""
PROVING_PACKAGES: Final = ("bounds", "board", "chip", "registers", "smalltalk", "symbols", "vm")


@dataclass(frozen=True)
class Bounds:
    """In one model of the board. `figures`: stretch, masked and response of the firmware; `access` and `end`: of each
    driver's handler, from its first bytecode on, by the name of its class. A handler without a bound is in neither."""

    figures: Mapping[str, int]
    access: Mapping[str, int]
    end: Mapping[str, int]

    def of(self, row: Row) -> int | None:
        """From the line to the first access; None for native handlers and for those that cannot be bounded."""
        access = self.access.get(row.driver) if row.form == SMALLTALK else None
        return None if access is None else self.figures[RESPONSE] + access

    def longest_handler(self, rows: Sequence[Row]) -> int | None:
        """To its end, of all that the rows measured in Smalltalk; None if one has no bound."""
        ends = [self.end.get(row.driver) for row in rows if row.form == SMALLTALK]
        known = [each for each in ends if each is not None]
        return max(known) if known and len(known) == len(ends) else None


@dataclass(frozen=True)
class Proven:
    """Bounds by model of the board; empty with the `problem` when the firmware cannot be bounded."""

    bounds: Mapping[str, Bounds]
    problem: str = ""


def proven(elf: bytes, chip: Chip, models: Sequence[str], cache: BuildCache) -> Proven:
    """Of the firmware in `elf`, whose proof takes half a minute and is kept by its content."""
    key = digest([elf, repr(chip), *models, tools_digest(PROVING_PACKAGES)])
    found, _ = cache.get(Proven, key, lambda: prove(elf, chip, models))
    return found


def prove(elf: bytes, chip: Chip, models: Sequence[str]) -> Proven:
    proof = Proof(SourceMap(elf), chip)
    try:
        return Proven({model: bounds_of(proof, PROVEN_IN[model]) for model in models})
    except (Unbounded, Unprovable) as error:
        return Proven({}, f"{error}; hardtalk bound tells the place")


def bounds_of(proof: Proof, model: str) -> Bounds:
    figures = {what: figure(proof, what, model) for what in FIGURES}
    handlers = [] if model == INSTRUCTIONS else handlers_of(proof, model).handlers
    access = {each.driver.name: each.access for each in handlers if each.access is not None}
    end = {each.driver.name: each.whole for each in handlers if each.whole is not None}
    return Bounds(figures, access, end)


def beside(rows: Sequence[Row], found: Proven) -> list[Row]:
    """The rows with their bounds."""
    return [replace(row, bound=found.bounds[row.model].of(row)) if row.model in found.bounds else row for row in rows]


def add_bounds(report: Report, rows: Sequence[Row], found: Proven) -> None:
    """The firmware's figures under their fixed names, by model as those of the rows are."""
    for name, bounds in found.bounds.items():
        prefix = figure_prefix(name, report.model)
        for what, cycles in bounds.figures.items():
            report.add(f"{prefix}bound.{what}.cycles", cycles, "cycles")
        handler = bounds.longest_handler(rows)
        if handler is not None:
            report.add(f"{prefix}bound.handler.cycles", handler, "cycles")
