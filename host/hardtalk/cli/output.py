"""The console that commands print on: text as it is, and no table cut off."""

from rich.console import Console

NARROWEST_COLUMNS = 120


def console() -> Console:
    """Standard output; a narrower terminal wraps long lines instead of losing their ends."""
    width = max(Console().width, NARROWEST_COLUMNS)
    return Console(highlight=False, markup=False, emoji=False, width=width)
