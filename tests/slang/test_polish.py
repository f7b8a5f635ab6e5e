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
Sample >> elsewhere [
	<threaded>
	counter := sp.
	^ self nextBytecode
]
"""


@pytest.fixture(scope="module")
def listing() -> list[str]:
    program = compile_program([read_class(SOURCE, "Sample.class.st")], {})
    (routine,) = (each for each in program.routines if each.name == "Sample>>start")
    return [f"{each.mnemonic} {each.op_str}" for each in Cs(CS_ARCH_ARM, CS_MODE_ARM).disasm(routine.code, 0)]


def test_who_leaves_under_a_condition_sees_no_later_change_of_a_register(listing: list[str]) -> None:
    pointer = f"r{PINNED_REGISTERS['sp']}"
    leaving = next(place for place, text in enumerate(listing) if text.startswith("beq"))
    changes = [
        place for place, text in enumerate(listing) if f"[{pointer}]," in text or text.startswith(f"sub {pointer}")
    ]
    assert changes and min(changes) > leaving, listing
