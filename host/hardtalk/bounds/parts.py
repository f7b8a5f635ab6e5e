"""The longest ways of those parts of a response that are the same for every routine, to be shown."""

from __future__ import annotations

from typing import Final

from hardtalk.bounds.longest import Way
from hardtalk.bounds.proof import Proof
from hardtalk.bounds.solver import Solver

MASKED, ENTRY, SWITCH = "masked", "entry", "switch"
PARTS: Final = (MASKED, ENTRY, SWITCH)


def part_way(proof: Proof, part: str, model: str) -> tuple[Way, Solver]:
    """The way, and the solver that found it. An entry's begins behind the exception."""
    if part == MASKED:
        found = proof.masked_section(model)
        assert found is not None
        return found[1], proof.masked[model]
    if part == ENTRY:
        solvers, start = proof.entry
        return _longest(solvers[model], (start,)), solvers[model]
    return _longest(proof.switch[model], proof.switch[model].graph.roots), proof.switch[model]


def _longest(solver: Solver, starts: tuple[int, ...]) -> Way:
    ways = [way for start in starts if (way := solver.whole(start)) is not None]
    return max(ways, key=lambda way: way.length)
