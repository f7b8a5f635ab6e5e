"""Translates one checked Slang method to the source of one Python function with the same meaning.

An expression becomes Python text; whatever needs statements of its own (a loop, a conditional value, an overflow block)
is emitted before the statement it stands in, and operands already translated are first kept in a local so that
evaluation stays left to right.
"""

from __future__ import annotations

from hardtalk.slang import tree
from hardtalk.slang.operators import Form, Kind
from hardtalk.slang.simulate_base import Text, function_name, local_name
from hardtalk.slang.simulate_control import ControlTranslator

SHIFT_LIMIT = 32


class MethodTranslator(ControlTranslator):
    """One method; `translate` answers its Python source and the Slang source offset of each of its lines."""

    def translate(self) -> tuple[str, list[int]]:
        method = self.tree.method
        parameters = ", ".join(local_name(local) for local in self.tree.parameters)
        self.statements(self.tree.statements)
        if method.is_threaded:
            self.emit("return NEXT")
        elif not self.output.lines:
            self.emit("pass")
        header = f"def {function_name(method.selector)}({parameters}):"
        lines = [header, *("    " * depth + text for depth, text, _ in self.output.lines)]
        return "\n".join(lines) + "\n", [method.node.start, *(offset for _, _, offset in self.output.lines)]

    def expression(self, node: tree.Value) -> Text:
        match node:
            case tree.Constant():
                return Text(str(node.value), True)
            case tree.ReadLocal():
                return Text(local_name(node.local))
            case tree.ReadState():
                return Text(self.scope.state_text(node.name))
            case tree.AssignLocal():
                return self.assigned(local_name(node.local), node.value)
            case tree.AssignState():
                return self.assigned(self.scope.state_text(node.name), node.value)
            case tree.Binary() | tree.Relation():
                left, right = self.operands((node.left, node.right))
                return Text(binary_text(node, node.form, left, right), left.settled and right.settled)
            case tree.Cast():
                return self.expression(node.operand)
            case tree.StoreReference():
                receiver = self.keep(self.expression(node.receiver))
                value = self.expression(node.value)
                return Text(f"{function_name(node.method.selector)}({value.text}, {receiver.text}, {node.offset})")
            case tree.Unary():
                operand = self.expression(node.operand)
                return Text(node.form.python.format(operand.text), operand.settled)
            case tree.Not():
                return Text(f"(not {self.expression(node.operand).text})")
            case tree.Junction():
                return self.junction(node)
            case tree.Conditional():
                name = self.fresh()
                self.conditional(node, name)
                return Text(name, True)
            case tree.Call():
                texts = ", ".join(value.text for value in self.operands(node.arguments))
                return Text(f"{function_name(node.method.selector)}({texts})")
            case tree.Apply():
                return Text(node.intrinsic.python.format(*(value.text for value in self.operands(node.arguments))))
            case tree.Overflow():
                return self.overflow(node)
            case tree.AddressOfState():
                return Text(str(self.scope.state_address(node.name)), True)
            case tree.AddressOfSymbol():
                return Text(f"address_of({node.name!r})", True)
        raise AssertionError(f"no translation for {node!r}")

    def assigned(self, target: str, value: tree.Value) -> Text:
        self.emit(f"{target} = {self.expression(value).text}")
        return Text(target)

    def junction(self, node: tree.Junction) -> Text:
        left = self.expression(node.left).text
        word = "and" if node.is_and else "or"
        name = self.fresh()
        with self.buffered() as lines:
            self.depth += 1
            self.statements(node.right.statements)
            right = None if node.right.value is None else self.expression(node.right.value).text
            self.depth -= 1
        if not lines:
            return Text(f"({left} {word} {right})")
        self.emit(f"{name} = {left}")
        self.emit(f"if {name}:" if node.is_and else f"if not {name}:")
        self.output.lines.extend(lines)
        self.depth += 1
        if right is not None:
            self.emit(f"{name} = {right}")
        self.depth -= 1
        return Text(name, True)

    def overflow(self, node: tree.Overflow) -> Text:
        left, right = self.operands((node.left, node.right))
        name = self.fresh()
        self.emit(f"{name} = {node.intrinsic.python.format(left.text, right.text)}")
        self.emit(f"if not -0x80000000 <= {name} < 0x80000000:")
        with self.indented():
            self.statements(node.body.statements)
        self.emit(f"{name} &= 0xFFFFFFFF")
        return Text(name, True)


def binary_text(node: tree.Binary | tree.Relation, form: Form, left: Text, right: Text) -> str:
    is_short = isinstance(node, tree.Binary) and node.operator.kind is Kind.SHIFT
    if is_short and form.by_constant and isinstance(node.right, tree.Constant) and node.right.value < SHIFT_LIMIT:
        return form.by_constant.format(left.text, right.text)
    return form.python.format(left.text, right.text)
