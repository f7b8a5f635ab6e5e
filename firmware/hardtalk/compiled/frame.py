"""What a piece of code knows at one place: which values are still only in registers, and what is known of them.

Words of the context's stack are numbered from where `sp` points when the piece begins: that word is 0, the one pushed
next 1. `sp` itself is moved only when the piece leaves, so what was popped is still in its place until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

SMALL_TAG = 1


@dataclass(frozen=True)
class Value:
    """A Slang expression without effects that has the value: a variable, a literal, an accessor. `constant` for a
    SmallInteger that is known, `slot` where on the stack the value lies, when it was not pushed by this piece."""

    text: str
    constant: int | None = None
    slot: int | None = None
    is_boolean: bool = False


def integer(value: int) -> Value:
    """A SmallInteger, tagged."""
    return Value(str(2 * value + SMALL_TAG), value)


@dataclass
class Frame:
    """`taken` words of the stack have been popped; `pushed` lie above what is left, so far in variables only.
    `temporaries` are those whose values are in variables too, `integers` the texts of values known as SmallIntegers.
    While a method is not `is_active` it has no context yet: arguments and receiver lie on the sender's stack, and
    nothing has been done that cannot be done again. `owner` is its receiver then, once it has been asked
    for. About `cycles` have passed since the last look at interrupts."""

    taken: int = 0
    pushed: list[Value] = field(default_factory=list)
    temporaries: dict[int, Value] = field(default_factory=dict)
    integers: set[str] = field(default_factory=set)
    is_active: bool = True
    owner: Value | None = None
    cycles: int = 0

    def copy(self) -> Frame:
        temporaries, integers = dict(self.temporaries), set(self.integers)
        return Frame(self.taken, list(self.pushed), temporaries, integers, self.is_active, self.owner, self.cycles)

    def is_integer(self, value: Value) -> bool:
        return value.constant is not None or value.text in self.integers

    def stores(self) -> Iterator[str]:
        """Slang that puts the stack where bytecodes have it."""
        for place, value in enumerate(self.pushed, 1 - self.taken):
            if value.slot != place:
                yield f"self wordAt: sp{word_offset(place)} put: {value.text}."
        if moved := len(self.pushed) - self.taken:
            yield f"sp := sp{word_offset(moved)}."


def word_offset(words: int) -> str:
    """So many words on from an address: ` + 8`, ` - 4`, or nothing."""
    if not words:
        return ""
    return f" + {4 * words}" if words > 0 else f" - {-4 * words}"
