"""The fetch of the next bytecode is moved up, and nobody who goes elsewhere sees that it was."""

from __future__ import annotations

import pytest
from capstone import CS_ARCH_ARM, CS_MODE_ARM, Cs

from hardtalk.slang import compile_program
from hardtalk.smalltalk.tonel import read_class
from hardtalk.vm.constants import PINNED_REGISTERS

HEAD = """Class {
	#name : #Sample,
	#superclass : #Object,
	#instVars : [ 'counter', 'ip', 'sp', 'dispatchBase' ],
	#category : #'VM-Test'
}

{ #category : #test }
Sample class >> declareVariables [
	<pinned: #ip>
	<pinned: #sp>
	<pinned: #dispatchBase>
]

{ #category : #test }
Sample >> elsewhere [
	<threaded>
	<noInline>
	counter := ip.
	^ self nextBytecode
]

{ #category : #test }
Sample >> goElsewhere [
	<threaded>
	<noInline>
	counter := 0.
	^ self elsewhere
]

{ #category : #test }
Sample >> sample [
	<bytecode: #duplicate>
	| a b |
"""
IP, TABLE = (f"r{PINNED_REGISTERS[name]}" for name in ("ip", "dispatchBase"))
FETCH, BACK = f"[{IP}, #1]!", f"sub {IP}, {IP}, #1"


def listing(body: str) -> list[str]:
    program = compile_program([read_class(f"{HEAD}{body}\n]\n", "Sample.class.st")], {})
    (routine,) = (each for each in program.routines if each.name == "Sample>>sample")
    return [f"{each.mnemonic} {each.op_str}" for each in Cs(CS_ARCH_ARM, CS_MODE_ARM).disasm(routine.code, 0)]


def place(lines: list[str], wanted: str) -> int:
    (found,) = (at for at, line in enumerate(lines) if wanted in line)
    return found


def test_the_fetch_goes_above_the_tests_and_rare_ways_take_it_back() -> None:
    lines = listing("""
	a := self wordAt: sp.
	b := self wordAt: sp - 4.
	a = 3 ifTrue: [ ^ self elsewhere ].
	b = 5 ifTrue: [ ^ self goElsewhere ].
	self wordAt: sp put: a + b.
	^ self nextBytecode""")
    tests = [at for at, line in enumerate(lines) if line.startswith("cmp")]
    assert place(lines, FETCH) < min(tests)
    backs = [at for at, line in enumerate(lines) if line == BACK]
    assert len(backs) == 2 and all(lines[at + 1].startswith("b ") for at in backs), lines


def test_it_stays_below_what_uses_the_pointer() -> None:
    lines = listing("""
	a := self wordAt: sp.
	b := self byteAt: ip + 1.
	ip := ip + 1.
	a = b ifTrue: [ ^ self elsewhere ].
	^ self nextBytecode""")
    assert place(lines, f"[{IP}, #1]") < place(lines, f"[{IP}, #2]!") < place(lines, "cmp") < place(lines, BACK), lines


def test_a_way_that_goes_on_otherwise_keeps_it_below() -> None:
    lines = listing("""
	a := self wordAt: sp.
	a = 3 ifTrue: [ ip := ip + a. ^ self currentBytecode ].
	^ self nextBytecode""")
    assert place(lines, FETCH) > place(lines, "cmp") and BACK not in lines, lines


def test_a_way_that_moves_the_pointer_itself_keeps_it_below() -> None:
    lines = listing("""
	a := self wordAt: sp.
	a = 3 ifTrue: [ ^ self elsewhere ].
	ip := ip + 2.
	self wordAt: sp put: ip.
	^ self nextBytecode""")
    assert place(lines, FETCH) > place(lines, "cmp") and BACK not in lines, lines


def test_both_ways_read_the_byte_behind_before_the_test() -> None:
    lines = listing("""
	a := self wordAt: sp.
	b := self wordAt: sp - 4.
	a < b ifTrue: [
		(self byteAt: ip + 1) = 7 ifTrue: [ ip := ip + 2. ^ self currentBytecode ].
		^ self nextBytecode ].
	(self byteAt: ip + 1) = 8 ifTrue: [ ip := ip + 3. ^ self currentBytecode ].
	^ self nextBytecode""")
    reads = [at for at, line in enumerate(lines) if line.endswith(f"[{IP}, #1]")]
    first_test = next(at for at, line in enumerate(lines) if line.startswith("cmp"))
    assert len(reads) == 1 and reads[0] < first_test, lines


def test_a_step_under_a_condition_is_part_of_the_fetch() -> None:
    lines = listing("""
	a := self wordAt: sp.
	a = 3 ifTrue: [ sp := sp - 8. ip := ip + 2. ^ self currentBytecode ].
	^ self elsewhere""")
    assert any(line.startswith("ldrbeq") and line.endswith(f"[{IP}, #2]!") for line in lines), lines


def test_a_dispatch_that_waits_runs_under_no_condition_where_the_other_way_is_usual() -> None:
    """What is not executed would wait for the byte, too, longer than a branch takes."""
    lines = listing("""
	a := self wordAt: sp.
	a = 3 ifTrue: [ sp := sp - 8. ip := ip + 2. ^ self currentBytecode ].
	self wordAt: sp put: 4.
	^ self nextBytecode""")
    assert any(line.startswith("ldrb ") and line.endswith(f"[{IP}, #2]!") for line in lines), lines
    assert sum(line.startswith("bne") for line in lines) == 1


def test_a_jump_by_a_byte_just_read_adds_it_in_the_fetch() -> None:
    lines = listing("""
	ip := ip + (self byteAt: ip + 1) - 254.
	^ self currentBytecode""")
    assert lines[1] == f"sub {IP}, {IP}, #0xfe"
    assert lines[2].endswith(f"[{IP}, r0]!"), lines


def test_a_second_test_runs_under_the_condition_of_the_first() -> None:
    lines = listing("""
	a := self wordAt: sp.
	b := self wordAt: sp - 4.
	(a = 3 and: [ b = 5 ]) ifTrue: [ ^ self elsewhere ].
	^ self nextBytecode""")
    assert [line.split()[0] for line in lines if line.startswith("cmp")] == ["cmp", "cmpeq"], lines


@pytest.mark.parametrize(
    "test", ["self isInterruptPending not and: [ a = 3 ]", "a = 3 and: [ self isInterruptPending ]"]
)
def test_a_test_for_interrupts_stays_alone(test: str) -> None:
    lines = listing(f"""
	a := self wordAt: sp.
	({test}) ifTrue: [ ^ self elsewhere ].
	^ self nextBytecode""")
    assert [line for line in lines if line.startswith(f"tst {TABLE},")], lines
    assert not [line for line in lines if line.startswith(("tsteq", "tstne", "cmpeq", "cmpne"))], lines
