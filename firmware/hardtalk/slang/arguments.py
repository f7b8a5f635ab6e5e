"""What a native routine may be given by whoever starts it: its one parameter's kind, and how far it reaches into that.

Whatever is given from Smalltalk is followed as an address where the routine does, at any instruction and without a
check. So the declaration of the parameter says what the virtual machine lets through: `#address` the contents of an
object, a record of native code that record, any other type a plain integer, which must not become part of an address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

from hardtalk.slang.check import CheckedProgram
from hardtalk.slang.errors import refuse, slang_error
from hardtalk.slang.operators import Kind
from hardtalk.slang.program import SlangMethod
from hardtalk.slang.tree import (
    Apply,
    AssignLocal,
    Binary,
    Call,
    Cast,
    Constant,
    Count,
    Local,
    Node,
    ReadLocal,
    StoreReference,
    Tree,
    Value,
)
from hardtalk.slang.types import RecordType, Type, signed
from hardtalk.smalltalk.errors import SourceError

RECORDS: Final = ("NativeProcess", "NativeSemaphore", "NativeQueue", "NativeBlock")
"""Those that a program can have."""

WIDTHS: Final = {"w": 4, "h": 2, "sh": 2, "b": 1, "sb": 1, "": 8}
"""Bytes that a load or store of that detail moves; without one it is of a float."""


@dataclass(frozen=True)
class Argument:
    """What a routine is given, as `hardtalk.vm.native.ARGUMENT_KINDS` calls it; `reach` bytes of contents at least."""

    kind: str
    reach: int = 0


INTEGER: Final = Argument("Integer")
CONTENTS: Final = Argument("Contents")
BLOCK: Final = "Block"
"""The kind of record that has words of a driver's own, as many as that wants."""


def arguments_of(checked: CheckedProgram, routines: list[SlangMethod]) -> dict[str, Argument]:
    """By selector. Raises SourceError, or SlangErrors, for a plain integer that becomes part of an address."""
    analysis = _Analysis(checked)
    refuse([error for method in routines for error in analysis.wrong_integers(method)])
    return {method.selector: analysis.argument(method) for method in routines}


def nodes_of(part: object) -> Iterator[Node]:
    """The part of a tree, if it is a node, and all nodes below it."""
    if isinstance(part, tuple):
        for each in part:
            yield from nodes_of(each)
    elif isinstance(part, Node):
        yield part
        for each in fields(part):
            yield from nodes_of(getattr(part, each.name))


class _Analysis:
    def __init__(self, checked: CheckedProgram) -> None:
        self.checked = checked
        self._reach: dict[tuple[str, int], int] = {}
        self._followed: dict[tuple[str, int], bool] = {}

    def argument(self, method: SlangMethod) -> Argument:
        parameters = self.checked.tree(method).parameters
        if not parameters or not is_address(parameters[0]):
            return INTEGER
        kind = parameters[0].type
        if isinstance(kind, RecordType):
            name = kind.record.name.removeprefix("Native")
            return Argument(name, self.reach(method, 0) if name == BLOCK else 0)
        return Argument(CONTENTS.kind, self.reach(method, 0))

    def wrong_integers(self, method: SlangMethod) -> Iterator[SourceError]:
        """Where a parameter that is declared as no address becomes part of one."""
        tree = self.checked.tree(method)
        for parameter in tree.parameters:
            kind = parameter.type
            if kind is Type.OOP or (isinstance(kind, RecordType) and kind.record.name not in RECORDS):
                message = (
                    f"a native routine is given no #{kind.value}; declare `{parameter.name}` as #address for the "
                    f"contents of an object, or as one of {', '.join(f'#{each}' for each in RECORDS)}"
                )
                yield slang_error(method.definition, method.node, method.node, message)
            elif not is_address(parameter):
                for place in self.addresses_from(tree, parameter):
                    message = (
                        f"`{parameter.name}` is given by whoever starts the routine and becomes part of an address; "
                        f"declare <var: #{parameter.name} type: #address>, or of the record that it is"
                    )
                    yield slang_error(method.definition, method.node, place.start, message)
                    break

    def addresses_from(self, tree: Tree, parameter: Local) -> Iterator[Node]:
        """The nodes in which the parameter's value becomes part of an address, or is passed on as one."""
        tainted = _tainted(tree, parameter)
        for node in nodes_of(tree.statements):
            for address in self.addresses_in(node):
                if _is_made_of(address, tainted):
                    yield node

    def addresses_in(self, node: Node) -> Iterator[Value]:
        """What the node follows as an address."""
        if isinstance(node, Apply) and node.intrinsic.kind in (Kind.LOAD, Kind.STORE):
            yield node.arguments[0]
        elif isinstance(node, StoreReference):
            yield node.receiver
        elif isinstance(node, Call):
            for place, value in enumerate(node.arguments):
                if self.is_followed(node.method, place):
                    yield value

    def is_followed(self, method: SlangMethod, place: int) -> bool:
        """Whether the method takes its parameter for an address, or uses it in one."""
        key = method.selector, place
        if key not in self._followed:
            self._followed[key] = False
            tree = self.checked.tree(method)
            parameter = tree.parameters[place]
            self._followed[key] = is_address(parameter) or any(self.addresses_from(tree, parameter))
        return self._followed[key]

    def reach(self, method: SlangMethod, place: int) -> int:
        """How many bytes behind the parameter, as far as constants tell, the method reads and writes."""
        key = method.selector, place
        if key not in self._reach:
            self._reach[key] = 0
            tree = self.checked.tree(method)
            offsets = _offsets(tree, tree.parameters[place])
            self._reach[key] = max((self._end(node, offsets) for node in nodes_of(tree.statements)), default=0)
        return self._reach[key]

    def _end(self, node: Node, offsets: dict[Local, int]) -> int:
        ends = [0]
        if isinstance(node, Apply) and node.intrinsic.kind in (Kind.LOAD, Kind.STORE):
            offset = _offset(node.arguments[0], offsets)
            ends += [] if offset is None else [offset + WIDTHS[node.intrinsic.detail]]
        elif isinstance(node, Call):
            for place, value in enumerate(node.arguments):
                offset = _offset(value, offsets)
                ends += [] if offset is None else [offset + self.reach(node.method, place)]
        return max(ends)


def is_address(local: Local) -> bool:
    return local.type is Type.ADDRESS or isinstance(local.type, RecordType)


def _tainted(tree: Tree, parameter: Local) -> set[Local]:
    """The locals whose value is made of the parameter's."""
    found = {parameter}
    while True:
        more = {
            local
            for node in nodes_of(tree.statements)
            for local, value in _assignments(node)
            if local not in found and _is_made_of(value, found)
        }
        if not more:
            return found
        found |= more


def _assignments(node: Node) -> Iterator[tuple[Local, Value]]:
    if isinstance(node, AssignLocal):
        yield node.local, node.value
    elif isinstance(node, Count):
        yield node.counter, node.first
        yield node.counter, node.limit


def _is_made_of(value: object, tainted: set[Local]) -> bool:
    """Whether a local of the set is in the expression, but for what is only loaded from memory there."""
    if isinstance(value, tuple):
        return any(_is_made_of(each, tainted) for each in value)
    if not isinstance(value, Node) or (isinstance(value, Apply) and value.intrinsic.kind is Kind.LOAD):
        return False
    if isinstance(value, ReadLocal):
        return value.local in tainted
    return any(_is_made_of(getattr(value, each.name), tainted) for each in fields(value))


def _offsets(tree: Tree, parameter: Local) -> dict[Local, int]:
    """The locals that are, wherever they are read, the parameter and a constant more; with the constant."""
    assigned: dict[Local, list[Value]] = {}
    for node in nodes_of(tree.statements):
        if isinstance(node, AssignLocal):
            assigned.setdefault(node.local, []).append(node.value)
    found = {} if parameter in assigned else {parameter: 0}
    while True:
        more = {
            local: offset
            for local, values in assigned.items()
            if local not in found and len(values) == 1 and (offset := _offset(values[0], found)) is not None
        }
        if not more:
            return found
        found |= more


def _offset(value: Value, offsets: dict[Local, int]) -> int | None:
    """The constant that the expression adds to the parameter, if it is that."""
    if isinstance(value, Cast):
        return _offset(value.operand, offsets)
    if isinstance(value, ReadLocal):
        return offsets.get(value.local)
    if isinstance(value, Binary) and value.operator.selector == "+":
        for one, other in ((value.left, value.right), (value.right, value.left)):
            offset = _offset(one, offsets)
            if offset is not None and isinstance(other, Constant):
                return max(offset + signed(other.value), 0)
    return None
