"""The collector's rings and colours: which there are, what may be on each, and who is on which.

The names are those of docs/collector.md. A firmware that stops the world to collect has no ring.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hardtalk.memory.compiled import follow_ring
from hardtalk.memory.heap import Heap, Indices
from hardtalk.memory.machine import NEXT, PREVIOUS, Machine
from hardtalk.vm import object_format as of
from hardtalk.vm.codes import PHASE_NAMES

STOP_THE_WORLD_VARIABLE: Final = "reachedTop"
"""Only the collector that stops the world has it: the top of its marking stack."""
COLLECTOR_RINGS: Final = ("whiteRing", "greyRing", "blackRing", "weakRing", "deadRing")
SCANNED: Final = "scanned"
"""What an audit calls the first part of the grey ring, up to the object that `lastScanned` names: it is black."""
PHASE_VARIABLE: Final = "collectorPhase"

EMPTY_RINGS: Final = {
    "idle": ("whiteRing", "greyRing", "weakRing", "deadRing"),
    "marking": ("deadRing",),
    "weak": ("greyRing", "deadRing"),
    "flushing": ("whiteRing", "greyRing", "weakRing"),
    "burying": ("whiteRing", "greyRing", "weakRing"),
    "freeing": ("whiteRing", "greyRing", "weakRing"),
}
"""Rings that hold nothing in a phase. New objects are black in every phase, so between collections all are."""


@dataclass(frozen=True)
class LinkFault:
    """A ring's link that is wrong: the object (or the anchor) it belongs to, which link, what it holds, and why."""

    ring: str
    owner: int
    link: str
    value: int
    why: str


class Rings:
    """Ring of every block by its index: 0 for none, else 1 + its place in `names`.

    `has_collector` says that there is one that works with rings; `stops_the_world` that there is the other kind.
    """

    def __init__(self, heap: Heap) -> None:
        machine = heap.machine
        self.stops_the_world = machine.has(STOP_THE_WORLD_VARIABLE)
        self.has_collector = machine.has(COLLECTOR_RINGS[0]) and not self.stops_the_world
        self.names = ring_names(machine)
        self.phase = phase_of(machine) if self.has_collector else "idle"
        last_scanned = self._last_scanned(machine)
        self.ring_of: Indices = np.zeros(len(heap), np.int64)
        self.counts: dict[str, int] = {}
        self.faults: list[LinkFault] = []
        for number, name in enumerate(self.names, 1):
            begin = self._pass_scanned(heap, last_scanned) if name == "greyRing" else None
            self._follow(heap, name, number, begin)
        if last_scanned is not None:
            self.names += (SCANNED,)

    def _last_scanned(self, machine: Machine) -> int | None:
        """While marking: the last object of the grey ring's black part, when there is one."""
        if self.phase != "marking" or not machine.has("lastScanned"):
            return None
        last = machine.variable("lastScanned")
        return None if last == machine.addresses["greyRing"] else last

    def _pass_scanned(self, heap: Heap, last: int | None) -> int | None:
        """Follow the grey ring up to the last scanned object; answers its index among the words."""
        if last is None:
            return None
        machine = heap.machine
        anchor = (machine.addresses["greyRing"] - machine.base) >> 2
        if heap.index_at(last) < 0:
            self._tell("greyRing", machine.addresses["greyRing"], "lastScanned", last, "is no object")
            return None
        after = (machine.word(last + NEXT) - machine.base) >> 2
        met, kind, where, value = self._along(heap, anchor, after, 1 + len(self.names), NEXT, PREVIOUS)
        self.counts[SCANNED] = met
        if kind:
            owner = machine.base + 4 * where
            self._tell("greyRing", owner, "previous" if kind == 3 else "next", value, "does not lead to lastScanned")
        return (last - machine.base) >> 2

    def _follow(self, heap: Heap, name: str, number: int, begin: int | None) -> None:
        """Forwards from the anchor, or a member; behind a broken link backwards, so that one fault is one message."""
        machine = heap.machine
        anchor = (machine.addresses[name] - machine.base) >> 2
        met, kind, where, value = self._along(heap, anchor if begin is None else begin, anchor, number, NEXT, PREVIOUS)
        self.counts[name] = met
        if kind == 0:
            return
        owner = machine.base + 4 * where
        if kind == 3:
            self._tell(name, owner, "previous", value, "is not what leads to it by its next")
            resumed = where
        else:
            self._tell(name, owner, "next", value, "leads to no block" if kind == 1 else "leads back into a ring")
            resumed = anchor
        met, kind, where, value = self._along(heap, resumed, anchor, number, PREVIOUS, NEXT)
        self.counts[name] += met
        if kind == 1:
            owner = machine.base + 4 * where
            self._tell(name, owner, "previous", value, "leads to no block")

    def _along(
        self, heap: Heap, begin: int, anchor: int, number: int, forward: int, backward: int
    ) -> tuple[int, int, int, int]:
        base, start = heap.machine.base, (heap.start - heap.machine.base) >> 2
        return follow_ring(
            heap.machine.words, begin, anchor, forward >> 2, backward >> 2, base, start, heap.index_of, self.ring_of,
            number,
        )  # fmt: skip

    def _tell(self, ring: str, owner: int, link: str, value: int, why: str) -> None:
        fault = LinkFault(ring, owner, link, value, why)
        if fault not in self.faults:
            self.faults.append(fault)

    def ring_name(self, index: int) -> str:
        number = int(self.ring_of[index])
        return self.names[number - 1] if number else "no ring"

    def members(self, name: str) -> Indices:
        if name not in self.names:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.ring_of == 1 + self.names.index(name))

    def colours_allowed(self, machine: Machine) -> dict[str, frozenset[int]]:
        """The colours that objects of each ring have."""
        if not self.has_collector:
            return {}
        white, black = machine.variable("whiteColour"), machine.variable("blackColour")
        return {
            "whiteRing": frozenset({white}),
            "greyRing": frozenset({of.COLOUR_GREY}),
            SCANNED: frozenset({black}),
            "blackRing": frozenset({black}),
            "weakRing": frozenset({of.COLOUR_GREY, black}),
            "deadRing": frozenset({white, of.COLOUR_UNLISTED}),
        }


def ring_names(machine: Machine) -> tuple[str, ...]:
    if machine.has(STOP_THE_WORLD_VARIABLE):
        return ()
    return tuple(each for each in COLLECTOR_RINGS if machine.has(each))


def phase_of(machine: Machine) -> str:
    """The phase's name; the number itself when it has none."""
    value = machine.variable(PHASE_VARIABLE)
    return PHASE_NAMES[value] if value < len(PHASE_NAMES) else str(value)
