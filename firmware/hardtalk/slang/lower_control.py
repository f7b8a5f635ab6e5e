"""Lowering of control flow: statements, conditionals, loops, conditions, and the transfers of threaded routines."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import NoReturn

from hardtalk.slang.fold import fold
from hardtalk.slang.intrinsics import CONDITIONALS, RELATIONS
from hardtalk.slang.ir import Block, Operand, Reg
from hardtalk.slang.loops import NONE
from hardtalk.slang.lower_base import LoweringBase, Value
from hardtalk.slang.program import SlangMethod, plain
from hardtalk.slang.types import WORD_MASK, Type, joined, signed
from hardtalk.slang.variables import walk, weight
from hardtalk.smalltalk import ast
from hardtalk.vm.constants import PENDING_BIT
from hardtalk.vm.facts import Loop

LOOPS = {"whileTrue:", "whileFalse:", "whileTrue", "whileFalse", "repeat", "to:do:", "to:by:do:", "timesRepeat:"}


class LoweringControl(LoweringBase):
    """The part of lowering that makes blocks."""

    @abstractmethod
    def assign(self, node: ast.Assignment) -> Value:
        """Lowers an assignment."""

    @abstractmethod
    def typed_values(self, nodes: tuple[ast.Node, ...]) -> list[Value]:
        """The nodes' values, left to right."""

    @abstractmethod
    def should_inline(self, target: SlangMethod) -> bool:
        """Whether a call of the method is lowered in place."""

    @abstractmethod
    def inline(
        self,
        node: ast.Send,
        target: SlangMethod,
        arguments: list[Operand],
        kind: str,
        if_true: Block | None = None,
        if_false: Block | None = None,
    ) -> Value:
        """Lowers the method's body in place of a call; `kind` says where its `^` leads."""

    @abstractmethod
    def unknown(self, node: ast.Send) -> NoReturn:
        """Complains about a selector that means nothing."""

    def values(self, nodes: tuple[ast.Node, ...]) -> list[Operand]:
        return [operand for operand, _ in self.typed_values(nodes)]

    def statements(self, nodes: tuple[ast.Node, ...]) -> None:
        for node in nodes:
            self.effect(node)

    def effect(self, node: ast.Node) -> None:
        """Lowers a statement whose value nobody uses."""
        self.set_place(node)
        if isinstance(node, ast.Return):
            self.return_value(node.value)
        elif isinstance(node, ast.Assignment):
            self.assign(node)
        elif isinstance(node, ast.Send) and node.selector in CONDITIONALS:
            self.conditional(node, None)
        elif isinstance(node, ast.Send) and self.is_loop(node):
            self.loop(node)
        elif isinstance(node, ast.Send) and self.is_to_self(node):
            self.self_send(node, wanted=False)
        elif isinstance(node, ast.Cascade):
            for message in node.messages:
                self.effect(
                    ast.Send(node.receiver, message.selector, message.arguments, start=message.start, stop=message.stop)
                )
        else:
            self.value(node)

    def return_value(self, node: ast.Node) -> None:
        frame = self.frames[-1]
        if frame.kind == "threaded":
            self.transfer(node)
        elif frame.kind == "root":
            operand, value_type = self.value(node)
            if value_type.is_float:
                self.fail(node, "a float cannot be returned; store it with floatAt:put:")
            self.terminate("ret", [operand])
            self.after_transfer()
        elif frame.kind == "condition":
            assert frame.if_true is not None and frame.if_false is not None
            self.condition(node, frame.if_true, frame.if_false)
            self.after_transfer()
        else:
            assert frame.join is not None
            if frame.kind == "effect":
                self.effect(node)
            else:
                operand, _ = self.value(node)
                assert frame.result is not None
                self.emit("fmov" if frame.result.is_float else "mov", frame.result, [operand])
            self.terminate("jmp", targets=(frame.join,))
            self.after_transfer()

    def transfer(self, node: ast.Node) -> None:
        """A threaded routine's `^`: a jump to what comes next."""
        self.set_place(node)
        if isinstance(node, ast.Send) and node.selector in ("ifTrue:ifFalse:", "ifFalse:ifTrue:"):
            arms = [argument for argument in node.arguments if isinstance(argument, ast.Block)]
            if_true, if_false = self.new_block(), self.new_block()
            self.condition(node.receiver, if_true, if_false)
            if node.selector == "ifFalse:ifTrue:":
                arms.reverse()
            for block, arm in ((if_true, arms[0]), (if_false, arms[1])):
                self.start(block)
                self.statements(arm.statements[:-1])
                last = arm.statements[-1]
                self.transfer(last.value if isinstance(last, ast.Return) else last)
            return
        if not isinstance(node, ast.Send) or not self.is_to_self(node):
            self.fail(
                node,
                "a threaded routine ends in a transfer: ^ self nextBytecode, currentBytecode, "
                "transferTo:… or another threaded routine",
            )
        if node.selector in ("nextBytecode", "currentBytecode"):
            self.terminate("next" if node.selector == "nextBytecode" else "current")
        elif node.selector.startswith("transferTo:"):
            self.terminate("transfer", self.values(node.arguments))
        else:
            target = self.program.methods.get(node.selector)
            if target is None:
                self.unknown(node)
            if not target.is_threaded:
                self.fail(node, f"{node.selector} is not a threaded routine, so it comes back; end with a transfer")
            if target.is_ranged:
                self.fail(node, f"{node.selector} is compiled for a range of numbers and has no single entry")
            arguments = self.values(node.arguments)
            if "inline" in target.flags:
                self.inline(node, target, arguments, "threaded")
                return
            self.terminate("tail", arguments, target.symbol)
        self.after_transfer()

    def arm(self, node: ast.Node, result: Reg | None) -> None:
        """A conditional's arm, a block or a plain expression; its value goes to `result` when that is wanted."""
        if not isinstance(node, ast.Block):
            if result is not None:
                self.move_into(result, node)
            else:
                self.effect(node)
            return
        if result is None:
            self.statements(node.statements)
            return
        self.statements(node.statements[:-1])
        if not node.statements:
            self.fail(node, "an empty block has no value; give the value, or use the conditional as a statement")
        last = node.statements[-1]
        if isinstance(last, ast.Return):
            self.effect(last)
        else:
            self.move_into(result, last)

    def move_into(self, result: Reg, node: ast.Node) -> None:
        operand, value_type = self.value(node)
        if value_type.is_float != result.is_float:
            self.fail(node, "both arms of a conditional must be words, or both floats")
        self.emit("fmov" if value_type.is_float else "mov", result, [operand])

    def conditional(self, node: ast.Send, result: Reg | None) -> None:
        wants_true = node.selector.startswith("ifTrue:")
        arms = node.arguments
        if_true, if_false, join = self.new_block(), self.new_block(), self.new_block()
        first, second = (if_true, if_false) if wants_true else (if_false, if_true)
        if len(arms) == 1:
            if result is not None:
                self.fail(node, f"{node.selector} has no value when the condition does not hold; give both arms")
            second = join
            self.condition(node.receiver, *((first, join) if wants_true else (join, first)))
        else:
            self.condition(node.receiver, if_true, if_false)
        self.start(first)
        self.arm(arms[0], result)
        self.terminate("jmp", targets=(join,))
        if len(arms) == 2:
            self.start(second)
            self.arm(arms[1], result)
            self.terminate("jmp", targets=(join,))
        self.start(join)

    def is_loop(self, node: ast.Send) -> bool:
        return node.selector in LOOPS

    def stated_loop(self, node: ast.Send) -> Loop:
        """The loop with what its source says of it."""
        body = node.arguments[-1] if node.arguments else node.receiver
        pragmas = body.pragmas if isinstance(body, ast.Block) else ()
        stated = [int(str(plain(pragma.arguments[0]))) for pragma in pragmas if pragma.selector == "bound:"]
        polls = any(isinstance(n, ast.Send) and n.selector == "isInterruptPending" for n in walk(node))
        method = self.frames[-1].method
        return Loop(method.definition.file, method.line_of(node), min(stated, default=None), polls)

    def closes(self, loop: Loop, *heads: Block) -> None:
        """Every edge to these blocks from those after the first of them closes the loop."""
        for block in self.graph.blocks[self.graph.blocks.index(heads[0]) :]:
            end = block.terminator
            for target in end.targets if end is not None else ():
                if end is not None and target in heads:
                    end.closes = {**end.closes, target: end.closes.get(target, NONE) | {loop}}

    def require_bound(self, node: ast.Send) -> None:
        """A loop states its bound or polls for interrupts, so that no path is without a longest time."""
        loop = self.stated_loop(node)
        if loop.bound is None and not loop.polls:
            self.fail(
                node,
                "this loop has no stated bound; begin its body with <bound: n>, the greatest number of "
                "iterations, or test isInterruptPending in it",
            )

    def loop(self, node: ast.Send) -> None:
        if node.selector not in ("to:do:", "to:by:do:", "timesRepeat:"):
            self.require_bound(node)
        if node.selector in ("to:do:", "to:by:do:"):
            self.counted_loop(node)
        elif node.selector == "timesRepeat:":
            self.times_loop(node)
        elif node.selector == "repeat":
            body = self.new_block()
            self.depth += 1
            self.start(body)
            self.statements(self.block_of(node.receiver).statements)
            self.terminate("jmp", targets=(body,))
            self.closes(self.stated_loop(node), body)
            self.depth -= 1
            self.after_transfer()
        else:
            self.while_loop(node)

    def while_loop(self, node: ast.Send) -> None:
        condition = self.block_of(node.receiver)
        body_node = self.block_of(node.arguments[0]) if node.arguments else None
        body, test, done = self.new_block(), self.new_block(), self.new_block()
        wants_true = node.selector.startswith("whileTrue")

        def test_condition() -> None:
            if not condition.statements:
                self.fail(condition, "a loop's condition block needs an expression")
            self.statements(condition.statements[:-1])
            last = condition.statements[-1]
            self.condition(last, *((body, done) if wants_true else (done, body)))

        is_tested_first = body_node is not None and len(condition.statements) == 1 and weight(condition) <= 12
        if is_tested_first:
            test_condition()
        else:
            self.terminate("jmp", targets=(test if body_node is not None else body,))
        self.depth += 1
        self.start(body)
        if body_node is not None:
            self.statements(body_node.statements)
        self.start(test)
        test_condition()
        self.closes(self.stated_loop(node), body, *(() if is_tested_first else (test,)))
        self.depth -= 1
        self.start(done)

    def counted_loop(self, node: ast.Send) -> None:
        block = self.block_of(node.arguments[-1])
        step = 1
        if node.selector == "to:by:do:":
            step_operand, _ = self.value(node.arguments[1])
            if not isinstance(step_operand, int) or step_operand == 0:
                self.fail(node.arguments[1], "the step of to:by:do: must be a constant other than 0")
            step = step_operand if step_operand < 1 << 31 else step_operand - (1 << 32)
        if len(block.parameters) != 1:
            self.fail(block, "the block of to:do: takes one parameter")
        frame = self.frames[-1]
        first, first_type = self.value(node.receiver)
        limit, limit_type = self.value(node.arguments[0])
        if isinstance(limit, Reg) and not limit.single:
            copy = self.graph.new_reg()
            self.emit("mov", copy, [limit])
            limit = copy
        name = block.parameters[0].name
        declared = frame.method.types.get(name, joined(first_type, limit_type))
        declared = Type.INT32 if declared is Type.LITERAL else declared
        counter = self.graph.new_reg(name, single=False)
        self.emit("mov", counter, [first])
        outer = frame.bindings.get(name)
        frame.bindings[name] = (counter, declared)
        body, done = self.new_block(), self.new_block()
        relation = "<=" if step > 0 else ">="
        code = RELATIONS[relation][1 if joined(declared, limit_type).is_unsigned else 0]
        self.branch(code, first, limit, body, done)
        self.depth += 1
        self.start(body)
        self.statements(block.statements)
        self.set_place(node)
        self.emit("add", counter, [counter, step & WORD_MASK])
        self.branch(code, counter, limit, body, done)
        loop = self.stated_loop(node)
        if isinstance(first, int) and isinstance(limit, int) and loop.bound is None:
            is_unsigned = joined(declared, limit_type).is_unsigned
            start, stop = (first, limit) if is_unsigned else (signed(first), signed(limit))
            loop = replace(loop, bound=max((stop - start) // step + 1, 0))
        self.closes(loop, body)
        self.depth -= 1
        self.start(done)
        if outer is None:
            del frame.bindings[name]
        else:
            frame.bindings[name] = outer

    def times_loop(self, node: ast.Send) -> None:
        count, _ = self.value(node.receiver)
        counter = self.graph.new_reg("count", single=False)
        self.emit("mov", counter, [count])
        body, done = self.new_block(), self.new_block()
        self.branch("gt", count, 0, body, done)
        self.depth += 1
        self.start(body)
        self.statements(self.block_of(node.arguments[0]).statements)
        self.emit("sub", counter, [counter, 1])
        self.branch("gt", counter, 0, body, done)
        loop = self.stated_loop(node)
        self.closes(replace(loop, bound=max(signed(count), 0)) if isinstance(count, int) else loop, body)
        self.depth -= 1
        self.start(done)

    def branch(self, code: str, left: Operand, right: Operand, if_true: Block, if_false: Block) -> None:
        folded = fold(f"cmp.{code}", [left, right])
        if folded is not None:
            self.terminate("jmp", targets=(if_true if folded else if_false,))
        else:
            self.terminate("br", [left, right], code, (if_true, if_false))

    def condition(self, node: ast.Node, if_true: Block, if_false: Block) -> None:
        """Ends the current block with a branch on the node's truth."""
        self.set_place(node)
        if isinstance(node, ast.Send):
            if node.selector in ("and:", "or:") and isinstance(node.arguments[0], ast.Block):
                middle = self.new_block()
                if node.selector == "and:":
                    self.condition(node.receiver, middle, if_false)
                else:
                    self.condition(node.receiver, if_true, middle)
                self.start(middle)
                block = node.arguments[0]
                self.statements(block.statements[:-1])
                self.condition(block.statements[-1], if_true, if_false)
                return
            if node.selector == "not":
                self.condition(node.receiver, if_false, if_true)
                return
            if node.selector in RELATIONS and not self.is_to_self(node):
                self.relation(node, if_true, if_false)
                return
            if self.is_to_self(node):
                if node.selector == "isInterruptPending":
                    self.terminate("br", [self.table, PENDING_BIT], "tn", (if_true, if_false))
                    return
                target = self.program.methods.get(node.selector)
                if target is not None and self.should_inline(target):
                    self.require_boolean(node, target.returns)
                    arguments = self.values(node.arguments)
                    self.inline(node, target, arguments, "condition", if_true=if_true, if_false=if_false)
                    return
        operand, value_type = self.value(node)
        self.require_boolean(node, value_type)
        self.branch("ne", operand, 0, if_true, if_false)

    def require_boolean(self, node: ast.Node, value_type: Type) -> None:
        if value_type is not Type.BOOLEAN:
            self.fail(
                node,
                f"a condition is #boolean, this is #{value_type.value}; compare it, or declare "
                "<returns: #boolean> where it comes from",
            )

    def relation(self, node: ast.Send, if_true: Block, if_false: Block) -> None:
        pair = self.typed_values((node.receiver, node.arguments[0]))
        (left, left_type), (right, right_type) = pair
        if left_type.is_float or right_type.is_float:
            if not (left_type.is_float and right_type.is_float):
                self.fail(node, f"{node.selector} compares a float with a word; convert with floatFromInteger:")
            self.terminate("fbr", [left, right], RELATIONS[node.selector][2], (if_true, if_false))
            return
        code = RELATIONS[node.selector][1 if joined(left_type, right_type).is_unsigned else 0]
        self.branch(code, left, right, if_true, if_false)
