"""The collectors that a firmware can be built with: components of the same names and interfaces, in a folder each."""

from __future__ import annotations

from typing import Final

TREADMILL: Final = "treadmill"
STOP_THE_WORLD: Final = "stop-the-world"
COLLECTORS: Final = (TREADMILL, STOP_THE_WORLD)
COLLECTOR_FOLDER: Final = "collector"
"""Below `firmware/vm`: what every collector has, and below it a folder for each one."""


class UnknownCollector(Exception):
    """A build was told to use a collector that there is not."""


def collector_folder(collector: str) -> str:
    """The folder of its components, below `firmware/vm`."""
    if collector not in COLLECTORS:
        raise UnknownCollector(f"{collector}: no such collector; one of {', '.join(COLLECTORS)}")
    return f"{COLLECTOR_FOLDER}/{collector}"
