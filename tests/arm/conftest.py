"""Words that exercise every row of the instruction table with edge-case operands."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from hardtalk.arm.pattern import Row

REGISTER_LETTERS = "dnmkab"


def edges(row: Row, name: str) -> list[int]:
    """Lowest, highest and some middle values of a field, without excluded ones."""
    width = row.width(name)
    top = (1 << width) - 1
    if name == "cond":
        return [14, 0, 13]
    if name in REGISTER_LETTERS and width == 4:
        return [0, 7, 12]
    values = {"l": [1, 0x4010, 0x5FFF], "L": [0x8001, 0x1FFF], "f": [1, 8, 9]}.get(name)
    values = values or sorted({0, min(1, top), top // 2, max(top - 1, 0), top})
    return [value for value in values if value not in row.excluding.get(name, ())]


def is_defined(row: Row, fields: Mapping[str, int]) -> bool:
    """Whether the manual gives the word a meaning (not UNPREDICTABLE) and text can say it."""
    name, d, n, m = row.mnemonic, fields.get("d"), fields.get("n"), fields.get("m")
    if name in ("mul", "mla"):
        return d != m
    if name in ("umull", "umlal", "smull", "smlal"):
        return len({fields["a"], fields["b"], m}) == 3
    if name in ("swp", "swpb"):
        return n not in (d, m)
    if name == "fmrrd":
        return fields["a"] != fields["b"]
    if name in ("ldrd", "strd") and d is not None:
        pair = (d, d + 1)
        return d % 2 == 0 and (fields["x"] == 2 or n not in pair) and (name == "strd" or m not in pair)
    if "x" in fields and fields["x"] != 2:
        return n not in (d, m)
    if name in ("fldmiad", "fstmiad", "fldmdbd", "fstmdbd") and d is not None:
        return 1 <= fields["i"] <= 16 - d
    if name in ("ldm", "stm") and "l" in fields and n is not None:
        return not (fields["w"] and fields["l"] >> n & 1)
    if name in ("ldm", "stm") and fields.get("w"):
        return name == "ldm" and bool(fields["L"] >> 15) and not fields["L"] >> (n or 0) & 1
    if name in ("fmxr", "fmrx"):
        return n in (0, 1, 8)
    if "r" in fields and "i" in fields:
        value = (fields["i"] >> 2 * fields["r"] | fields["i"] << 32 - 2 * fields["r"]) & 0xFFFFFFFF
        return smallest_rotation(value) == fields["r"]
    return True


def smallest_rotation(value: int) -> int:
    for rotation in range(16):
        if (value << 2 * rotation | value >> 32 - 2 * rotation) & 0xFFFFFFFF < 256:
            return rotation
    raise AssertionError(f"{value:#x} is no immediate")


def words(row: Row) -> Iterator[int]:
    """Each field through its edges with the others at rest, then every pair of fields, duplicates dropped."""
    choices = {name: edges(row, name) for name in row.parts}
    rest = {name: values[-1] if name in "u" else values[0] for name, values in choices.items()}
    for offset, name in enumerate(letter for letter in "dnmk" if letter in rest and letter != "p"):
        rest[name] = offset * 2 if row.width(name) == 4 else rest[name]
    for name in ("a", "b"):
        if name in rest:
            rest[name] = 8 if name == "a" else 9
    for name, value in (("l", 0x4010), ("i", 1)):
        rest |= {name: value} if name in rest and value in choices[name] else {}
    seen: set[int] = set()
    for first, second in itertools.combinations_with_replacement(sorted(choices), 2):
        for one, two in itertools.product(choices[first], choices[second]):
            fields = {**rest, first: one, second: two}
            word = row.encode(fields)
            if is_defined(row, fields) and word not in seen:
                seen.add(word)
                yield word
