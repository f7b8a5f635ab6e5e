"""What Slang itself gives a meaning to."""

from typing import Final

from hardtalk.pages.markdown import code, table
from hardtalk.slang.operators import INTRINSICS
from hardtalk.slang.types import Type

OPERANDS: Final = {"w": "word", "f": "float", "b": "block", "s": "symbol"}


def intrinsics_section() -> str:
    """The messages to self, with the kinds of their arguments and the type of what they answer."""
    rows = (
        (
            code(row.selector),
            ", ".join(OPERANDS[each] for each in row.operands),
            "" if row.result is Type.NOTHING else code(f"#{row.result.value}"),
        )
        for row in INTRINSICS.values()
    )
    return table(("message", "arguments", "answers"), rows)
