"""Blocks of words between devices and bytes objects, and CRC-32."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.vm.constants import slang_constants

from .small_memory import Failed, SmallMemory
from .test_devices import registers
from .test_floats import CHECKED

CHECKED_BYTES = slang_constants()["CheckedBytes"]


def byte_array(memory: SmallMemory, data: bytes) -> int:
    return memory.make("FormatBytes", memory.classes["ByteArray"], data)


def test_words_are_read_in_order_each_once(memory: SmallMemory) -> None:
    memory.device_words.update({0x20 + 4 * each: 0x80000001 + each for each in range(3)})
    target, device = byte_array(memory, bytes(20)), registers(memory)
    assert memory.run(693, device, *map(memory.integer, (0x20,)), target, *map(memory.integer, (5, 3))) == device
    assert memory.device_log == [("read", 0x20 + 4 * each, 0) for each in range(3)]
    words = struct.pack("<3I", 0x80000001, 0x80000002, 0x80000003)
    assert memory.body(target) == bytes(4) + words + bytes(4)


def test_words_are_written_in_order_each_once(memory: SmallMemory) -> None:
    source = byte_array(memory, struct.pack("<4I", 9, 0xFFFFFFFF, 7, 6))
    device = registers(memory)
    assert memory.run(694, device, memory.integer(8), source, memory.integer(5), memory.integer(2)) == device
    assert memory.device_log == [("write", 8, 0xFFFFFFFF), ("write", 12, 7)]


@pytest.mark.parametrize("number", [693, 694])
@pytest.mark.parametrize(
    ("offset", "index", "count"),
    [(2, 1, 1), (0, 2, 1), (0, 0, 1), (0, 1, 0), (0, 1, -1), (0, 1, 33), (0, 129, 1), (0, 5, 32), (0, -3, 1)],
)
def test_what_is_refused_touches_no_device(
    memory: SmallMemory, number: int, offset: int, index: int, count: int
) -> None:
    block = byte_array(memory, bytes(128))
    arguments = (memory.integer(offset), block, memory.integer(index), memory.integer(count))
    assert isinstance(memory.run(number, registers(memory), *arguments), Failed)
    assert memory.device_log == []


@pytest.mark.parametrize("number", [693, 694])
def test_objects_that_are_no_bytes_are_refused(memory: SmallMemory, number: int) -> None:
    one = memory.integer(1)
    for other in (memory.nil, one, memory.array([memory.nil] * 4), memory.words([1, 2, 3, 4])):
        assert isinstance(memory.run(number, registers(memory), memory.integer(0), other, one, one), Failed)
    assert memory.device_log == []


@CHECKED
@given(data=st.binary(max_size=70), start=st.integers(0, 72), stop=st.integers(-1, 72), seed=st.integers(0, 2**32 - 1))
def test_crc32(memory: SmallMemory, data: bytes, start: int, stop: int, seed: int) -> None:
    memory.reset()
    arguments = (memory.integer(start), memory.integer(stop), memory.integer(seed))
    result = memory.run(695, byte_array(memory, data), *arguments)
    if 1 <= start <= stop + 1 <= len(data) + 1 and stop - start < CHECKED_BYTES:
        assert isinstance(result, int)
        assert memory.value(result) == zlib.crc32(data[start - 1 : stop], seed ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
    else:
        assert isinstance(result, Failed)
