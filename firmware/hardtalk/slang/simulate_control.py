"""Statements, conditionals and loops of a Slang method as Python statements."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.slang import tree
from hardtalk.slang.operators import OPERATORS
from hardtalk.slang.program import SlangMethod
from hardtalk.slang.simulate_base import TranslatorBase, function_name, local_name

MAX_LOOP_STEPS = 50_000_000
"""What counts as endless where no bound is stated."""


class ControlTranslator(TranslatorBase):
    """What has no value, or a value by way of its branches."""

    def statements(self, nodes: Sequence[tree.Statement]) -> None:
        for node in nodes:
            self.statement(node)

    def statement(self, node: tree.Statement) -> None:
        self.offset = node.start
        if isinstance(node, tree.Return):
            value = self.expression(node.value)
            self.emit(f"return {value.text}")
        elif isinstance(node, tree.Transfer):
            self.transfer(node)
        elif isinstance(node, tree.Conditional):
            self.conditional(node, None)
        elif isinstance(node, tree.Value):
            value = self.expression(node)
            if not value.settled and not isinstance(node, tree.AssignLocal | tree.AssignState):
                self.emit(value.text)
        else:
            self.loop(node)

    def transfer(self, node: tree.Transfer) -> None:
        target = node.target
        texts = [value.text for value in self.operands(node.arguments)]
        if isinstance(target, SlangMethod):
            self.emit(f"return ({function_name(target.selector)}, ({''.join(text + ', ' for text in texts)}))")
        else:
            self.emit(f"return {target.python.format(*texts)}")

    def conditional(self, node: tree.Conditional, name: str | None) -> None:
        """The arms as branches; their value goes to the Python local `name`, if one is given."""
        condition = self.expression(node.condition).text
        for position, (truth, body) in enumerate(node.arms):
            if position:
                self.emit("else:")
            else:
                self.emit(f"if {condition}:" if truth else f"if not ({condition}):")
            with self.indented():
                self.arm(body, name)

    def arm(self, body: tree.Body, name: str | None) -> None:
        self.statements(body.statements)
        if body.value is None:
            return
        self.offset = body.value.start
        if name is None:
            self.statement(body.value)
        else:
            self.emit(f"{name} = {self.expression(body.value).text}")

    def loop(self, node: tree.Loop) -> None:
        if isinstance(node, tree.While):
            self.while_loop(node)
        elif isinstance(node, tree.Count):
            self.count_loop(node)
        elif isinstance(node, tree.Times):
            self.times_loop(node)
        else:
            self.repeat(node)

    def bound_counter(self) -> str:
        name = self.fresh("n")
        self.emit(f"{name} = 0")
        return name

    def check_bound(self, name: str, bound: int | None) -> None:
        limit = MAX_LOOP_STEPS if bound is None else bound
        self.emit(f"{name} += 1")
        self.emit(f"if {name} > {limit}: loop_bound_exceeded({limit})")

    def while_loop(self, node: tree.While) -> None:
        rounds = self.bound_counter()
        self.emit("while True:")
        with self.indented():
            if node.body is None:
                self.check_bound(rounds, node.ends.bound)
            self.statements(node.test.statements)
            if node.test.value is not None:
                holds = self.expression(node.test.value).text
                self.emit(f"if not ({holds}): break" if node.expected else f"if {holds}: break")
            if node.body is not None:
                self.check_bound(rounds, node.ends.bound)
                self.statements(node.body.statements)

    def repeat(self, node: tree.Repeat) -> None:
        rounds = self.bound_counter()
        self.emit("while True:")
        with self.indented():
            self.check_bound(rounds, node.ends.bound)
            self.statements(node.body.statements)

    def times_loop(self, node: tree.Times) -> None:
        count = self.keep(self.expression(node.count))
        rounds = self.bound_counter()
        limit = count.text if node.count.type.is_unsigned else f"signed({count.text})"
        self.emit(f"while {rounds} < {limit}:")
        with self.indented():
            self.check_bound(rounds, node.ends.bound)
            self.statements(node.body.statements)

    def count_loop(self, node: tree.Count) -> None:
        first, limit = [self.keep(value) for value in self.operands((node.first, node.limit))]
        counter = local_name(node.counter)
        self.emit(f"{counter} = {first.text}")
        relation = OPERATORS["<=" if node.step > 0 else ">="]
        form = relation.unsigned if node.is_unsigned else relation.signed
        assert form is not None
        rounds = self.bound_counter()
        self.emit(f"while {form.python.format(counter, limit.text)}:")
        with self.indented():
            self.check_bound(rounds, node.ends.bound)
            self.statements(node.body.statements)
            self.emit(f"{counter} = ({counter} + {node.step}) & 0xFFFFFFFF")
