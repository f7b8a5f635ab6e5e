"""A Slang program as declared: its methods, VM state, pinned variables, and what calls what.

Everything here is read from the Tonel classes once; the later stages only ask. See docs/slang.md, "Program".
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Final

from hardtalk.slang.component_sends import with_plain_sends
from hardtalk.slang.components import DECLARATION
from hardtalk.slang.errors import UnfitProgram, refuse, slang_error
from hardtalk.slang.failure import with_failures_written_out
from hardtalk.slang.fields import passes_barrier
from hardtalk.slang.table_pragmas import TABLE_PRAGMAS, TablePragma
from hardtalk.slang.types import DECLARABLE, SlangType, Type
from hardtalk.slang.variables import bindable_names, temporaries_of, walk, weight
from hardtalk.slang.variants import with_variants
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition
from hardtalk.vm.constants import PINNED_REGISTERS
from hardtalk.vm.records import BARRIER_ROUTINE
from hardtalk.vm.state_plan import in_state_order

GREATEST_DEPTH: Final = 120


@dataclass(eq=False)
class SlangMethod:
    """One method with its declarations read out of the pragmas."""

    class_name: str
    definition: MethodDefinition
    node: ast.Method
    types: dict[str, SlangType]
    returns: SlangType
    flags: set[str]
    numbers: tuple[str, int, int] | None = None
    external: str | None = None
    recursion_depth: int = 0
    locked: tuple[int, int | None] | None = None
    calls: set[str] = field(default_factory=set)
    limits: set[int] = field(default_factory=set)
    touches_pinned: bool = False
    line_starts: list[int] = field(default_factory=list)

    @property
    def selector(self) -> str:
        return self.node.selector

    @property
    def symbol(self) -> str:
        """The linker's name of the routine."""
        return f"{self.class_name}>>{self.selector}"

    @property
    def is_threaded(self) -> bool:
        return "threaded" in self.flags

    @property
    def is_ranged(self) -> bool:
        """Whether the first parameter is the number's index within a range, a constant in each compilation."""
        return self.numbers is not None and self.numbers[2] > self.numbers[1]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        return tuple(parameter.name for parameter in self.node.parameters)

    def lock_place(self, index: int | None) -> int | None:
        """The place among what is locked in the instruction cache of the routine for this number of the range."""
        if self.locked is None:
            return None
        place, first = self.locked
        return place if first is None or index is None or index < first else None

    @property
    def entry_parameters(self) -> tuple[str, ...]:
        return self.parameters[1:] if self.is_ranged else self.parameters

    @cached_property
    def weight(self) -> int:
        return weight(self.node)

    @cached_property
    def temporaries(self) -> frozenset[str]:
        return temporaries_of(self.node)

    @cached_property
    def bindable(self) -> frozenset[str]:
        return bindable_names(self.node)

    @cached_property
    def returns_only_at_end(self) -> bool:
        """Whether `^` occurs nowhere but as the last statement."""
        returns = [n for n in walk(self.node) if isinstance(n, ast.Return)]
        return not returns or (len(returns) == 1 and returns[0] is self.node.statements[-1])

    def line_at(self, offset: int) -> int:
        """The line of the Tonel file that has this offset of the method's text."""
        return self.definition.line + bisect.bisect_right(self.line_starts, offset) - 1


@dataclass
class Program:
    """All classes of a Slang program, indexed."""

    methods: dict[str, SlangMethod]
    state: dict[str, int]
    state_types: dict[str, SlangType]
    state_size: int
    pinned: dict[str, int]
    constants: dict[str, int]
    visible: dict[str, set[str]]
    exposed_state: set[str]
    traps_bounds: bool = False
    """Whether each loop with a bound is to stop the machine when it goes round once more."""
    declared: set[str] = field(default_factory=set)
    """The classes that say what they use: the VM's, no native routines of drivers."""

    @cached_property
    def exposed_offsets(self) -> frozenset[int]:
        """The words of the state that stores through pointers may change: those of each variable whose address is
        taken, and the word behind it, since a ring's anchor is a pair of variables."""
        return frozenset(
            self.state[name] + 4 * word
            for name in self.exposed_state
            if name in self.state
            for word in range(self.constants.get(f"words:{name}", 1) + 1)
        )

    def method(self, selector: str) -> SlangMethod:
        return self.methods[selector]


BUFFER_WORDS: Final = 64
"""Variables of so many words lie behind all others, which are thus in few cache lines."""


def read_program(classes: Sequence[ClassDefinition], constants: dict[str, int]) -> Program:
    """The program that these classes declare; errors name file, line and column."""
    refuse([error for each in classes for method in each.methods for error in _too_deep(method)])
    classes = with_plain_sends(with_variants(classes))
    program = Program({}, {}, {}, 0, {}, constants, {}, set())
    variables = {name for definition in classes for name in definition.instance_variables}
    for definition in classes:  # a component's accessors of others have become variables and are found right
        declares = any(method.class_side and method.selector == DECLARATION for method in definition.methods)
        if declares:
            program.declared.add(definition.name)
        program.visible[definition.name] = variables if declares else set(definition.instance_variables)
    for definition in classes:
        _declare_variables(program, definition)
    offset = 0
    buffers: list[str] = []
    for name in in_state_order([(each.name, each.instance_variables) for each in classes]):
        if name in program.state or name in buffers:
            second = [each for each in classes if name in each.instance_variables][1]
            raise UnfitProgram(
                f"{second.file}:{second.line}: {second.name} declares the variable {name}, "
                "which another class of the program has; rename one"
            )
        words = program.constants.get(f"words:{name}", 1)
        if words >= BUFFER_WORDS:
            buffers.append(name)
        elif name not in program.pinned:
            program.state[name] = offset
            offset += 4 * words
    for name in buffers:
        program.state[name] = offset
        offset += 4 * program.constants[f"words:{name}"]
    program.state_size = offset
    errors: list[SourceError] = []
    for definition in classes:
        for method in definition.methods:
            if not method.class_side:
                try:
                    _declare_method(program, definition, method)
                except SourceError as error:
                    errors.append(error)
    refuse(errors)
    _resolve_calls(program)
    return program


def _declare_variables(program: Program, definition: ClassDefinition) -> None:
    for method in definition.methods:
        if not method.class_side or method.selector != "declareVariables":
            continue
        node = _parsed(method)
        for pragma in node.pragmas:
            arguments = [_plain(argument) for argument in pragma.arguments]
            if pragma.selector == "pinned:":
                program.pinned[str(arguments[0])] = _register(method, node, pragma, str(arguments[0]))
            elif pragma.selector.startswith("var:") and arguments[0] not in definition.instance_variables:
                near = get_close_matches(str(arguments[0]), definition.instance_variables, 1)
                hint = f"did you mean #{near[0]}?" if near else "remove the declaration"
                raise slang_error(
                    method, node, pragma, f"{definition.name} has no instance variable {arguments[0]}; {hint}"
                )
            elif pragma.selector == "var:type:":
                program.state_types[str(arguments[0])] = _type_named(method, node, pragma, str(arguments[1]))
            elif pragma.selector == "var:words:":
                program.constants[f"words:{arguments[0]}"] = _size(program, method, node, pragma, arguments[1])


def _too_deep(method: MethodDefinition) -> Iterator[SourceError]:
    """A complaint about a tree that is too deep for all that goes through it by calling itself."""
    level, depth = list(ast.children(method.node)), 0
    while level and depth < GREATEST_DEPTH:
        depth += 1
        level = [below for each in level for below in ast.children(each)]
    if level:
        message = "the method's expressions are nested too deeply; split them by temporaries"
        yield slang_error(method, method.node, 0, message)


def _declare_method(program: Program, definition: ClassDefinition, method: MethodDefinition) -> None:
    node = with_failures_written_out(method)
    declared = SlangMethod(definition.name, method, node, {}, Type.INT32, set())
    declared.line_starts = [0] + [i + 1 for i, c in enumerate(node.source) if c == "\n"]
    for pragma in node.pragmas:
        arguments = [_plain(argument) for argument in pragma.arguments]
        if pragma.selector == "var:type:":
            declared.types[str(arguments[0])] = _type_named(method, node, pragma, str(arguments[1]))
        elif pragma.selector == "returns:":
            declared.returns = _type_named(method, node, pragma, str(arguments[0]))
        elif pragma.selector in TABLE_PRAGMAS:
            declared.numbers = TablePragma(method, node, pragma).numbers()
            declared.flags.add("threaded")
        elif pragma.selector == "external:":
            declared.external = str(arguments[0])
        elif pragma.selector == "recursive:":
            declared.recursion_depth = _number(method, node, pragma, arguments[0])
        elif pragma.selector in ("locked:", "locked:first:"):
            numbers = [_number(method, node, pragma, argument) for argument in arguments]
            declared.locked = (numbers[0], numbers[1] if len(numbers) > 1 else None)
        elif pragma.selector == "limits:":
            declared.limits.add(_size(program, method, node, pragma, arguments[0]))
        elif pragma.selector in ("inline", "noInline", "volatile", "threaded", "cold", "piece"):
            declared.flags.add(pragma.selector)
        elif pragma.selector != "bound:":
            raise slang_error(method, node, pragma, f"unknown pragma <{pragma.selector}>; see docs/slang.md, Methods")
    if len(declared.entry_parameters) > 4 and "inline" not in declared.flags:
        raise slang_error(
            method,
            node,
            node,
            f"{node.selector} has {len(declared.entry_parameters)} parameters; "
            "a routine takes at most four words: pass an address, or mark it <inline>",
        )
    if node.selector in program.methods:
        other = program.methods[node.selector]
        raise slang_error(
            method,
            node,
            node,
            f"{node.selector} is already defined in {other.class_name}; selectors are unique in a Slang program",
        )
    program.methods[node.selector] = declared


def _parsed(method: MethodDefinition) -> ast.Method:
    return method.node


def _plain(argument: object) -> object:
    return argument.value if isinstance(argument, ast.Literal) else argument


def _register(method: MethodDefinition, node: ast.Method, pragma: ast.Pragma, name: str) -> int:
    if name not in PINNED_REGISTERS:
        names = ", ".join(f"#{each}" for each in PINNED_REGISTERS)
        raise slang_error(
            method, node, pragma, f"no register is kept for {name}; those of hardtalk.vm.constants: {names}"
        )
    return PINNED_REGISTERS[name]


def _number(method: MethodDefinition, node: ast.Method, place: ast.Node, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise slang_error(method, node, place, "this pragma takes a number; write it as an integer")
    return value


def _size(program: Program, method: MethodDefinition, node: ast.Method, pragma: ast.Pragma, value: object) -> int:
    """A number that a pragma gives: of words, or of turns; a constant's name stands for its value."""
    size = program.constants.get(str(value), value)
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        names = get_close_matches(str(value), program.constants, 1)
        hint = f"did you mean #{names[0]}?" if names else "write an integer above 0 or #Name of a constant"
        what = "words" if pragma.selector == "var:words:" else "turns"
        raise slang_error(method, node, pragma, f"{value} is no number of {what}; {hint}")
    return size


def _type_named(method: MethodDefinition, node: ast.Method, place: ast.Node, name: str) -> SlangType:
    if name not in DECLARABLE:
        near = get_close_matches(name, DECLARABLE, 1)
        hint = f"did you mean #{near[0]}?" if near else f"one of {', '.join('#' + n for n in DECLARABLE)}"
        raise slang_error(method, node, place, f"unknown type #{name}; {hint}")
    return DECLARABLE[name]


def _resolve_calls(program: Program) -> None:
    for method in program.methods.values():
        uses_pinned = method.is_threaded
        for node in walk(method.node):
            if isinstance(node, ast.Send) and isinstance(node.receiver, ast.Variable) and node.receiver.name == "self":
                if node.selector in program.methods:
                    method.calls.add(node.selector)
                elif node.selector == "addressOfState:" and isinstance(node.arguments[0], ast.Literal):
                    program.exposed_state.add(str(node.arguments[0].value))
            elif isinstance(node, ast.Variable) and node.name in program.pinned:
                uses_pinned = True
            elif passes_barrier(node) and BARRIER_ROUTINE in program.methods:
                method.calls.add(BARRIER_ROUTINE)
        method.touches_pinned = uses_pinned
    changed = True
    while changed:
        changed = False
        for method in program.methods.values():
            if not method.touches_pinned and any(program.methods[c].touches_pinned for c in method.calls):
                method.touches_pinned = changed = True
    _refuse_recursion(program)


def _refuse_recursion(program: Program) -> None:
    state: dict[str, int] = {}

    def visit(selector: str, path: list[str]) -> None:
        method = program.methods[selector]
        state[selector] = 1
        for callee in sorted(method.calls):
            target = program.methods[callee]
            if target.is_threaded:
                continue
            if state.get(callee) == 1 and not target.recursion_depth:
                cycle = [*path[path.index(callee) :], callee] if callee in path else [selector, callee]
                raise slang_error(
                    target.definition,
                    target.node,
                    target.node,
                    f"recursive call {' -> '.join(cycle)}; a routine's stack must be bounded: "
                    "use a loop, or state the greatest depth with <recursive: n>",
                )
            if callee not in state:
                visit(callee, [*path, callee])
        state[selector] = 2

    for selector, method in program.methods.items():
        if selector not in state and not method.is_threaded:
            visit(selector, [selector])
