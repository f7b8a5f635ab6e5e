"""The console that commands print on: text as it is, and no table cut off."""

from typing import Any

from rich.console import Console
from rich.table import Table

NARROWEST_COLUMNS = 120
WIDEST_COLUMNS = 300


class WholeTables(Console):
    """Tables have the columns that they need: a narrower terminal wraps their lines, a file has them whole."""

    def print(self, *objects: Any, **options: Any) -> None:
        width = self.width
        if any(isinstance(each, Table) for each in objects):
            self.width = WIDEST_COLUMNS
        try:
            super().print(*objects, **options)
        finally:
            self.width = width


def console() -> Console:
    """Standard output; a narrower terminal wraps long lines instead of losing their ends."""
    width = max(Console().width, NARROWEST_COLUMNS)
    return WholeTables(highlight=False, markup=False, emoji=False, width=width)


def wide_console() -> Console:
    """Standard output without a margin: the lines are as long as they are."""
    return Console(highlight=False, markup=False, emoji=False, width=WIDEST_COLUMNS)
