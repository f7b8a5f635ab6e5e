"""Lowering: a Slang method's syntax tree to the intermediate representation, inlining and folding on the way.

Calls to small or `<inline>` methods are lowered in place with the arguments bound to the parameters, so constants
reach the expressions that fold on them. Conditions are lowered as control flow. This module has sends to self; the
layers below it are `lower_values`, `lower_control` and `lower_base`.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import NoReturn

from hardtalk.slang.fold import fold
from hardtalk.slang.intrinsics import LOADS, OVERFLOWING, STORES
from hardtalk.slang.ir import Block, Graph, Operand
from hardtalk.slang.lower_base import Frame, Value
from hardtalk.slang.lower_values import LoweringValues
from hardtalk.slang.program import SlangMethod
from hardtalk.slang.types import Type
from hardtalk.smalltalk import ast

INLINE_WEIGHT = 16


class Lowering(LoweringValues):
    """Lowers one routine."""

    def run(self) -> Graph:
        """The finished graph."""
        method = self.frames[0].method
        self.statements(method.node.statements)
        if self.block.terminator is None:
            self.terminate("next" if method.is_threaded else "ret")
        self.graph.drop_unreachable()
        return self.graph

    def unknown(self, node: ast.Send) -> NoReturn:
        if not self.is_to_self(node):
            self.fail(node.selector_start, f"unknown operator {node.selector}; methods of the program are sent to self")
        near = get_close_matches(node.selector, [*self.program.methods, *LOADS, *STORES, *OVERFLOWING], 1)
        hint = f"did you mean {near[0]}?" if near else "define it in a class of the program"
        self.fail(node.selector_start, f"unknown selector {node.selector}; {hint}")

    def self_send(self, node: ast.Send, wanted: bool) -> Value:
        self.set_place(node)
        selector = node.selector
        target = self.program.methods.get(selector)
        if target is None:
            return self.intrinsic(node)
        if len(node.arguments) != len(target.parameters):
            self.fail(node, f"{selector} takes {len(target.parameters)} arguments")
        if target.is_threaded:
            self.fail(node, f"{selector} is a threaded routine: it never comes back, so it must be returned (^ self …)")
        arguments = self.values(node.arguments)
        if self.should_inline(target):
            return self.inline(node, target, arguments, "value" if wanted else "effect")
        result = self.graph.new_reg() if wanted else None
        self.emit("call", result, arguments, target.external or target.symbol)
        return (result if result is not None else 0), target.returns

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
        node: ast.Send,
        target: SlangMethod,
        arguments: list[Operand],
        kind: str,
        if_true: Block | None = None,
        if_false: Block | None = None,
    ) -> Value:
        frame = Frame(target, {}, target.bindable, kind, if_true=if_true, if_false=if_false)
        for name, operand in zip(target.parameters, arguments, strict=True):
            self.bind_parameter(frame, name, operand, target.types.get(name, Type.INT32))
        self.frames.append(frame)
        statements = target.node.statements
        result: Value = (0, target.returns)
        if kind in ("threaded", "condition"):
            self.statements(statements)
            if kind == "threaded":
                self.terminate("next")
                self.after_transfer()
            elif self.block.terminator is None and frame.if_false is not None:
                self.terminate("jmp", targets=(frame.if_false,))
                self.after_transfer()
        elif target.returns_only_at_end:
            self.statements(statements[:-1])
            last = statements[-1] if statements else None
            if isinstance(last, ast.Return):
                if kind == "value":
                    result = (self.value(last.value)[0], target.returns)
                else:
                    self.effect(last.value)
            elif last is not None:
                self.effect(last)
        else:
            frame.join = self.new_block()
            is_float = target.returns.is_float
            frame.result = self.graph.new_reg(single=False, is_float=is_float) if kind == "value" else None
            self.statements(statements)
            self.start(frame.join)
            result = (frame.result if frame.result is not None else 0, target.returns)
        self.frames.pop()
        self.set_place(node)
        return result

    def intrinsic(self, node: ast.Send) -> Value:
        selector, volatile = node.selector, "volatile" in self.frames[-1].method.flags
        if selector in LOADS:
            (base,) = self.values(node.arguments)
            dest = self.graph.new_reg()
            self.emit("ld", dest, [base, 0], LOADS[selector], volatile=volatile)
            return dest, Type.INT32
        if selector in STORES:
            base, stored = self.values(node.arguments)
            self.emit("st", None, [stored, base, 0], STORES[selector], volatile=volatile)
            return stored, Type.INT32
        if selector in OVERFLOWING:
            return self.overflowing(node)
        if selector in ("countLeadingZeros:", "countTrailingZeros:"):
            (operand,) = self.values(node.arguments)
            if selector == "countTrailingZeros:":
                lowest = self.value_of("and", [operand, self.value_of("sub", [0, operand])])
                zeros = self.value_of("clz", [lowest])
                return self.trailing_zeros(zeros), Type.INT32
            return self.value_of("clz", [operand]), Type.INT32
        if selector == "highProductOf:and:":
            return self.value_of("mulhi", self.values(node.arguments)), Type.UINT32
        if selector == "isInterruptPending":
            return self.truth_value(node)
        if selector in ("addressOf:", "addressOfState:"):
            return self.address(node), Type.ADDRESS
        if selector in ("maskInterrupts", "unmaskInterrupts"):
            self.emit("mask" if selector == "maskInterrupts" else "unmask")
            return 0, Type.INT32
        if selector == "floatAt:":
            (base,) = self.values(node.arguments)
            dest = self.graph.new_reg(is_float=True)
            self.emit("fld", dest, [base, 0])
            return dest, Type.FLOAT64
        if selector in ("floatAt:put:", "squareRoot:", "floatFromInteger:", "integerFromFloat:"):
            return self.float_intrinsic(node)
        self.unknown(node)

    def trailing_zeros(self, zeros: Operand) -> Operand:
        """31 - clz(lowest bit), but 32 for zero, where clz is 32."""
        if isinstance(zeros, int):
            return 32 if zeros == 32 else 31 - zeros
        difference = self.value_of("sub", [31, zeros])
        top = self.value_of("sar", [difference, 31])
        return self.value_of("add", [difference, self.value_of("and", [top, 33])])

    def float_intrinsic(self, node: ast.Send) -> Value:
        values = self.typed_values(node.arguments)
        expects_float = node.selector in ("floatAt:put:", "squareRoot:", "integerFromFloat:")
        if values[-1][1].is_float != expects_float:
            self.fail(node, f"{node.selector} takes {'a float' if expects_float else 'an integer'}")
        if node.selector == "floatAt:put:":
            self.emit("fst", None, [values[1][0], values[0][0], 0])
            return values[1]
        op, result = {
            "squareRoot:": ("fsqrt", Type.FLOAT64),
            "floatFromInteger:": ("itof", Type.FLOAT64),
            "integerFromFloat:": ("ftoi", Type.INT32),
        }[node.selector]
        operand = values[0][0]
        if isinstance(operand, int):
            copy = self.graph.new_reg()
            self.emit("mov", copy, [operand])
            operand = copy
        return self.value_of(op, [operand], is_float=result.is_float), result

    def overflowing(self, node: ast.Send) -> Value:
        block = self.block_of(node.arguments[2])
        left, right = self.values(node.arguments[:2])
        op = OVERFLOWING[node.selector]
        folded = fold(f"ovf.{op}", [left, right])
        if folded is not None:
            return folded, Type.INT32
        dest, proceed, overflow = self.graph.new_reg(), self.new_block(), self.new_block()
        self.terminate("ovf", [left, right], op, (proceed, overflow), dest)
        overflow.cold = True
        self.start(overflow)
        self.statements(block.statements)
        is_reached = self.block is overflow or any(self.block in b.successors() for b in self.graph.blocks)
        if self.block.terminator is None and is_reached:
            self.fail(block, "the overflow block must leave the method with ^")
        self.start(proceed)
        return dest, Type.INT32

    def address(self, node: ast.Send) -> Operand:
        argument = node.arguments[0]
        name = argument.value if isinstance(argument, ast.Literal) else None
        if not isinstance(name, str):
            self.fail(node, f"{node.selector} takes a literal symbol")
        dest = self.graph.new_reg()
        if node.selector == "addressOfState:":
            if name not in self.program.state:
                self.fail(argument, f"unknown variable {name}")
            self.emit("add", dest, [self.vm_base, self.program.state[name]])
        else:
            target = self.program.methods.get(name)
            self.emit("sym", dest, [], (target.external or target.symbol) if target else name)
        return dest
