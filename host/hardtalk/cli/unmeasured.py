"""Loads under which nothing could be measured, beside the results of the others."""

from collections.abc import Sequence
from typing import TypeVar

from rich.console import Console
from rich.text import Text

from hardtalk.latency.loaded_board import Unmeasured

Result = TypeVar("Result")


def told_apart(found: Sequence[Result | Unmeasured]) -> tuple[list[Result], list[Unmeasured]]:
    """The results, and what there is in the place of others."""
    results = [each for each in found if not isinstance(each, Unmeasured)]
    return results, [each for each in found if isinstance(each, Unmeasured)]


def print_unmeasured(without: Sequence[Unmeasured], console: Console) -> None:
    for each in without:
        console.print(Text(str(each)), soft_wrap=True)
