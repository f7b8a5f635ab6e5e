"""The serial line, the host's end: what the board might send while requests are under way."""

from functools import cache
from random import Random
from typing import Final

from hardtalk.fuzz.texts import fresh_model
from hardtalk.serial import Prompt, encode_frame

ANSWERS: Final = (
    b"Hardtalk is up\r\n",
    b"warning: x was not declared\r\n",
    encode_frame("R", b"7"),
    encode_frame("T", b"ZeroDivide\nSmallInteger>>/\nUndefinedObject>>DoIt\n"),
    encode_frame("N", b"the line: garbage"),
    encode_frame("P", b"ping"),
    encode_frame("R", b""),
    encode_frame("R", b"11", 1),
    encode_frame("R", b"Lamp", 2),
    encode_frame("T", b"interrupted", 3),
    encode_frame("N", b"no method", 4),
    encode_frame("Z", b"unknown"),
)
SOURCES: Final = ("3 + 4", "Object subclass: #Lamp", "Point >> on [ ^ 1 ]", "Point >> off [ ^ 2 ]", "nil foo")


@cache
def answer_examples() -> tuple[bytes, ...]:
    """Console text and replies in many orders."""
    random = Random(1)
    return tuple(b"".join(random.choices(ANSWERS, k=random.randint(1, 6))) for _ in range(40))


def attempt_answers(data: bytes) -> None:
    """In pieces; the prompt must take each and must go on afterwards."""
    prompt = Prompt(fresh_model())
    for source in SOURCES:
        prompt.enter(source)
    random = Random(len(data))
    place = 0
    while place < len(data):
        size = random.randint(1, 40)
        prompt.receive(data[place : place + size])
        place += size
        prompt.take_outgoing()
    prompt.ping("still there")
    if not prompt.take_outgoing():
        raise AssertionError("the prompt sends nothing")
