"""Which files take long, and the order in which several workers run the tests: each begins with those.

xdist gives each worker an equal part of the tests in their order, and who has no more takes from another's end. Files
stay together, for their tests share what was made ready for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, TypeVar

LONG: Final[Mapping[str, int]] = {
    "docs/test_how_to.py": 200,
    "collector/test_culprit.py": 120,
    "build/test_build.py": 75,
    "serial/test_redefinition.py": 70,
    "native/test_arguments.py": 40,
    "build/test_collectors.py": 40,
    "collector/test_exhaustion.py": 40,
    "serial/test_numbers.py": 30,
    "native/test_both_kinds.py": 30,
}
"""Seconds of a processor, about."""

Test = TypeVar("Test")


def ordered(tests: Sequence[tuple[str, Test]], workers: int) -> list[Test]:
    """The tests, each given with its file, in an order in which each worker's part begins with some of the long ones;
    the others keep theirs."""
    long = [[test for file, test in tests if file == name] for name in _longest_first()]
    others = iter([test for file, test in tests if file not in LONG])
    result: list[Test] = []
    for worker, own in enumerate(_dealt(long, workers)):
        share = (len(tests) - len(result)) // (workers - worker)
        result += own
        result += islice(others, max(share - len(own), 0))
    return [*result, *others]


def _longest_first() -> list[str]:
    return sorted(LONG, key=lambda name: -LONG[name])


def _dealt(files: Iterable[list[Test]], workers: int) -> list[list[Test]]:
    """The files' tests for each worker; the next file goes to the one with the least to do."""
    dealt: list[list[Test]] = [[] for _ in range(workers)]
    seconds = [0] * workers
    for name, file in zip(_longest_first(), files, strict=True):
        least = seconds.index(min(seconds))
        dealt[least] += file
        seconds[least] += LONG[name]
    return dealt
