"""Methods made at random, once as bytecodes and once as machine code, and the class that compares what they answer."""

from __future__ import annotations

import random
from pathlib import Path

INTEGERS = ("0", "1", "-1", "2", "3", "7", "100", "1073741823", "-1073741824", "1073741824")
COMPARISONS = ("<", ">", "<=", ">=", "=", "~=", "==")
RARE = (*COMPARISONS, "//", "\\\\", "bitShift:", "/")
BINARY = (*("+", "-", "*", "bitAnd:", "bitOr:") * 5, *RARE)
"""Mostly what gives integers, so that the next one has something to compute with."""
SENDS = ("max: {0}", "printString size", "isNil", "class name size", "yourself", "between: {0} and: {1}", "hash", "not")
TEMPORARIES = ("a", "b", "s", "t")
OPERANDS = "#(0 1 -3 5 100 1073741823 -1073741824) , { 1073741824. 2.5. nil. 'ab' }"


class Writer:
    """One method's text; it sends only messages of methods with lower numbers."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.chance = chance
        self.number = number
        self.loops = 0

    def method(self) -> str:
        body = "\n".join(f"\t{self.statement(3)}" for _ in range(self.chance.randint(2, 5)))
        names = " ".join(f"k{loop}" for loop in range(1, self.loops + 1))
        head = f"m{self.number}: a0 with: b0 [\n\t| a b s t {names} |\n\ta := a0.\n\tb := b0.\n\ts := 3.\n\tt := 7."
        return f"{head}\n{body}\n\t^ {self.value(2)}\n]"

    def value(self, depth: int) -> str:
        """An expression that changes nothing that could make it endless."""
        kinds = ["variable", "integer", "integer", "x"]
        if depth:
            kinds += ["binary"] * 5 + ["send", "own", "condition", "element", "array", "block", "logic"]
        kind = self.chance.choice(kinds)
        less = depth - 1
        if kind == "variable":
            return self.chance.choice(TEMPORARIES)
        if kind == "integer":
            return self.chance.choice(INTEGERS)
        if kind == "x":
            return "x"
        if kind == "binary":
            return f"({self.value(less)} {self.chance.choice(BINARY)} {self.value(less)})"
        if kind == "send":
            return f"({self.value(less)} {self.chance.choice(SENDS).format(self.value(0), self.value(0))})"
        if kind == "own" and self.number > 1:
            other = self.chance.randint(max(1, self.number - 6), self.number - 1)
            return f"(self m{other}: {self.value(less)} with: {self.value(less)})"
        if kind == "condition":
            return f"({self.truth(less)} ifTrue: [ {self.value(less)} ] ifFalse: [ {self.value(less)} ])"
        if kind == "element":
            return f"(elements at: {self.chance.choice((self.value(less), '1', '2', '4'))})"
        if kind == "array":
            return "{ " + ". ".join(self.value(0) for _ in range(self.chance.randint(1, 5))) + " } size"
        if kind == "block":
            return f"[ {self.value(less)} ] value"
        return f"({self.truth(less)} {self.chance.choice(('and:', 'or:'))} [ {self.truth(less)} ])"

    def truth(self, depth: int) -> str:
        """Mostly a boolean; sometimes something that must be one."""
        if self.chance.random() < 0.08:
            return self.chance.choice(TEMPORARIES)
        return f"({self.value(depth)} {self.chance.choice(COMPARISONS)} {self.value(depth)})"

    def statement(self, depth: int) -> str:
        kinds = ["assign", "assign", "assign", "x", "element", "send"]
        if depth > 1:
            kinds += ["if", "else", "while", "count", "answer", "do"]
        kind = self.chance.choice(kinds)
        less = depth - 1
        if kind == "x":
            return f"x := {self.value(2)}."
        if kind == "element":
            return f"elements at: {self.chance.choice((self.value(1), '1', '3'))} put: {self.value(1)}."
        if kind == "send":
            return f"self note: {self.value(1)}."
        if kind == "if":
            return f"{self.truth(1)} {self.chance.choice(('ifTrue:', 'ifFalse:'))} [ {self.statement(less)} ]."
        if kind == "else":
            return f"{self.truth(1)} ifTrue: [ {self.statement(less)} ] ifFalse: [ {self.statement(less)} ]."
        if kind in ("while", "count"):
            self.loops += 1
            name, body = f"k{self.loops}", self.statement(less)
            if kind == "count":
                return f"1 to: 3 do: [ :i | {body} s := i ]."
            return f"{name} := 0. [ {name} < 3 ] whileTrue: [ {body} {name} := {name} + 1 ]."
        if kind == "answer":
            return f"{self.truth(1)} ifTrue: [ ^ {self.value(1)} ]."
        if kind == "do":
            return f"#(1 2 3) do: [ :each | each = {self.value(0)} ifTrue: [ ^ each ]. t := each ]."
        return f"{self.chance.choice(TEMPORARIES)} := {self.value(2)}."


def class_text(name: str, seed: int, count: int) -> str:
    """The same methods for every name."""
    chance = random.Random(seed)
    methods = [Writer(chance, number).method() for number in range(1, count + 1)]
    head = (
        f"Class {{\n\t#name : #{name},\n\t#superclass : #Object,\n\t#instVars : [ 'x', 'elements' ],\n"
        "\t#category : #Generated\n}\n"
    )
    methods += [
        "initialize [\n\tsuper initialize.\n\telements := Array with: 1 with: 2 with: 3 with: nil.\n\tx := 5\n]",
        "note: anObject [\n\tx := anObject class name size\n]",
        "state [\n\t^ x printString , (elements collect: [ :each | each class name ]) printString\n]",
    ]
    return head + "".join(f"\n{{ #category : #generated }}\n{name} >> {each}\n" for each in methods)


COMPARING = """
"I call methods of two classes with the same operands and compare what they answer, what errors they make, and what is
left in the receiver."
Class {
	#name : #Agreement,
	#superclass : #Object,
	#classVars : [ 'Calls', 'Failures' ],
	#category : #Generated
}

{ #category : #comparing }
Agreement class >> failuresPercent [
	^ Failures * 100 // Calls
]

{ #category : #comparing }
Agreement class >> methods: count [
	"Answer what differs, as a String; empty when nothing does."
	| told plain compiled operands selector |
	operands := OPERANDS.
	told := WriteStream on: (String new: 100).
	1 to: count do: [ :number |
		selector := ('m' , number printString , ':with:') asSymbol.
		operands do: [ :one |
			operands do: [ :other |
				plain := self send: selector to: Plain new with: one with: other.
				compiled := self send: selector to: Compiled new with: one with: other.
				(plain = compiled or: [ told position > 500 ]) ifFalse: [
					told nextPutAll: selector; space; print: one; space; print: other; nextPutAll: ': '.
					told nextPutAll: plain; nextPutAll: ' but '; nextPutAll: compiled; nextPutAll: '; ' ] ] ] ].
	^ told contents
]

{ #category : #comparing }
Agreement class >> send: selector to: anObject with: one with: other [
	| answer |
	answer := [ (anObject perform: selector with: one with: other) printString ]
		on: Error
		do: [ :error | Failures := (Failures ifNil: [ 0 ]) + 1. error return: error class name asString ].
	Calls := (Calls ifNil: [ 0 ]) + 1.
	^ answer , anObject state
]

{ #category : #forwarders }
Agreement class >> replaceWhile: aBlock [
	"Evaluate the block while there are forwarders: one object after another becomes another one."
	| process |
	process := [ [ (Array new: 2) becomeForward: (Array new: 2). (Delay forMilliseconds: 1) wait ] repeat ]
		forkAt: Processor userInterruptPriority.
	^ aBlock ensure: [ process terminate ]
]
"""


def write_classes(folder: Path, seed: int, count: int) -> None:
    """The class files of a firmware that compares."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("Plain", "Compiled"):
        (folder / f"{name}.class.st").write_text(class_text(name, seed, count), encoding="utf-8")
    (folder / "Agreement.class.st").write_text(COMPARING.replace("OPERANDS", OPERANDS), encoding="utf-8")
