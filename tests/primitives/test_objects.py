"""Indexing, making, copying and filling objects."""

from __future__ import annotations

import struct

import pytest

from hardtalk.smalltalk.verifier import TRAILER_BYTES
from hardtalk.vm.object_format import BODY_OFFSET, FORMATS, method_header

from .small_memory import Failed, Interrupted, SmallMemory


def value(memory: SmallMemory, result: object) -> object:
    assert isinstance(result, int), result
    return memory.value(result)


def samples(memory: SmallMemory) -> dict[str, tuple[int, list[object]]]:
    """An object of each indexable format and its elements as at: shows them."""
    i = memory.integer
    return {
        "array": (memory.array([i(10), i(20), i(30)]), [10, 20, 30]),
        "bytes": (memory.make("FormatBytes", memory.classes["ByteArray"], bytes([1, 200, 255])), [1, 200, 255]),
        "words": (memory.words([5, 2**30, 2**32 - 1]), [5, 2**30, 2**32 - 1]),
        "tail": (
            memory.make("FormatFixedAndIndexable", memory.classes["Tail"], [i(1), i(2), i(7), i(8), i(9)]),
            [7, 8, 9],
        ),
    }


KINDS = ["array", "bytes", "words", "tail"]


@pytest.mark.parametrize("kind", KINDS)
def test_at_and_size(memory: SmallMemory, kind: str) -> None:
    oop, elements = samples(memory)[kind]
    assert value(memory, memory.run(62, oop)) == len(elements)
    for index, element in enumerate(elements, 1):
        assert value(memory, memory.run(60, oop, memory.integer(index))) == element
    for index in (0, -1, 4, 2**29, -(2**30), 2**30 - 1):
        assert isinstance(memory.run(60, oop, memory.integer(index)), Failed)
    assert isinstance(memory.run(60, oop, memory.float(1.0)), Failed)


@pytest.mark.parametrize("kind", KINDS)
def test_at_put_changes_one_element(memory: SmallMemory, kind: str) -> None:
    oop, elements = samples(memory)[kind]
    body, spare = memory.body(oop), memory.integer(99)
    assert value(memory, memory.run(61, oop, memory.integer(2), spare)) == 99
    assert value(memory, memory.run(60, oop, memory.integer(2))) == 99
    assert value(memory, memory.run(60, oop, memory.integer(1))) == elements[0]
    assert value(memory, memory.run(60, oop, memory.integer(3))) == elements[2]
    changed = memory.body(oop)
    for index in (0, 4, -1, 2**29):
        assert isinstance(memory.run(61, oop, memory.integer(index), spare), Failed)
    assert memory.body(oop) == changed != body


def test_at_put_of_values_that_do_not_fit(memory: SmallMemory) -> None:
    pieces = samples(memory)
    for kind, wrong in [
        ("bytes", memory.integer(256)), ("bytes", memory.integer(-1)), ("bytes", memory.nil),
        ("words", memory.integer(-1)), ("words", memory.integer(2**32)), ("words", memory.float(1.0)),
    ]:  # fmt: skip
        oop = pieces[kind][0]
        before = memory.body(oop)
        assert isinstance(memory.run(61, oop, memory.integer(1), wrong), Failed)
        assert memory.body(oop) == before
    assert value(memory, memory.run(61, pieces["words"][0], memory.integer(1), memory.integer(2**32 - 1))) == 2**32 - 1
    assert memory.body(pieces["words"][0])[:4] == b"\xff\xff\xff\xff"


def test_indexing_what_has_no_index_fails(memory: SmallMemory) -> None:
    for oop in (memory.integer(5), memory.nil, memory.characters[65]):
        assert isinstance(memory.run(60, oop, memory.integer(1)), Failed)
        assert isinstance(memory.run(61, oop, memory.integer(1), memory.nil), Failed)
    assert value(memory, memory.run(62, memory.characters[65])) == 0


def test_strings_hold_characters(memory: SmallMemory) -> None:
    text = memory.string(b"abc")
    assert memory.run(63, text, memory.integer(2)) == memory.characters[ord("b")]
    assert memory.run(64, text, memory.integer(3), memory.characters[255]) == memory.characters[255]
    assert memory.body(text) == b"ab\xff"
    assert isinstance(memory.run(63, text, memory.integer(4)), Failed)
    assert isinstance(memory.run(64, text, memory.integer(1), memory.integer(65)), Failed)
    wide = memory.make("FormatFixed", memory.classes["Character"], [memory.integer(0x20AC)])
    assert isinstance(memory.run(64, text, memory.integer(1), wide), Failed)
    assert memory.body(text) == b"ab\xff"


@pytest.mark.parametrize(("name", "count", "element"), [
    ("Array", 0, b""), ("Array", 3, None), ("String", 5, 0), ("ByteArray", 31, 0), ("Bitmap", 4, 0), ("Tail", 2, None),
    ("Point", 0, None), ("String", 1500, 0),
])  # fmt: skip
def test_new_objects_are_empty(memory: SmallMemory, name: str, count: int, element: object) -> None:
    result = memory.run(71, memory.classes[name], memory.integer(count))
    assert isinstance(result, int) and memory.class_of(result) == name
    body = memory.body(result)
    if element is None:
        assert set(struct.unpack(f"<{len(body) // 4}I", body)) == {memory.nil}
    else:
        assert not any(body) and not any(memory.memory.read(result + BODY_OFFSET + len(body), -len(body) % 4))
    order = memory.memory.byte_at(result + 17) & 31
    assert result % (1 << order) == 0 and BODY_OFFSET + len(body) <= 1 << order


def test_new_with_wrong_sizes_fails(memory: SmallMemory) -> None:
    classes, i = memory.classes, memory.integer
    for name, size in [("Array", i(-1)), ("Array", memory.nil), ("Point", i(1)), ("CompiledMethod", i(8))]:
        assert isinstance(memory.run(71, classes[name], size), Failed)
    too_large = memory.run(71, classes["Array"], i(2**29))
    assert isinstance(too_large, Failed) and too_large.code == memory.simulation.constants["OutOfMemory"]
    assert isinstance(memory.run(70, classes["CompiledMethod"]), Failed)
    point = memory.run(70, classes["Point"])
    assert isinstance(point, int) and memory.memory.word_at(point + 12) == 2


def test_compiled_methods_are_read_and_never_stored_into(memory: SmallMemory) -> None:
    header = method_header(literals=3, temporaries=2, arguments=1)
    literals = [memory.true, memory.false, memory.make("FormatFixed", memory.classes["Association"], [memory.nil] * 2)]
    made = made_method(memory, header, literals, bytes([0x70, 0x7C]))
    assert isinstance(made, int) and memory.memory.byte_at(made + 16) == FORMATS["FormatMethod"]
    assert value(memory, memory.run(62, made)) == 4 * 4 + 2 + TRAILER_BYTES
    assert memory.run(68, made, memory.integer(1)) == header
    assert [memory.run(68, made, memory.integer(index)) for index in (2, 3, 4)] == literals
    assert isinstance(memory.run(68, made, memory.integer(5)), Failed)
    assert value(memory, memory.run(60, made, memory.integer(17))) == 0x70
    for index in (1, 4, 16, 17, 18, 20):
        assert isinstance(memory.run(61, made, memory.integer(index), memory.integer(120)), Failed)


def made_method(memory: SmallMemory, header: int, literals: list[int], code: bytes) -> int | Failed | Interrupted:
    data = memory.make("FormatBytes", memory.classes["ByteArray"], code)
    return memory.run(680, memory.classes["CompiledMethod"], header, memory.array(literals), data)


def test_named_variables(memory: SmallMemory) -> None:
    tail, _ = samples(memory)["tail"]
    assert value(memory, memory.run(73, tail, memory.integer(2))) == 2
    assert memory.run(74, tail, memory.integer(1), memory.true) == memory.true
    assert memory.run(73, tail, memory.integer(1)) == memory.true
    for index in (0, 3, -1):
        assert isinstance(memory.run(73, tail, memory.integer(index)), Failed)
        assert isinstance(memory.run(74, tail, memory.integer(index), memory.nil), Failed)
    assert isinstance(memory.run(73, memory.string(b"x"), memory.integer(1)), Failed)


def test_identity(memory: SmallMemory) -> None:
    first, second = memory.array([]), memory.array([])
    assert memory.run(110, first, first) == memory.true and memory.run(110, first, second) == memory.false
    hashes = [value(memory, memory.run(75, oop)) for oop in (first, second, first)]
    assert hashes[0] == hashes[2] != hashes[1] and all(isinstance(h, int) and 0 < h < 65536 for h in hashes)
    assert value(memory, memory.run(75, memory.integer(-5))) == -5
    assert memory.run(111, first) == memory.classes["Array"]
    assert memory.run(111, memory.integer(1)) == memory.classes["SmallInteger"]


def test_clone_copies_everything_but_the_hash(memory: SmallMemory) -> None:
    for kind in KINDS:
        oop, _ = samples(memory)[kind]
        memory.run(75, oop)
        copy = memory.run(148, oop)
        assert isinstance(copy, int) and copy != oop
        assert memory.body(copy) == memory.body(oop) and memory.class_of(copy) == memory.class_of(oop)
        assert memory.memory.half_at(copy + 18) == 0
    assert value(memory, memory.run(148, memory.integer(7))) == 7
    assert isinstance(memory.run(148, memory.string(bytes(1025))), Failed)
    assert isinstance(memory.run(148, memory.array([memory.nil] * 257)), Failed)


def test_class_changes_only_between_like_classes(memory: SmallMemory) -> None:
    text, data = memory.string(b"ab"), memory.make("FormatBytes", memory.classes["ByteArray"], b"cd")
    assert memory.run(115, text, data) == text
    assert memory.class_of(text) == "ByteArray"
    assert isinstance(memory.run(115, text, memory.array([])), Failed)
    assert isinstance(
        memory.run(115, memory.characters[1], memory.make("FormatFixed", memory.classes["Point"], [1, 1])), Failed
    )
    assert isinstance(memory.run(115, memory.integer(1), text), Failed)
    assert isinstance(memory.run(115, memory.symbol, text), Failed)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 511, 512])
def test_fill_bytes(memory: SmallMemory, size: int) -> None:
    data = memory.make("FormatBytes", memory.classes["ByteArray"], bytes(size))
    after = memory.make("FormatBytes", memory.classes["ByteArray"], b"keep")
    assert memory.run(145, data, memory.integer(0xA5)) == data
    assert memory.body(data) == b"\xa5" * size and memory.body(after) == b"keep"
    assert not any(memory.memory.read(data + BODY_OFFSET + size, -size % 4))


def test_fill_words_and_what_cannot_be_filled(memory: SmallMemory) -> None:
    words = memory.words([1, 2, 3])
    assert memory.run(145, words, memory.integer(0xDEADBEEF)) == words
    assert memory.value(words) == [0xDEADBEEF] * 3
    for oop, filler in [
        (words, memory.integer(-1)), (words, memory.nil), (memory.array([memory.nil]), memory.integer(1)),
        (memory.string(b"a"), memory.integer(256)), (memory.words([0] * 2049), memory.integer(0)),
    ]:  # fmt: skip
        assert isinstance(memory.run(145, oop, filler), Failed)
