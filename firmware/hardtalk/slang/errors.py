"""Slang's errors: a place in the Tonel file, the source line with a caret, and a remedy in the message."""

from __future__ import annotations

from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import MethodDefinition


def slang_error(method: MethodDefinition, node: ast.Method, place: ast.Node | int, message: str) -> SourceError:
    """The error at `place` (a node, or an offset) inside `method`, parsed as `node`; a semicolon begins the remedy."""
    problem, _, remedy = message.partition("; ")
    return node.error(place, problem, remedy)
