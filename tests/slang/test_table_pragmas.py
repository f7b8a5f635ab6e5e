"""Pragmas that name a row of a table instead of a number: special sends and pinned registers."""

from __future__ import annotations

import pytest

from hardtalk.slang import compile_program
from hardtalk.slang.compile import CompiledProgram
from hardtalk.smalltalk.bytecodes import BY_NAME, SPECIAL_CONSTANTS, SPECIAL_SELECTORS, SPECIAL_SEND_OPCODES
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class
from hardtalk.vm.constants import PINNED_REGISTERS, STATE_REGISTER
from hardtalk.vm.primitives import PRIMITIVES

HEAD = (
    "Class {\n\t#name : #Sample,\n\t#superclass : #Object,\n\t#instVars : [ 'ip', 'other' ],\n"
    "\t#category : #'VM-Test'\n}\n"
)


def compiled(*methods: str) -> CompiledProgram:
    text = HEAD + "".join(f"\n{{ #category : #test }}\nSample {method}\n" for method in methods)
    return compile_program([read_class(text, "Sample.class.st")], {})


def test_special_sends_have_the_numbers_of_their_selectors() -> None:
    methods = [
        f">> special{number} [\n\t<special: '{selector}'>\n]" for number, (selector, _) in enumerate(SPECIAL_SELECTORS)
    ]
    entries = compiled(*methods).bytecode_entries
    assert entries == {
        SPECIAL_SEND_OPCODES[selector]: f"Sample>>special{number}"
        for number, (selector, _) in enumerate(SPECIAL_SELECTORS)
    }


def test_ranges_and_other_tables() -> None:
    program = compiled(
        ">> both: index [\n\t<special: '+' to: '-'>\n]",
        ">> marking [\n\t<markingSpecial: 'at:put:'>\n]",
        ">> forwarding [\n\t<forwardingSpecial: '=='>\n]",
    )
    first, second = SPECIAL_SEND_OPCODES["+"], SPECIAL_SEND_OPCODES["-"]
    assert program.bytecode_entries == {first: "Sample>>both:#0", second: "Sample>>both:#1"}
    assert program.marking_entries == {SPECIAL_SEND_OPCODES["at:put:"]: "Sample>>marking"}
    assert program.forwarding_entries == {SPECIAL_SEND_OPCODES["=="]: "Sample>>forwarding"}


def test_an_unknown_special_selector_is_refused() -> None:
    with pytest.raises(SourceError, match=r"10:2: 'plus:' is no special selector"):
        compiled(">> plus [\n\t<special: 'plus:'>\n]")


def test_bytecodes_have_the_numbers_of_their_names() -> None:
    program = compiled(
        ">> popInto: index [\n\t<bytecode: #popIntoReceiverVariable>\n]",
        ">> extended: index [\n\t<forwardingBytecode: #extendedPush to: #extendedPopInto>\n]",
        ">> pushTrue [\n\t<bytecode: #pushConstant of: 'true'>\n]",
        ">> pushInteger: index [\n\t<markingBytecode: #pushConstant of: '-1' to: '2'>\n]",
        ">> unused [\n\t<bytecode: 127>\n]",
    )
    first = BY_NAME["popIntoReceiverVariable"].first
    assert program.bytecode_entries == {
        **{first + place: f"Sample>>popInto:#{place}" for place in range(8)},
        BY_NAME["pushConstant"].first + SPECIAL_CONSTANTS.index("true"): "Sample>>pushTrue",
        127: "Sample>>unused",
    }
    assert [*program.forwarding_entries] == [128, 129, 130] and [*program.marking_entries] == [116, 117, 118, 119]


@pytest.mark.parametrize(
    ("pragma", "message", "remedy"),
    [
        ("bytecode: #pushTemporery", "there is no bytecode pushTemporery", "did you mean #pushTemporary?"),
        ("bytecode: 135", "bytecode 135 has a name", "write <bytecode: #pop>"),
        ("bytecode: 256", "there is no bytecode 256", "name a row of hardtalk.smalltalk.bytecodes"),
        ("bytecode: #extendedStore to: #extendedPush", "a range ends before it begins", "exchange its ends"),
        ("bytecode: #returnConstant of: '-1'", "returnConstant is not for '-1'", "one of self, true, false, nil"),
    ],
)
def test_what_names_no_bytecode_is_refused(pragma: str, message: str, remedy: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        compiled(f">> wrong: index [\n\t<{pragma}>\n]")
    assert (caught.value.line, caught.value.column) == (10, 2) and caught.value.remedy == remedy


def test_a_primitive_has_the_numbers_of_its_name() -> None:
    program = compiled(
        ">> primitiveAdd: m arguments: c [\n\t<primitive: #Add>\n]",
        ">> primitiveViewBit: index method: m arguments: c [\n\t<primitive: #ViewBit>\n]",
    )
    bits = {row.numbers for row in PRIMITIVES if row.name == "ViewBit"}
    (numbers,) = bits
    assert len(numbers) == 32
    assert program.primitive_entries == {
        1: "Sample>>primitiveAdd:arguments:",
        **{number: f"Sample>>primitiveViewBit:method:arguments:#{bit}" for bit, number in enumerate(numbers)},
    }


@pytest.mark.parametrize(
    ("method", "message", "remedy"),
    [
        ("primitiveAd: m arguments: c [\n\t<primitive: #Ad>", "there is no primitive Ad", "did you mean #Add?"),
        ("primitiveSin: m arguments: c [\n\t<primitive: #Sin>", "there is no primitive Sin with a routine", "did you"),
        (
            "primitiveAdd: m arguments: c [\n\t<primitive: 1>",
            "there is no primitive 1 with a routine",
            "name a row of hardtalk.vm.primitives",
        ),
        (
            "add: m arguments: c [\n\t<primitive: #Add>",
            "the routine of primitive Add is primitiveAdd:arguments:, not add:arguments:",
            "rename one",
        ),
    ],
)
def test_what_names_no_primitive_is_refused(method: str, message: str, remedy: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        compiled(f">> {method}\n]")
    assert (caught.value.line, caught.value.column) == (10, 2) and caught.value.remedy.startswith(remedy)


def test_pinned_variables_have_the_registers_of_the_table() -> None:
    program = compiled("class >> declareVariables [\n\t<pinned: #ip>\n]", ">> one [\n\t<bytecode: #pop>\n]")
    assert program.pinned == {"vmState": STATE_REGISTER, "ip": PINNED_REGISTERS["ip"]}
    assert "other" in program.state and "ip" not in program.state


def test_a_variable_without_a_register_is_not_pinned() -> None:
    with pytest.raises(SourceError, match="no register is kept for other") as caught:
        compiled("class >> declareVariables [\n\t<pinned: #other>\n]")
    names = ", ".join(f"#{name}" for name in PINNED_REGISTERS)
    assert str(caught.value).endswith(f"those of hardtalk.vm.constants: {names}")
