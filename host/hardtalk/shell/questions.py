"""What commands ask of the board: expressions whose value is a String, a line for each thing."""

from __future__ import annotations

from typing import Final

from hardtalk.bench import Bench

SHOWN_ELEMENTS: Final = 20
SHOWN_CHARACTERS: Final = 100
EXPLORED_LEVELS: Final = 4
EXPLORED_ELEMENTS: Final = 8
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

EXPLORE: Final = f"""| stream seen show |
stream := WriteStream on: String new.
seen := IdentitySet new.
show := nil.
show := [ :name :value :depth | | text shown |
    text := [ value printStringLimitedTo: {SHOWN_CHARACTERS} ]
        on: Error
        do: [ :error | '(not printable: ' , error messageText , ')' ].
    1 to: depth * 2 do: [ :each | stream space ].
    stream nextPutAll: name; nextPutAll: ': '; nextPutAll: text.
    (value class isBits or: [ value isSymbol or: [ value isNil or: [ value isNumber ] ] ])
        ifTrue: [ stream lf ]
        ifFalse: [
            (seen includes: value)
                ifTrue: [ stream nextPutAll: ' (shown above)'; lf ]
                ifFalse: [
                    stream lf.
                    seen add: value.
                    depth < {EXPLORED_LEVELS} ifTrue: [
                        value class allInstVarNames withIndexDo: [ :each :index |
                            show value: each asString value: (value instVarAt: index) value: depth + 1 ].
                        shown := value class isVariable ifTrue: [ value basicSize ] ifFalse: [ 0 ].
                        shown := shown min: {EXPLORED_ELEMENTS}.
                        1 to: shown do: [ :index |
                            show value: index printString value: (value basicAt: index) value: depth + 1 ].
                        (value class isVariable and: [ value basicSize > shown ]) ifTrue: [
                            1 to: depth * 2 + 2 do: [ :each | stream space ].
                            stream nextPutAll: '... ' , (value basicSize - shown) printString , ' more'; lf ] ] ] ] ].
show value: 'it' value: [ {{expression}} ] value value: 0.
stream contents"""
"""An object and what it is made of, some levels deep; each object once."""

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
