"""Instructions that may pass each other when loads' delays are filled."""

from __future__ import annotations

import pytest

from hardtalk.slang.dispatch import BYTECODE_POINTER
from hardtalk.slang.machine import Machine, MachineBlock, MachineCode
from hardtalk.slang.schedule import schedule
from hardtalk.slang.select import PHYSICAL


def order(distance: int, *, touches_pinned: bool) -> list[str]:
    """How a load through the register that may hold `ip`, and a store behind it, are put among other loads."""
    base, kept, value, other = BYTECODE_POINTER, PHYSICAL[7], PHYSICAL[0], PHYSICAL[4]
    load = Machine("ld", [kept], [base], imm=56, detail="w")
    store = Machine("st", [], [value, base], imm=distance, detail="w")
    filling = Machine("ld", [value], [other], imm=0, detail="w")
    move = Machine("mov", [PHYSICAL[6]], [PHYSICAL[1]])
    tail = Machine("ld", [PHYSICAL[1]], [PHYSICAL[6]], imm=20, detail="w")
    compare = Machine("cmp", [], [PHYSICAL[1], PHYSICAL[2]])
    block = MachineBlock("B1", 0, False, [move, load, filling, store, tail, compare, Machine("ret", [], [])])
    schedule(MachineCode("test", [block], is_threaded=False, touches_pinned=touches_pinned))
    names = {id(load): "load", id(store): "store"}
    return [names[id(each)] for each in block.insts if id(each) in names]


@pytest.mark.parametrize("touches_pinned", [False, True])
def test_what_is_apart_may_pass(touches_pinned: bool) -> None:
    assert order(20, touches_pinned=touches_pinned) == ["store", "load"]


def test_a_word_is_read_before_it_is_overwritten_where_the_register_holds_any_address() -> None:
    assert order(56, touches_pinned=False) == ["load", "store"]


def test_the_next_bytecode_may_be_fetched_behind_a_store() -> None:
    assert order(56, touches_pinned=True) == ["store", "load"]
