"""The JSON shape of measuring commands."""

import json

import pytest

from hardtalk.report.figures import Report, read_report


def example() -> Report:
    report = Report("latency", "arm926", "mixed", 1, "abc")
    report.add("smalltalk.max.cycles", 1884, "cycles")
    report.add("smalltalk.count", 10_000, "interrupts")
    return report


def test_shape_is_the_agreed_one() -> None:
    assert json.loads(example().text()) == {
        "command": "latency",
        "model": "arm926",
        "load": "mixed",
        "seed": 1,
        "firmware": "abc",
        "figures": [
            {"name": "smalltalk.max.cycles", "value": 1884, "unit": "cycles"},
            {"name": "smalltalk.count", "value": 10000, "unit": "interrupts"},
        ],
    }


def test_what_is_written_can_be_read() -> None:
    assert read_report(example().text()) == example()


def test_a_figure_is_given_once() -> None:
    with pytest.raises(ValueError, match=r"smalltalk\.count"):
        example().add("smalltalk.count", 1, "interrupts")
