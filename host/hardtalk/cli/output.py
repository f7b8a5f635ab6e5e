"""The console that commands print on: no colours of its own making, and no table cut off."""

from rich.console import Console

NARROWEST_COLUMNS = 120


def console() -> Console:
    """Standard output; a narrower terminal wraps long lines instead of losing their ends."""
    plain = Console(highlight=False)
    return Console(highlight=False, width=max(plain.width, NARROWEST_COLUMNS))
