"""The virtual machine's verifier and the compiler's judge alike: any bytes, compiled methods with a byte changed."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardtalk.smalltalk.bytecodes import BY_NAME, BY_OPCODE, BYTECODES
from hardtalk.smalltalk.compiled_method import LARGE_FRAME, SMALL_FRAME
from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.parser import parse_method
from hardtalk.smalltalk.verifier import FAULT_NUMBERS, FAULTS, Needs, VerificationError, needs_of
from hardtalk.vm.codes import PRIMITIVE_FAILURES
from hardtalk.vm.object_format import method_header

from .small_memory import Failed, SmallMemory

LITERALS = 6
COMPILED = [
    "at: i ^ i > 3 ifTrue: [Smalltalk at: i] ifFalse: [a foo: b]",
    "do: aBlock | n | n := 0. [n < 10] whileTrue: [n := n + 1. aBlock value: n. c := n]. ^ n",
    "with: x | y | y := 1. ^ [:z | | w | w := z. [y := y + w. x foo: y. ^ y]]",
    "make ^ {1. 2. self}",
    "all | x | x := #(1 2) collect: [:each | each isNil or: [each foo and: [each bar]]]. ^ x",
]

BINDINGS = ("Association", "SystemBinding")


def judged_on_host(code: bytes, temporaries: int, is_large: bool) -> Needs | tuple[int, int]:
    """What the code needs, or offset and number of the fault."""
    try:
        needs = needs_of(code, temporaries, LITERALS, LARGE_FRAME)
    except VerificationError as error:
        return error.offset, FAULT_NUMBERS[error.fault]
    return needs if needs.slots <= (LARGE_FRAME if is_large else SMALL_FRAME) else (0, FAULT_NUMBERS["TooManySlots"])


def judged_by_machine(memory: SmallMemory, code: bytes, temporaries: int, is_large: bool) -> bytes | tuple[int, int]:
    """The trailer of the method that it makes, or offset and number of the fault."""
    binding = memory.make("FormatFixed", memory.classes["Association"], [memory.nil] * 2)
    header = method_header(literals=LITERALS, temporaries=temporaries, large=is_large)
    data = memory.make("FormatBytes", memory.classes["ByteArray"], code)
    result = memory.run(680, memory.classes["CompiledMethod"], header, memory.array([binding] * LITERALS), data)
    assert isinstance(result, int)
    if result & 1:
        return result >> 6, result >> 1 & 31
    body = memory.body(result)
    assert body[4 * (LITERALS + 1) : -2] == code
    return body[-2:]


def judge(memory: SmallMemory, code: bytes, temporaries: int, is_large: bool) -> None:
    memory.reset()
    expected = judged_on_host(code, temporaries, is_large)
    found = judged_by_machine(memory, code, temporaries, is_large)
    assert found == (expected.trailer if isinstance(expected, Needs) else expected), code.hex(" ")


@st.composite
def listings(draw: st.DrawFn) -> bytes:
    """Instructions that the table has, with small operands; so that some are sound."""
    code = b""
    for row in draw(st.lists(st.sampled_from([row for row in BYTECODES if row.name]), min_size=1, max_size=10)):
        operands = [draw(st.integers(0, min((1 << width) - 1, 5))) for _, _, width in row.fields]
        if row.bias:
            operands[-1] = max(operands[-1] + row.bias, row.bias) if row.bias > 0 else draw(st.integers(-8, 8))
        code += row.encode(*operands)
    return code + draw(st.sampled_from([b"", b"\x78", b"\x7c", b"\x79\x78"]))


QUICK = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@QUICK
@given(st.binary(max_size=12), st.integers(0, 20), st.booleans())
def test_any_bytes(memory: SmallMemory, code: bytes, temporaries: int, is_large: bool) -> None:
    judge(memory, code, temporaries, is_large)


@QUICK
@given(listings(), st.integers(0, 20), st.booleans())
def test_any_instructions(memory: SmallMemory, code: bytes, temporaries: int, is_large: bool) -> None:
    judge(memory, code, temporaries, is_large)


@pytest.mark.parametrize("source", COMPILED)
def test_compiled_methods_and_what_one_byte_makes_of_them(memory: SmallMemory, source: str) -> None:
    spec = compile_method(parse_method(source), class_name="Foo", instance_variables=("a", "b", "c"))
    code, temporaries = spec.bytecodes, spec.fields.temporary_count
    assert isinstance(judged_on_host(code, temporaries, False), Needs)
    judge(memory, code, temporaries, False)
    for offset in range(len(code)):
        for byte in (code[offset] ^ 1, 0x8F, 0x00, 0xA0):
            judge(memory, code[:offset] + bytes([byte]) + code[offset + 1 :], temporaries, False)


def test_headers_and_literals(memory: SmallMemory) -> None:
    binding = memory.make("FormatFixed", memory.classes["Association"], [memory.nil] * 2)
    answer = memory.make("FormatBytes", memory.classes["ByteArray"], bytes([0x40, 0x7C]))  # literal variable 0
    method = memory.classes["CompiledMethod"]

    def outcome(header: int, literals: list[int]) -> str:
        result = memory.run(680, method, header, memory.array(literals), answer)
        assert isinstance(result, int)
        return list(FAULTS)[(result >> 1 & 31) - 1] if result & 1 else "made"

    assert outcome(method_header(literals=2), [binding, binding]) == "made"
    assert outcome(method_header(literals=2), [memory.string(b"abc"), binding]) == "NoBinding"
    assert outcome(method_header(literals=3), [binding, binding, memory.integer(1)]) == "NoBinding"
    assert outcome(method_header(literals=1), [binding]) == "Header"
    assert outcome(method_header(literals=2, arguments=2, temporaries=1), [binding] * 2) == "Header"
    assert outcome(method_header(literals=2, primitive=60), [binding] * 2) == "Primitive"
    assert outcome(method_header(literals=2, primitive=60, arguments=1, temporaries=1), [binding] * 2) == "made"
    assert outcome(method_header(literals=2, primitive=198, arguments=1, temporaries=1), [binding] * 2) == "Primitive"
    assert outcome(method_header(literals=2, primitive=999), [binding] * 2) == "Primitive"
    wrong = memory.run(680, method, method_header(literals=3), memory.array([binding] * 2), answer)
    assert isinstance(wrong, Failed)


def test_bindings_of_the_firmware_are_read_and_not_stored_into(memory: SmallMemory) -> None:
    plain, system = (memory.make("FormatFixed", memory.classes[name], [memory.nil] * 2) for name in BINDINGS)
    read = [0x40, 0x7C]
    """Push literal variable 0, return it."""
    stored = ([0x70, 0x81, 0xC0, 0x7C], [0x70, 0x82, 0xC0, 0x78], [0x70, 0x84, 0xE0, 0x00, 0x7C])
    """Push self; store into literal variable 0, pop into it, store by the double extended bytecode; return."""

    def outcome(binding: int, code: list[int]) -> str:
        bytecodes = memory.make("FormatBytes", memory.classes["ByteArray"], bytes(code))
        literals = memory.array([binding, plain])
        result = memory.run(680, memory.classes["CompiledMethod"], method_header(literals=2), literals, bytecodes)
        assert isinstance(result, int)
        return list(FAULTS)[(result >> 1 & 31) - 1] if result & 1 else "made"

    assert [outcome(each, read) for each in (plain, system)] == ["made", "made"]
    for code in stored:
        assert [outcome(each, code) for each in (plain, system)] == ["made", "OfFirmware"]


def test_the_library_has_the_reasons_of_the_table() -> None:
    from hardtalk.build.sources import read_classes, text_root

    (library,) = read_classes([text_root() / "firmware" / "kernel" / "CompiledMethod.class.st"])
    (method,) = [each for each in library.methods if each.selector == "reasons"]
    told = [line.strip().rstrip(" )").strip("'").replace("''", "'") for line in method.source.splitlines()]
    assert [line for line in told if line in FAULTS.values()] == list(FAULTS.values())
    assert BY_NAME["pushClosure"].size == 4


def test_bytes_of_each_instruction(memory: SmallMemory) -> None:
    sizes = [memory.run(681, memory.classes["CompiledMethod"], memory.integer(opcode)) for opcode in range(256)]
    assert sizes == [memory.integer(row.size if row.name else 0) for row in BY_OPCODE]
    for wrong in (memory.integer(256), memory.integer(-1), memory.nil):
        assert memory.run(681, memory.classes["CompiledMethod"], wrong) == Failed(PRIMITIVE_FAILURES["BadArgument"])
