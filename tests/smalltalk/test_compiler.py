"""What code is generated: the shortest forms, nothing pushed in vain, and the method around the bytecodes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings

from hardtalk.smalltalk.ast import Method
from hardtalk.smalltalk.compiled_method import ClassBindingRef, ClassVariableRef, GlobalRef, MethodHeader
from hardtalk.smalltalk.compiler import CompiledMethodSpec, compile_expression, compile_method
from hardtalk.smalltalk.disassembler import disassemble, print_listing
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Symbol
from hardtalk.smalltalk.parser import parse_expression, parse_method
from hardtalk.smalltalk.verifier import frame_size

from .syntax_trees import methods


def compiled(source: str) -> CompiledMethodSpec:
    return compile_method(
        parse_method(source),
        class_name="Foo",
        instance_variables=[f"v{index}" for index in range(300)],
        class_variables={"Total": "Bar"},
    )


def names(spec: CompiledMethodSpec) -> str:
    """The instructions without offsets and comments, on one line."""
    lines = print_listing(spec.bytecodes).splitlines()
    return "; ".join(" ".join(line.partition(";")[0].split()[1:]) for line in lines)


CODE = [
    ("foo", "returnConstant 0"),
    ("foo ^ self", "returnConstant 0"),
    ("foo ^ nil", "returnConstant 3"),
    ("foo ^ 2", "pushConstant 7; returnTop"),
    ("foo 3. self. v1. [ 4 ]", "returnConstant 0"),
    ("foo v7 := 1", "pushConstant 6; popIntoReceiverVariable 7; returnConstant 0"),
    ("foo v8 := 1", "pushConstant 6; extendedPopInto 0 8; returnConstant 0"),
    ("foo v64 := 1", "pushConstant 6; doubleExtended 6 0 64; returnConstant 0"),
    ("foo ^ v15", "pushReceiverVariable 15; returnTop"),
    ("foo ^ v16", "extendedPush 0 16; returnTop"),
    ("foo ^ v64", "doubleExtended 2 0 64; returnTop"),
    ("foo ^ v1 := 1", "pushConstant 6; extendedStore 0 1; returnTop"),
    ("foo ^ v64 := 1", "pushConstant 6; doubleExtended 5 0 64; returnTop"),
    ("foo | a | a := 1", "pushConstant 6; popIntoTemporary 0; returnConstant 0"),
    ("foo Total := 1", "pushConstant 6; extendedPopInto 3 0; returnConstant 0"),
    ("foo ^ Total := 1", "pushConstant 6; extendedStore 3 0; returnTop"),
    ("foo ^ self size", "pushConstant 0; sendCommon 2; returnTop"),
    ("foo ^ self foo", "pushConstant 0; sendNoArguments 0; returnTop"),
    ("foo ^ self at: 1 put: 2", "pushConstant 0; pushConstant 6; pushConstant 7; sendCommon 1; returnTop"),
    (
        "foo ^ self a: 1 b: 1 c: 1",
        "pushConstant 0; pushConstant 6; pushConstant 6; pushConstant 6; extendedSend 3 0; returnTop",
    ),
    ("foo ^ super size", "pushConstant 0; superSend 0 0; returnTop"),
    ("foo ^ thisContext", "pushThisContext; returnTop"),
    ("foo self bar. ^ 1", "pushConstant 0; sendNoArguments 0; pop; pushConstant 6; returnTop"),
    (
        "foo: a a ifTrue: [ v1 := 1 ]",
        "pushTemporary 0; shortJumpIfFalse 2; pushConstant 6; popIntoReceiverVariable 1; returnConstant 0",
    ),
    (
        "foo: a a ifTrue: [ ^ 1 ]. ^ 2",
        "pushTemporary 0; shortJumpIfFalse 2; pushConstant 6; returnTop; pushConstant 7; returnTop",
    ),
    (
        "foo: a ^ a ifTrue: [ 1 ] ifFalse: [ self ]",
        "pushTemporary 0; shortJumpIfFalse 2; pushConstant 6; returnTop; returnConstant 0",
    ),
    ("foo: a a ifTrue: [ ^ 1 ] ifFalse: [ ^ nil ]", "pushTemporary 0; shortJumpIfFalse 2; pushConstant 6; returnTop; "
     "returnConstant 3"),
    (
        "foo: a (a and: [ v1 ]) ifTrue: [ v2 := 1 ]",
        "pushTemporary 0; shortJumpIfFalse 4; pushReceiverVariable 1; shortJumpIfFalse 2; pushConstant 6; "
        "popIntoReceiverVariable 2; returnConstant 0",
    ),
    (
        "foo: a (a or: [ v1 ]) ifTrue: [ v2 := 1 ]",
        "pushTemporary 0; longJumpIfTrue 2; pushReceiverVariable 1; shortJumpIfFalse 2; pushConstant 6; "
        "popIntoReceiverVariable 2; returnConstant 0",
    ),
    (
        "foo: a a ifNil: [ v2 := 1 ]",
        "pushTemporary 0; pushConstant 3; sendCommon 6; shortJumpIfFalse 2; pushConstant 6; "
        "popIntoReceiverVariable 2; returnConstant 0",
    ),
    ("foo [ true ] whileTrue: [ v1 := 1 ]", "pushConstant 6; popIntoReceiverVariable 1; longJump -4"),
    (
        "foo: a [ a size = 1 ] whileFalse: [ v1 := 1 ]",
        "pushTemporary 0; sendCommon 2; pushConstant 6; sendArithmetic 6; longJumpIfTrue 4; pushConstant 6; "
        "popIntoReceiverVariable 1; longJump -10; returnConstant 0",
    ),
    (
        "foo 1 to: 2 do: [ :i | v1 := i ]",
        "pushConstant 6; popIntoTemporary 0; pushTemporary 0; pushConstant 7; sendArithmetic 4; shortJumpIfFalse 8; "
        "pushTemporary 0; popIntoReceiverVariable 1; pushTemporary 0; pushConstant 6; sendArithmetic 0; "
        "popIntoTemporary 0; longJump -12; returnConstant 0",
    ),
    ("foo: a ^ [ :b | a + b ]", "pushTemporary 0; pushClosure 1 1 4; pushTemporary 1; pushTemporary 0; "
     "sendArithmetic 0; blockReturnTop; returnTop"),
    ("foo ^ [ ]", "pushClosure 0 0 2; pushConstant 3; blockReturnTop; returnTop"),
    ("foo ^ [ ^ 1 ]", "pushClosure 0 0 2; pushConstant 6; returnTop; returnTop"),
    ("foo ^ { 1. 2 }", "pushConstant 6; pushConstant 7; pushNewArray 1 2; returnTop"),
    ("foo ^ { }", "pushNewArray 0 0; returnTop"),
    ("foo ^ (self a; b)", "pushConstant 0; duplicate; sendNoArguments 0; pop; sendNoArguments 1; returnTop"),
    ("foo ^ [ | a | a := 1. [ a := a + 1 ] ]", "pushClosure 0 0 21; pushNewArray 0 1; pushConstant 6; "
     "popIntoRemoteTemporary 0 0; pushTemporary 0; pushClosure 1 0 9; pushRemoteTemporary 0 0; pushConstant 6; "
     "sendArithmetic 0; storeRemoteTemporary 0 0; blockReturnTop; blockReturnTop; returnTop"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), CODE, ids=[source for source, _ in CODE])
def test_code(source: str, expected: str) -> None:
    assert names(compiled(source)) == expected


@pytest.mark.parametrize(
    ("source", "primitive"),
    [
        ("foo", 256),
        ("foo ^ self", 256),
        ("foo ^ true", 257),
        ("foo ^ false", 258),
        ("foo ^ nil", 259),
        ("foo ^ -1", 260),
        ("foo ^ 2", 263),
        ("foo ^ v0", 264),
        ("foo ^ v253", 517),
        ("foo ^ 3", 0),
        ("foo ^ 1.0", 0),
        ("foo: a ^ self", 0),
        ("foo ^ thisContext", 0),
        ("foo | a | ^ a", 0),
        ("foo ^ Total", 0),
        ("foo 1. ^ self", 0),
        ("foo <primitive: 1023> ^ self", 1023),
        ("at: i <primitive: 60> ^ self", 60),
    ],
)
def test_primitives(source: str, primitive: int) -> None:
    assert compiled(source).primitive == primitive


def test_an_instance_variable_out_of_reach() -> None:
    with pytest.raises(SourceError, match="`v256` is instance variable 256; the last possible is 253"):
        compiled("foo ^ v256")


def test_expressions_have_no_quick_primitive() -> None:
    spec = compile_expression(parse_expression("^ self"))
    assert spec.primitive == 0 and spec.selector == "DoIt"


def test_header_bits() -> None:
    header = MethodHeader(0x3A5, 0x81, True, 0x23, 9)
    word = header.pack()
    assert word == 1 | (0x1A5 << 1) | (0x81 << 10) | (1 << 18) | (0x23 << 19) | (9 << 25) | (1 << 29)
    assert MethodHeader.unpack(word) == header
    with pytest.raises(ValueError, match="does not fit a method header"):
        MethodHeader(1024, 0, False, 0, 0).pack()


def test_header_of_a_method() -> None:
    spec = compiled("a: x b: y <primitive: 600> | t | t := x bar: y. ^ t")
    assert spec.fields == MethodHeader(600, 3, False, 3, 2)
    assert spec.header_value == spec.header >> 1


def test_large_frames() -> None:
    fifteen = " ".join(f"t{index}" for index in range(15))
    assert not compiled(f"foo | {fifteen} | ^ t0").fields.is_large
    assert compiled(f"foo | {fifteen} | ^ t0 + t1").fields.is_large
    assert compiled("foo ^ [ | " + fifteen + " | t0 + t1 ]").fields.is_large


def test_literals_in_order_of_use_then_selector_and_class() -> None:
    spec = compiled("foo ^ self bar: #x with: 'text' with: Smalltalk with: Total with: 3.0 with: #x with: 'text'")
    assert spec.literals == (
        Symbol("x"),
        "text",
        GlobalRef("Smalltalk"),
        ClassVariableRef("Bar", "Total"),
        3.0,
        "text",
        Symbol("bar:with:with:with:with:with:with:"),
        Symbol("foo"),
        ClassBindingRef("Foo", False),
    )


def test_like_literals_of_different_kinds_are_kept_apart() -> None:
    assert compiled("foo ^ { 5. 5.0. $5. #a. -0.0. 0.0. 5s2 }").fields.literal_count == 7 + 2


def test_known_globals_decide() -> None:
    def is_known(name: str) -> bool:
        return name in ("lower", "Upper")

    spec = compile_expression(parse_expression("lower foo: Upper"), is_known_global=is_known)
    assert spec.literals[:2] == (GlobalRef("lower"), GlobalRef("Upper"))
    with pytest.raises(SourceError, match="`Other` is not declared"):
        compile_expression(parse_expression("Other"), is_known_global=is_known)


def test_source_map() -> None:
    source = "foo: a\n\tself bar: a + 1.\n\t^ [ :x | x baz ]"
    spec = compiled(source)
    texts = {instruction.offset: source[spec.source_offset(instruction.offset) :].split()[0]
             for instruction in disassemble(spec.bytecodes)}  # fmt: skip
    assert list(texts.values()) == ["self", "a", "1.", "+", "bar:", "bar:", "[", "x", "baz", "baz", "baz"]
    assert list(spec.source_map) == sorted(spec.source_map)


def test_jumps_of_every_length() -> None:
    for count in (*range(1, 8), 63, 64, 65, 126, 127, 128, 129, 249):
        spec = compiled("foo: a ^ a ifTrue: [ " + "v1 := 1. " * count + "a ] ifFalse: [ " + "v1 := 1. " * count + "]")
        body = 2 * count + 2
        assert names(spec).split("; ")[1] == (f"shortJumpIfFalse {body}" if body <= 8 else f"longJumpIfFalse {body}")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(methods)
def test_any_tree_gives_sound_code_or_a_complaint(method: Method) -> None:
    try:
        spec = compile_method(method, class_name="Foo", is_known_global=lambda name: True)
    except SourceError as error:
        assert error.remedy
        return
    fields = spec.fields
    size = frame_size(spec.bytecodes, fields.temporary_count, fields.literal_count)
    assert (size > 16) == fields.is_large
    instructions = [instruction.row.name or "" for instruction in disassemble(spec.bytecodes)]
    for first, second in pairwise(instructions):
        makes_object = "Array" in first
        assert not (first.startswith(("push", "duplicate", "extendedPush")) and second == "pop") or makes_object
