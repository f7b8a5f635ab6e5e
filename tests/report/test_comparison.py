"""Several distributions in one picture, on one axis."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from hardtalk.report.comparison import LATE_COLOUR, NAMES_WIDTH, WIDTH, Axis, Span, svg_comparison
from hardtalk.report.histogram import svg_histogram

SVG = "{http://www.w3.org/2000/svg}"
SPANS = [Span("one <load>", 1.0, 2.0, 4.0, 8.0, 50.0), Span("other", 1.0, 10.0, 90.0, 120.0)]


def texts(picture: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(picture).iter(f"{SVG}text")]


def test_every_row_its_longest_and_the_deadline() -> None:
    found = texts(svg_comparison(SPANS, 100.0, "all"))
    assert {"one <load>", "other", "8 µs", "120 µs", "deadline 100 µs"} <= set(found)


def test_a_row_beyond_the_deadline_stands_out() -> None:
    late = svg_comparison(SPANS, 100.0, "all").count(f'fill="{LATE_COLOUR}"')
    assert late > svg_comparison(SPANS[:1], 100.0, "all").count(f'fill="{LATE_COLOUR}"') == 1


def test_the_axis_is_common_and_logarithmic() -> None:
    axis = Axis(1.0, 100.0)
    left, middle, right = (axis.place(each) for each in (1.0, 10.0, 100.0))
    assert left == NAMES_WIDTH
    assert middle - left == pytest.approx(right - middle)
    assert right < WIDTH
    assert axis.place(0.0) == left
    assert axis.ticks() == [1, 2, 5, 10, 20, 50, 100]


def test_histograms_with_a_common_axis() -> None:
    wide = svg_histogram([0, 5, 1], "few", bins=40)
    assert "the longest: 2 to 3 µs" in texts(wide)
    assert texts(wide)[-2] == "36"
    assert len(ElementTree.fromstring(wide).findall(f"{SVG}rect")) == 2
