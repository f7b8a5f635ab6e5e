"""What is changed in allocated code keeps its meaning on each way that leaves a routine."""

from __future__ import annotations

import pytest
from capstone import CS_ARCH_ARM, CS_MODE_ARM, Cs

from hardtalk.slang import compile_program
from hardtalk.smalltalk.tonel import read_class
from hardtalk.vm.constants import PINNED_REGISTERS

SOURCE = """Class {
	#name : #Sample,
	#superclass : #Object,
	#instVars : [ 'counter', 'sp' ],
	#category : #'VM-Test'
}

{ #category : #test }
Sample class >> declareVariables [
	<pinned: #sp>
]

{ #category : #test }
Sample >> start [
	<bytecode: #duplicate>
	<threaded>
	counter = 7 ifTrue: [ 1 to: 9 do: [ :each | <bound: 9> self wordAt: sp + each put: each ] ].
	^ self goOn: (self wordAt: sp) count: counter
]

{ #category : #test }
Sample >> goOn: value count: count [
	<threaded>
	<inline>
	count = 0 ifTrue: [ ^ self elsewhere ].
	sp := sp - 8.
	^ self there: value
]

{ #category : #test }
Sample >> there: value [
	<threaded>
	counter := value.
	^ self nextBytecode
]

{ #category : #test }
Sample >> least: left of: right [
	<noInline>
	<var: #left type: #uint32>
	<var: #right type: #uint32>
	<var: #difference type: #uint32>
	| difference |
	difference := left - right.
	left < right ifTrue: [ difference := difference bitOr: 16rFF000000 ].
	^ difference
]

{ #category : #test }
Sample >> sum: left with: right [
	<noInline>
	<var: #left type: #uint32>
	<var: #right type: #uint32>
	<var: #sum type: #uint32>
	| sum |
	sum := left + right.
	sum < left ifTrue: [ sum := sum bitOr: 16rFF000000 ].
	^ sum
]

{ #category : #test }
Sample >> elsewhere [
	<threaded>
	counter := sp.
	^ self nextBytecode
]
"""


def listing_of(name: str) -> list[str]:
    program = compile_program([read_class(SOURCE, "Sample.class.st")], {}, ["least:of:", "sum:with:"])
    (routine,) = (each for each in program.routines if each.name == f"Sample>>{name}")
    return [f"{each.mnemonic} {each.op_str}" for each in Cs(CS_ARCH_ARM, CS_MODE_ARM).disasm(routine.code, 0)]


@pytest.fixture(scope="module")
def listing() -> list[str]:
    return listing_of("start")


def test_who_leaves_under_a_condition_sees_no_later_change_of_a_register(listing: list[str]) -> None:
    pointer = f"r{PINNED_REGISTERS['sp']}"
    leaving = next(place for place, text in enumerate(listing) if text.startswith("beq"))
    changes = [
        place for place, text in enumerate(listing) if f"[{pointer}]," in text or text.startswith(f"sub {pointer}")
    ]
    assert changes and min(changes) > leaving, listing


@pytest.mark.parametrize(("name", "expected"), [("least:of:", ["subs", "orrlo"]), ("sum:with:", ["adds", "orrhs"])])
def test_what_was_just_made_is_not_compared_again(name: str, expected: list[str]) -> None:
    names = [text.split()[0] for text in listing_of(name)]
    assert names[:2] == expected and "cmp" not in names, names
