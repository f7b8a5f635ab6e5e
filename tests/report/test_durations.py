"""Durations in and out, at 200 MHz."""

import pytest

from hardtalk.report.durations import cycles_from, microseconds

HZ = 200_000_000


@pytest.mark.parametrize(
    ("text", "cycles"),
    [
        ("100us", 20_000),
        ("100 µs", 20_000),
        ("0.1ms", 20_000),
        ("20000cycles", 20_000),
        ("1 cycle", 1),
        ("7ns", 1),
        ("2s", 2 * HZ),
    ],
)
def test_duration_in_cycles(text: str, cycles: int) -> None:
    assert cycles_from(text, HZ) == cycles


@pytest.mark.parametrize("text", ["", "100", "us", "-1us", "1.us", "1h"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write for example 100us"):
        cycles_from(text, HZ)


@pytest.mark.parametrize(
    ("cycles", "text"),
    [(0, "0.0 µs"), (9, "0.0 µs"), (10, "0.1 µs"), (1_884, "9.4 µs"), (250_000_000, "1,250,000.0 µs")],
)
def test_microseconds(cycles: int, text: str) -> None:
    assert microseconds(cycles, HZ) == text
