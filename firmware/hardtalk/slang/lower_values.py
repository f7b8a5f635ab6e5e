"""Lowering of expressions: variables, operators, intrinsics and truth values."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.slang import tree
from hardtalk.slang.fold import fold_comparison, fold_exact
from hardtalk.slang.ir import Operand, Reg
from hardtalk.slang.lower_base import is_changeable
from hardtalk.slang.lower_loops import LoweringLoops
from hardtalk.slang.operators import Kind, shift_of_division
from hardtalk.slang.types import record_of
from hardtalk.vm.object_format import LINKS_BYTES


class LoweringValues(LoweringLoops):
    """The part of lowering that makes values."""

    def values(self, nodes: Sequence[tree.Value]) -> list[Operand]:
        """The nodes' values, left to right; a variable that a later node may change is copied first."""
        result: list[Operand] = []
        for position, node in enumerate(nodes):
            operand = self.value(node)
            if is_changeable(operand) and not all(tree.is_simple(later) for later in nodes[position + 1 :]):
                operand = self.copied(operand, is_float=node.type.is_float)
            result.append(operand)
        return result

    def value(self, node: tree.Value) -> Operand:
        match node:
            case tree.Constant():
                return node.value
            case tree.ReadLocal():
                return self.read_local(node.local)
            case tree.ReadState():
                return self.read_state(node.name)
            case tree.AssignLocal():
                return self.assign_local(node.local, self.value(node.value))
            case tree.AssignState():
                operand = self.value(node.value)
                self.write_state(node.name, operand)
                return operand
            case tree.Cast():
                return self.value(node.operand)
            case tree.Call():
                return self.call(node, wanted=True)
        self.set_place(node)
        return self.operation(node)

    def operation(self, node: tree.Value) -> Operand:
        match node:
            case tree.Binary():
                left, right = self.values((node.left, node.right))
                if node.operator.kind is Kind.DIVISION:
                    return self.division(node, left, right)
                return self.value_of(node.form.operation, [left, right], is_float=node.type.is_float)
            case tree.Unary():
                operands = [self.value(node.operand)]
                if node.form.before is not None:
                    operands.insert(0, node.form.before)
                return self.value_of(node.form.operation, operands, is_float=node.type.is_float)
            case tree.Conditional():
                result = self.graph.new_reg(single=False, is_float=node.type.is_float)
                self.conditional(node, result)
                return result
            case tree.Apply() if node.intrinsic.kind is not Kind.TEST:
                return self.apply(node)
            case tree.Overflow():
                return self.overflow(node)
            case tree.StoreReference():
                receiver, value = self.values((node.receiver, node.value))
                return self.enter(node, node.method, [value, receiver, node.offset], wanted=False)
            case tree.AddressOfState():
                dest = self.graph.new_reg()
                self.emit("add", dest, [self.vm_base, self.program.state[node.name]])
                return dest
            case tree.AddressOfSymbol():
                dest = self.graph.new_reg()
                target = self.program.methods.get(node.name)
                self.emit("sym", dest, [], (target.external or target.symbol) if target else node.name)
                return dest
        return self.truth_value(node)

    def division(self, node: tree.Binary, left: Operand, right: Operand) -> Operand:
        selector, is_unsigned = node.operator.selector, node.type.is_unsigned
        power = shift_of_division(selector, is_unsigned, right) if isinstance(right, int) else None
        if power is not None:
            if selector in ("\\\\", "rem:"):
                return self.value_of("and", [left, (1 << power) - 1])
            return self.value_of("shr" if is_unsigned else "sar", [left, power])
        result = self.graph.new_reg()
        self.emit("call", result, [left, right], self.program.methods[node.form.operation].symbol)
        return result

    def truth_value(self, node: tree.Value) -> Operand:
        """A condition used as a value: 1 or 0."""
        if isinstance(node, tree.Relation) and not node.is_of_floats:
            code, operands = node.form.operation, self.values((node.left, node.right))
            folded = fold_comparison(code, *operands)
            if folded is not None:
                return folded
            dest = self.graph.new_reg()
            self.emit("set", dest, operands, code)
            return dest
        result = self.graph.new_reg(single=False)
        if_true, if_false, join = self.new_block(), self.new_block(), self.new_block()
        self.condition(node, if_true, if_false)
        self.start(if_true)
        self.emit("mov", result, [1])
        self.terminate("jmp", targets=(join,))
        self.start(if_false)
        self.emit("mov", result, [0])
        self.start(join)
        return result

    def apply(self, node: tree.Apply) -> Operand:
        row, values = node.intrinsic, self.values(node.arguments)
        is_float = row.result.is_float
        volatile = self.frames[-1].is_volatile
        if row.kind is Kind.LOAD:
            dest = self.graph.new_reg(is_float=is_float)
            self.emit(row.operation, dest, [values[0], 0], row.detail, volatile, self.object_offset(node.arguments[0]))
            return dest
        if row.kind is Kind.STORE:
            offset = self.object_offset(node.arguments[0])
            self.emit(row.operation, None, [values[1], values[0], 0], row.detail, volatile, offset)
            return values[1]
        if row.kind is Kind.EFFECT:
            self.emit(row.operation)
            return 0
        if row.operation == "ctz":
            return self.trailing_zeros(values[0])
        if is_float and isinstance(values[0], int):
            values[0] = self.copied(values[0])
        return self.value_of(row.operation, values, is_float=is_float)

    def object_offset(self, address: tree.Value) -> int | None:
        """How far an address lies behind where an object begins, when its text says so. None for the links of a ring:
        they may be those of its anchor, which lies anywhere."""
        if not isinstance(address, tree.Binary) or address.operator.selector != "+" or not is_object(address.left):
            return None
        right = self.value(address.right) if isinstance(address.right, tree.Constant | tree.ReadLocal) else None
        return right if isinstance(right, int) and right >= LINKS_BYTES else None

    def trailing_zeros(self, operand: Operand) -> Operand:
        """31 - clz(lowest bit), but 32 for zero, where clz is 32."""
        lowest = self.value_of("and", [operand, self.value_of("sub", [0, operand])])
        zeros = self.value_of("clz", [lowest])
        if isinstance(zeros, int):
            return 32 if zeros == 32 else 31 - zeros
        difference = self.value_of("sub", [31, zeros])
        top = self.value_of("sar", [difference, 31])
        return self.value_of("add", [difference, self.value_of("and", [top, 33])])

    def overflow(self, node: tree.Overflow) -> Operand:
        operands = self.values((node.left, node.right))
        op = node.intrinsic.detail
        folded = fold_exact(op, *operands)
        if folded is not None:
            return folded
        dest: Reg = self.graph.new_reg()
        proceed, overflow = self.new_block(), self.new_block()
        self.terminate("ovf", operands, op, (proceed, overflow), dest)
        overflow.cold = True
        self.start(overflow)
        self.statements(node.body.statements)
        self.start(proceed)
        return dest


def is_object(node: tree.Value) -> bool:
    """Whether it is declared to be where an object begins."""
    record = record_of(node.type)
    return record is not None and record.is_object
