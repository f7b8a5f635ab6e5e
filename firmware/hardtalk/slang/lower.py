"""Lowering: a checked Slang method to the intermediate representation, inlining and folding on the way.

Calls to small or `<inline>` methods are lowered in place with the arguments bound to the parameters, so constants
reach the expressions that fold on them. Conditions are lowered as control flow. This module has calls; the layers below
it are `lower_values`, `lower_loops`, `lower_control` and `lower_base`.
"""

from __future__ import annotations

from hardtalk.slang import tree
from hardtalk.slang.ir import Block, Graph, Operand
from hardtalk.slang.lower_base import Frame
from hardtalk.slang.lower_values import LoweringValues
from hardtalk.slang.program import SlangMethod

INLINE_WEIGHT = 16


class Lowering(LoweringValues):
    """Lowers one routine."""

    def run(self) -> Graph:
        """The finished graph."""
        root = self.frames[0].tree
        self.statements(root.statements)
        if self.block.terminator is None:
            self.terminate("next" if root.method.is_threaded else "ret")
        self.graph.drop_unreachable()
        return self.graph

    def call(self, node: tree.Call, wanted: bool) -> Operand:
        self.set_place(node)
        return self.enter(node, node.method, self.values(node.arguments), wanted)

    def enter(self, node: tree.Node, target: SlangMethod, arguments: list[Operand], wanted: bool) -> Operand:
        if self.should_inline(target):
            return self.inline(node, target, arguments, "value" if wanted else "effect")
        result = self.graph.new_reg() if wanted else None
        self.emit("call", result, arguments, target.external or target.symbol)
        return result if result is not None else 0

    def should_inline(self, target: SlangMethod) -> bool:
        if target.external or "noInline" in target.flags or target.is_threaded or target.recursion_depth:
            return False
        if any(frame.method is target for frame in self.frames):
            return False
        if "inline" in target.flags:
            return True
        return target.weight <= INLINE_WEIGHT

    def inline(
        self,
        node: tree.Node,
        target: SlangMethod,
        arguments: list[Operand],
        kind: str,
        if_true: Block | None = None,
        if_false: Block | None = None,
    ) -> Operand:
        frame = Frame(self.checked.tree(target), {}, kind, if_true=if_true, if_false=if_false)
        for local, operand in zip(frame.tree.parameters, arguments, strict=True):
            self.bind_parameter(frame, local, operand)
        self.frames.append(frame)
        statements = frame.tree.statements
        result: Operand = 0
        if kind in ("threaded", "condition"):
            self.statements(statements)
            if kind == "threaded":
                self.terminate("next")
                self.after_transfer()
            elif self.block.terminator is None and frame.if_false is not None:
                self.terminate("jmp", targets=(frame.if_false,))
                self.after_transfer()
        elif target.returns_only_at_end:
            last = statements[-1] if statements else None
            if isinstance(last, tree.Return):
                self.statements(statements[:-1])
                if kind == "value":
                    result = self.value(last.value)
                else:
                    self.effect(last.value)
            else:
                self.statements(statements)
        else:
            frame.join = self.new_block()
            frame.result = self.graph.new_reg(single=False) if kind == "value" else None
            self.statements(statements)
            self.start(frame.join)
            result = frame.result if frame.result is not None else 0
        self.frames.pop()
        self.set_place(node)
        return result
