"""Pragmas that enter a routine in a dispatch table: they name rows, and the tables have the numbers.

See docs/slang.md, "Methods". A number is written only for an opcode that the table of bytecodes has no name for.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from hardtalk.slang.errors import slang_error
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.bytecodes import BY_NAME, BY_OPCODE, SPECIAL_CONSTANTS, SPECIAL_SEND_OPCODES
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import MethodDefinition
from hardtalk.vm.constants import CODE_TABLE_ENTRIES
from hardtalk.vm.primitives import PRIMITIVE_NAMED

_KINDS: Final = {"": "bytecode", "marking": "markingBytecode", "forwarding": "forwardingBytecode"}
TABLE_PRAGMAS: Final = {
    f"{prefix}{subject if prefix else subject[0].lower() + subject[1:]}:{more}": kind
    for prefix, kind in _KINDS.items()
    for subject, rests in (("Bytecode", ("", "to:", "of:", "of:to:")), ("Special", ("", "to:")))
    for more in rests
} | {"primitive:": "primitive", "code:": "code"}
"""Every such pragma, with the kind of its table."""

Numbers = tuple[str, int, int]
"""The kind of a table, the first and the last number."""


class TablePragma:
    """One pragma of a method, and what is wrong with it."""

    def __init__(self, method: MethodDefinition, node: ast.Method, pragma: ast.Pragma) -> None:
        self.method = method
        self.node = node
        self.pragma = pragma
        self.names: list[object] = [*pragma.values]

    def error(self, message: str) -> SourceError:
        return slang_error(self.method, self.node, self.pragma, message)

    def numbers(self) -> Numbers:
        """The numbers that the routine is for. Raises SourceError when the table has no such row."""
        selector = self.pragma.selector
        kind = TABLE_PRAGMAS[selector]
        if kind == "primitive":
            return kind, *self._primitive()
        if kind == "code":
            return kind, *self._code()
        if "pecial:" in selector:
            first, last = (self._special(name) for name in (self.names[0], self.names[-1]))
        elif "of:" in selector:
            first, last = self._constants()
        else:
            first, last = self._opcodes(self.names[0])[0], self._opcodes(self.names[-1])[1]
        if first > last:
            raise self.error("a range ends before it begins; exchange its ends")
        return kind, first, last

    def _special(self, selector: object) -> int:
        """The bytecode that sends a special selector."""
        if str(selector) not in SPECIAL_SEND_OPCODES:
            raise self.error(f"'{selector}' is no special selector; see hardtalk.smalltalk.bytecodes")
        return SPECIAL_SEND_OPCODES[str(selector)]

    def _opcodes(self, name: object) -> tuple[int, int]:
        """First and last of a row by name, or an opcode without a name."""
        if isinstance(name, int) and not isinstance(name, bool) and 0 <= name < len(BY_OPCODE):
            row = BY_OPCODE[name]
            if row.name is None:
                return name, name
            raise self.error(f"bytecode {name} has a name; write <{self.pragma.selector} #{row.name}>")
        if str(name) not in BY_NAME:
            raise self.error(
                f"there is no bytecode {name}; {_hint(str(name), BY_NAME, 'hardtalk.smalltalk.bytecodes')}"
            )
        row = BY_NAME[str(name)]
        return row.first, row.last

    def _constants(self) -> tuple[int, int]:
        """The opcodes of a row that are for these of the special constants."""
        first, last = self._opcodes(self.names[0])
        known = SPECIAL_CONSTANTS[: last - first + 1]
        for name in self.names[1:]:
            if name not in known:
                raise self.error(f"{self.names[0]} is not for '{name}'; one of {', '.join(known)}")
        return first + known.index(str(self.names[1])), first + known.index(str(self.names[-1]))

    def _code(self) -> tuple[int, int]:
        """The number of a piece of machine code."""
        number = self.names[0]
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < CODE_TABLE_ENTRIES:
            raise self.error(f"a piece of code has a number from 0 to {CODE_TABLE_ENTRIES - 1}")
        return number, number

    def _primitive(self) -> tuple[int, int]:
        """The numbers of the primitive of that name, whose routine the method must be."""
        name = self.names[0]
        row = PRIMITIVE_NAMED.get(name) if isinstance(name, str) else None
        if row is None:
            remedy = _hint(str(name), PRIMITIVE_NAMED, "hardtalk.vm.primitives")
            raise self.error(f"there is no primitive {name} with a routine; {remedy}")
        if row.routine != self.node.selector:
            raise self.error(f"the routine of primitive {name} is {row.routine}, not {self.node.selector}; rename one")
        return row.numbers[0], row.numbers[-1]


def _hint(name: str, names: Iterable[str], table: str) -> str:
    near = get_close_matches(name, names, 1)
    return f"did you mean #{near[0]}?" if near else f"name a row of {table}"
