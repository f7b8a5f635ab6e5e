"""Histograms, as lines of text and as a picture (SVG): one bar a bin, its length by the logarithm of the count.

The tail of a latency is what matters: on a linear scale a bin that holds one interrupt of a million would have no bar.
"""

import math
from collections.abc import Sequence

TEXT_WIDTH = 60
PICTURE_WIDTH, PICTURE_HEIGHT, MARGIN = 760, 220, 34
LABELS = 10


def bar_length(count: int, most: int, longest: int) -> int:
    """At least 1 for any count above 0, `longest` for the most."""
    if count == 0:
        return 0
    if most == 1:
        return longest
    return 1 + round((longest - 1) * math.log(count) / math.log(most))


def text_histogram(counts: Sequence[int], unit: str = "µs") -> list[str]:
    """A line for each bin from the first to the last that holds anything; runs of empty bins become one line."""
    most, total = max(counts), sum(counts)
    lines: list[str] = []
    was_empty = True
    for number, count in enumerate(counts):
        if count:
            bar = "#" * bar_length(count, most, TEXT_WIDTH)
            lines.append(f"{number:>5} {unit} {count:>10,} {100 * count / total:>7.3f} % {bar}")
        elif not was_empty:
            lines.append(f"{'…':>5}")
        was_empty = count == 0
    return lines


def svg_histogram(counts: Sequence[int], title: str, unit: str = "µs", bins: int = 0) -> str:
    """The same as a picture, whose axis has `bins` at least, so that several can have a common one; the last bar says
    where it is."""
    most = max(counts)
    shown = max(bins, len(counts))
    width = (PICTURE_WIDTH - 2 * MARGIN) / shown
    base = PICTURE_HEIGHT - MARGIN
    step = max(1, -(-shown // LABELS))
    last = max(number for number, count in enumerate(counts) if count)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {PICTURE_WIDTH} {PICTURE_HEIGHT}" role="img">',
        f"<title>{title}</title>",
        f'<line x1="{MARGIN}" y1="{base}" x2="{PICTURE_WIDTH - MARGIN}" y2="{base}" stroke="currentColor"/>',
    ]
    for number in range(shown):
        count = counts[number] if number < len(counts) else 0
        x = MARGIN + number * width
        if count:
            height = bar_length(count, most, base - MARGIN)
            parts.append(
                f'<rect x="{x:.2f}" y="{base - height}" width="{max(width * 0.9, 0.5):.2f}" height="{height}" '
                f'fill="#3b6ea5"><title>{number} to {number + 1} {unit}: {count:,}</title></rect>'
            )
        if number == last:
            longest = f"the longest: {number} to {number + 1} {unit}"
            anchor = "end" if number > shown // 2 else "start"
            parts.append(
                f'<text x="{x:.2f}" y="{MARGIN - 12}" font-size="11" text-anchor="{anchor}" fill="currentColor">'
                f"{longest}</text>"
            )
            parts.append(
                f'<line x1="{x:.2f}" y1="{MARGIN - 8}" x2="{x:.2f}" y2="{base}" stroke="currentColor" '
                'stroke-dasharray="3 3"/>'
            )
        if number % step == 0:
            parts.append(f'<text x="{x:.2f}" y="{base + 14}" font-size="11" fill="currentColor">{number}</text>')
    parts.append(
        f'<text x="{PICTURE_WIDTH - MARGIN}" y="{base + 28}" font-size="11" text-anchor="end" fill="currentColor">'
        f"{unit}; a bar's height is the logarithm of its count, the highest is {most:,}</text></svg>"
    )
    return "\n".join(parts)
