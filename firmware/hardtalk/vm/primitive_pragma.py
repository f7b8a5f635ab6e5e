"""Checks a method's `<primitive: n>` against the table, for whoever makes compiled methods of source text.

The virtual machine takes the number of arguments from the stack as the table has it: a method with another number would
read what is not its own.
"""

from __future__ import annotations

from hardtalk.smalltalk.ast import Method
from hardtalk.vm.primitives import complaint_about

REMEDY = "Name a primitive of docs/primitives.md in a method with its number of arguments."


def check_primitive(node: Method) -> None:
    """Raises SourceError at the pragma when the method cannot have the primitive that it names."""
    for pragma in node.pragmas:
        if pragma.selector in ("primitive:", "primitive:error:") and isinstance(number := pragma.values[0], int):
            complaint = complaint_about(number, len(node.parameters))
            if complaint:
                raise node.error(pragma, f"{complaint[0].upper()}{complaint[1:]}.", REMEDY)
