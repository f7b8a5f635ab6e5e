"""Lowering of loops: each is tested at its end, and before its first round where that is cheap or needed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from hardtalk.slang import tree
from hardtalk.slang.ir import Block, Reg
from hardtalk.slang.loops import NONE
from hardtalk.slang.lower_control import LoweringControl
from hardtalk.slang.operators import OPERATORS
from hardtalk.slang.types import WORD_MASK, signed
from hardtalk.vm.facts import Loop

TRAP_ADDRESS: Final = 0xFFFFFFF0
"""Where nothing is mapped: a store there stops the machine, with the place of the loop."""
DOUBLED_WEIGHT = 12
"""A loop's test up to this weight is made twice, before the loop and at its end; a heavier one is jumped to."""


class LoweringLoops(LoweringControl):
    """The part of lowering that makes loops."""

    def loop(self, node: tree.Loop) -> None:
        if isinstance(node, tree.While):
            self.while_loop(node)
        elif isinstance(node, tree.Count):
            self.counted_loop(node)
        elif isinstance(node, tree.Times):
            self.times_loop(node)
        else:
            self.repeat(node)

    def stated(self, node: tree.Loop) -> Loop:
        """The loop with what its source says of it."""
        method = self.frames[-1].method
        ends = node.ends
        limits = ", ".join(ends.limited_by)
        return Loop(method.definition.file, method.line_at(node.start), ends.bound, ends.polls, limited_by=limits)

    def counts_turns(self, node: tree.Loop) -> Reg | None:
        """Before the loop: what counts its turns, where a program is compiled that stops at one turn too many."""
        if not self.program.traps_bounds or node.ends.bound is None:
            return None
        counter = self.graph.new_reg("turns", single=False)
        self.emit("mov", counter, [node.ends.bound])
        return counter

    def turn(self, counter: Reg | None) -> None:
        """As a turn begins."""
        if counter is None:
            return
        trap, within = self.new_block(), self.new_block()
        self.emit("sub", counter, [counter, 1])
        self.branch("lt", counter, 0, trap, within)
        self.start(trap)
        self.emit("st", None, [counter, self.copied(TRAP_ADDRESS), 0], "w", volatile=True)
        self.start(within)

    def closes(self, loop: Loop, *heads: Block) -> None:
        """Every edge to these blocks from those after the first of them closes the loop."""
        for block in self.graph.blocks[self.graph.blocks.index(heads[0]) :]:
            end = block.terminator
            for target in end.targets if end is not None else ():
                if end is not None and target in heads:
                    end.closes = {**end.closes, target: end.closes.get(target, NONE) | {loop}}

    def repeat(self, node: tree.Repeat) -> None:
        turns = self.counts_turns(node)
        body = self.new_block()
        self.depth += 1
        self.start(body)
        self.turn(turns)
        self.statements(node.body.statements)
        self.terminate("jmp", targets=(body,))
        self.closes(self.stated(node), body)
        self.depth -= 1
        self.after_transfer()

    def while_loop(self, node: tree.While) -> None:
        turns = self.counts_turns(node)
        body, test, done = self.new_block(), self.new_block(), self.new_block()
        targets = (body, done) if node.expected else (done, body)
        is_tested_first = node.body is not None and not node.test.statements and node.weight <= DOUBLED_WEIGHT
        if is_tested_first:
            self.decide(node.test, *targets)
        else:
            self.terminate("jmp", targets=(test if node.body is not None else body,))
            body.is_entered = body.is_entered or test.is_entered
        self.depth += 1
        self.start(body)
        self.turn(turns)
        if node.body is not None:
            self.statements(node.body.statements)
        self.start(test)
        self.decide(node.test, *targets)
        loop = replace(self.stated(node), is_tested_first=is_tested_first)
        self.closes(loop, body, *(() if is_tested_first else (test,)))
        self.depth -= 1
        self.start(done)

    def counted_loop(self, node: tree.Count) -> None:
        turns = self.counts_turns(node)
        first, limit = self.value(node.first), self.value(node.limit)
        if isinstance(limit, Reg) and not limit.single:
            limit = self.copied(limit)
        counter = self.graph.new_reg(node.counter.name, single=False)
        self.emit("mov", counter, [first])
        self.frames[-1].bindings[node.counter] = counter
        body, done = self.new_block(), self.new_block()
        relation = OPERATORS["<=" if node.step > 0 else ">="]
        form = relation.unsigned if node.is_unsigned else relation.signed
        assert form is not None
        self.branch(form.operation, first, limit, body, done)
        self.depth += 1
        self.start(body)
        self.turn(turns)
        self.statements(node.body.statements)
        self.set_place(node)
        self.emit("add", counter, [counter, node.step & WORD_MASK])
        self.branch(form.operation, counter, limit, body, done)
        loop = replace(self.stated(node), is_tested_first=True)
        if isinstance(first, int) and isinstance(limit, int):
            start, stop = (first, limit) if node.is_unsigned else (signed(first), signed(limit))
            most = max((stop - start) // node.step + 1, 0)
            loop = replace(loop, bound=most if loop.bound is None else min(loop.bound, most))
        self.closes(loop, body)
        self.depth -= 1
        self.start(done)

    def times_loop(self, node: tree.Times) -> None:
        turns = self.counts_turns(node)
        count = self.value(node.count)
        counter = self.graph.new_reg("count", single=False)
        self.emit("mov", counter, [count])
        code = "hi" if node.count.type.is_unsigned else "gt"
        body, done = self.new_block(), self.new_block()
        self.branch(code, count, 0, body, done)
        self.depth += 1
        self.start(body)
        self.turn(turns)
        self.statements(node.body.statements)
        self.emit("sub", counter, [counter, 1])
        self.branch(code, counter, 0, body, done)
        loop = replace(self.stated(node), is_tested_first=True)
        self.closes(replace(loop, bound=max(signed(count), 0)) if isinstance(count, int) else loop, body)
        self.depth -= 1
        self.start(done)
