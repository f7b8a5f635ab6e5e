"""The loads by name: each is a method in the protocol `loads` of LatencyWorkload, a subclass or an extension of it.

On the command line a load is called by its selector in small letters with dashes: `serialFlood` is serial-flood.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hardtalk.bench.errors import UnfitRequest
from hardtalk.bench.firmware import study_folder
from hardtalk.build.sources import paths_in, read_classes

ALL = "all"
WORKLOAD_CLASS, PROTOCOL, CLASS_SUFFIX = "LatencyWorkload", "loads", ".st"


@dataclass(frozen=True)
class Load:
    """What runs below the handler: a method and the class whose instance it is sent to."""

    selector: str
    workload: str = WORKLOAD_CLASS

    @property
    def name(self) -> str:
        return re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", self.selector)


def known_loads(folders: Sequence[Path] = ()) -> dict[str, Load]:
    """The loads that ship, then those of the users' folders."""
    own = study_folder("latency")
    paths = [path for folder in (own, *folders) for path in paths_in(folder, CLASS_SUFFIX)]
    definitions = read_classes(paths)
    workloads = {WORKLOAD_CLASS}
    while more := {each.name for each in definitions if each.superclass in workloads} - workloads:
        workloads |= more
    loads = [
        Load(method.selector, definition.name)
        for definition in definitions
        if definition.name in workloads
        for method in definition.methods
        if method.category == PROTOCOL
    ]
    return {load.name: load for load in loads}


def chosen_loads(names: Iterable[str], known: dict[str, Load]) -> list[Load]:
    """The loads of those names, each once; `all` is every one that is known."""
    chosen: dict[str, Load] = {}
    for name in names:
        if name == ALL:
            chosen |= known
        elif name in known:
            chosen[name] = known[name]
        else:
            raise UnfitRequest(f"--load {name}: there is no such load", f"Choose one of {', '.join(known)}, {ALL}.")
    return list(chosen.values())
