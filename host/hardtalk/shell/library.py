"""What the sources say: methods, who sends and who implements a selector. What was entered meanwhile counts, too."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from hardtalk.bench import Bench
from hardtalk.build.sources import class_paths, generated_classes, read_classes
from hardtalk.serial.entries import entries_of
from hardtalk.serial.requests import METHOD_HEAD, in_line
from hardtalk.smalltalk.ast import Cascade, Send, walk
from hardtalk.smalltalk.chunk import MethodChunk
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, read_class

Known = MethodDefinition | MethodChunk


def method_name(class_name: str, class_side: bool, selector: str) -> str:
    return f"{class_name} class>>{selector}" if class_side else f"{class_name}>>{selector}"


class Library:
    """Methods by name, `Foo>>bar:` or `Foo class>>bar:`: those of the firmware, and what was `entered` later."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.entered: dict[str, Known] = {}

    @cached_property
    def _built_in(self) -> dict[str, Known]:
        return dict(self._named(self._definitions))

    @cached_property
    def _definitions(self) -> list[ClassDefinition]:
        options = self.bench.options
        return read_classes(class_paths(options)) + generated_classes(self.bench.board.chip)

    @property
    def methods(self) -> dict[str, Known]:
        return self._built_in | self.entered

    @cached_property
    def comments(self) -> dict[str, str]:
        """Of classes."""
        return {each.name: each.comment.strip() for each in self._definitions if each.comment}

    @cached_property
    def selectors(self) -> frozenset[str]:
        """All that methods of the firmware are called, and all that they send."""
        found = {name.split(">>")[1] for name in self._built_in}
        return frozenset(found | {selector for each in self._built_in.values() for selector in sent_by(each)})

    def senders(self, selector: str) -> list[str]:
        return sorted(name for name, method in self.methods.items() if selector in sent_by(method))

    def implementors(self, selector: str) -> list[str]:
        return sorted(name for name in self.methods if name.split(">>")[1] == selector)

    def note(self, text: str, file: str) -> None:
        """Remember the methods of what was entered, as far as it can be read."""
        head = METHOD_HEAD.match(text)
        try:
            extension = head and in_line(read_class, f"Extension {{ #name : #{head[1]} }}\n{text}", file, 0)
            for entry in [extension] if extension else entries_of(text, file):
                if isinstance(entry, ClassDefinition):
                    self.entered.update(self._named([entry]))
                elif isinstance(entry, MethodChunk) and entry.node.selector:
                    self.entered[method_name(entry.class_name, entry.class_side, entry.node.selector)] = entry
        except SourceError:
            return  # the prompt has told

    @staticmethod
    def _named(definitions: list[ClassDefinition]) -> Iterator[tuple[str, Known]]:
        for definition in definitions:
            for method in definition.methods:
                yield method_name(definition.name, method.class_side, method.selector), method


def sent_by(method: Known) -> set[str]:
    """The selectors that a method sends."""
    found: set[str] = set()
    for node in walk(method.node):
        if isinstance(node, Send):
            found.add(node.selector)
        elif isinstance(node, Cascade):
            found.update(each.selector for each in node.messages)
    return found
