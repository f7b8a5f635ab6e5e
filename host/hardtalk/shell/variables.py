"""Variables of the prompt: giving a value to a name makes one."""

from collections.abc import Collection, Sequence

from hardtalk.smalltalk.ast import Assignment, Method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.parser import parse_expression


def fresh_variables(entry: str, known: Collection[str]) -> list[str]:
    """The names to which a statement of the entry assigns, and that are not `known`; none of a method or class."""
    try:
        method = parse_expression(entry)
    except SourceError:
        return []
    known_here = {*known, *(each.name for each in method.temporaries)}
    assigned: dict[str, None] = {}
    for each in method.statements:
        while isinstance(each, Assignment):
            name = each.variable.name
            if name not in known_here:
                assigned[name] = None
            each = each.value
    return list(assigned)


def declaration_of(names: Sequence[str]) -> Method:
    """What makes them globals of the board, where they are none yet."""
    return parse_expression(
        ". ".join(f"Smalltalk at: #{each} ifAbsent: [ Smalltalk at: #{each} put: nil ]" for each in names)
    )
