"""A row of the instruction table: a bit pattern as text, and what follows from it.

In a pattern `0` and `1` are fixed bits, `cond` is the condition field and every other letter is a field made of the
bits it stands at, highest first; they need not be adjacent. `Row.excluding` names field values that belong to other
rows, as condition 15 always does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class EncodingError(ValueError):
    """An operand that the instruction cannot express, or a table that contradicts itself."""


@dataclass(frozen=True)
class Row:
    """One instruction: mnemonic, 32-bit pattern and the UAL text of its listing."""

    mnemonic: str
    pattern: str
    syntax: str
    excluding: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    mask: int = field(init=False)
    value: int = field(init=False)
    parts: dict[str, tuple[tuple[int, int], ...]] = field(init=False)
    """Field name to its pieces (shift, width), highest first."""

    def __post_init__(self) -> None:
        bits = self.pattern.replace("cond", "cccc").replace(" ", "")
        if len(bits) != 32:
            raise EncodingError(f"{self.mnemonic}: pattern has {len(bits)} bits, not 32: {self.pattern}")
        set_attribute = object.__setattr__
        set_attribute(self, "mask", int("".join("1" if bit in "01" else "0" for bit in bits), 2))
        set_attribute(self, "value", int("".join("1" if bit == "1" else "0" for bit in bits), 2))
        parts: dict[str, list[tuple[int, int]]] = {}
        for position, letter in enumerate(bits):
            if letter in "01":
                continue
            pieces = parts.setdefault("cond" if letter == "c" else letter, [])
            shift = 31 - position
            if pieces and pieces[-1][0] == shift + 1:
                pieces[-1] = (shift, pieces[-1][1] + 1)
            else:
                pieces.append((shift, 1))
        set_attribute(self, "parts", {name: tuple(pieces) for name, pieces in parts.items()})
        if "cond" in parts:
            set_attribute(self, "excluding", {"cond": (15,), **self.excluding})
        for name in self.excluding:
            if name not in parts:
                raise EncodingError(f"{self.mnemonic}: excludes values of {name}, which is no field of {self.pattern}")

    def width(self, name: str) -> int:
        return sum(width for _, width in self.parts[name])

    def encode(self, fields: Mapping[str, int]) -> int:
        """The word with these field values; every field must be given."""
        word = self.value
        parts = self.parts
        if len(fields) != len(parts):
            wanted, given = " ".join(sorted(parts)), " ".join(sorted(fields))
            raise EncodingError(f"{self.mnemonic} has the fields {wanted}; given: {given}")
        for name, number in fields.items():
            pieces = parts.get(name)
            if pieces is None:
                raise EncodingError(f"{self.mnemonic} has no field {name}; it has {' '.join(sorted(parts))}")
            rest = number
            for shift, width in reversed(pieces):
                word |= (rest & ((1 << width) - 1)) << shift
                rest >>= width
            if rest or number in self.excluding.get(name, ()):
                raise EncodingError(f"{self.mnemonic}: {number} does not fit field {name} ({self.width(name)} bits)")
        return word

    def extract(self, word: int, name: str) -> int:
        number = 0
        for shift, width in self.parts[name]:
            number = number << width | (word >> shift) & ((1 << width) - 1)
        return number

    def decode(self, word: int) -> dict[str, int] | None:
        """The field values of `word`, or None when it is another instruction."""
        if word & self.mask != self.value:
            return None
        fields = {name: self.extract(word, name) for name in self.parts}
        if any(fields[name] in values for name, values in self.excluding.items()):
            return None
        return fields

    def excludes(self, other: Row) -> bool:
        """Whether the fixed bits of `other` say that one of this row's fields has an excluded value."""
        for name, values in self.excluding.items():
            bits = sum(((1 << width) - 1) << shift for shift, width in self.parts[name])
            if other.mask & bits == bits and self.extract(other.value, name) in values:
                return True
        return False

    def overlaps(self, other: Row) -> bool:
        common = self.mask & other.mask
        return self.value & common == other.value & common and not self.excludes(other) and not other.excludes(self)


def check(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The rows, after making sure that no word belongs to two of them."""
    checked: list[Row] = []
    for row in rows:
        for earlier in checked:
            if row.overlaps(earlier):
                raise EncodingError(f"{row.mnemonic} ({row.pattern}) overlaps {earlier.mnemonic} ({earlier.pattern})")
        checked.append(row)
    return tuple(checked)
