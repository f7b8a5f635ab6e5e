"""Lowering of control flow: statements, conditionals, conditions, and the transfers of threaded routines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from hardtalk.slang import tree
from hardtalk.slang.fold import fold_comparison
from hardtalk.slang.ir import Block, Operand, Reg
from hardtalk.slang.lower_base import LoweringBase
from hardtalk.slang.operators import Kind
from hardtalk.slang.program import SlangMethod
from hardtalk.vm.constants import PENDING_BIT


class LoweringControl(LoweringBase):
    """The part of lowering that makes blocks."""

    @abstractmethod
    def values(self, nodes: Sequence[tree.Value]) -> list[Operand]:
        """The nodes' values, left to right."""

    @abstractmethod
    def loop(self, node: tree.Loop) -> None:
        """Lowers a loop."""

    @abstractmethod
    def should_inline(self, target: SlangMethod) -> bool:
        """Whether a call of the method is lowered in place."""

    @abstractmethod
    def inline(
        self,
        node: tree.Node,
        target: SlangMethod,
        arguments: list[Operand],
        kind: str,
        if_true: Block | None = None,
        if_false: Block | None = None,
    ) -> Operand:
        """Lowers the method's body in place of a call; `kind` says where its `^` leads."""

    def statements(self, nodes: Sequence[tree.Statement]) -> None:
        for node in nodes:
            self.effect(node)

    def effect(self, node: tree.Statement) -> None:
        """Lowers a statement whose value nobody uses; nothing where no path arrives, as behind a folded condition."""
        if not self.block.is_entered:
            return
        self.set_place(node)
        if isinstance(node, tree.Return):
            self.return_value(node.value)
        elif isinstance(node, tree.Transfer):
            self.transfer(node)
        elif isinstance(node, tree.Conditional):
            self.conditional(node, None)
        elif isinstance(node, tree.Call):
            self.call(node, wanted=False)
        elif isinstance(node, tree.Value):
            self.value(node)
        else:
            self.loop(node)

    def return_value(self, node: tree.Value) -> None:
        frame = self.frames[-1]
        if frame.kind == "root":
            self.terminate("ret", [self.value(node)])
        elif frame.kind == "condition":
            assert frame.if_true is not None and frame.if_false is not None
            self.condition(node, frame.if_true, frame.if_false)
        else:
            assert frame.join is not None
            if frame.result is None:
                self.effect(node)
            else:
                self.move(frame.result, self.value(node))
            self.terminate("jmp", targets=(frame.join,))
        self.after_transfer()

    def transfer(self, node: tree.Transfer) -> None:
        """A threaded routine's `^`: a jump to what comes next."""
        target, arguments = node.target, self.values(node.arguments)
        if not isinstance(target, SlangMethod):
            self.terminate(target.operation, arguments)
        elif "inline" in target.flags:
            self.inline(node, target, arguments, "threaded")
            return
        else:
            self.block.cold = self.block.cold or "cold" in target.flags
            self.terminate("tail", arguments, target.symbol)
        self.after_transfer()

    def arm(self, body: tree.Body, result: Reg | None) -> None:
        """A conditional's arm; its value goes to `result` when that is wanted."""
        self.statements(body.statements)
        if body.value is None or not self.block.is_entered:
            return
        if result is None:
            self.effect(body.value)
        else:
            self.move(result, self.value(body.value))

    def conditional(self, node: tree.Conditional, result: Reg | None) -> None:
        if_true, if_false, join = self.new_block(), self.new_block(), self.new_block()
        blocks = [if_true if truth else if_false for truth, _ in node.arms]
        if len(node.arms) == 1:
            targets = (blocks[0], join) if node.arms[0][0] else (join, blocks[0])
        else:
            targets = (if_true, if_false)
        self.condition(node.condition, *targets)
        for block, (_, body) in zip(blocks, node.arms, strict=True):
            self.start(block)
            self.arm(body, result)
            self.terminate("jmp", targets=(join,))
        self.start(join)

    def branch(self, code: str, left: Operand, right: Operand, if_true: Block, if_false: Block) -> None:
        folded = fold_comparison(code, left, right)
        if folded is not None:
            self.terminate("jmp", targets=(if_true if folded else if_false,))
        else:
            self.terminate("br", [left, right], code, (if_true, if_false))

    def decide(self, body: tree.Body, if_true: Block, if_false: Block) -> None:
        """Ends with a branch on the truth of a block."""
        self.statements(body.statements)
        if body.value is not None:
            self.condition(body.value, if_true, if_false)

    def condition(self, node: tree.Value, if_true: Block, if_false: Block) -> None:
        """Ends the current block with a branch on the node's truth."""
        self.set_place(node)
        if isinstance(node, tree.Junction):
            middle = self.new_block()
            self.condition(node.left, *((middle, if_false) if node.is_and else (if_true, middle)))
            self.start(middle)
            self.decide(node.right, if_true, if_false)
        elif isinstance(node, tree.Not):
            self.condition(node.operand, if_false, if_true)
        elif isinstance(node, tree.Relation):
            left, right = self.values((node.left, node.right))
            if node.is_of_floats:
                self.terminate("fbr", [left, right], node.form.operation, (if_true, if_false))
            else:
                self.branch(node.form.operation, left, right, if_true, if_false)
        elif isinstance(node, tree.Apply) and node.intrinsic.kind is Kind.TEST:
            self.terminate("br", [self.table, PENDING_BIT], node.intrinsic.detail, (if_true, if_false))
        elif isinstance(node, tree.Call) and self.should_inline(node.method):
            arguments = self.values(node.arguments)
            self.inline(node, node.method, arguments, "condition", if_true=if_true, if_false=if_false)
        else:
            self.branch("ne", self.value(node), 0, if_true, if_false)
