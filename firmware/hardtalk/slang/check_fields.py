"""The check of messages to records: which record a value is of, which field is meant, how it is read and stored.

A field becomes the load or store at its offset that could be written by hand; a reference is stored by a call of the
write barrier's routine. So the stages behind know next to nothing of records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from hardtalk.slang.check_base import CheckBase
from hardtalk.slang.fields import MESSAGES, WITHOUT_BARRIER, Access, Message, cast_to
from hardtalk.slang.operators import INTRINSICS, OPERATORS
from hardtalk.slang.tree import Apply, Binary, Cast, Constant, PartAddress, StoreReference, Value
from hardtalk.slang.types import DECLARABLE, WORD_MASK, SlangType, Type, record_of
from hardtalk.smalltalk import ast
from hardtalk.vm.records import BARRIER_ROUTINE, Field, Holds, Record, owners_of

UNIT_OF_WIDTH: Final = {4: "wordAt:", 2: "halfAt:", 1: "byteAt:"}


class CheckFields(CheckBase):
    """The part of the check that knows records."""

    def record_message(self, node: ast.Send, message: Message) -> Value:
        """A send to a value that only a record understands."""
        match message.access:
            case Access.CAST:
                return self.cast(node, message.name)
            case Access.WITHOUT_BARRIER:
                return self.complain(
                    node.selector_start, f"{WITHOUT_BARRIER} stores nothing; send the store of a reference to it"
                )
            case Access.STORE:
                return self.store(node, message.name)
        receiver = self.value(node.receiver)
        field = self.field(node, receiver, message.name)
        if field is None:
            return Constant(node.start, Type.UNKNOWN, 0)
        address = self.address_of(node, receiver, field)
        if message.access is Access.ADDRESS or field.holds is Holds.PART:
            return address
        row = INTRINSICS[UNIT_OF_WIDTH[field.width]]
        return Apply(node.start, type_of(field), row, (address,))

    def cast(self, node: ast.Send, name: str) -> Value:
        value = self.value(node.receiver)
        if not value.type.is_word:
            if value.type is Type.UNKNOWN:
                return value
            return self.complain(
                node.selector_start,
                f"{node.selector} makes a record of a word, this is #{value.type.value}; ask it of an address",
            )
        return Cast(node.start, DECLARABLE[name], value)

    def store(self, node: ast.Send, name: str) -> Value:
        place = node.receiver
        is_barred = not (isinstance(place, ast.Send) and place.selector == WITHOUT_BARRIER)
        if isinstance(place, ast.Send) and not is_barred:
            place = place.receiver
        receiver, value = self.value(place), self.value(node.arguments[0])
        field = self.field(node, receiver, name, place)
        if field is None:
            return Constant(node.start, Type.UNKNOWN, 0)
        self.require_fit(node.arguments[0], f"{name} of {owner_name(receiver)}", value, type_of(field))
        if field.holds is Holds.REFERENCE and is_barred:
            return self.store_reference(node, receiver, field, value)
        if field.holds is not Holds.REFERENCE and not is_barred:
            return self.complain(node.selector_start, f"{name} is no reference and has no barrier; leave it out")
        row = INTRINSICS[f"{UNIT_OF_WIDTH[field.width]}put:"]
        return Apply(node.start, Type.NOTHING, row, (self.address_of(node, receiver, field), value))

    def store_reference(self, node: ast.Send, receiver: Value, field: Field, value: Value) -> Value:
        routine = self.program.methods.get(BARRIER_ROUTINE)
        if routine is None:
            return self.complain(
                node.selector_start,
                f"{node.selector} stores a reference through {BARRIER_ROUTINE}, which no class of the program has; "
                f"add one, or write {WITHOUT_BARRIER} where the collector need not hear of it",
            )
        return StoreReference(node.start, Type.NOTHING, receiver, value, field.offset, routine)

    def address_of(self, node: ast.Send, receiver: Value, field: Field) -> Value:
        plus = OPERATORS["+"]
        form = plus.form(Type.ADDRESS)
        assert form is not None
        offset = Constant(node.selector_start, Type.LITERAL, field.offset)
        kind = PartAddress if field.holds is Holds.PART else Binary
        return kind(node.start, Type.ADDRESS, plus, form, receiver, offset)

    def moved(self, address: PartAddress, distance: int) -> PartAddress:
        """The place so many bytes further: one sum with one constant."""
        assert isinstance(address.right, Constant)
        offset = replace(address.right, value=address.right.value + distance & WORD_MASK)
        return replace(address, right=offset)

    def field(self, node: ast.Send, receiver: Value, name: str, place: ast.Node | None = None) -> Field | None:
        """The field that is meant, complained about when the receiver has none of that name."""
        if receiver.type is Type.UNKNOWN:
            return None
        record = record_of(receiver.type)
        if record is None:
            self.complain(node.selector_start, self._untyped(place or node.receiver, receiver, name))
            return None
        field = record.fields.get(name)
        if field is None:
            owners = owners_of(name)
            self.complain(
                node.selector_start,
                f"{record.name} has no field {name}, {listed(owners)} has; "
                f"declare the value so, or write {cast_to(owners[0])} before it",
            )
        return field

    def _untyped(self, place: ast.Node, receiver: Value, name: str) -> str:
        owners = owners_of(name)
        what = place.name if isinstance(place, ast.Variable) else "this value"
        problem = f"{name} is a field of {listed(owners)}, and {what} is #{receiver.type.value}"
        remedy = f"write {cast_to(owners[0])} before it"
        if isinstance(place, ast.Variable):
            remedy = f"declare <var: #{place.name} type: #{owners[0]}>, or {remedy}"
        return f"{problem}; {remedy}"

    def no_such_field(self, record: Record, name: str) -> str:
        """What to say of a message that means nothing, to a value of the record."""
        understood = [
            selector
            for selector, message in MESSAGES.items()
            if message.name in record.fields or message.access is Access.CAST
        ]
        near = get_close_matches(name, understood, 1)
        hint = f"did you mean {near[0]}?" if near else f"its fields: {', '.join(record.fields)}"
        return f"{record.name} has no field {name.removesuffix(':')}; {hint}"


def type_of(field: Field) -> SlangType:
    """The type of what is read from a field."""
    if field.target:
        return DECLARABLE[field.target]
    return Type.ADDRESS if field.holds is Holds.PART else Type.INT32


def owner_name(value: Value) -> str:
    record = record_of(value.type)
    return record.name if record is not None else f"#{value.type.value}"


def listed(names: Sequence[str]) -> str:
    """`A`, `A or B`, `A, B or C`."""
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
