"""Places of sends: what is found there is what a search would find, whatever happens to classes and methods."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.collector.torture import torture

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.vm.constants import SEND_PLACES

UNITS = 50
FILES = {
    "Asking": """
Class {
	#name : #Asking,
	#superclass : #Object,
	#category : #'Tests'
}

{ #category : #asking }
Asking >> colourOf: each [
	<compiled>
	^ each colour
]

{ #category : #asking }
Asking >> sumOf: each and: number [
	<compiled>
	^ (each plus: number) + (each plus: number)
]

{ #category : #asking }
Asking >> nestedOf: each [
	<compiled>
	^ each nested + 1
]

{ #category : #asking }
Asking >> colour: each times: count [
	<compiled>
	| found |
	1 to: count do: [ :index | found := each colour ].
	^ found
]

{ #category : #asking }
Asking >> same: each [
	<compiled>
	^ (each itself) == each
]
""",
    "Paint": """
Class {
	#name : #Paint,
	#superclass : #Object,
	#category : #'Tests'
}
""",
    "Red": """
Class {
	#name : #Red,
	#superclass : #Paint,
	#instVars : [ 'colour' ],
	#category : #'Tests'
}

{ #category : #answers }
Red >> colour [
	^ colour
]

{ #category : #answers }
Red >> colour: aColour [
	colour := aColour
]

{ #category : #answers }
Red >> itself [
	<compiled>
	^ self
]

{ #category : #answers }
Red >> plus: number [
	<compiled>
	^ number + 1
]

{ #category : #others }
Red >> crimson [
	^ #crimson
]

{ #category : #others }
Red >> twice: number [
	^ number * 2
]

{ #category : #answers }
Red >> nested [
	<compiled>
	^ self plus: (self plus: 5)
]
""",
    "Green": """
Class {
	#name : #Green,
	#superclass : #Red,
	#category : #'Tests'
}

{ #category : #answers }
Green >> colour [
	^ #green
]

{ #category : #answers }
Green >> plus: number [
	^ number + 100
]
""",
}
RED, GREEN = "(Red new colour: #red; yourself)", "Green new"
"""Receivers of two classes; Red has only answers in machine code, Green in bytecodes."""


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, KeptBoard]:
    folder = tmp_path_factory.mktemp("places")
    write(folder, FILES)
    bench = boot(BootOptions((folder,)))
    return bench, bench.console.keep()


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / f"{name}.class.st").write_text(text.lstrip())


@pytest.fixture
def bench(booted: tuple[Bench, KeptBoard]) -> Bench:
    bench, kept = booted
    bench.console.put_back(kept)
    return bench


ONES = {
    "colourOf: each": ("#red", "#green"),
    "sumOf: each and: 5": ("12", "210"),
    "nestedOf: each": ("8", "206"),
    "same: each": ("true", "true"),
}


@pytest.mark.parametrize("asked", ONES)
def test_receivers_of_any_class(bench: Bench, asked: str) -> None:
    """One class, another, both in turn, and one that understands nothing."""
    red, green = ONES[asked]
    wanted = [red, green] * 20
    chosen = f"each := n odd ifTrue: [ {RED} ] ifFalse: [ {GREEN} ]"
    loop = f"(1 to: 40) collect: [ :n | | each | {chosen}. Asking new {asked} ]"
    found = bench.console.evaluate(f"({loop}) asArray = {{ {'. '.join(wanted)} }}")
    assert found == "true"
    for receiver, answer in ((RED, red), (GREEN, green)):
        repeated = f"((1 to: 40) collect: [ :n | | each | each := {receiver}. Asking new {asked} ]) asSet asArray"
        assert bench.console.evaluate(f"({repeated}) = {{ {answer} }}") == "true"
    unknown = f"[ | each | each := 3. Asking new {asked} ] on: MessageNotUnderstood do: [ :e | e return: #unknown ]"
    assert bench.console.evaluate(unknown) == "#unknown"


def test_while_memory_is_collected(bench: Bench) -> None:
    torture(bench.board, UNITS)
    for asked, answers in ONES.items():
        for receiver, answer in zip((RED, GREEN), answers, strict=True):
            expression = f"| each | each := {receiver}. Asking new {asked}"
            for _ in range(3):
                assert bench.console.evaluate(f"[ {expression} ] value = {answer}") == "true"


@pytest.mark.parametrize("asked", ["colourOf: each", "colour: each times: 30"])
def test_a_method_that_takes_the_place_of_another(bench: Bench, asked: str) -> None:
    ask = f"[ :each | Asking new {asked} ] value: {RED}"
    assert [bench.console.evaluate(ask) for _ in range(3)] == ["#red"] * 3
    bench.console.evaluate("Red addSelector: #colour withMethod: Red >> #crimson")
    assert bench.console.evaluate(ask) == "#crimson"
    bench.console.evaluate("Paint addSelector: #colour withMethod: Green >> #colour")
    bench.console.evaluate("Red removeSelector: #colour")
    assert bench.console.evaluate(ask) == "#green"


def test_a_method_in_machine_code_that_is_replaced(bench: Bench) -> None:
    ask = f"[ :each | Asking new nestedOf: each ] value: {RED}"
    assert [bench.console.evaluate(ask) for _ in range(3)] == ["8"] * 3
    bench.console.evaluate("Red addSelector: #plus: withMethod: Red >> #twice:")
    assert bench.console.evaluate(ask) == "21"


def test_more_sends_than_places(tmp_path: Path) -> None:
    """Those that get none go by the method cache."""
    lines = " ".join(f"sum := sum + (each plus: {number})." for number in range(SEND_PLACES + 20))
    body = f"\t<compiled>\n\t| sum |\n\tsum := 0.\n\t{lines}\n\t^ sum"
    asking = f"{FILES['Asking']}\n{{ #category : #asking }}\nAsking >> allOf: each [\n{body}\n]\n"
    write(tmp_path, {**FILES, "Asking": asking})
    bench = boot(BootOptions((tmp_path,)))
    count = SEND_PLACES + 20
    for receiver, more in ((RED, 1), (GREEN, 100), (RED, 1)):
        found = bench.console.evaluate(f"Asking new allOf: {receiver}")
        assert int(found) == count * (count - 1) // 2 + count * more
