"""Methods that the virtual machine relies on: those it sends or marks, and those it does without sending.

A program may replace other methods of the class library; replacing these would break every process, or have no effect.
"""

from __future__ import annotations

from typing import Final

SENT: Final = {
    "Object": ("doesNotUnderstand:", "mustBeBoolean", "cannotInterpret:", "outOfMemory", "stackTooDeep"),
    "ContextPart": ("cannotReturn:", "aboutToReturn:through:"),
}
"""What the virtual machine sends by itself."""
READ: Final = {
    "BlockClosure": ("on:do:", "ensure:", "ifCurtailed:", "ifLeftInEnding:"),
    "ContextPart": ("runHandlerFor:", "takeDefaultActionOf:", "evaluateUnwindBlock"),
}
"""What marks contexts by its primitive; its temporaries are read by their positions."""
_ARITHMETIC: Final = (
    "+",
    "-",
    "*",
    "/",
    "//",
    "\\\\",
    "<",
    ">",
    "<=",
    ">=",
    "=",
    "~=",
    "bitAnd:",
    "bitOr:",
    "bitShift:",
)
UNSENT: Final = {
    "Object": ("==", "class"),
    "SmallInteger": _ARITHMETIC,
    "Float": _ARITHMETIC,
    "BlockClosure": ("value", "value:"),
}
"""What the bytecodes do without looking for a method."""


def reliance(class_name: str, class_side: bool, selector: str) -> str:
    """Why the method cannot be replaced; empty when it can."""
    if class_side:
        return ""
    for table, reason in (
        (SENT, "the virtual machine sends it"),
        (READ, "the virtual machine finds its contexts by it"),
        (UNSENT, "the virtual machine does it without sending it"),
    ):
        if selector in table.get(class_name, ()):
            return reason
    return ""
