"""The loads by name: each is a method in the protocol `loads` of LatencyWorkload, a subclass or an extension of it.

On the command line a load is called by its selector in small letters with dashes: `serialFlood` is serial-flood. A
method in the protocol `growth` is a load for each of the numbers MANY, to which it is appended: mutexes-1000.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hardtalk.bench.errors import UnfitRequest
from hardtalk.bench.firmware import study_folder
from hardtalk.build.sources import paths_in, read_classes

ALL = "all"
WORKLOAD_CLASS, PROTOCOL, GROWTH_PROTOCOL, CLASS_SUFFIX = "LatencyWorkload", "loads", "growth", ".st"
MANY = 10, 1_000, 100_000
"""Of so many things of its kind each load in the protocol `growth` is run."""


@dataclass(frozen=True)
class Load:
    """What runs below the handler: a method and the class whose instance it is sent to; `many`: how many things of its
    kind that makes first, 0 for a load that is of no kind of thing."""

    selector: str
    workload: str = WORKLOAD_CLASS
    many: int = 0

    @property
    def name(self) -> str:
        dashed = re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", self.selector)
        return f"{dashed}-{self.many}" if self.many else dashed


def known_loads(folders: Sequence[Path] = ()) -> dict[str, Load]:
    """The loads that ship, then those of the users' folders; growth left out."""
    return {load.name: load for load in _methods(PROTOCOL, folders)}


def growth_loads(folders: Sequence[Path] = ()) -> dict[str, Load]:
    """The loads that are of many things of a kind: each kind with each number."""
    loads = [replace(load, many=many) for load in _methods(GROWTH_PROTOCOL, folders) for many in MANY]
    return {load.name: load for load in loads}


def all_loads(folders: Sequence[Path] = ()) -> dict[str, Load]:
    """Both."""
    return known_loads(folders) | growth_loads(folders)


def _methods(protocol: str, folders: Sequence[Path]) -> list[Load]:
    """The methods in this protocol of LatencyWorkload, which come first, and the classes below it."""
    own = study_folder("latency")
    paths = [path for folder in (own, *folders) for path in paths_in(folder, CLASS_SUFFIX)]
    definitions = sorted(read_classes(paths), key=lambda each: each.name != WORKLOAD_CLASS)
    workloads = {WORKLOAD_CLASS}
    while more := {each.name for each in definitions if each.superclass in workloads} - workloads:
        workloads |= more
    return [
        Load(method.selector, definition.name)
        for definition in definitions
        if definition.name in workloads
        for method in definition.methods
        if method.category == protocol
    ]


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
