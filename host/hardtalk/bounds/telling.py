"""A longest way as lines of text: routine after routine with what it adds, loops and calls indented below."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hardtalk.bounds.graph import address_of
from hardtalk.bounds.longest import Repeat, Way
from hardtalk.bounds.solver import Solver
from hardtalk.symbols.source_map import SourceMap

DEEPEST = 12
SHARE = 10
"""What is less than one part in so many of the whole is left out one level below."""


@dataclass(frozen=True)
class Part:
    """`length` in one place; `inner` the way of a loop's turn, or through the routine that is called."""

    text: str
    length: int
    inner: Way | None = None


def way_lines(way: Way, solver: Solver, source_map: SourceMap) -> Iterator[str]:
    """The way with all of its parts that are a tenth of it or more."""
    yield from _lines(way, solver, source_map, 0, max(1, way.length // SHARE))


def _lines(way: Way, solver: Solver, source_map: SourceMap, depth: int, least: int) -> Iterator[str]:
    counted: dict[tuple[str, int], tuple[Part, int]] = {}
    for part in parts(way, solver, source_map):
        if part.length >= least:
            known = counted.get((part.text, part.length), (part, 0))
            counted[part.text, part.length] = (part, known[1] + 1)
    for part, times in counted.values():
        often = f"  {times} times" if times > 1 else ""
        yield f"{'  ' * depth}{part.length:>12,}  {part.text}{often}"
        if part.inner is not None and depth < DEEPEST:
            inner_least = min(least, max(1, part.inner.length // SHARE))
            yield from _lines(part.inner, solver, source_map, depth + 1, inner_least if part.length > least else least)


def parts(way: Way, solver: Solver, source_map: SourceMap) -> Iterator[Part]:
    """Steps in one routine without calls are one part."""
    at: Way | None = way
    name, first, length = "", 0, 0
    while at is not None:
        added = at.length - (0 if at.rest is None else at.rest.length)
        step, at = at.first, at.rest
        here = "" if step is None or isinstance(step, Repeat) else routine_name(source_map, step)
        called = None if step is None or isinstance(step, Repeat) else _called(step, solver)
        if name and (here != name or called is not None):
            yield Part(f"{name}  {place(source_map, first)}", length)
            name, length = "", 0
        if isinstance(step, Repeat):
            yield Part(f"{step.turns:,} more turns of {step.body.length:,}", added, step.body)
        elif step is not None and called is not None:
            callee, through = called
            yield Part(f"{here} calls {routine_name(source_map, callee)}  {place(source_map, step)}", added, through)
        elif step is not None:
            name, first, length = here, step if not name else first, length + added
    if name:
        yield Part(f"{name}  {place(source_map, first)}", length)


def _called(node: int, solver: Solver) -> tuple[int, Way] | None:
    ways = [(callee, way) for callee in solver.graph.flows[node].callees if (way := solver.to_return[callee])]
    return max(ways, key=lambda each: each[1].length, default=None)


def routine_name(source_map: SourceMap, node: int) -> str:
    symbol = source_map.symbol_at(address_of(node))
    return f"{address_of(node):#x}" if symbol is None else symbol.name


def place(source_map: SourceMap, node: int) -> str:
    found = source_map.arm_place(address_of(node))
    return "" if found is None else str(found)
