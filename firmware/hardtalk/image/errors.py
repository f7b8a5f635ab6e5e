"""What makes a class library unfit to become an image."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ImageError(Exception):
    """Sources that cannot be bootstrapped. `str()` is the whole message, with place and remedy."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean X or Y?` for the closest known names, or nothing."""
    close = difflib.get_close_matches(name, sorted(known), n=3)
    return f"Did you mean {' or '.join(close)}? " if close else ""
