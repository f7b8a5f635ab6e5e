"""The console that commands print on: text as it is, and no table cut off."""

from rich.console import Console

NARROWEST_COLUMNS = 120
WIDEST_COLUMNS = 300


def console() -> Console:
    """Standard output; a narrower terminal wraps long lines instead of losing their ends."""
    width = max(Console().width, NARROWEST_COLUMNS)
    return Console(highlight=False, markup=False, emoji=False, width=width)


def wide_console() -> Console:
    """Standard output without a margin: the lines are as long as they are."""
    return Console(highlight=False, markup=False, emoji=False, width=WIDEST_COLUMNS)
