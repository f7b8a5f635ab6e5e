"""Durations as people write and read them (`100us`, `9.4 µs`) against the board's integer cycles."""

import re
from fractions import Fraction

UNITS_PER_SECOND = {"ns": 10**9, "us": 10**6, "µs": 10**6, "ms": 10**3, "s": 1}
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>ns|us|µs|ms|s|cycles?)")


def cycles_from(text: str, cycles_per_second: int) -> int:
    """The whole cycles in `text`, rounded down: a deadline is never made longer by rounding.

    Raises ValueError with the accepted forms when `text` is none of them.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write for example 100us, 0.1ms or 20000cycles")
    number = Fraction(match["number"])
    if match["unit"].startswith("cycle"):
        return int(number)
    return int(number * cycles_per_second / UNITS_PER_SECOND[match["unit"]])


def microseconds(cycles: int, cycles_per_second: int) -> str:
    """`cycles` in microseconds with one decimal, rounded half up."""
    tenths = (cycles * 10**7 * 2 + cycles_per_second) // (2 * cycles_per_second)
    return f"{tenths // 10:,}.{tenths % 10} µs"
