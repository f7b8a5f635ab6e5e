"""The Slang compiler's front door: Tonel classes in, routines with relocations and the layout of the VM state out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hardtalk.slang.allocate import allocate
from hardtalk.slang.arguments import Argument, arguments_of
from hardtalk.slang.check import CheckedProgram, check_program
from hardtalk.slang.early_fetch import fetch_early
from hardtalk.slang.emit import Relocation, Routine, RoutineTooLong, emit
from hardtalk.slang.errors import slang_error
from hardtalk.slang.ir import VM_BASE, Graph, verify
from hardtalk.slang.lower import Lowering
from hardtalk.slang.optimise import optimise
from hardtalk.slang.polish import polish
from hardtalk.slang.program import Program, SlangMethod, read_program
from hardtalk.slang.schedule import schedule
from hardtalk.slang.select import select
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition

STATE = "vmState"

__all__ = ["CompiledProgram", "Relocation", "Routine", "compile_graph", "compile_program", "lower_method"]


@dataclass
class CompiledProgram:
    """Everything the linker needs. Entries map the numbers of bytecodes, primitives and pieces of compiled methods to
    routine names.

    `marking_entries` are the bytecodes that have another routine while the collector marks. `pinned` are the machine
    registers that hold a VM variable, or the address of the VM's state, while bytecodes run. `arguments` are what the
    native routines want, by selector.
    """

    routines: list[Routine]
    state: dict[str, int]
    state_size: int
    bytecode_entries: dict[int, str]
    primitive_entries: dict[int, str]
    marking_entries: dict[int, str]
    forwarding_entries: dict[int, str]
    pinned: dict[str, int]
    code_entries: dict[int, str] = field(default_factory=dict)
    arguments: dict[str, Argument] = field(default_factory=dict)


def lower_method(checked: CheckedProgram, method: SlangMethod, index: int | None = None) -> Graph:
    """The method's optimised and verified IR."""
    graph = Lowering(checked, method, index).run()
    verify(graph)
    optimise(graph, checked.program.exposed_offsets)
    verify(graph)
    return graph


def compile_graph(graph: Graph, touches_pinned: bool) -> Routine:
    """Machine code from optimised IR."""
    code = select(graph, touches_pinned)
    is_early = fetch_early(code, graph)
    allocate(code)
    if is_early and code.spill_words:
        code = select(graph, touches_pinned)
        allocate(code)
    polish(code)
    schedule(code)
    return emit(code)


def _compile_method(checked: CheckedProgram, method: SlangMethod, index: int | None) -> Routine:
    try:
        routine = compile_graph(lower_method(checked, method, index), method.touches_pinned)
    except RoutineTooLong as error:
        raise slang_error(method.definition, method.node, method.node, f"{error}; split the method") from error
    routine.class_name, routine.selector = method.class_name, method.selector
    routine.is_threaded, routine.recursion_depth = method.is_threaded, method.recursion_depth
    routine.locked = method.lock_place(index)
    return routine


def compile_program(
    classes: Sequence[ClassDefinition],
    constants: dict[str, int],
    roots: Iterable[str] = (),
    native: Sequence[str] = (),
    traps_bounds: bool = False,
) -> CompiledProgram:
    """Compiles all threaded routines, the methods named in `roots` and `native`, and whatever they call. Those in
    `native` are started by Smalltalk, with an argument. With `traps_bounds` a loop that goes round once more than its
    bound stops the machine.

    Raises SourceError with file, line and column for anything docs/slang.md forbids, SlangErrors for several.
    """
    program = read_program(classes, constants)
    program.traps_bounds = traps_bounds
    checked = check_program(program)
    by_symbol = {method.symbol: method for method in program.methods.values()}
    result = CompiledProgram([], program.state, program.state_size, {}, {}, {}, {}, {STATE: VM_BASE, **program.pinned})
    wanted: list[SlangMethod] = []
    for method in program.methods.values():
        if method.numbers is not None:
            _enter_numbers(result, method)
        if method.is_threaded and not ("inline" in method.flags and method.numbers is None):
            wanted.append(method)
    roots = [*roots, *native]
    missing = [selector for selector in roots if selector not in program.methods]
    if missing:
        place = classes[0].file, classes[0].line, 1, ""
        raise SourceError(*place, f"No class has {', '.join(missing)}, where the machine begins.", "Define it.")
    wanted += [program.methods[selector] for selector in roots]
    result.arguments = arguments_of(checked, [program.methods[selector] for selector in native])
    done: set[str] = set()
    while wanted:
        method = wanted.pop(0)
        if method.symbol in done or method.external:
            continue
        done.add(method.symbol)
        indices: Sequence[int | None] = [None]
        if method.is_ranged and method.numbers is not None:
            indices = range(method.numbers[2] - method.numbers[1] + 1)
        for index in indices:
            routine = _compile_method(checked, method, index)
            result.routines.append(routine)
            for relocation in routine.relocations:
                target = by_symbol.get(relocation.symbol)
                if target is not None and target.symbol not in done:
                    wanted.append(target)
    _check_locks(program)
    return result


def _check_locks(program: Program) -> None:
    """Where code lies must not depend on the order of the sources."""
    places: dict[int, SlangMethod] = {}
    for method in program.methods.values():
        if method.locked is not None:
            other = places.setdefault(method.locked[0], method)
            if other is not method:
                message = f"{other.symbol} is <locked: {method.locked[0]}>, too; give one another place"
                raise slang_error(method.definition, method.node, method.node, message)


def _enter_numbers(result: CompiledProgram, method: SlangMethod) -> None:
    assert method.numbers is not None
    kind, first, last = method.numbers
    entries = {
        "bytecode": result.bytecode_entries,
        "markingBytecode": result.marking_entries,
        "forwardingBytecode": result.forwarding_entries,
        "primitive": result.primitive_entries,
        "code": result.code_entries,
    }[kind]
    for number in range(first, last + 1):
        entries[number] = f"{method.symbol}#{number - first}" if method.is_ranged else method.symbol
