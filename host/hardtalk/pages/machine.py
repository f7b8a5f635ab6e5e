"""The virtual machine's own tables: registers, special objects, the memory plan, counters, codes, the facts' parts."""

import re
from collections.abc import Iterator
from dataclasses import fields

from hardtalk.build.sources import vm_paths
from hardtalk.link import plan
from hardtalk.link.plan import BUDGETS, IRQ_STACK, STACKS, STATE, STATE_PLACE, TABLES, Piece
from hardtalk.pages.markdown import code, table
from hardtalk.smalltalk.tonel import read_class_file
from hardtalk.vm.codes import PRIMITIVE_FAILURES, STATISTICS
from hardtalk.vm.constants import PINNED_REGISTERS, STATE_REGISTER
from hardtalk.vm.facts import MEANINGS, Facts
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

VARIABLE = re.compile(r"^\t(?P<names>\w+(?:, \w+)*)\t+(?P<meaning>.+)$", re.MULTILINE)
"""A line of a class comment that says what variables hold."""


def variable_meanings() -> dict[str, tuple[str, str]]:
    """Of each VM variable the component and what its class comment says of it."""
    found: dict[str, tuple[str, str]] = {}
    for path in vm_paths():
        definition = read_class_file(path)
        for match in VARIABLE.finditer(definition.comment):
            for name in match["names"].split(", "):
                if name in definition.instance_variables:
                    found[name] = definition.name, match["meaning"]
    return found


def registers_section() -> str:
    meanings = variable_meanings()
    rows = [
        (f"r{STATE_REGISTER}", "", "address of the VM's state, `vmState`: every other variable is an offset from it")
    ]
    rows += [(f"r{number}", code(name), meanings[name][1]) for name, number in PINNED_REGISTERS.items()]
    return table(("register", "variable", "holds"), rows)


def counters_section() -> str:
    meanings = variable_meanings()
    rows = ((number, code(name), *meanings[name][::-1]) for number, name in enumerate(STATISTICS, 1))
    return table(
        ("n", "counter", "meaning", "component"), ((n, name, says, code(owner)) for n, name, says, owner in rows)
    )


def special_objects_section() -> str:
    rows = (
        (each.index, each.kind, code(each.name), code(each.variable) if each.variable else "")
        for each in SPECIAL_OBJECTS
    )
    return table(("index", "kind", "object", "VM variable"), rows)


def primitive_failures_section() -> str:
    return table(("value", "Slang constant"), ((number, code(name)) for name, number in PRIMITIVE_FAILURES.items()))


def memory_section() -> str:
    """The plan in the order of addresses; what has no size of its own is as large as what was compiled."""
    rows = [
        ("0x00000000", "vectors, copied there", "", ""),
        (
            f"{plan.CODE_BASE:#010x}",
            "`.boot`: the stub; the VM's routines behind it, `.vm`",
            "",
            budget(".boot", ".vm"),
        ),
        *(_row(piece, budget(".tables") if piece is TABLES[0] else "") for piece in TABLES),
        *(_row(piece, budget(".state") if piece is IRQ_STACK else "") for piece in (IRQ_STACK, *STATE, *STACKS)),
        (
            f"{plan.HEAP_BASE - plan.IMAGE_HEADER_BYTES:#010x}",
            f"the image's header: {', '.join(code(each) for each in plan.IMAGE_HEADER_FIELDS)}",
            str(plan.IMAGE_HEADER_BYTES),
            "",
        ),
        (f"{plan.HEAP_BASE:#010x}", "`HeapBase`: the image, then the heap to the end of RAM", "", ""),
    ]
    return table(("address", "what", "bytes", "notes"), rows)


def budget(*sections: str) -> str:
    return "; ".join(f"{code(name)} has at most {BUDGETS[name]:,} bytes" for name in sections)


def _row(piece: Piece, note: str) -> tuple[str, str, str, str]:
    size = "all variables" if piece.name == STATE_PLACE else f"{piece.size:,}"
    return "", f"{code(piece.name)}: {piece.use}", size, "; ".join(each for each in (*_notes(piece), note) if each)


def _notes(piece: Piece) -> Iterator[str]:
    if piece.alignment > 4:
        yield f"at a multiple of {piece.alignment:,}"
    if piece.end_alignment > 1:
        yield f"ends at a multiple of {piece.end_alignment:,}"
    if piece.locked_bytes is None:
        yield "locked in the data cache"
    elif piece.locked_bytes:
        yield f"the last {piece.locked_bytes} bytes locked in the data cache"


def facts_section() -> str:
    assert MEANINGS.keys() == {each.name for each in fields(Facts)}
    return table(("key", "what it holds"), ((code(name), meaning) for name, meaning in MEANINGS.items()))
