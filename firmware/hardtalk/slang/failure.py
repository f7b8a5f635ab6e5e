"""`^ self primitiveFails`, written out as the transfers that later stages know.

A primitive that fails activates the method that named it with the arguments on the stack: the parameter of the keyword
`arguments:` is their number, the one before it the method. See docs/slang.md, "Methods".
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from hardtalk.slang.errors import slang_error
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.tonel import MethodDefinition

FAILURES: Final = {"primitiveFails": "activateMethod:arguments:", "primitiveFails:": "fail:arguments:code:"}


def with_failures_written_out(method: MethodDefinition) -> ast.Method:
    """The method's tree with each failure as a transfer at the same place.

    Raises SourceError at a failure in a method that is not entered with a method and its arguments.
    """
    node = method.node
    if not any(_is_failure(each) for each in ast.walk(node)):
        return node
    rewritten = _rewritten(method, node)
    assert isinstance(rewritten, ast.Method)
    return rewritten


def _is_failure(node: ast.Node) -> bool:
    return isinstance(node, ast.Send) and node.selector in FAILURES and node.receiver == ast.Variable("self")


def _rewritten(method: MethodDefinition, node: ast.Node) -> ast.Node:
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if isinstance(value, ast.Node):
            changes[field.name] = _rewritten(method, value)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(_rewritten(method, e) if isinstance(e, ast.Node) else e for e in value)
    if isinstance(node, ast.Send) and _is_failure(node):
        return dataclasses.replace(
            node,
            selector=FAILURES[node.selector],
            arguments=(*_activation(method, node), *node.arguments),
        )
    return dataclasses.replace(node, **changes)


def _activation(method: MethodDefinition, place: ast.Send) -> tuple[ast.Variable, ...]:
    """Uses of the parameters that name the method to be activated and the number of its arguments."""
    keywords = method.node.selector.split(":")
    position = keywords.index("arguments") if "arguments" in keywords[1:] else 0
    if not position:
        raise slang_error(
            method,
            method.node,
            place.selector_start,
            f"{place.selector} in {method.node.selector}, which is no primitive's routine; "
            "it must take the method and behind it, as arguments:, the number of arguments",
        )
    return tuple(
        dataclasses.replace(parameter, start=place.start, stop=place.stop)
        for parameter in method.node.parameters[position - 1 : position + 1]
    )
