"""Bytecodes and primitives, each with the component whose routine executes it."""

from collections.abc import Iterator

from hardtalk.bench import BootOptions, build_options
from hardtalk.build import build
from hardtalk.pages.markdown import code, span, table
from hardtalk.smalltalk.bytecodes import BYTECODES, SPECIAL_SELECTORS, Bytecode
from hardtalk.vm.facts import Facts, RoutineFact
from hardtalk.vm.primitives import OWN_NUMBERS, PRIMITIVES, Primitive

BYTECODE_TABLE, PRIMITIVE_TABLE = "bytecode", "primitive"
OPERANDS = 0, 1, 2
"""Of an instruction whose effect on the stack depends on them: examples."""


def default_facts() -> Facts:
    """Of the firmware without additions."""
    return Facts.of_elf(build(build_options(BootOptions())).elf)


def serving(routines: tuple[RoutineFact, ...], kind: str) -> dict[int, RoutineFact]:
    """The routine of each number."""
    return {number: each for each in routines if each.table == kind for number in range(each.first, each.last + 1)}


def bytecodes_section() -> str:
    routines = serving(default_facts().routines, BYTECODE_TABLE)
    rows = ((span(range(row.first, row.last + 1)), *_bytecode(row), _components(row, routines)) for row in BYTECODES)
    return table(("number", "name", "bits", "from the stack", "to the stack", "components"), rows)


def special_selectors_section() -> str:
    first = next(row.first for row in BYTECODES if row.name == "sendArithmetic")
    rows = ((first + index, code(name), arguments) for index, (name, arguments) in enumerate(SPECIAL_SELECTORS))
    return table(("number", "selector", "arguments"), rows)


def _bytecode(row: Bytecode) -> tuple[str, str, str, str]:
    if row.name is None:
        return "no method contains it", code(row.pattern), "", ""
    popped, pushed = _effect(row)
    return code(row.name), code(row.pattern), popped, pushed


def _effect(row: Bytecode) -> tuple[str, str]:
    """In words, `n` where it depends on the operands."""
    if isinstance(row.effect, tuple):
        popped, pushed = row.effect
        return str(popped), str(pushed)
    count = len(row.fields)
    effects = {row.effect(*(operand,) * count) for operand in OPERANDS}
    popped_all, pushed_all = ({each[side] for each in effects} for side in (0, 1))
    return tuple(str(min(each)) if len(each) == 1 else "n" for each in (popped_all, pushed_all))  # type: ignore[return-value]


def _components(row: Bytecode, routines: dict[int, RoutineFact]) -> str:
    owners = {routines[number].class_name for number in range(row.first, row.last + 1) if number in routines}
    return ", ".join(map(code, sorted(owners)))


def own_primitives_section() -> str:
    return _primitives(row for row in PRIMITIVES if row.number in OWN_NUMBERS)


def squeak_primitives_section() -> str:
    return _primitives(row for row in PRIMITIVES if row.number not in OWN_NUMBERS)


def _primitives(rows: Iterator[Primitive]) -> str:
    return table(("n", "arguments", "as used in Smalltalk", "meaning"), map(_primitive, rows))


def _primitive(row: Primitive) -> tuple[str, str, str, str]:
    arity = "any" if row.arity is None else str(row.arity)
    meaning = row.meaning if row.has_routine else f"no routine: {row.meaning}"
    return span(row.numbers), arity, code(row.used_by), meaning
