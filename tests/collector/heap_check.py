"""Looks at a stopped board's memory from outside: rings, colours, links, and everything reachable.

The rules are those of docs/collector.md. Each returns the list of what is wrong, so a test shows all of it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from hardtalk.board import Board
from hardtalk.vm import object_format as of
from hardtalk.vm.codes import COLLECTOR_PHASES
from hardtalk.vm.constants import PINNED_REGISTERS
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

FORMATS = of.FORMATS
RINGS = ("blackRing", "whiteRing", "greyRing", "weakRing", "deadRing")
CONTEXT_REGISTER, STACK_REGISTER = PINNED_REGISTERS["context"], PINNED_REGISTERS["sp"]


class Heap:
    """The memory of a board at one moment."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.addresses = {symbol.name: symbol.address for symbol in board.firmware.symbols}
        self.base = board.ram.base if hasattr(board.ram, "base") else 0
        self.ram = bytes(board.ram.read(0, self.word_of(board, "regionEnd")))
        self.active = board.cpu.register(CONTEXT_REGISTER)
        self.stack_top = board.cpu.register(STACK_REGISTER)
        self.process_classes: dict[int, bool] = {}
        special = self.special_objects
        self.nil = self.slot(special, 0)
        self.class_process = self.slot(special, next(e.index for e in SPECIAL_OBJECTS if e.name == "Process"))
        self.phase = {v: k for k, v in COLLECTOR_PHASES.items()}[self.state("collectorPhase")]

    def word_of(self, board: Board, name: str) -> int:
        return int.from_bytes(board.ram.read(self.addresses[name], 4), "little")

    def word(self, address: int) -> int:
        return int(struct.unpack_from("<I", self.ram, address)[0])

    def state(self, name: str) -> int:
        return self.word(self.addresses[name])

    @property
    def special_objects(self) -> int:
        return self.state("specialObjectsArray")

    def slot(self, oop: int, index: int) -> int:
        return self.word(oop + of.BODY_OFFSET + 4 * index)

    def format(self, oop: int) -> int:
        return self.ram[oop + 16]

    def colour(self, oop: int) -> int:
        return self.ram[oop + 17] >> of.COLOUR_SHIFT

    def is_context(self, oop: int) -> bool:
        return self.format(oop) in of.CONTEXT_FORMATS

    def ring(self, name: str) -> Iterator[int]:
        anchor = self.addresses[name]
        previous, each = anchor, self.word(anchor)
        for _ in range(10_000_000):
            assert self.word(each + 4) == previous, f"{name}: {each:#x} does not point back to {previous:#x}"
            if each == anchor:
                return
            yield each
            previous, each = each, self.word(each)
        raise AssertionError(f"{name} does not close")

    def is_process(self, class_oop: int) -> bool:
        if class_oop not in self.process_classes:
            each = class_oop
            while each not in (self.nil, self.class_process):
                each = self.slot(each, 0)
            self.process_classes[class_oop] = each == self.class_process
        return self.process_classes[class_oop]

    def pointers(self, oop: int) -> Iterator[int]:
        """What an object refers to strongly, SmallIntegers left out; plain senders and suspended contexts included."""
        yield self.word(oop + 8)
        kind, size = self.format(oop), self.word(oop + 12)
        words: list[int] = []
        if kind <= FORMATS["FormatFixedAndIndexable"]:
            words = list(struct.unpack_from(f"<{size}I", self.ram, oop + of.BODY_OFFSET))
            if size >= 4 and words[1] & 31 == 1 and words[1] > 0x100000 and self.is_process(self.word(oop + 8)):
                words.append(words[1] - 1)
        elif kind == FORMATS["FormatWeak"]:
            named = self.slot(self.word(oop + 8), 2) >> 5
            words = list(struct.unpack_from(f"<{named}I", self.ram, oop + of.BODY_OFFSET))
        elif kind == FORMATS["FormatMethod"]:
            literals = self.slot(oop, 0) >> 10 & 255
            words = list(struct.unpack_from(f"<{literals}I", self.ram, oop + of.slot_offset(1)))
        elif kind in of.CONTEXT_FORMATS:
            top = self.stack_top if oop == self.active else self.slot(oop, 2)
            words = [self.slot(oop, 0)]
            words += struct.unpack_from(f"<{(top - oop - 28) // 4}I", self.ram, oop + 32)
        yield from (word for word in words if not word & 1)

    def roots(self) -> Iterator[int]:
        yield self.special_objects
        yield self.state("vmMethod")
        yield self.active
        if spare := self.state("spareInteger"):
            yield spare

    def reachable(self) -> dict[int, int]:
        """Every object that can be reached, with the one from which it was found."""
        found = dict.fromkeys(self.roots(), 0)
        left = list(found)
        while left:
            oop = left.pop()
            for other in self.pointers(oop):
                if other not in found:
                    found[other] = oop
                    left.append(other)
        return found

    def _scanned(self) -> set[int]:
        """While marking: the objects of the grey ring up to lastScanned."""
        if self.phase != "PhaseMarking" or self.state("lastScanned") == self.addresses["greyRing"]:
            return set()
        found = set()
        for oop in self.ring("greyRing"):
            found.add(oop)
            if oop == self.state("lastScanned"):
                return found
        raise AssertionError(f"lastScanned {self.state('lastScanned'):#x} is not on the grey ring")

    def faults(self) -> list[str]:
        """What is wrong with the rings, the colours, and what can be reached."""
        black, white = self.state("blackColour"), self.state("whiteColour")
        colours = {
            "blackRing": black,
            "whiteRing": white,
            "greyRing": of.COLOUR_GREY,
            "weakRing": black,
            "deadRing": white,
        }
        on_ring: dict[int, str] = {}
        wrong: list[str] = []
        scanned = self._scanned()
        for name in RINGS:
            for oop in self.ring(name):
                if oop in on_ring:
                    wrong.append(f"{oop:#x} is on {on_ring[oop]} and {name}")
                on_ring[oop] = name
                if name == "greyRing" and oop in scanned:
                    on_ring[oop] = "scanned part of greyRing"
                    if self.colour(oop) != black:
                        wrong.append(f"{oop:#x} has been scanned and has colour {self.colour(oop)}")
                elif self.colour(oop) != colours[name]:
                    wrong.append(f"{oop:#x} on {name} has colour {self.colour(oop)}")
        found = self.reachable()
        may_be_white = self.phase == "PhaseMarking"
        for oop, finder in found.items():
            ring = on_ring.get(oop)
            if ring is None and not (self.is_context(oop) and self.colour(oop) == of.COLOUR_UNLISTED):
                wrong.append(
                    f"{oop:#x} (from {finder:#x}) is on no ring, format {self.format(oop)}, colour {self.colour(oop)}"
                )
            elif ring == "deadRing" or (ring in ("whiteRing", "greyRing") and not may_be_white):
                wrong.append(
                    f"{oop:#x} (from {finder:#x}, format {self.format(finder) if finder else 0}) can be "
                    f"reached and is on {ring}, format {self.format(oop)}"
                )
        if may_be_white:
            wrong += self._tri_colour_faults(found, on_ring)
        return wrong[:40]

    def _tri_colour_faults(self, found: dict[int, int], on_ring: dict[int, str]) -> list[str]:
        """Of a snapshot at the beginning: each white object that can be reached can be reached from a grey one, or
        from a plain context that belongs to one, through white objects."""
        left = [oop for oop, ring in on_ring.items() if ring == "greyRing"]
        protected = set(left)
        if scanning := self.state("scanObject"):
            protected.add(scanning)
        while left:
            oop = left.pop()
            for other in self.pointers(oop):
                plain = on_ring.get(other) is None and self.is_context(other)
                if other not in protected and (on_ring.get(other) == "whiteRing" or plain):
                    protected.add(other)
                    left.append(other)
        return [
            f"{oop:#x} (from {finder:#x}) is white and no grey object leads to it"
            for oop, finder in found.items()
            if on_ring.get(oop) == "whiteRing" and oop not in protected
        ]
