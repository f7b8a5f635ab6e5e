"""The Keystone wrapper: labels and lines come back, and what Keystone would lose or change is refused."""

from __future__ import annotations

import pytest

from hardtalk.link.assembler import AssemblySource, Note, assemble
from hardtalk.link.errors import LinkError


def one(text: str, **symbols: int) -> bytes:
    return assemble([AssemblySource("x.s", text)], 0x10000, symbols).code


def refusal(text: str, **symbols: int) -> str:
    with pytest.raises(LinkError) as caught:
        one(text, **symbols)
    return str(caught.value)


def test_labels_and_lines() -> None:
    assembly = assemble(
        [
            AssemblySource("a.s", "/* two\n lines */ first: mov r0, #1\n\nsecond: b first\n"),
            AssemblySource("b.s", "third: ldr r0, =Outside"),
        ],
        0x10000,
        {"Outside": 0x12345678},
    )
    assert assembly.labels == {"first": 0x10000, "second": 0x10004, "third": 0x10008}
    assert assembly.code.hex() == "0100a0e3fdffffea04001fe578563412"
    assert [(r.start, r.stop, r.file, r.line) for r in assembly.lines] == [
        (0x10000, 0x10004, "a.s", 2),
        (0x10004, 0x10008, "a.s", 4),
        (0x10008, 0x10010, "b.s", 1),
    ], "the last line owns the literal pool"


@pytest.mark.parametrize("text", [".inst 0xe1a00000", ".section .data", ".data\n.word 1", ".thumb"])
def test_directives_that_vanish_are_refused(text: str) -> None:
    assert refusal(text).startswith(f"x.s:1:1: directive {text.split()[0]} is not supported; ")


@pytest.mark.parametrize("call", ["bleq", "BLLS"])
def test_conditional_calls_are_refused(call: str) -> None:
    message = refusal(f"mov r0, r0\n{call} there\nthere: bx lr\n")
    assert message.startswith("x.s:2:1: a conditional call, which Keystone makes one of itself; branch round a bl")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mov r0, #0x101", "movw"),
        ("nop", "hint"),
        ("movt r0, #1", "movt"),
        ("uxtb r0, r1", "media"),
        ("dmb", "barrier"),
    ],
)
def test_newer_instructions_are_refused(text: str, name: str) -> None:
    message = refusal(f"mov r0, r0\n{text}\n")
    assert message.startswith("x.s:2:1: assembles to 0x")
    assert f"a {name}" in message
    assert "the ARM926EJ-S does not have; load large constants with ldr rN, =value" in message


def test_empty_source_is_refused() -> None:
    assert refusal("/* nothing */\n") == "x.s: no code; add boot sources to assemble"


def test_errors_have_place_and_remedy() -> None:
    assert refusal("mov r0, #1\n    foo r1\nmov r2, #2") == (
        "x.s:2:5: invalid mnemonic; Keystone cannot assemble this statement for ARMv5TE\n    foo r1\n    ^"
    )
    assert refusal("there:\n b ther") == (
        "x.s:2:2: unknown name ther; did you mean there?; define it as a label or give it to the assembler\n b ther\n ^"
    )
    assert refusal("ldr r1, [r2, #UART0_DRR]", UART0_DR=0).startswith(
        "x.s:1:1: unknown name UART0_DRR; did you mean UART0_DR?; "
    )
    assert refusal("a: b a\na: b a").startswith("x.s:2:1: label a is already defined in x.s:1; rename one\n")
    assert refusal("mov r0, r1 @ note").startswith("x.s:1:1: this comment is not one to Keystone; write /* ... */\n")


def test_nothing_reaches_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    refusal("ldr r2, [r3, #Y]")
    assert capfd.readouterr().err == ""


def test_notes_in_comments_have_the_address_of_their_instruction() -> None:
    text = "again: subs r0, r0, #1\nbne again /* <bound: 2 * 8>, twice */\nbx r1 /* <returns> */\n/* <bound: 3> */\n"
    assert assemble([AssemblySource("x.s", text)], 0x10000, {}).notes == (
        Note(0x10004, "bound", "2 * 8", "x.s", 2),
        Note(0x10008, "returns", "", "x.s", 3),
    )


def test_unknown_notes_are_refused() -> None:
    assert refusal("mov r0, r0\n  bx lr /* <retruns> */") == (
        "x.s:2:3: <retruns> means nothing; write one of <bound>, <calls>, <endless>, <masks>, <returns>, <sleeps>, "
        "<unmasks>\n  bx lr /* <retruns> */\n  ^"
    )
