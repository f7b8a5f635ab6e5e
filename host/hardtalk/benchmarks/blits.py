"""Cycles a pixel of BitBlts of 600 x 500 pixels, beside what is aimed at and what the memory would allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hardtalk.arm import encode as arm
from hardtalk.bench import Bench
from hardtalk.bench.marks import Measured, between_marks
from hardtalk.board.cycles import Arm926
from hardtalk.report.figures import Report

PIXELS: Final = 600 * 500
CHARACTERS: Final = 55
"""Of a text, for which a character counts as a pixel."""
PATIENCE_CYCLES: Final = 2_000_000_000
BURST: Final = range(3, 11)
"""The registers of a burst: eight words, a line of the cache."""
RATIO_OF_LIMIT: Final = 1.3


@dataclass(frozen=True)
class BlitCase:
    """A blit: its rule, depths, where in the source it begins, and the cycles a pixel that are aimed at, if any;
    `limit` says which burst loop moves as much memory. With a `message` it is what that makes BlitBench do."""

    name: str
    rule: int
    source: int | None
    depth: int
    at: int = 0
    halftone: bool = False
    aim: float | None = None
    limit: str = ""
    message: str = ""
    pixels: int = PIXELS

    @property
    def expression(self) -> str:
        if self.message:
            return f"BlitBench {self.message}"
        source = "nil" if self.source is None else str(self.source)
        halftone = "true" if self.halftone else "false"
        return f"BlitBench rule: {self.rule} from: {source} to: {self.depth} at: {self.at} halftone: {halftone}"


CASES: Final = (
    BlitCase("copy-32", 3, 32, 32, limit="copy"),
    BlitCase("fill-32", 3, None, 32, limit="fill"),
    BlitCase("copy-16", 3, 16, 16),
    BlitCase("copy-16-moved", 3, 16, 16, at=1),
    BlitCase("copy-8", 3, 8, 8, aim=1),
    BlitCase("copy-8-moved", 3, 8, 8, at=3, aim=1),
    BlitCase("fill-8", 3, None, 8),
    BlitCase("copy-4", 3, 4, 4),
    BlitCase("copy-2", 3, 2, 2),
    BlitCase("copy-1", 3, 1, 1, aim=0.15),
    BlitCase("copy-1-moved", 3, 1, 1, at=5, aim=0.15),
    BlitCase("fill-1", 3, None, 1),
    BlitCase("xor-32", 6, 32, 32, aim=12),
    BlitCase("xor-8-moved", 6, 8, 8, at=3, aim=12),
    BlitCase("or-1-moved", 7, 1, 1, at=5, aim=12),
    BlitCase("halftone-32", 3, 32, 32, halftone=True, aim=12),
    BlitCase("paint-8", 25, 8, 8, aim=12),
    BlitCase("paint-32", 25, 32, 32, aim=12),
    BlitCase("blend-32", 24, 32, 32, aim=12),
    BlitCase("blend-scaled-32", 34, 32, 32, aim=16),
    BlitCase("rgb-add-32", 20, 32, 32, aim=12),
    BlitCase("map-8-to-32", 3, 8, 32, aim=5),
    BlitCase("map-8-to-16", 3, 8, 16, aim=12),
    BlitCase("map-1-to-8", 3, 1, 8, aim=12),
    BlitCase("map-1-to-32", 3, 1, 32, aim=12),
    BlitCase("16-to-32", 3, 16, 32, aim=12),
    BlitCase("paint-map-8-to-32", 25, 8, 32, aim=12),
    BlitCase("rgb-subtract-32", 21, 32, 32, aim=12),
    BlitCase("rgb-maximum-32", 27, 32, 32, aim=12),
    BlitCase("rgb-add-16", 20, 16, 16, aim=12),
    BlitCase("rgb-subtract-16-moved", 21, 16, 16, at=1, aim=12),
    BlitCase("rgb-maximum-8-moved", 27, 8, 8, at=3, aim=12),
    BlitCase("paint-16", 25, 16, 16, aim=12),
    BlitCase("paint-16-moved", 25, 16, 16, at=1, aim=12),
    BlitCase("erase-8", 26, 8, 8, aim=12),
    BlitCase("warp-32", 3, 32, 32, message="warpBy: 1"),
    BlitCase("warp-32-smoothed", 3, 32, 32, message="warpBy: 2"),
    BlitCase("text-large-32", 25, 1, 32, message="text: StrikeFont large depth: 32", pixels=CHARACTERS),
    BlitCase("text-small-32", 25, 1, 32, message="text: StrikeFont small depth: 32", pixels=CHARACTERS),
    BlitCase("text-large-8", 25, 1, 8, message="text: StrikeFont large depth: 8", pixels=CHARACTERS),
)


@dataclass(frozen=True)
class BlitFigure:
    case: BlitCase
    measured: Measured
    limit_cycles: float | None

    @property
    def cycles_a_pixel(self) -> float:
        return self.measured.cycles / self.case.pixels

    @property
    def aim(self) -> float | None:
        return self.case.aim if self.limit_cycles is None else RATIO_OF_LIMIT * self.limit_cycles

    @property
    def reaches_aim(self) -> bool:
        return self.aim is None or self.cycles_a_pixel <= self.aim


def burst_cycles(kind: str) -> float:
    """Cycles a word of a loop that copies or fills a line of the cache a round by LDM and STM."""
    load = [arm.load_multiple(0, BURST, writeback=True)] if kind == "copy" else []
    code = [
        *load,
        arm.store_multiple(1, BURST, writeback=True),
        arm.data("sub", 2, 2, arm.Immediate(1), True),
        arm.branch(-4 * (len(load) + 2), cond=1),
    ]
    cost = Arm926().cost(b"".join(word.to_bytes(4, "little") for word in code), 0)
    return (cost.cycles + cost.taken_extra) / len(BURST)


def measure_blits(booted: Bench) -> Iterator[BlitFigure]:
    """Every case from the same state of the board, on one that has the classes of the study."""
    snapshot = booted.board.snapshot()
    for case in CASES:
        booted.board.restore(snapshot)
        booted.console.evaluate(case.expression, PATIENCE_CYCLES)
        limit = burst_cycles(case.limit) if case.limit else None
        yield BlitFigure(case, between_marks(booted.board, case.name), limit)
    booted.board.restore(snapshot)


def blit_report(figures: Sequence[BlitFigure], model: str, firmware: str) -> Report:
    report = Report("bench", model, "blit", 0, firmware)
    for each in figures:
        report.add(f"{each.case.name}.cycles", each.measured.cycles, "cycles")
        report.add(f"{each.case.name}.instructions", each.measured.instructions, "instructions")
        report.add(f"{each.case.name}.pixel", round(1000 * each.cycles_a_pixel), "cycles/1000")
    return report
