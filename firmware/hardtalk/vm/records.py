"""The records whose fields Slang names: objects by class, and what native code keeps outside of objects.

Derived from the tables of the object format, of the method cache and of native code. A field's name alone says whether
a store of it passes the write barrier: no name is that of a reference in one record and of a word in another.
docs/slang.md, "Records", is the meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from hardtalk.vm import native
from hardtalk.vm.constants import METHOD_CACHE_FIELDS
from hardtalk.vm.object_format import BODY_OFFSET, HEADER_FIELDS, HEADER_VIEWS, SLOTS, WORD_BYTES, slot_offset
from hardtalk.vm.slots import SUPERCLASSES, slot_types

ANY_OBJECT: Final = "oop"
"""The record of all objects; the others of objects are of it."""
BLOCK: Final = "Block"
"""What lies where an object might: a free block, the anchor of a ring."""
BARRIER_ROUTINE: Final = "storePointer:in:at:"
"""What stores a reference: value, object, offset."""


class Holds(Enum):
    """What is in a field: a reference, which is stored through the barrier; what is stored plainly; or a part of the
    record, of which the field is the address."""

    REFERENCE = auto()
    WORD = auto()
    PART = auto()


@dataclass(frozen=True)
class Field:
    """A field; `target` names the record that it leads to, empty for a number. `width` is in bytes."""

    name: str
    offset: int
    holds: Holds
    target: str = ""
    width: int = WORD_BYTES


@dataclass(frozen=True)
class Record:
    """A record; `base` is the one whose fields it has as well, `fields` has all of them by name."""

    name: str
    base: Record | None
    fields: dict[str, Field]
    is_object: bool

    def is_of(self, other: Record) -> bool:
        """Whether it is the other, or begins as that does."""
        return self is other or (self.base is not None and self.base.is_of(other))

    def may_be(self, other: Record) -> bool:
        """Whether an address of one may be kept as that of the other: one is of the other, or one is a block."""
        blocks = (self.name == BLOCK and other.is_object) or (other.name == BLOCK and self.is_object)
        return blocks or self.is_of(other) or other.is_of(self)


def _field(name: str, offset: int, what: str, width: int = WORD_BYTES) -> Field:
    spelled = name[0].lower() + name[1:]
    if what == "word":
        return Field(spelled, offset, Holds.WORD, width=width)
    if what == "part":
        return Field(spelled, offset, Holds.PART)
    return Field(spelled, offset, Holds.REFERENCE, what)


def _header() -> Iterable[Field]:
    for each in HEADER_FIELDS:
        if each.name == "class":
            yield Field(each.name, each.offset, Holds.REFERENCE, "Class")
        else:
            target = BLOCK if each.name in ("next", "previous") else ""
            yield Field(each.name, each.offset, Holds.WORD, target, each.width)
    for name, (offset, width) in HEADER_VIEWS.items():
        yield Field(name, offset, Holds.WORD, width=width)


def _native() -> Iterable[tuple[str, str | None, list[Field]]]:
    for name, base, fields in native.RECORDS:
        targets = native.TARGETS.get(name, {})
        yield (
            name,
            base,
            [
                Field(field[0].lower() + field[1:], offset, Holds.PART)
                if targets.get(field) == "part"
                else Field(field[0].lower() + field[1:], offset, Holds.WORD, targets.get(field, ""))
                for field, offset in fields.items()
            ],
        )


def _records() -> dict[str, Record]:
    found: dict[str, Record] = {}

    def add(name: str, base: str | None, fields: Iterable[Field], is_object: bool) -> None:
        above = found[base] if base else None
        every = dict(above.fields) if above else {}
        for field in fields:
            if every.setdefault(field.name, field) != field:
                raise ValueError(f"{name} has another {field.name} than {base}; give the field another name")
        found[name] = Record(name, above, every, is_object)

    header = list(_header())
    body = Field("body", BODY_OFFSET, Holds.PART)
    add(ANY_OBJECT, None, [*header, body], True)
    add(BLOCK, None, [*(field for field in header if field.name not in ("class", "size", "hash")), body], False)
    for group in SLOTS:
        slots = [_field(name, slot_offset(place), what) for place, (name, what) in enumerate(slot_types(group).items())]
        add(group, SUPERCLASSES.get(group, ANY_OBJECT), slots, True)
    cached = [_field(f"Cached{name}", WORD_BYTES * place, "word") for place, name in enumerate(METHOD_CACHE_FIELDS)]
    add("CacheEntry", None, cached, False)
    for name, base, fields in _native():
        add(name, base, fields, False)
    return found


RECORDS: Final = _records()
HOLDS: Final = {field.name: field.holds for record in RECORDS.values() for field in record.fields.values()}
"""What is in the fields of a name, in whatever record."""


def owners_of(name: str) -> list[str]:
    """The records that have a field of that name themselves."""
    return [
        record.name
        for record in RECORDS.values()
        if name in record.fields and not (record.base and name in record.base.fields)
    ]


def _check() -> None:
    for record in RECORDS.values():
        for field in record.fields.values():
            assert HOLDS[field.name] is field.holds, f"{field.name} is a reference here and none there"
            assert not field.target or field.target in RECORDS, f"{record.name} leads to {field.target}"


_check()
