"""Several distributions in one picture (SVG) on a common logarithmic axis, with the deadline drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH, ROW_HEIGHT, NAMES_WIDTH, FIGURES_WIDTH, TOP, BOTTOM = 900, 24, 300, 80, 24, 40
COLOUR, LATE_COLOUR = "#3b6ea5", "#c0392b"
STEPS: Final = (1, 2, 5)
LEAST_MICROSECONDS: Final = 0.1


@dataclass(frozen=True)
class Span:
    """One row, in microseconds; `proven` is None where nothing is."""

    name: str
    least: float
    median: float
    p99: float
    most: float
    proven: float | None = None


def svg_comparison(spans: Sequence[Span], deadline: float, title: str) -> str:
    """A line from the least to the most of each, thick up to the 99th percentile; a notch is the median, a triangle
    what is proven."""
    farthest = max(deadline, *(max(each.most, each.proven or 0.0) for each in spans)) * 1.2
    nearest = max(LEAST_MICROSECONDS, min(each.least for each in spans) / 1.5)
    axis = Axis(nearest, farthest)
    height = TOP + ROW_HEIGHT * len(spans) + BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" font-size="12">',
        f"<title>{escape(title)}</title>",
        *grid(axis, height),
        vertical(axis.place(deadline), height, LATE_COLOUR, 1.5),
        text(axis.place(deadline), TOP - 8, f"deadline {deadline:,.4g} µs", "middle", LATE_COLOUR),
    ]
    for number, span in enumerate(spans):
        parts += row(span, axis, TOP + ROW_HEIGHT * number + ROW_HEIGHT / 2, deadline)
    return "\n".join([*parts, "</svg>"])


@dataclass(frozen=True)
class Axis:
    """From `nearest` to `farthest` microseconds, logarithmic."""

    nearest: float
    farthest: float

    def place(self, microseconds: float) -> float:
        whole = math.log(self.farthest / self.nearest)
        share = math.log(max(microseconds, self.nearest) / self.nearest) / whole
        return NAMES_WIDTH + share * (WIDTH - NAMES_WIDTH - FIGURES_WIDTH)

    def ticks(self) -> list[float]:
        """1, 2, 5 of each power of ten that lies within."""
        powers = range(math.floor(math.log10(self.nearest)), math.ceil(math.log10(self.farthest)) + 1)
        numbers = [step * 10.0**power for power in powers for step in STEPS]
        return [each for each in numbers if self.nearest <= each <= self.farthest]


def grid(axis: Axis, height: float) -> list[str]:
    parts = []
    for tick in axis.ticks():
        parts.append(vertical(axis.place(tick), height, "currentColor", 0.2))
        parts.append(text(axis.place(tick), height - BOTTOM + 16, f"{tick:g}", "middle"))
    label = "µs; thick to the 99th percentile, thin to the longest; a notch at the median, a triangle at what is proven"
    parts.append(text(WIDTH, height - 6, label, "end"))
    return parts


def row(span: Span, axis: Axis, y: float, deadline: float) -> list[str]:
    least, median, p99, most = (axis.place(each) for each in (span.least, span.median, span.p99, span.most))
    colour = LATE_COLOUR if span.most > deadline else COLOUR
    told = f"{span.name}: median {span.median:.3g} µs, longest {span.most:.3g} µs"
    parts = [
        text(NAMES_WIDTH - 10, y + 4, span.name, "end"),
        f'<rect x="{least:.1f}" y="{y - 1:.1f}" width="{max(most - least, 1):.1f}" height="2" fill="{colour}"/>',
        f'<rect x="{least:.1f}" y="{y - 5:.1f}" width="{max(p99 - least, 1):.1f}" height="10" fill="{colour}">'
        f"<title>{escape(told)}</title></rect>",
        f'<rect x="{median - 1:.1f}" y="{y - 8:.1f}" width="2" height="16" fill="currentColor"/>',
        f'<rect x="{most - 1:.1f}" y="{y - 4:.1f}" width="2" height="8" fill="{colour}"/>',
        text(WIDTH - FIGURES_WIDTH + 8, y + 4, f"{span.most:,.3g} µs", colour=colour),
    ]
    if span.proven is not None:
        x = axis.place(span.proven)
        parts.append(f'<path d="M{x:.1f} {y:.1f} l8 -5 v10 z" fill="currentColor"><title>proven</title></path>')
    return parts


def vertical(x: float, height: float, colour: str, width: float) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - BOTTOM}" stroke="{colour}" stroke-width="{width}"/>'
    )


def text(x: float, y: float, content: str, anchor: str = "start", colour: str = "currentColor") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(content)}</text>'
