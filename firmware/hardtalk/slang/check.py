"""The check: a program's methods with names resolved and types known, or all that is wrong with them.

This is the one place that knows what is Slang and what is not. It stands between `read_program`, and what rewrites
syntax trees behind it, and the two that give a program its meaning: `lower` and `simulate`. A method is checked when it
is first asked for, so that part of the VM can be simulated while the rest does not exist; `check_program` checks all.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from hardtalk.slang.answers import Answers
from hardtalk.slang.assigned import early_reads
from hardtalk.slang.check_base import is_to_self
from hardtalk.slang.check_bounds import unbounded_loops
from hardtalk.slang.check_control import CheckControl
from hardtalk.slang.errors import refuse
from hardtalk.slang.operators import (
    BLOCK_LOOPS,
    CONDITIONALS,
    COUNTED_LOOPS,
    INTRINSICS,
    Intrinsic,
    Kind,
)
from hardtalk.slang.program import Program, SlangMethod
from hardtalk.slang.tree import (
    AddressOfState,
    AddressOfSymbol,
    Apply,
    Call,
    Constant,
    Overflow,
    Statement,
    Transfer,
    Tree,
    Value,
)
from hardtalk.slang.types import Type
from hardtalk.slang.variables import leaves, walk
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Symbol


class CheckedProgram:
    """A program with the trees of the methods that were asked for."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._found: dict[str, MethodCheck] = {}
        self._answers = Answers(program)

    def tree(self, method: SlangMethod) -> Tree:
        """The method's tree. Raises SourceError, or SlangErrors for several, when it is no Slang."""
        checked = self._checked(method)
        refuse(checked.errors)
        return checked.tree

    def errors(self) -> list[SourceError]:
        """All that is wrong with the program, by method."""
        errors = [error for method in self.program.methods.values() for error in self._checked(method).errors]
        return [*errors, *self._clashes()]

    def _clashes(self) -> Iterator[SourceError]:
        """Bytecodes and primitives with two routines."""
        taken: dict[tuple[str, int], SlangMethod] = {}
        for method in self.program.methods.values():
            kind, first, last = method.numbers or ("", 0, -1)
            for number in range(first, last + 1):
                other = taken.setdefault((kind, number), method)
                if other is not method:
                    problem = f"{kind} {number} has two routines: {other.symbol} and {method.symbol}"
                    yield self._checked(method).complaint(method.node, f"{problem}; give one another number")

    def missing_routines(self) -> list[SourceError]:
        """Divisions whose run-time routine is not in the program; machine code calls it, the simulation does not."""
        methods = self.program.methods
        return [
            check.complaint(place, f"the run-time method {routine} is missing; add the class Arithmetic to the program")
            for check in map(self._checked, methods.values())
            for routine, place in check.divisions.items()
            if routine not in methods
        ]

    def _checked(self, method: SlangMethod) -> MethodCheck:
        found = self._found.get(method.selector)
        if found is None:
            found = self._found[method.selector] = MethodCheck(self.program, method, self._answers)
        return found


def check_program(program: Program) -> CheckedProgram:
    """The program with all its methods checked, fit to be lowered. Raises SourceError, or SlangErrors for several."""
    checked = CheckedProgram(program)
    refuse([*checked.errors(), *checked.missing_routines()])
    return checked


class MethodCheck(CheckControl):
    """The check of one method: its `tree`, and in `errors` what is wrong with it."""

    def __init__(self, program: Program, method: SlangMethod, answers: Answers) -> None:
        super().__init__(program, method)
        self.answers = answers
        self.tree = self.run()

    def run(self) -> Tree:
        method = self.method
        parameters = tuple(self.locals[name] for name in method.parameters)
        if method.external is not None:
            return Tree(method, parameters, ())
        self.declarations()
        tree = Tree(method, parameters, tuple(self.statements(method.node.statements)))
        if not self.errors:
            self.assignments(tree)
        if not self.errors:
            for place, message in unbounded_loops(tree, self.program):
                self.complain(place, message)
        return tree

    def assignments(self, tree: Tree) -> None:
        """Each temporary is assigned before it is read, on every path."""
        for read in early_reads(tree):
            name = read.local.name
            self.complain(
                read.start, f"{name} may be read here before it is assigned; assign it on every path that leads here"
            )

    def declarations(self) -> None:
        """What `<var:type:>`, `<returns:>` and the selector say."""
        method = self.method
        self.variable_declarations()
        for parameter in method.node.parameters:
            if self.locals[parameter.name].type.is_float:
                self.complain(parameter, f"{parameter.name} cannot be a float; pass the address of one")
        if method.returns.is_float:
            self.complain(method.node, "a float cannot be returned; store it with floatAt:put:")
        if method.selector in INTRINSICS:
            self.complain(method.node, f"{method.selector} is a message of Slang's own; choose another selector")

    def variable_declarations(self) -> None:
        """Each `<var:type:>` is of one variable of the method, which has no other."""
        blocks = [each for each in walk(self.method.node) if isinstance(each, ast.Block)]
        names = {*self.locals, *(variable.name for block in blocks for variable in block.parameters)}
        declared: set[str] = set()
        for pragma in self.method.node.pragmas:
            if pragma.selector != "var:type:":
                continue
            name = str(pragma.values[0])
            if name in declared:
                self.complain(pragma, f"{name} is declared twice; keep one of the declarations")
            elif name not in names:
                near = get_close_matches(name, names, 1)
                hint = f"did you mean #{near[0]}?" if near else "remove the declaration"
                self.complain(pragma, f"{name} is no parameter or temporary of this method; {hint}")
            declared.add(name)

    def send(self, node: ast.Send, wanted: bool) -> Statement:
        selector = node.selector
        if selector in CONDITIONALS:
            return self.conditional(node, wanted)
        if selector in BLOCK_LOOPS:
            return self.while_loop(node)
        if selector in COUNTED_LOOPS:
            return self.times_loop(node) if selector == "timesRepeat:" else self.counted_loop(node)
        return self.self_send(node) if is_to_self(node) else self.operation(node)

    def self_send(self, node: ast.Send) -> Value:
        intrinsic = INTRINSICS.get(node.selector)
        if intrinsic is not None:
            return self.intrinsic(node, intrinsic)
        target = self.program.methods.get(node.selector)
        if target is None:
            return self.unknown(node)
        arguments = self.arguments(node, target)
        if target.is_threaded:
            return self.complain(
                node, f"{node.selector} is a threaded routine: it never comes back, so it must be returned (^ self …)"
            )
        return Call(node.start, target.returns if self.answers.has_value(target) else Type.NOTHING, target, arguments)

    def arguments(self, node: ast.Send, target: SlangMethod) -> tuple[Value, ...]:
        values = tuple(self.value(argument) for argument in node.arguments)
        for place, name, value in zip(node.arguments, target.parameters, values, strict=True):
            self.require_fit(place, f"{name} of {node.selector}", value, target.types.get(name, Type.INT32))
        return values

    def intrinsic(self, node: ast.Send, intrinsic: Intrinsic) -> Value:
        if intrinsic.kind is Kind.ADDRESS:
            return self.address(node)
        values = self.operands(node, intrinsic)
        if intrinsic.kind is Kind.TRANSFER:
            return self.complain(node, f"{node.selector} ends a threaded routine; write ^ before it in such a routine")
        if intrinsic.kind is Kind.OVERFLOW:
            return self.overflow(node, intrinsic, values)
        return Apply(node.start, intrinsic.result, intrinsic, values)

    def operands(self, node: ast.Send, intrinsic: Intrinsic) -> tuple[Value, ...]:
        values = []
        for position, (kind, argument) in enumerate(zip(intrinsic.operands, node.arguments, strict=True)):
            if kind == "b":
                continue
            value = self.value(argument)
            is_kept = intrinsic.kind is Kind.TRANSFER or (intrinsic.kind is Kind.STORE and position == 1)
            if value.type is Type.BOOLEAN and not (is_kept and kind == "w"):
                value = self.complain(argument, f"{node.selector} is not for #boolean; use and:, or:, not")
            elif value.type is not Type.UNKNOWN and value.type.is_float != (kind == "f"):
                value = self.complain(node, f"{node.selector} takes {'a float' if kind == 'f' else 'an integer'}")
            values.append(value)
        return tuple(values)

    def overflow(self, node: ast.Send, intrinsic: Intrinsic, values: tuple[Value, ...]) -> Value:
        block = self.block_of(node.arguments[2])
        if block is None:
            return Constant(node.start, Type.UNKNOWN, 0)
        left, right = values
        body = self.body(block)
        if not leaves(block.statements):
            return self.complain(block, "the overflow block must leave the method with ^")
        return Overflow(node.start, intrinsic.result, intrinsic, left, right, body)

    def address(self, node: ast.Send) -> Value:
        argument = node.arguments[0]
        name = argument.value if isinstance(argument, ast.Literal) else None
        if not isinstance(name, Symbol):
            return self.complain(node, f"{node.selector} takes a literal symbol")
        if node.selector == "addressOf:":
            return AddressOfSymbol(node.start, Type.ADDRESS, str(name))
        if name not in self.program.state:
            return self.complain(argument, f"unknown variable {name}")
        return AddressOfState(node.start, Type.ADDRESS, str(name))

    def returned(self, node: ast.Return) -> Value:
        if not self.answers.has_value(self.method) and isinstance(node.value, ast.Send) and is_to_self(node.value):
            return self.self_send(node.value)
        return self.value(node.value)

    def transfer_send(self, node: ast.Send) -> Statement:
        intrinsic = INTRINSICS.get(node.selector)
        if intrinsic is not None and intrinsic.kind is Kind.TRANSFER:
            return Transfer(node.start, intrinsic, self.operands(node, intrinsic))
        target = self.program.methods.get(node.selector)
        if target is None:
            return self.unknown(node)
        if not target.is_threaded:
            return self.complain(
                node, f"{node.selector} is not a threaded routine, so it comes back; end with a transfer"
            )
        if target.is_ranged:
            return self.complain(node, f"{node.selector} is compiled for a range of numbers and has no single entry")
        return Transfer(node.start, target, self.arguments(node, target))
