"""Primitive 682 against glyph by glyph of the reference, whole and interrupted; operands that are none."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

import pytest

from hardtalk.vm import object_format as of

from .blit_machine import DISPLAY_STRING, BlitMachine, Outcome
from .random_blits import random_blit
from .reference import Blit, ColorMap, Fails, check

STRINGS = 250
TARGET_X = of.slot_offset(of.SLOTS["BitBlt"].index("TargetX"))


class Text:
    """A blit whose columns are those of glyphs, and the arguments of the primitive."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        self.blit = random_blit(seed)
        if self.blit.target_x is None or abs(self.blit.target_x) > 1 << 20:
            self.blit.target_x = chance.randrange(-9, 9)
        places = sorted(chance.randrange(50) for _ in range(chance.randrange(1, 9)))
        self.table = [0, *places]
        self.map = [chance.randrange(len(places)) for _ in range(256)]
        self.string = chance.randbytes(chance.randrange(0, 9))
        self.start = chance.randrange(1, len(self.string) + 2)
        self.stop = chance.randrange(0, len(self.string) + 1)
        self.kern = chance.randrange(-2, 4)

    def operands(self, machine: BlitMachine) -> list[int]:
        integer, array = machine.memory.integer, machine.memory.array
        return [
            machine.blit(self.blit), machine.memory.string(self.string), integer(self.start), integer(self.stop),
            array([integer(each) for each in self.map]), array([integer(each) for each in self.table]),
            integer(self.kern),
        ]  # fmt: skip

    def display(self) -> int:
        """By the reference; answers where the next glyph would begin."""
        check(self.blit)
        x = self.blit.target_x
        assert x is not None
        for byte in self.string[self.start - 1 : self.stop]:
            left, right = self.table[self.map[byte] : self.map[byte] + 2]
            self.blit.target_x, self.blit.source_x, self.blit.width = x, left, right - left
            self.blit.copy_bits()
            x += right - left + self.kern
        return x


def bits_of(blit: Blit) -> list[object]:
    every = [blit.target.bits]
    if blit.source is not None:
        every.append(blit.source.bits)
    colors = blit.color_map.colors if isinstance(blit.color_map, ColorMap) else blit.color_map
    return [*every, *([colors] if colors is not None else [])]


def compare(machine: BlitMachine, text: Text, after: Sequence[int] = ()) -> Outcome:
    machine.reset()
    text.blit.alpha = None
    operands = text.operands(machine)
    machine.prepare()
    before = machine.heap()
    outcome = machine.send(DISPLAY_STRING, operands, after)
    expected = bytearray(before)
    try:
        x = text.display()
    except Fails:
        assert outcome.failed
        assert machine.without_stacks(before) == machine.without_stacks(machine.heap())
        return outcome
    assert not outcome.failed and outcome.result == operands[0]
    base = machine.memory.memory.segments[0].base
    for bits in bits_of(text.blit):
        start = machine.oops[id(bits)] + of.BODY_OFFSET - base
        expected[start : start + 4 * len(bits.words)] = struct.pack(f"<{len(bits.words)}I", *bits.words)
    place = operands[0] + TARGET_X - base
    expected[place : place + 4] = struct.pack("<I", machine.memory.integer(x))
    assert machine.without_stacks(bytes(expected)) == machine.without_stacks(machine.heap())
    return outcome


def test_strings_are_those_of_the_reference(machine: BlitMachine) -> None:
    failed = sum(compare(machine, Text(seed)).failed for seed in range(STRINGS))
    assert failed < STRINGS // 4


def test_an_interrupted_string_goes_on_as_if_nothing_had_been(machine: BlitMachine) -> None:
    interrupted = 0
    for seed in range(STRINGS):
        chance = random.Random(-seed)
        interrupted += compare(machine, Text(seed), [chance.randrange(1500) for _ in range(30)]).interrupted
    assert interrupted > STRINGS


@pytest.mark.parametrize(
    ("place", "value"),
    [(0, 3), (1, 3), (2, 0), (2, -5), (3, 7), (3, -1), (3, "nil"), (4, 3), (4, "short"), (4, "words"), (4, "far"),
     (4, "nils"), (5, "empty"), (5, "down"), (5, "great"), (5, "nils"), (6, 1 << 25), (6, "nil"), (0, "float")],
)  # fmt: skip
@pytest.mark.parametrize("after", [(), (300,)])
def test_operands_that_are_none(machine: BlitMachine, place: int, value: int | str, after: Sequence[int]) -> None:
    """The primitive fails, also when it had begun; nothing but the destination's bits has changed."""
    machine.reset()
    text = Text(4)
    text.string, text.start, text.stop, text.blit.rule, text.blit.alpha = b"abcdef", 1, 6, 6, None
    memory, operands = machine.memory, text.operands(machine)
    integer = memory.integer
    if isinstance(value, int):
        operands[place] = integer(value)
    elif value == "float":
        memory.memory.word_at_put(operands[0] + TARGET_X, memory.float(2.5))
    else:
        made = {
            "nil": lambda: memory.nil,
            "short": lambda: memory.array([integer(0)] * 255),
            "words": lambda: machine.words([1] * 256),
            "far": lambda: memory.array([integer(len(text.table) - 1)] * 256),
            "nils": lambda: memory.array([memory.nil] * 256),
            "empty": lambda: memory.array([]),
            "down": lambda: memory.array([integer(900 - each) for each in range(9)]),
            "great": lambda: memory.array([integer((1 << 25) + each) for each in range(9)]),
        }
        operands[place] = made[value]()
    machine.prepare()
    before = machine.heap()
    assert machine.send(DISPLAY_STRING, operands, after).failed
    changed = bytearray(machine.heap())
    for words in machine.word_bodies():
        changed[words] = before[words]
    assert machine.without_stacks(bytes(changed)) == machine.without_stacks(before)


@pytest.mark.parametrize("place", [0, 1, 5])
def test_what_is_spoilt_meanwhile_fails_where_it_was_sent(machine: BlitMachine, place: int) -> None:
    """The rule, the string's size, the table's: destX has not moved, so that all can be done again."""
    machine.reset()
    text = Text(4)
    text.string, text.start, text.stop, text.blit.rule, text.blit.alpha = b"abcdef", 1, 6, 3, None
    operands = text.operands(machine)
    machine.prepare()
    rule = of.slot_offset(of.SLOTS["BitBlt"].index("Rule"))
    victim = operands[place] + (rule if place == 0 else 12)
    x = machine.word(operands[0] + TARGET_X)

    def spoil() -> None:
        machine.memory.arm.cpu.mem_write(victim, struct.pack("<I", machine.memory.nil if place == 0 else 0))

    outcome = machine.send(DISPLAY_STRING, operands, [700], spoil)
    assert outcome.interrupted == 1 and outcome.failed
    assert machine.word(operands[0] + TARGET_X) == x


@pytest.mark.parametrize("after", [(), (700, 300, 300)])
def test_what_was_drawn_before_a_glyph_without_sense_is_not_drawn_again(
    machine: BlitMachine, after: Sequence[int]
) -> None:
    """The primitive fails with what is left: destX is where the glyph would begin, and the first place is its own."""
    machine.reset()
    text = Text(4)
    text.string, text.start, text.stop, text.blit.rule, text.blit.alpha = b"abcdef", 2, 6, 6, None
    text.map[ord("e")] = len(text.table)
    operands = text.operands(machine)
    machine.prepare()
    outcome = machine.send(DISPLAY_STRING, operands, after)
    assert outcome.failed and outcome.interrupted == len(after)
    text.stop = 4
    assert machine.word(operands[0] + TARGET_X) == machine.memory.integer(text.display())
    assert machine.word(machine.memory.stack + 8) == machine.memory.integer(5)
    for bits in bits_of(text.blit):
        start = machine.oops[id(bits)] + of.BODY_OFFSET
        assert [machine.word(start + 4 * each) for each in range(len(bits.words))] == list(bits.words)
