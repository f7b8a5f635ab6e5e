"""What SVD describes once and means several times: arrays (`dim`) and elements derived from others (`derivedFrom`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hardtalk.chip.svd_elements import number_of, optional_text, text_of
from hardtalk.chip.xml_reader import Element

PLACE = re.compile(r"\[%s\]|%s")
MOST_COPIES = 1024
NAMES_OF_ITS_OWN = ("name", "displayName")
"""What an element does not take over from the one it is derived from."""


@dataclass(frozen=True)
class Copy:
    """One of an array's elements: `number` counts from 0, `index` is what the name has for %s, `offset` is added."""

    index: str
    number: int | None
    offset: int

    def name(self, template: str) -> str:
        return PLACE.sub(self.index, template)


def family(template: str) -> str:
    """The name without the place of the index: what all copies have in common."""
    return PLACE.sub("", template)


def copies_of(element: Element) -> Iterator[Copy]:
    """One copy with nothing to replace, or as many as `dim` says."""
    name = text_of(element, "name")
    if element.find("dim") is None:
        if PLACE.search(name):
            raise element.error(f"{name} has a place for an index but no <dim>", "add <dim> and <dimIncrement>")
        yield Copy("", None, 0)
        return
    if not PLACE.search(name):
        raise element.error(f"{name} has <dim> but no %s in its name", "write %s where the index belongs")
    count, step = number_of(element, "dim"), number_of(element, "dimIncrement")
    if not 0 < count <= MOST_COPIES:
        raise element.error(f"<dim> of {name} is {count}", f"an array has 1 to {MOST_COPIES} elements")
    for number, index in enumerate(indices_of(element, count)):
        yield Copy(index, number, number * step)


def indices_of(element: Element, count: int) -> list[str]:
    """By `dimIndex`: 3-6, A-D, or A,B,C; from 0 when there is none."""
    child = element.find("dimIndex")
    if child is None:
        return [str(number) for number in range(count)]
    text = child.text
    numbers = re.fullmatch(r"(\d+)-(\d+)", text)
    letters = re.fullmatch(r"([A-Z])-([A-Z])", text)
    if numbers and int(numbers[2]) - int(numbers[1]) < MOST_COPIES:
        indices = [str(number) for number in range(int(numbers[1]), int(numbers[2]) + 1)]
    elif letters:
        indices = [chr(code) for code in range(ord(letters[1]), ord(letters[2]) + 1)]
    else:
        indices = [each.strip() for each in text.split(",")]
    if len(indices) != count or len(set(indices)) != count or not all(re.fullmatch(r"\w+", each) for each in indices):
        raise child.error(
            f"<dimIndex> {text!r} does not name {count} elements", "write it as 3-6, A-D or A,B,C with <dim> names"
        )
    return indices


class Origins:
    """The registers, clusters and fields described so far, for those that are derived from them."""

    def __init__(self) -> None:
        self._elements: dict[tuple[str, ...], Element] = {}

    def resolved(self, element: Element, scope: tuple[str, ...]) -> Element:
        """The element with what it takes over. `scope` are the names of what it lies in, from the peripheral on."""
        origin_name = element.attributes.get("derivedFrom")
        if origin_name is not None:
            element = derived(element, self._origin(element, origin_name, scope))
        self._elements[*scope, optional_text(element, "name")] = element
        return element

    def _origin(self, element: Element, name: str, scope: tuple[str, ...]) -> Element:
        path = tuple(name.split("."))
        for depth in range(len(scope), -1, -1):
            found = self._elements.get((*scope[:depth], *path))
            if found is not None and found.tag == element.tag:
                return found
        raise element.error(
            f"<{element.tag}> is derived from {name}, which is not described before it",
            f"describe the <{element.tag}> first; name it as written there, or with its path: PERIPHERAL.NAME",
        )


def derived(element: Element, origin: Element) -> Element:
    """What the element does not say itself is the origin's."""
    own = {child.tag for child in element.children}
    taken = [child for child in origin.children if child.tag not in own and child.tag not in NAMES_OF_ITS_OWN]
    return replace(element, children=[*element.children, *taken])
