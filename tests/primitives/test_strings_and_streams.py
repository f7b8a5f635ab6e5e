"""Copying with overlap and interruption, comparing, hashing, searching, CRC; stream primitives."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardtalk.vm.constants import slang_constants
from hardtalk.vm.string_hash import string_hash

from .small_memory import Failed, Interrupted, SmallMemory

CHECKED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def elements(memory: SmallMemory, kind: str, count: int, first: int) -> int:
    if kind == "bytes":
        return memory.string(bytes((first + n) & 0xFF for n in range(count)))
    if kind == "words":
        return memory.words([first + n for n in range(count)])
    return memory.array([memory.integer(first + n) for n in range(count)])


def contents(memory: SmallMemory, oop: int) -> list[object]:
    result = memory.value(oop)
    assert isinstance(result, bytes | list)
    return list(result)


@pytest.mark.parametrize("kind", ["bytes", "words", "pointers"])
@CHECKED
@given(
    start=st.integers(1, 150),
    count=st.integers(0, 150),
    first=st.integers(1, 150),
    same=st.booleans(),
    busy=st.booleans(),
)
def test_replace(memory: SmallMemory, kind: str, start: int, count: int, first: int, same: bool, busy: bool) -> None:
    memory.reset()
    target = elements(memory, kind, 300, 1)
    source = target if same else elements(memory, kind, 300, 1000)
    expected, copied = contents(memory, target), contents(memory, source)
    expected[start - 1 : start - 1 + count] = copied[first - 1 : first - 1 + count]
    i = memory.integer
    memory.simulation.interrupt_pending = busy
    result = memory.run(105, target, i(start), i(start + count - 1), source, i(first))
    pauses = 0
    while isinstance(result, Interrupted):
        pauses += 1
        result = memory.resume(105, 4)
    assert result == target and contents(memory, target) == expected
    piece = slang_constants()["PointerElements" if kind == "pointers" else "PieceElements"]
    assert pauses == (max(0, (count - 1) // piece) if busy else 0)


@pytest.mark.parametrize(("start", "stop", "first"), [
    (0, 2, 1), (1, 11, 1), (1, 3, 9), (1, 3, 0), (5, 3, 1), (-3, -1, 1), (1, 2**29, 1), (1, 3, 2**30 - 1), (12, 11, 1),
])  # fmt: skip
def test_replace_outside_changes_nothing(memory: SmallMemory, start: int, stop: int, first: int) -> None:
    target, source, i = elements(memory, "bytes", 10, 1), elements(memory, "bytes", 10, 50), memory.integer
    before = memory.body(target)
    assert isinstance(memory.run(105, target, i(start), i(stop), source, i(first)), Failed)
    assert memory.body(target) == before


def test_replace_between_unlike_objects_fails(memory: SmallMemory) -> None:
    i = memory.integer
    kinds = [elements(memory, kind, 4, 1) for kind in ("bytes", "words", "pointers")] + [memory.nil, i(3)]
    for target in kinds:
        for source in kinds:
            if target != source:
                assert isinstance(memory.run(105, target, i(1), i(2), source, i(1)), Failed)


def test_replace_reaches_only_the_indexed_slots(memory: SmallMemory) -> None:
    i = memory.integer
    tail = memory.make("FormatFixedAndIndexable", memory.classes["Tail"], [i(1), i(2), i(3), i(4)])
    assert memory.run(105, tail, i(1), i(2), memory.array([i(8), i(9)]), i(1)) == tail
    assert memory.body(tail) == b"".join(i(n).to_bytes(4, "little") for n in (1, 2, 8, 9))
    assert isinstance(memory.run(105, tail, i(1), i(3), memory.array([i(8), i(9), i(9)]), i(1)), Failed)


@CHECKED
@given(left=st.binary(max_size=20), right=st.binary(max_size=20), shared=st.binary(max_size=300))
def test_compare(memory: SmallMemory, left: bytes, right: bytes, shared: bytes) -> None:
    memory.reset()
    a, b = shared + left, shared + right
    result = memory.run(609, memory.string(a), memory.string(b))
    assert isinstance(result, int) and memory.value(result) == (a > b) - (a < b)


@CHECKED
@given(data=st.one_of(st.binary(max_size=40), st.binary(min_size=250, max_size=300)))
def test_hash(memory: SmallMemory, data: bytes) -> None:
    memory.reset()
    result = memory.run(610, memory.string(data))
    assert isinstance(result, int) and memory.value(result) == string_hash(data)
    assert 0 <= string_hash(data) < 2**30


@CHECKED
@given(data=st.binary(max_size=300), byte=st.integers(0, 255), start=st.integers(1, 310), busy=st.booleans())
def test_index_of_byte(memory: SmallMemory, data: bytes, byte: int, start: int, busy: bool) -> None:
    memory.reset()
    memory.simulation.interrupt_pending = busy
    result = memory.run(611, memory.string(data), memory.integer(byte), memory.integer(start))
    while isinstance(result, Interrupted):
        result = memory.resume(611, 2)
    assert isinstance(result, int) and memory.value(result) == data.find(bytes([byte]), start - 1) + 1


def crc16(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1) ^ (0x1021 if crc & 0x8000 else 0)
        crc &= 0xFFFF
    return crc


def test_crc_has_the_catalogued_check_value(memory: SmallMemory) -> None:
    result = memory.run(616, memory.string(b"123456789"), memory.integer(1), memory.integer(9))
    assert isinstance(result, int) and memory.value(result) == 0x29B1


@CHECKED
@given(data=st.binary(max_size=1100), start=st.integers(1, 1101), stop=st.integers(0, 1101))
def test_crc(memory: SmallMemory, data: bytes, start: int, stop: int) -> None:
    memory.reset()
    result = memory.run(616, memory.string(data), memory.integer(start), memory.integer(stop))
    if start - 1 <= stop <= len(data):
        assert isinstance(result, int) and memory.value(result) == crc16(data[start - 1 : stop])
    else:
        assert isinstance(result, Failed)


def test_long_work_fails_for_the_library_to_divide(memory: SmallMemory) -> None:
    long = memory.string(bytes(1100))
    assert isinstance(memory.run(609, long, memory.string(bytes(1100))), Failed)
    long = memory.string(bytes(4097))
    assert isinstance(memory.run(616, long, memory.integer(1), memory.integer(4097)), Failed)
    assert memory.run(616, long, memory.integer(1), memory.integer(4096)) == memory.integer(crc16(bytes(4096)))


def test_crc_goes_on_after_interrupts_and_starts_again_for_others(memory: SmallMemory) -> None:
    data = bytes(range(256)) * 2
    operands = memory.string(data), memory.integer(1), memory.integer(512)
    whole = memory.run(616, *operands)
    memory.simulation.interrupt_pending = True
    assert isinstance(memory.run(616, *operands), Interrupted)
    other = memory.run(616, memory.string(b"123456789"), memory.integer(1), memory.integer(9))
    assert other == memory.integer(0x29B1)
    results = [memory.run(616, *operands) for _ in range(512 // 32)]
    assert all(isinstance(each, Interrupted) for each in results[:-1])
    assert results[-1] == whole


def stream(memory: SmallMemory, collection: int, position: int, read_limit: int, write_limit: int) -> int:
    i = memory.integer
    return memory.make(
        "FormatFixed", memory.classes["Stream"], [collection, i(position), i(read_limit), i(write_limit)]
    )


def test_streams_read_to_their_limit(memory: SmallMemory) -> None:
    text = stream(memory, memory.string(b"hey"), 1, 2, 3)
    assert memory.run(67, text) == memory.false
    assert memory.run(65, text) == memory.characters[ord("e")]
    assert memory.run(67, text) == memory.true
    assert isinstance(memory.run(65, text), Failed)
    numbers = stream(memory, memory.array([memory.integer(5)]), 0, 1, 1)
    assert memory.run(65, numbers) == memory.integer(5)
    data = stream(memory, memory.make("FormatBytes", memory.classes["ByteArray"], b"\xff"), 0, 1, 1)
    assert memory.run(65, data) == memory.integer(255)


def test_streams_write_to_their_limit(memory: SmallMemory) -> None:
    string = memory.string(b"....")
    text = stream(memory, string, 2, 0, 3)
    assert isinstance(memory.run(66, text, memory.integer(65)), Failed)
    assert memory.run(66, text, memory.characters[65]) == memory.characters[65]
    assert isinstance(memory.run(66, text, memory.characters[66]), Failed)
    assert memory.body(string) == b"..A."
    data = memory.make("FormatBytes", memory.classes["ByteArray"], bytes(2))
    assert isinstance(memory.run(66, stream(memory, data, 0, 0, 2), memory.integer(256)), Failed)
    assert memory.run(66, stream(memory, data, 1, 0, 2), memory.integer(255)) == memory.integer(255)
    assert memory.body(data) == b"\x00\xff"


def test_a_stream_with_a_limit_beyond_its_collection_fails(memory: SmallMemory) -> None:
    text = stream(memory, memory.string(b"ab"), 2, 5, 5)
    assert isinstance(memory.run(65, text), Failed)
    assert isinstance(memory.run(66, text, memory.characters[65]), Failed)
