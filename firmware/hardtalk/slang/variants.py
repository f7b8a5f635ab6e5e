"""Methods that say `<variants: n>`, written out: a routine for each value of the first parameter, and one to choose.

The description of a loop is one method whose first parameter says which loop it is. Here it becomes n methods in which
that parameter is a constant, so that folding leaves of each only what it needs, and in the place of the method itself a
binary decision among them. What stands behind knows nothing of variants. See docs/slang.md, "Methods".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, Final, NoReturn

from hardtalk.slang.errors import slang_error
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition

VARIANTS: Final = "variants:"
DECLARATION: Final = "var:type:"
MOST_VARIANTS: Final = 1024
KEPT: Final = ("variable", "parameters", "temporaries", "pragmas")
"""Fields of nodes in which a variable is declared or assigned."""


def with_variants(classes: Sequence[ClassDefinition]) -> list[ClassDefinition]:
    """The classes with each method of variants replaced by them and the method that chooses.

    Raises SourceError for a number of variants that makes no sense, and for a method that has no parameter to be one.
    """
    return [
        replace(each, methods=tuple(written for method in each.methods for written in _written_out(method)))
        for each in classes
    ]


def variant_selector(selector: str, index: int) -> str:
    """`rows:at:` of 3 is `rows3At:`, `rows:` is `rows3`."""
    first, *others = selector.split(":")[:-1]
    if not others:
        return f"{first}{index}"
    head, *rest = others
    return "".join(f"{each}:" for each in (f"{first}{index}{head[0].upper()}{head[1:]}", *rest))


def _written_out(method: MethodDefinition) -> list[MethodDefinition]:
    if method.class_side:
        return [method]
    pragma = next((each for each in method.node.pragmas if each.selector == VARIANTS), None)
    if pragma is None:
        return [method]
    count = _count(method, pragma)
    pragmas = tuple(each for each in method.node.pragmas if each is not pragma)
    described = replace(method.node, pragmas=pragmas)
    return [
        *(_variant(method, described, index) for index in range(count)),
        replace(method, node=_choosing(described, count)),
    ]


def _count(method: MethodDefinition, pragma: ast.Pragma) -> int:
    def fail(message: str) -> NoReturn:
        raise slang_error(method, method.node, pragma, message)

    count = pragma.values[0]
    if isinstance(count, bool) or not isinstance(count, int) or not 2 <= count <= MOST_VARIANTS:
        fail(f"<variants:> takes a number from 2 to {MOST_VARIANTS}; the first parameter counts from 0")
    if not method.node.parameters:
        fail(f"{method.selector} has no parameter that could tell its variants apart; give it one")
    return count


def _variant(method: MethodDefinition, described: ast.Method, index: int) -> MethodDefinition:
    selector, number = variant_selector(described.selector, index), described.parameters[0].name
    pragmas = tuple(each for each in described.pragmas if each.selector != DECLARATION or each.values[0] != number)
    node = _with_constant(replace(described, pragmas=pragmas), number, index)
    return replace(method, selector=selector, node=replace(node, selector=selector, parameters=node.parameters[1:]))


def _with_constant(node: Any, name: str, value: int) -> Any:
    """The tree with the number in place of each use of the parameter. Declarations and the variables of assignments
    stay, so that an assignment to the parameter is refused as one to a name that nobody knows."""
    if isinstance(node, ast.Variable) and node.name == name:
        return ast.Literal(value, start=node.start, stop=node.stop)
    changes: dict[str, Any] = {}
    for field in fields(node):
        old = getattr(node, field.name)
        if field.name in KEPT:
            continue
        if isinstance(old, ast.Node):
            changes[field.name] = _with_constant(old, name, value)
        elif isinstance(old, tuple):
            changes[field.name] = tuple(
                _with_constant(each, name, value) if isinstance(each, ast.Node) else each for each in old
            )
    return replace(node, **changes)


def _choosing(described: ast.Method, count: int) -> ast.Method:
    """`^ n < 2 ifTrue: [ n < 1 ifTrue: [ self rows0At: x ] ifFalse: [ … ] ] ifFalse: [ … ]`; what lies outside gets the
    first or the last variant."""
    start, stop = described.start, described.start
    number, *others = described.parameters

    def variable(name: str) -> ast.Variable:
        return ast.Variable(name, start=start, stop=stop)

    def send(receiver: ast.Expression, selector: str, *arguments: ast.Expression) -> ast.Send:
        return ast.Send(receiver, selector, arguments, start=start, stop=stop, selector_start=start)

    def choice(first: int, last: int) -> ast.Statement:
        if first == last:
            values = [variable(each.name) for each in others]
            chosen = send(variable("self"), variant_selector(described.selector, first), *values)
            return ast.Return(chosen, start=start, stop=stop)
        middle = (first + last + 1) // 2
        below = send(variable(number.name), "<", ast.Literal(middle, start=start, stop=stop))
        arms = [
            ast.Block(statements=(choice(*ends),), start=start, stop=stop)
            for ends in ((first, middle - 1), (middle, last))
        ]
        return send(below, "ifTrue:ifFalse:", *arms)

    parameters = {each.name for each in described.parameters}
    types = tuple(
        each
        for each in described.pragmas
        if each.selector == "returns:" or (each.selector == DECLARATION and each.values[0] in parameters)
    )
    return replace(described, temporaries=(), pragmas=types, statements=(choice(0, count - 1),))
