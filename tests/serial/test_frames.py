"""Frames: what is sent is read back, in whatever pieces it comes and whatever lies between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardtalk.serial.frames import ConsoleText, Frame, FrameError, FrameReader, crc16, encode_frame

payloads = st.binary(max_size=300)
console = st.binary(max_size=40).map(lambda data: data.replace(b"\x01", b"x"))


def test_the_frame_of_a_ping() -> None:
    assert encode_frame("P", b"hi") == b"\x01P00000002hi" + f"{crc16(b'P00000002hi'):04X}".encode() + b"\x04"


def test_crc_is_ccitt_false() -> None:
    assert crc16(b"123456789") == 0x29B1


@given(st.lists(st.tuples(console, payloads), max_size=5), console, st.integers(1, 7))
def test_frames_and_text_come_back_in_order(parts: list[tuple[bytes, bytes]], tail: bytes, piece: int) -> None:
    data = b"".join(text + encode_frame("R", payload) for text, payload in parts) + tail
    reader = FrameReader()
    found = [each for at in range(0, len(data), piece) for each in reader.feed(data[at : at + piece])]
    assert [each.payload for each in found if isinstance(each, Frame)] == [payload for _, payload in parts]
    text = "".join(each.text for each in found if isinstance(each, ConsoleText))
    texts = [*(text for text, _ in parts), tail.removesuffix(b"\r")]
    assert text == b"".join(each.replace(b"\r\n", b"\n") for each in texts).decode("latin-1")


@given(st.binary(max_size=60).map(lambda data: data.replace(b"\x01", b"\x02")), payloads)
def test_a_damaged_frame_is_text_and_the_next_one_is_read(garbage: bytes, payload: bytes) -> None:
    damaged = bytearray(encode_frame("R", b"damaged"))
    damaged[12] ^= 0x20
    reader = FrameReader()
    found = reader.feed(b"\x01" + garbage + bytes(damaged) + encode_frame("R", payload))
    found += reader.feed(b"")
    assert Frame("R", payload) in found
    assert [each.payload for each in found if isinstance(each, Frame)] == [payload]


def test_half_a_frame_waits_for_the_rest() -> None:
    frame = encode_frame("T", b"trace")
    reader = FrameReader()
    assert reader.feed(b"one\r\ntwo\r") == [ConsoleText("one\ntwo")]
    assert reader.feed(b"\n") == [ConsoleText("\n")]
    assert reader.feed(b"text" + frame[:7]) == [ConsoleText("text")]
    assert reader.feed(frame[7:]) == [Frame("T", b"trace")]


def test_too_long_a_message_is_refused() -> None:
    with pytest.raises(FrameError, match="65537 bytes"):
        encode_frame("X", b"x" * 65537)


def test_a_request_has_its_number_before_the_length() -> None:
    assert encode_frame("X", b"hi", 0xC1AB70AB).startswith(b"\x01X#0000C1AB70AB00000002hi")


@given(st.lists(st.tuples(st.integers(0, (1 << 48) - 1), payloads), max_size=5), st.integers(1, 7))
def test_numbers_come_back(parts: list[tuple[int, bytes]], piece: int) -> None:
    data = b"".join(encode_frame("R", payload, number) for number, payload in parts)
    reader = FrameReader()
    found = [each for at in range(0, len(data), piece) for each in reader.feed(data[at : at + piece])]
    assert found == [Frame("R", payload, number) for number, payload in parts]
