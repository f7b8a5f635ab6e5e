"""What commands ask of the board: expressions whose value is a String, a line for each thing."""

from __future__ import annotations

from typing import Final

from hardtalk.bench import Bench

SHOWN_ELEMENTS: Final = 20
SHOWN_CHARACTERS: Final = 100
PATIENCE_CYCLES: Final = 20_000_000_000

INSPECT: Final = f"""| object names stream write |
object := [ {{expression}} ] value.
stream := WriteStream on: String new.
write := [ :name :value | | text |
    text := [ value printStringLimitedTo: {SHOWN_CHARACTERS} ]
        on: Error
        do: [ :error | '(not printable: ' , error messageText , ')' ].
    stream nextPutAll: name; nextPutAll: ': '; nextPutAll: text; lf ].
write value: object class name asString value: object.
names := object class allInstVarNames.
names withIndexDo: [ :name :index | write value: '  ' , name asString value: (object instVarAt: index) ].
object class isVariable ifTrue: [
    1 to: (object basicSize min: {SHOWN_ELEMENTS}) do: [ :index |
        write value: '  ' , index printString value: (object basicAt: index) ].
    object basicSize > {SHOWN_ELEMENTS} ifTrue: [
        stream nextPutAll: '  ... ' , (object basicSize - {SHOWN_ELEMENTS}) printString , ' more'; lf ] ].
stream contents"""
"""Class and text of an object, its variables and its first elements."""

BROWSE: Final = """| class stream list |
class := {name}.
stream := WriteStream on: String new.
list := [ :title :elements | elements isEmpty ifFalse: [
    stream nextPutAll: title.
    elements do: [ :each | stream space; nextPutAll: each asString ].
    stream lf ] ].
list value: class name asString , ' <' value: class allSuperclasses.
list value: '  variables:' value: class allInstVarNames.
list value: '  class variables:' value: class classVarNames.
list value: '  subclasses:' value: (class subclasses collect: [ :each | each name ]).
list value: '  class messages:' value: class class selectors asSortedCollection.
list value: '  messages:' value: class selectors asSortedCollection.
stream contents"""

PROCESSES: Final = """| stream states context depth |
stream := WriteStream on: String new.
Process allSubInstances do: [ :each | each isDead ifFalse: [
    states := each isActiveProcess ifTrue: [ 'active' ] ifFalse: [
        each isReady ifTrue: [ 'ready' ] ifFalse: [ each isWaiting ifTrue: [ 'waiting' ] ifFalse: [ 'suspended' ] ] ].
    context := each isActiveProcess ifTrue: [ thisContext ] ifFalse: [ each suspendedContext ].
    depth := 0.
    [ context isNil ] whileFalse: [
        depth = 0 ifTrue: [ states := states , ' in ' , context printString ].
        depth := depth + 1.
        context := context sender ].
    stream print: each priority; tab; nextPutAll: each name asString; tab; print: depth; tab.
    stream nextPutAll: states; lf ] ].
stream contents"""
"""Priority, name, stack depth, state."""

LINES: Final = """| stream |
stream := WriteStream on: String new.
(Device running associations asSortedCollection: [ :one :other | one key <= other key ]) do: [ :each |
    stream print: each key; tab; nextPutAll: each value printString; tab; nextPutAll: each value form asString; tab.
    stream nextPutAll: (each value isMasked ifTrue: [ 'masked' ] ifFalse: [ 'open' ]); tab.
    stream print: each value failures; tab; print: each value storms; lf ].
stream contents"""
"""Line, device, form, whether it is masked, failures, storms."""

MEMORY: Final = """| stream |
stream := WriteStream on: String new.
stream nextPutAll: 'bytes free'; tab; print: Smalltalk bytesFree; lf.
Smalltalk vmValueNames withIndexDo: [ :name :index |
    stream nextPutAll: name asString; tab; print: (Smalltalk vmValueAt: index); lf ].
stream contents"""


def ask(bench: Bench, expression: str) -> list[str]:
    """The lines of a String that the expression answers. BenchError with the trace when it fails."""
    answer = bench.console.evaluate(expression, PATIENCE_CYCLES)
    return answer[1:-1].replace("''", "'").splitlines()
