"""Code files on the volume of a board, and what the board was before and is after."""

from __future__ import annotations

from hardtalk.bench import Bench, BenchError
from hardtalk.devices import CfiFlash
from hardtalk.flash import Volume
from hardtalk.serial import ClassModel
from hardtalk.serial.code_file import code_file, framed, records_of

HEADER_BYTES = len(b"Hardtalk code 0001 00000000 00000000\n")
STATE = """| sum |
    sum := Smalltalk size.
    Smalltalk allClasses do: [ :class |
        { class. class class } do: [ :each |
            sum := sum + each superclass identityHash + each instSize + each subclasses size + each instVarNames size.
            each methodDictionary keysAndValuesDo: [ :key :method |
                sum := sum + (key identityHash * (method identityHash \\\\ 1000)) \\\\ 536870912 ] ].
        sum := sum + (class classPool keys size * 7) + (class category ifNil: [ 0 ] ifNotNil: [ :name | name size ]) ].
    sum"""
LAMP = """Object subclass: #Lamp instanceVariableNames: 'level' classVariableNames: 'Count' package: 'Lamps'!
Lamp class instanceVariableNames: 'made'!
!Lamp class methodsFor: 'x'!
make made := (made ifNil: [ 0 ]) + 1. Count := (Count ifNil: [ 0 ]) + 1. ^ super new level: made; yourself!
count ^ Count! !
!Lamp methodsFor: 'x'!
level ^ level!
level: x level := x! !
Lamp subclass: #Torch instanceVariableNames: 'battery' classVariableNames: '' package: 'Lamps'!
!Torch methodsFor: 'x'!
battery ^ battery ifNil: [ battery := 100 ]!
level ^ super level * self battery! !
!Point methodsFor: 'lamps'!
lamp ^ Lamp make level: x; yourself! !
"""


def compiled(source: str, model: ClassModel) -> bytes:
    """The classes of the text as a code file for a firmware with those of the model, which stays as it is."""
    known = ClassModel()
    known.take(model)
    return code_file([(source, "test.st")], known).data


def put(bench: Bench, data: bytes, name: str = "test.code") -> None:
    flash = bench.board.device("FLASH")
    assert isinstance(flash, CfiFlash)
    Volume(flash.contents).write(name, data)
    bench.console.evaluate("FlashVolumeDevice mount")


def with_records(data: bytes, old: bytes, new: bytes) -> bytes:
    """The file with other records, its check sum right."""
    records = records_of(data)
    assert old in records
    return framed(records.replace(old, new))


def load(bench: Bench, name: str = "test.code") -> str:
    return bench.console.evaluate(f"CodeFile load: '{name}'")


def refusal(bench: Bench, name: str = "test.code") -> str:
    """What the board says of a file that it refuses, which has changed nothing."""
    before = bench.console.evaluate(STATE)
    try:
        answer = load(bench, name)
    except BenchError as error:
        message = str(error).splitlines()[1]
    else:
        raise AssertionError(f"the file was loaded: {answer}")
    assert bench.console.evaluate(STATE) == before
    return message
