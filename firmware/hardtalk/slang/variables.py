"""Questions about a Slang method's syntax tree: its variables, its size, whether it leaves."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.slang.fields import message_of
from hardtalk.smalltalk import ast


def walk(node: ast.Node) -> list[ast.Node]:
    """The node and everything below it, in source order."""
    result: list[ast.Node] = []
    pending = [node]
    while pending:
        node = pending.pop()
        result.append(node)
        if isinstance(node, ast.Send):
            pending.extend(reversed(node.arguments))
            pending.append(node.receiver)
        elif isinstance(node, ast.Block | ast.Method):
            pending.extend(reversed(node.statements))
        elif isinstance(node, ast.Assignment):
            pending += (node.value, node.variable)
        elif isinstance(node, ast.Return):
            pending.append(node.value)
        elif isinstance(node, ast.Cascade):
            for message in reversed(node.messages):
                pending.extend(reversed(message.arguments))
            pending.append(node.receiver)
    return result


def weight(node: ast.Node) -> int:
    """How many sends, assignments and returns a piece of code has, a field counted as what it stands for."""
    return sum(_weight(each) for each in walk(node))


def _weight(node: ast.Node) -> int:
    if isinstance(node, ast.Send):
        message = message_of(node)
        return 1 if message is None else message.sends
    return int(isinstance(node, ast.Assignment | ast.Return))


def leaves(statements: Sequence[ast.Node]) -> bool:
    """Whether no path comes to the end of the statements: each leaves the method, or stays in a loop."""
    return any(_leaves(statement) for statement in statements)


def _leaves(node: ast.Node) -> bool:
    if isinstance(node, ast.Return):
        return True
    if isinstance(node, ast.Assignment):
        return _leaves(node.value)
    if not isinstance(node, ast.Send):
        return False
    if node.selector == "repeat":
        return True
    if node.selector in ("ifTrue:ifFalse:", "ifFalse:ifTrue:"):
        return all(isinstance(arm, ast.Block) and leaves(arm.statements) for arm in node.arguments)
    return False


def temporaries_of(node: ast.Method) -> frozenset[str]:
    """All temporaries, those of blocks included (block parameters are bound where their loop is)."""
    names = {variable.name for variable in node.temporaries}
    for inner in walk(node):
        if isinstance(inner, ast.Block):
            names.update(variable.name for variable in inner.temporaries)
    return frozenset(names)


def bindable_names(node: ast.Method) -> frozenset[str]:
    """Parameters never assigned, and temporaries assigned once in a place that dominates every use."""
    writes: dict[str, list[tuple[int, tuple[int, ...]]]] = {}
    reads: dict[str, list[tuple[int, tuple[int, ...]]]] = {}
    clock = 0

    def visit(item: ast.Node, path: tuple[int, ...]) -> None:
        nonlocal clock
        clock += 1
        if isinstance(item, ast.Assignment):
            visit(item.value, path)
            clock += 1
            writes.setdefault(item.variable.name, []).append((clock, path))
        elif isinstance(item, ast.Variable):
            reads.setdefault(item.name, []).append((clock, path))
        elif isinstance(item, ast.Return):
            visit(item.value, path)
        elif isinstance(item, ast.Send):
            visit(item.receiver, path)
            for argument in item.arguments:
                visit(argument, path)
        elif isinstance(item, ast.Cascade):
            for message in item.messages:
                for argument in message.arguments:
                    visit(argument, path)
        elif isinstance(item, ast.Block):
            inner = (*path, clock)
            for statement in item.statements:
                visit(statement, inner)

    for statement in node.statements:
        visit(statement, ())
    parameters = {variable.name for variable in node.parameters}
    names = parameters - set(writes)
    for name, written in writes.items():
        if len(written) != 1 or name in parameters:
            continue
        when, where = written[0]
        if all(moment > when and path[: len(where)] == where for moment, path in reads.get(name, [])):
            names.add(name)
    return frozenset(names)
