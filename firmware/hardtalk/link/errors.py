"""The linker's error: what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LinkError(Exception):
    """A firmware that cannot be linked. `str()` is the whole message."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy naming the closest known names, or nothing."""
    close = difflib.get_close_matches(name, sorted(known), n=3)
    return f"; did you mean {' or '.join(close)}?" if close else ""
