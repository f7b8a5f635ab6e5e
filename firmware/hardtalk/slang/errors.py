"""Slang's errors: a place in the Tonel file, the source line with a caret, and a remedy in the message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import MethodDefinition

MOST_SHOWN: Final = 12
"""Errors that are told of one program."""


class UnfitProgram(Exception):
    """What is wrong with a Slang program as a whole, where no line is at fault alone."""


class SlangErrors(SourceError):
    """All that is wrong with a program, in the order of its methods; its own place is that of the first."""

    def __init__(self, errors: Sequence[SourceError]) -> None:
        first = errors[0]
        super().__init__(first.file, first.line, first.column, first.source_line, first.message, first.remedy)
        self.errors = tuple(errors)

    def __reduce__(self) -> tuple[type[SourceError], tuple[object, ...]]:
        return SlangErrors, (self.errors,)

    def __str__(self) -> str:
        shown = [str(error) for error in self.errors[:MOST_SHOWN]]
        left = len(self.errors) - len(shown)
        return "\n\n".join([*shown, f"and {left:,} more"] if left else shown)


def slang_error(method: MethodDefinition, node: ast.Method, place: ast.Node | int, message: str) -> SourceError:
    """The error at `place` (a node, or an offset) inside `method`, parsed as `node`; a semicolon begins the remedy."""
    problem, _, remedy = message.partition("; ")
    return node.error(place, problem, remedy)


def refuse(errors: Sequence[SourceError]) -> None:
    """Raises what there is to complain about: nothing, the one error, or all of them as one."""
    if errors:
        raise errors[0] if len(errors) == 1 else SlangErrors(errors)
