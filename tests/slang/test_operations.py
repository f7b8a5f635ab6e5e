"""The tables of operations and conditions: what a row claims is what its meaning does, and every stage has its form."""

from __future__ import annotations

from itertools import product

import pytest

from hardtalk.slang.conditions import CONDITIONS
from hardtalk.slang.emit import Emitter
from hardtalk.slang.ir import Block, Graph, Inst, Reg, verify
from hardtalk.slang.machine import MACHINE_OPERATIONS
from hardtalk.slang.operations import OPERATIONS, Memory
from hardtalk.slang.select import Selector
from hardtalk.slang.types import WORD_MASK

EDGES = [0, 1, 2, 31, 32, 33, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x12345678]


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_row_claims_what_its_meaning_does(name: str) -> None:
    row = OPERATIONS[name]
    if row.meaning is None or not row.is_of_words:
        assert not row.is_commutative and row.neutral is None and not row.zero and not row.of_same
        return

    def meant(*words: int) -> int:
        return row.meaning(*words) & WORD_MASK

    for left, right in product(EDGES, repeat=len(row.operands)) if len(row.operands) == 2 else ():
        assert not row.is_commutative or meant(left, right) == meant(right, left)
        assert row.neutral is None or meant(left, row.neutral) == left
        assert not row.zero or meant(left, 0) == 0
        assert not row.of_same or meant(left, left) == (left if row.of_same == "left" else 0)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_selected_as_a_machine_operation_that_is_there(name: str) -> None:
    row = OPERATIONS[name]
    assert callable(getattr(Selector, f"on_{row.form}"))
    assert row.form == "shift" or not row.machine or row.machine in MACHINE_OPERATIONS
    assert not (row.is_pure and (row.is_terminator or row.memory is not Memory.NONE))


@pytest.mark.parametrize("name", MACHINE_OPERATIONS)
def test_every_machine_operation_is_emitted(name: str) -> None:
    form = MACHINE_OPERATIONS[name].form
    assert form == "branch" or callable(getattr(Emitter, f"emit_{form}"))


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_have_their_inverse_and_their_mirror(name: str) -> None:
    row = CONDITIONS[name]
    inverse = CONDITIONS[row.inverse]
    assert inverse.inverse == name and inverse.code == row.code ^ 1
    if row.of_words is None:
        return
    mirror = CONDITIONS[row.swapped]
    assert inverse.of_words is not None and mirror.of_words is not None
    for left, right in product(EDGES, repeat=2):
        assert row.of_words(left, right) != inverse.of_words(left, right)
        assert row.of_words(left, right) == mirror.of_words(right, left)


WORD, FLOAT, UNKNOWN = Reg(1), Reg(2, is_float=True), Reg(3)
RETURN = Inst("ret")
DEFECTS = {
    "float in arithmetic of words": [Inst("add", Reg(4), [WORD, FLOAT]), RETURN],
    "result of another kind": [Inst("itof", Reg(4), [WORD]), RETURN],
    "operands too few": [Inst("add", Reg(4), [WORD]), RETURN],
    "register without definition": [Inst("mov", Reg(4), [UNKNOWN]), RETURN],
    "two definitions": [Inst("mov", WORD, [1]), RETURN],
    "no terminator": [Inst("mov", Reg(4), [1])],
    "terminator before the end": [RETURN, Inst("ret")],
    "target outside": [Inst("jmp", targets=(Block(9, 0),))],
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_graph_that_is_none_is_a_defect_of_the_compiler(name: str) -> None:
    block = Block(1, 0)
    block.insts = DEFECTS[name]
    with pytest.raises(AssertionError, match="no graph"):
        verify(Graph("Sample>>run", [WORD, FLOAT], [block], False))
