"""A graph of objects with changes of identity, as it should be, beside the one on the board.

A reference is a `Thing`; two-way become exchanges what two of them are, one-way replaces the one by the other wherever
it occurs. There is no memory here, so nothing can go wrong with it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from hardtalk.vm import object_format as of
from hardtalk.vm.constants import VM_CONSTANTS

ARRAY, WEAK, BYTES = "Array", "BecomeWeak", "ByteArray"
KINDS = {1: ARRAY, 2: WEAK, 3: BYTES}
OPERATIONS = (
    "make", "link", "load", "exchange", "forward", "compare", "litter", "step", "collect", "forwardTwo", "look",
)  # fmt: skip


@dataclass(eq=False)
class Thing:
    """An object; `elements` are integers, None or other things."""

    kind: str
    elements: list[Element] = field(default_factory=list)

    @property
    def block_bytes(self) -> int:
        width = 1 if self.kind == BYTES else of.WORD_BYTES
        return max(1 << of.SMALLEST_ORDER, 1 << (of.BODY_OFFSET + width * len(self.elements) - 1).bit_length())


Element = Thing | int | None


@dataclass
class Model:
    """Executes the numbers that BecomeScript on the board executes, and keeps the same log."""

    roots: list[Element]
    log: list[str] = field(default_factory=list)

    def run(self, numbers: list[int]) -> list[str]:
        self.log = []
        for at in range(0, len(numbers), 5):
            operation, arguments = numbers[at], tuple(numbers[at + 1 : at + 5])
            getattr(self, f"do_{OPERATIONS[operation - 1]}")(*arguments)
        return self.log

    def do_make(self, root: int, kind: int, size: int, stamp: int) -> None:
        if kind == 0:
            self.roots[root - 1] = stamp
            return
        elements: list[Element] = [0 if KINDS[kind] == BYTES else None] * size
        if size:
            elements[0] = stamp
        self.roots[root - 1] = Thing(KINDS[kind], elements)

    def do_link(self, root: int, other: int, index: int, _: int) -> None:
        thing = self.roots[root - 1]
        if isinstance(thing, Thing) and thing.kind != BYTES and len(thing.elements) >= index:
            thing.elements[index - 1] = self.roots[other - 1]

    def do_load(self, root: int, other: int, index: int, _: int) -> None:
        thing = self.roots[other - 1]
        if isinstance(thing, Thing) and thing.kind == ARRAY and len(thing.elements) >= index:
            self.roots[root - 1] = thing.elements[index - 1]

    def do_exchange(self, root: int, other: int, *_: int) -> None:
        one, another = self.roots[root - 1], self.roots[other - 1]
        if one == another:
            return
        if not isinstance(one, Thing) or not isinstance(another, Thing):
            self.log.append("#refused")
            return
        if one.block_bytes + another.block_bytes > VM_CONSTANTS["ExchangeLimitBytes"]:
            self.log.append("#refused")
        else:
            one.kind, another.kind = another.kind, one.kind
            one.elements, another.elements = another.elements, one.elements

    def do_forward(self, root: int, other: int, *_: int) -> None:
        self._forward([(self.roots[root - 1], self.roots[other - 1])])

    def do_forwardTwo(self, first: int, second: int, third: int, fourth: int) -> None:
        a, b, c, d = (self.roots[each - 1] for each in (first, second, third, fourth))
        if a in (b, d) or b == c:
            self.log.append("#refused")
        else:
            self._forward([(a, c), (b, d)])

    def _forward(self, pairs: list[tuple[Element, Element]]) -> None:
        changes = [(old, new) for old, new in pairs if old != new]
        if not all(isinstance(old, Thing) and not isinstance(new, int) for old, new in changes):
            self.log.append("#refused")
            return
        for old, new in changes:
            self.roots = [new if each is old else each for each in self.roots]
            for thing in self.things():
                thing.elements = [new if each is old else each for each in thing.elements]

    def do_compare(self, root: int, other: int, *_: int) -> None:
        self.log.append("true" if self.roots[root - 1] == self.roots[other - 1] else "false")

    def do_look(self, root: int, *_: int) -> None:
        thing = self.roots[root - 1]
        self.log.append(class_name(thing))
        if isinstance(thing, Thing) or thing is None:
            self.log.append(str(len(thing.elements) if thing else 0))

    def do_litter(self, *_: int) -> None:
        pass

    do_step = do_collect = do_litter

    def things(self) -> Iterator[Thing]:
        """All that can be reached, over weak slots too."""
        seen: list[Thing] = []
        pending = [each for each in self.roots if isinstance(each, Thing)]
        while pending:
            thing = pending.pop()
            if thing not in seen:
                seen.append(thing)
                pending += [each for each in thing.elements if isinstance(each, Thing)]
        return iter(seen)

    def kept(self) -> list[Thing]:
        """What strong references lead to."""
        kept: list[Thing] = []
        pending = [each for each in self.roots if isinstance(each, Thing)]
        while pending:
            thing = pending.pop()
            if thing not in kept:
                kept.append(thing)
                if thing.kind != WEAK:
                    pending += [each for each in thing.elements if isinstance(each, Thing)]
        return kept

    def agree(self, told: str) -> str:
        """Why the graph that the board tells is not this one; empty when it is.

        A weak slot that the board has cleared is cleared here, if nothing else kept its referent.
        """
        lists = [part.split() for part in told.split(";")]
        classes = [""] + [part[0] for part in lists[1:]]
        elements = [lists[0]] + [part[1:] for part in lists[1:]]
        kept = self.kept()
        partners: dict[int, Thing] = {}
        pending: list[tuple[int, list[Element], bool]] = [(0, self.roots, False)]
        while pending:
            number, expected, is_weak = pending.pop()
            if len(elements[number]) != len(expected):
                return f"object {number} has {len(elements[number])} elements instead of {len(expected)}"
            for index, (word, element) in enumerate(zip(elements[number], expected, strict=True)):
                if word == "-" and is_weak and isinstance(element, Thing) and element not in kept:
                    expected[index] = None
                    continue
                if not isinstance(element, Thing):
                    if word != ("-" if element is None else str(element)):
                        return f"element {index + 1} of object {number} is {word} instead of {element}"
                    continue
                if not word.startswith("@"):
                    return f"element {index + 1} of object {number} is {word} instead of a {element.kind}"
                partner = int(word[1:])
                if partner not in partners:
                    if element in partners.values():
                        return f"object {partner} should be one that was met before"
                    if classes[partner] != element.kind:
                        return f"object {partner} is a {classes[partner]} instead of a {element.kind}"
                    partners[partner] = element
                    pending.append((partner, element.elements, element.kind == WEAK))
                elif partners[partner] is not element:
                    return f"element {index + 1} of object {number} is object {partner}, which should be another"
        return ""


def class_name(element: Element) -> str:
    if isinstance(element, Thing):
        return "#" + element.kind
    return "#UndefinedObject" if element is None else "#SmallInteger"


SIZES_OF_THINGS = (0, 1, 2, 3, 3, 4, 7, 8, 20, 60, 130, 400)
WEIGHTS = {"make": 30, "link": 24, "load": 4, "exchange": 20, "forward": 14, "compare": 6, "litter": 8, "step": 3,
           "collect": 1, "forwardTwo": 8, "look": 4}  # fmt: skip


def random_numbers(source: random.Random, roots: int, operations: int) -> list[int]:
    """A script of so many operations."""
    numbers: list[int] = []
    names = list(WEIGHTS)
    for name in source.choices(names, [WEIGHTS[each] for each in names], k=operations):
        root = [source.randint(1, roots) for _ in range(4)]
        match name:
            case "make":
                arguments = [root[0], source.choice((0, 1, 1, 1, 1, 2, 2, 3, 3)), source.choice(SIZES_OF_THINGS),
                             source.randint(0, 255)]  # fmt: skip
            case "link" | "load":
                arguments = [root[0], root[1], source.choice((1, 1, 2, 3, 4, 8, 60)), 0]
            case "litter":
                arguments = [source.randint(1, 12), source.choice((1, 3, 10, 50)), 0, 0]
            case _:
                arguments = root
        numbers += [OPERATIONS.index(name) + 1, *arguments]
    return numbers
