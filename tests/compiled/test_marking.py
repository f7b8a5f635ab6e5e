"""Places are put where code is entered, and everything else still leads where it led."""

from __future__ import annotations

import random

import pytest
from tests.compiled.generated import Writer

from hardtalk.compiled.marking import Marked, marked, own_instructions, target_of
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec
from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.disassembler import disassemble
from hardtalk.smalltalk.parser import parse_method
from hardtalk.smalltalk.verifier import VerificationError, needs_of

LOOP = "count [ | i | i := 0. [ i < 10 ] whileTrue: [ self tick. i := i + 1 ]. ^ i"


def compiled(text: str) -> CompiledMethodSpec:
    source = text.replace(" [ |", "\n|", 1) if text is LOOP else text
    return compile_method(parse_method(source), class_name="Foo", instance_variables=("x", "elements"))


def found(text: str, first: int = 7) -> Marked:
    result = marked(compiled(text), first)
    assert result is not None
    return result


def test_a_method_a_loop_and_a_send_have_places() -> None:
    result = found(LOOP)
    names = [each.row.name for each in own_instructions(result.spec.bytecodes)]
    at = {each.offset: position for position, each in enumerate(own_instructions(result.spec.bytecodes))}
    assert [names[at[offset]] for offset in result.places.values()] == ["enterCode"] * 3
    assert result.start == 7 and list(result.places) == [8, 9, 10]
    assert names.count("enterCode") == 3 and names[0] == "enterCode"
    (head,) = result.heads
    assert names[at[head]] == "enterCode" and names[at[head] - 1] == "popIntoTemporary"
    back = next(each for each in own_instructions(result.spec.bytecodes) if each.row.name == "longJump")
    assert target_of(back) == head


def test_behind_a_send_whose_answer_is_returned_there_is_none() -> None:
    assert list(found("foo ^ self bar").places) == [8]
    assert list(found("foo ^ self bar baz").places) == [8, 9]


def test_blocks_have_none() -> None:
    result = found("foo ^ #(1 2) do: [ :each | [ each bar ] whileTrue: [ each baz ] ]")
    assert len(result.places) == 1


def test_jumps_become_longer_where_they_must() -> None:
    """A jump over seven bytes reaches no further when a place comes between."""
    text = "foo: a a ifTrue: [ self bar. self baz ]. ^ a"
    short = [each.row.name for each in own_instructions(compiled(text).bytecodes)]
    long = [each.row.name for each in own_instructions(found(text).spec.bytecodes)]
    assert "shortJumpIfFalse" in short and "longJumpIfFalse" in long


def test_what_does_not_fit_is_left_out() -> None:
    body = " ".join("self bar." for _ in range(320))
    assert marked(compiled(f"foo: a a ifTrue: [ {body} ]. ^ a"), 1) is None


@pytest.mark.parametrize("seed", range(40))
def test_without_their_places_methods_are_what_they_were(seed: int) -> None:
    text = Writer(random.Random(seed), 5).method().replace(" [\n", "\n", 1).rstrip("]")
    before, result = compiled(text), found(text)
    old = list(disassemble(before.bytecodes))
    new = [each for each in disassemble(result.spec.bytecodes) if each.row.name != "enterCode"]
    assert len(old) == len(new)
    place = {each.offset: number for number, each in enumerate(old)} | {len(before.bytecodes): len(old)}
    moved = {each.offset: number for number, each in enumerate(new)} | {len(result.spec.bytecodes): len(new)}
    for offset in result.places.values():
        moved[offset] = moved[offset + 3]
    for one, other in zip(old, new, strict=True):
        target, led = target_of(one), target_of(other)
        if target is None or led is None:
            assert (one.row, one.operands) == (other.row, other.operands)
        else:
            assert place[target] == moved[led]
    fields = before.fields
    needs = needs_of(before.bytecodes, fields.temporary_count, fields.literal_count)
    after = needs_of(result.spec.bytecodes, fields.temporary_count, fields.literal_count, has_machine_code=True)
    assert needs == after
    with pytest.raises(VerificationError):
        needs_of(result.spec.bytecodes, fields.temporary_count, fields.literal_count)
    offsets = {each.offset for each in disassemble(result.spec.bytecodes)}
    assert {offset for offset, _ in result.spec.source_map} <= offsets
