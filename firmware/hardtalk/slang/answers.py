"""Which methods of a program have a value: what the check asks of a call."""

from __future__ import annotations

from hardtalk.slang.check_base import is_to_self
from hardtalk.slang.program import Program, SlangMethod
from hardtalk.slang.variables import leaves, walk
from hardtalk.smalltalk import ast


class Answers:
    """Answers by method, each found once."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._found: dict[str, bool] = {}

    def has_value(self, method: SlangMethod) -> bool:
        """Whether a call has a value: that of the boot stub's routine, or a `^` on each path that gives one."""
        found = self._found.get(method.selector)
        if found is None:
            self._found[method.selector] = True  # while it is being found, for what is recursive
            found = method.external is not None or (
                leaves(method.node.statements)
                and not any(isinstance(n, ast.Return) and self._is_for_effect(n.value) for n in walk(method.node))
            )
            self._found[method.selector] = found
        return found

    def _is_for_effect(self, node: ast.Node) -> bool:
        if not isinstance(node, ast.Send) or not is_to_self(node):
            return False
        target = self.program.methods.get(node.selector)
        return target is not None and not self.has_value(target)
