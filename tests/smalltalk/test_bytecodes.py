"""The bytecode table, its encoder and decoder, the listing, and the verifier."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardtalk.smalltalk.bytecodes import BY_NAME, BY_OPCODE, BYTECODES, SPECIAL_SELECTORS, UNUSED_OPCODES, Bytecode
from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.disassembler import disassemble, print_listing, print_method_listing, read_listing
from hardtalk.smalltalk.parser import parse_method
from hardtalk.smalltalk.scanner import argument_count
from hardtalk.smalltalk.verifier import VerificationError, frame_size, needs_of

# First opcode, last opcode, bytes of an instruction: from the bytecode set's description.
RANGES = {
    "pushReceiverVariable": (0, 15, 1),
    "pushTemporary": (16, 31, 1),
    "pushLiteral": (32, 63, 1),
    "pushLiteralVariable": (64, 95, 1),
    "popIntoReceiverVariable": (96, 103, 1),
    "popIntoTemporary": (104, 111, 1),
    "pushConstant": (112, 119, 1),
    "returnConstant": (120, 123, 1),
    "returnTop": (124, 124, 1),
    "blockReturnTop": (125, 125, 1),
    "extendedPush": (128, 128, 2),
    "extendedStore": (129, 129, 2),
    "extendedPopInto": (130, 130, 2),
    "extendedSend": (131, 131, 2),
    "doubleExtended": (132, 132, 3),
    "superSend": (133, 133, 2),
    "secondExtendedSend": (134, 134, 2),
    "pop": (135, 135, 1),
    "duplicate": (136, 136, 1),
    "pushThisContext": (137, 137, 1),
    "pushNewArray": (138, 138, 2),
    "enterCode": (139, 139, 3),
    "pushRemoteTemporary": (140, 140, 3),
    "storeRemoteTemporary": (141, 141, 3),
    "popIntoRemoteTemporary": (142, 142, 3),
    "pushClosure": (143, 143, 4),
    "shortJump": (144, 151, 1),
    "shortJumpIfFalse": (152, 159, 1),
    "longJump": (160, 167, 2),
    "longJumpIfTrue": (168, 171, 2),
    "longJumpIfFalse": (172, 175, 2),
    "sendArithmetic": (176, 191, 1),
    "sendCommon": (192, 207, 1),
    "sendNoArguments": (208, 223, 1),
    "sendOneArgument": (224, 239, 1),
    "sendTwoArguments": (240, 255, 1),
}

ENCODINGS = [
    ("pushReceiverVariable", (15,), "0f"),
    ("pushTemporary", (0,), "10"),
    ("extendedPush", (1, 16), "8050"),
    ("extendedSend", (3, 17), "8371"),
    ("doubleExtended", (1, 5, 200), "8425c8"),
    ("superSend", (2, 4), "8544"),
    ("secondExtendedSend", (1, 40), "8668"),
    ("pushNewArray", (1, 3), "8a83"),
    ("pushRemoteTemporary", (2, 5), "8c0205"),
    ("pushClosure", (2, 1, 0x0123), "8f210123"),
    ("shortJump", (1,), "90"),
    ("shortJumpIfFalse", (8,), "9f"),
    ("longJump", (-1024,), "a000"),
    ("longJump", (-1,), "a3ff"),
    ("longJump", (258,), "a502"),
    ("longJumpIfTrue", (1023,), "abff"),
    ("longJumpIfFalse", (9,), "ac09"),
    ("sendCommon", (15,), "cf"),
    ("sendTwoArguments", (3,), "f3"),
]


SQUEAK_ORDER = [
    "+", "-", "<", ">", "<=", ">=", "=", "~=", "*", "/", "\\\\", "@", "bitShift:", "//", "bitAnd:", "bitOr:",
    "at:", "at:put:", "size", "next", "nextPut:", "atEnd", "==", "class", "blockCopy:", "value", "value:", "do:",
    "new", "new:", "x", "y",
]  # fmt: skip
"""Bytecodes 176-207 of Squeak V3, which images of others contain."""


def test_ranges_and_sizes() -> None:
    assert {row.name: (row.first, row.last, row.size) for row in BYTECODES if row.name} == RANGES
    assert UNUSED_OPCODES == (126, 127)
    assert all(row.first <= opcode <= row.last for opcode, row in enumerate(BY_OPCODE))


def test_special_selectors() -> None:
    assert [selector for selector, _ in SPECIAL_SELECTORS] == SQUEAK_ORDER
    assert all(argument_count(selector) == count for selector, count in SPECIAL_SELECTORS)


@pytest.mark.parametrize(("name", "operands", "code"), ENCODINGS)
def test_encodings(name: str, operands: tuple[int, ...], code: str) -> None:
    assert BY_NAME[name].encode(*operands).hex() == code


@st.composite
def instructions(draw: st.DrawFn) -> tuple[Bytecode, tuple[int, ...]]:
    row = draw(st.sampled_from(sorted(BY_NAME.values(), key=lambda row: row.first)))
    operands = [draw(st.integers(0, (1 << width) - 1)) for _, _, width in row.fields]
    if row.bias:
        operands[-1] += row.bias
    return row, tuple(operands)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(instructions(), min_size=1, max_size=6))
def test_decoding_and_reading_the_listing_give_the_instructions(found: list[tuple[Bytecode, tuple[int, ...]]]) -> None:
    code = b"".join(row.encode(*operands) for row, operands in found)
    assert [(each.row, each.operands) for each in disassemble(code)] == found
    assert read_listing(print_listing(code)) == code


@pytest.mark.parametrize(
    ("name", "operands", "message"),
    [
        ("pushTemporary", (16,), "operand i of pushTemporary cannot be 16"),
        ("shortJump", (0,), "operand d of shortJump cannot be 0"),
        ("longJump", (1024,), "operand d of longJump cannot be 1024"),
        ("pushClosure", (1, 2), "pushClosure takes 3 operands, not 2"),
    ],
)
def test_operands_that_do_not_fit(name: str, operands: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BY_NAME[name].encode(*operands)


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        ("0 fly 3", "line 1: expected `offset name operands`, found '0 fly 3'"),
        ("0 pop\n2 pop", "line 2: the offset is 1, not 2"),
    ],
)
def test_listings_that_are_none(listing: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_listing(listing)


def test_method_listing() -> None:
    spec = compile_method(parse_method("at: i ^ i > 3 ifTrue: [Smalltalk at: i]"), class_name="Foo", class_side=True)
    assert (
        print_method_listing(spec)
        == """at:: primitive 0, 1 arguments, 1 temporaries, small frame
literal 0: 3
literal 1: Smalltalk
literal 2: #at:
literal 3: Foo class
   0  pushTemporary 0
   1  pushLiteral 0               ; 3
   2  sendArithmetic 3            ; >
   3  shortJumpIfFalse 4          ; to 8
   4  pushLiteralVariable 1       ; Smalltalk
   5  pushTemporary 0
   6  sendCommon 0                ; at:
   7  shortJump 1                 ; to 9
   8  pushConstant 3              ; nil
   9  returnTop
"""
    )


def code_of(listing: str) -> bytes:
    code = b""
    for line in listing.split(";"):
        name, *operands = line.split()
        code += BY_NAME[name].encode(*map(int, operands))
    return code


@pytest.mark.parametrize(
    ("listing", "size"),
    [
        ("returnConstant 0", 2),
        ("pushTemporary 1; pushTemporary 0; sendArithmetic 0; returnTop", 4),
        ("pushTemporary 0; shortJumpIfFalse 2; pushTemporary 0; returnTop; pushTemporary 1; returnTop", 3),
        # A closure with one copied value, one argument and five words on its stack.
        (
            "pushTemporary 0; pushClosure 1 1 7; pushTemporary 1; pushTemporary 1; pushTemporary 1; pushTemporary 1;"
            "pushNewArray 1 3; returnTop; returnTop",
            6,
        ),
    ],
)
def test_frame_sizes(listing: str, size: int) -> None:
    assert frame_size(code_of(listing), 2, 1) == size


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        ("pop; returnConstant 0", "bytecode 0: the stack is empty"),
        ("pushConstant 0", "bytecode 1: a path leaves the method or closure without a return"),
        ("pushLiteral 1; returnTop", "bytecode 0: the literal does not exist"),
        ("pushTemporary 2; returnTop", "bytecode 0: the temporary does not exist"),
        ("pushConstant 0; blockReturnTop", "bytecode 1: a block return stands outside a closure"),
        ("extendedStore 2 0; returnTop", "bytecode 0: a literal is stored into"),
        ("shortJump 8; returnConstant 0", "bytecode 0: a path leaves the method or closure without a return"),
        (
            "pushConstant 1; shortJumpIfFalse 1; pushConstant 0; returnConstant 0",
            "bytecode 3: paths meet with different numbers of slots in use",
        ),
        (
            "pushConstant 1; shortJumpIfFalse 1; extendedPush 0 1; returnTop",
            "bytecode 3: a jump leads into the middle of an instruction",
        ),
        ("pushClosure 0 0 9; returnTop", "bytecode 4: a closure's code is cut off"),
        ("pushClosure 0 0 1; returnTop; returnTop", "bytecode 4: the stack is empty"),
        ("shortJump 1; pushConstant 1; pushConstant 2; longJump -4", "bytecode 1: paths meet with different numbers"),
        ("pushClosure 0 0 2; pushConstant 0; returnTop; longJump -4", "bytecode 4: paths meet with different numbers"),
        ("doubleExtended 0 16 0; returnTop", "bytecode 0: a message has more than 15 arguments"),
        ("doubleExtended 2 0 254; returnTop", "bytecode 0: the receiver cannot have that many variables"),
    ],
)
def test_unsound_code(listing: str, message: str) -> None:
    with pytest.raises(VerificationError) as found:
        frame_size(code_of(listing), 2, 1)
    assert str(found.value).startswith(message)


def test_only_methods_of_the_firmware_enter_code() -> None:
    """Number 0 is no code, and may be anywhere."""
    for number in (1, 256):
        code = code_of(f"enterCode {number}; returnConstant 0")
        with pytest.raises(VerificationError, match="bytecode 0: the opcode is unused"):
            frame_size(code, 0, 0)
        assert needs_of(code, 0, 0, has_machine_code=True).slots == 0
    assert frame_size(code_of("enterCode 0; returnConstant 0"), 0, 0) == 0


def test_unused_opcodes_and_cut_instructions() -> None:
    for opcode in UNUSED_OPCODES:
        with pytest.raises(VerificationError, match="bytecode 0: the opcode is unused"):
            frame_size(bytes([opcode, 0, 0]), 0, 0)
    with pytest.raises(VerificationError, match="the last instruction is cut off"):
        frame_size(bytes([128]), 0, 0)
