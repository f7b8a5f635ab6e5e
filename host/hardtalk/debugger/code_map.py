"""Which method and line a bytecode is of: those of the firmware, and those that were entered or loaded later.

The board is asked to show a method that was entered: it sends HeldProcess a message with it, and where that is carried
out the argument is read from outside. A method that has been replaced stays known, for who still runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Final, Protocol

from hardtalk.debugger.objects import LITERAL_COUNT, Objects
from hardtalk.serial import ClassModel
from hardtalk.smalltalk.ast import Expression, Literal, Method, Send, Variable
from hardtalk.smalltalk.bindings import Environment
from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Symbol
from hardtalk.smalltalk.parser import DO_IT
from hardtalk.symbols.source_map import MethodLines, Place, SourceMap
from hardtalk.vm.object_format import BODY_OFFSET, WORD_BYTES

SHOWN_AT_ONCE: Final = 16


class WithNode(Protocol):
    @property
    def node(self) -> Method: ...


def first_bytecode(objects: Objects, method: int) -> int:
    """Its address, behind the header and the literals."""
    return method + BODY_OFFSET + WORD_BYTES * (1 + LITERAL_COUNT.take(objects.slot(method, 0)))


def environment_of(name: str, model: ClassModel) -> Environment:
    """What the method of that name, `Foo>>bar:` or `Foo class>>bar:`, sees."""
    class_name = name.partition(">>")[0]
    return model.environment(class_name.removesuffix(" class"), class_name.endswith(" class"))


class CodeMap:
    """Of one board. `entered` are the methods that were entered, the latest last."""

    def __init__(self, source_map: SourceMap, model: ClassModel) -> None:
        self.source_map = source_map
        self.model = model
        self.entered: list[tuple[MethodLines, WithNode]] = []

    @property
    def methods(self) -> Iterator[MethodLines]:
        return chain(self.source_map.methods, (each for each, _ in self.entered))

    def method_at(self, address: int) -> MethodLines | None:
        for each, _ in reversed(self.entered):
            if each.address <= address < each.address + each.size:
                return each
        return self.source_map.method_at(address)

    def named(self, name: str) -> MethodLines | None:
        """The one that there is now."""
        found = next((each for each, _ in reversed(self.entered) if each.name == name), None)
        return found or next((each for each in self.source_map.methods if each.name == name), None)

    def line(self, method: int, place: Place) -> str | None:
        """The text of a line of a method that was entered; None of any other."""
        known = self.source(method)
        return None if known is None else known.node.source.split("\n")[place.line - known.node.line]

    def source(self, method: int) -> WithNode | None:
        """Of a method that was entered."""
        return next((known for each, known in reversed(self.entered) if each.address == method), None)

    def unknown(self, methods: Mapping[str, WithNode]) -> dict[str, WithNode]:
        """Those of the methods entered that are not known yet, or not as they are now."""
        known = {each.name: node for each, node in self.entered}
        return {name: each for name, each in methods.items() if known.get(name) is not each}

    def learn(self, methods: Mapping[str, WithNode], show: Callable[[Method], Sequence[int]], objects: Objects) -> None:
        """`show` has the board carry out statements that show methods and answers their addresses in order."""
        names = list(methods)
        for first in range(0, len(names), SHOWN_AT_ONCE):
            some = names[first : first + SHOWN_AT_ONCE]
            for name, method in zip(some, show(Method(DO_IT, statements=tuple(map(shown, some)))), strict=False):
                known, size = methods[name], BODY_OFFSET + objects.size(method)
                start = first_bytecode(objects, method)
                lines = tuple((start + offset, line) for offset, line in self._rows(name, known))
                place = Place(known.node.file, known.node.line)
                if lines:
                    self.entered.append((MethodLines(name, method, size, place, lines), known))

    def _rows(self, name: str, known: WithNode) -> list[tuple[int, int]]:
        """The lines by offsets from its first bytecode."""
        environment = environment_of(name, self.model)
        try:
            spec = compile_method(
                known.node,
                class_name=environment.class_name,
                class_side=environment.class_side,
                instance_variables=environment.instance_variables,
                class_variables=environment.class_variables,
                is_known_global=environment.is_known_global,
            )
        except SourceError:
            return []
        return spec.lines(known.node.source, known.node.line)


def shown(name: str) -> Expression:
    """The statement that has the board show the method of that name."""
    class_name, _, selector = name.partition(">>")
    receiver: Variable | Send = Variable(class_name.removesuffix(" class"))
    if class_name.endswith(" class"):
        receiver = Send(receiver, "class")
    return Send(Variable("HeldProcess"), "show:", (Send(receiver, "compiledMethodAt:", (Literal(Symbol(selector)),)),))
