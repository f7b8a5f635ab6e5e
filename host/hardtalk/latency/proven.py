"""What is proven of the lines that are measured, to stand beside what was seen: hardtalk.bounds, kept by its content.

The bound of a row is the longest way from the line to its handler's first bytecode, and from there to the end of the
step that first accesses the device (docs/bounds.md says what both assume).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hardtalk.bounds.blocks import Unprovable
from hardtalk.bounds.budget import FIGURES, RESPONSE, figure
from hardtalk.bounds.handlers import handlers_of
from hardtalk.bounds.longest import Unbounded
from hardtalk.bounds.proof import INSTRUCTIONS, Proof
from hardtalk.build.cache import BuildCache, digest, tools_digest
from hardtalk.chip import Chip
from hardtalk.latency.rows import Row, figure_prefix
from hardtalk.latency.subjects import SMALLTALK
from hardtalk.report.figures import Report
from hardtalk.symbols.source_map import SourceMap

PROVING_PACKAGES: Final = ("bounds", "board", "chip", "registers", "smalltalk", "symbols", "vm")
MACHINE_USES: Final = ("code", "table")
IMAGE_USES: Final = ("image", "heap")
READS_IMAGE: Final = "boot/image.s"
"""Whose loop, at start-up and in no figure, is as long as the image."""


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


@dataclass(frozen=True)
class Figures:
    """What is proven of the virtual machine alone, whatever is in the image, in one model: by name."""

    lengths: Mapping[str, int]


def proven(elf: bytes, chip: Chip, models: Sequence[str], cache: BuildCache) -> Proven:
    """Of the firmware in `elf`, whose proof takes half a minute a model and is kept by its content; that of the virtual
    machine also for firmware with other drivers."""

    @functools.cache
    def proof() -> Proof:
        return Proof(SourceMap(elf), chip)

    bounds: dict[str, Bounds] = {}
    for model in sorted(set(models)):
        key = digest([elf, repr(chip), model, tools_digest(PROVING_PACKAGES)])
        found, _ = cache.get(Proven, key, functools.partial(prove, proof, model, cache))
        if found.problem:
            return found
        bounds.update(found.bounds)
    return Proven(bounds)


def prove(made: Callable[[], Proof], model: str, cache: BuildCache) -> Proven:
    proof = made()
    try:
        figures, _ = cache.get(Figures, machine_digest(proof, model), lambda: figures_of(proof, model))
        return Proven({model: bounds_of(proof, model, figures)})
    except (Unbounded, Unprovable) as error:
        return Proven({}, f"{error}; hardtalk bound tells the place")


def machine_digest(proof: Proof, model: str) -> str:
    """Of all that the figures follow from: code, tables and what is known of them, and the slots of who waits."""
    facts, read = proof.code.facts, proof.source_map.read
    machine = [each for each in facts.regions if each.use in MACHINE_USES]
    known = replace(
        facts,
        regions=tuple(each for each in facts.regions if each.use not in IMAGE_USES),
        loops=tuple(each for each in facts.loops if all(loop.file != READS_IMAGE for loop in each.loops)),
    )
    code = [read(each.start, each.stop - each.start) for each in machine]
    given = (f"{proof.waiting_slots}", repr(proof.chip), model, tools_digest(PROVING_PACKAGES))
    return digest([*code, known.to_bytes(), *given])


def figures_of(proof: Proof, model: str) -> Figures:
    return Figures({what: figure(proof, what, model) for what in FIGURES})


def bounds_of(proof: Proof, model: str, figures: Figures) -> Bounds:
    handlers = [] if model == INSTRUCTIONS else handlers_of(proof, model).handlers
    access = {each.driver.name: each.access for each in handlers if each.access is not None}
    end = {each.driver.name: each.whole for each in handlers if each.whole is not None}
    return Bounds(figures.lengths, access, end)


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
