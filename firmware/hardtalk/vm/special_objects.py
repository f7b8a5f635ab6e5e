"""The special objects array: what the VM finds at each index, and the VM variable that caches it.

Indices 0-42 are Squeak V3's (unused ones are nil), 43 and up are Hardtalk's. `kind` tells the image builder what to put
there: `object` and `array` are built by name, `class` is the class, `driver` a class that an image may lack (nil then),
`symbol` the Symbol, `association` the Association of the global in Smalltalk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from hardtalk.vm.native import INTERRUPT_LINES
from hardtalk.vm.slots import fixed_slots

Kind = Literal["object", "array", "class", "driver", "symbol", "association"]


@dataclass(frozen=True)
class SpecialObject:
    """One entry. `variable` is the Slang variable read at start-up, empty when the VM does not use the object.

    Of a class, or of an object of a class of its own, `followed` says how many variables of its instances, from the
    first, the VM follows without looking at what they hold: its primitives change them, and the firmware's methods.
    """

    index: int
    kind: Kind
    name: str
    variable: str = ""
    followed: int = 0

    @property
    def constant(self) -> str:
        """The Slang constant that holds the index."""
        words = self.name.replace(":", " ").split()
        stem = "".join(word[0].upper() + word[1:] for word in words)
        kinds = {"symbol": "Selector", "association": "Association"}
        return f"Special{kinds.get(self.kind, '')}{stem}"


SPECIAL_OBJECTS: Final = (
    SpecialObject(0, "object", "nil", "nilObject"),
    SpecialObject(1, "object", "false", "falseObject"),
    SpecialObject(2, "object", "true", "trueObject"),
    SpecialObject(3, "association", "Processor"),
    SpecialObject(4, "class", "Bitmap", "classBitmap"),
    SpecialObject(5, "class", "SmallInteger", "classSmallInteger"),
    SpecialObject(6, "class", "String", "classString"),
    SpecialObject(7, "class", "Array", "classArray"),
    SpecialObject(8, "object", "Smalltalk", "smalltalkDictionary"),
    SpecialObject(9, "class", "Float", "classFloat"),
    SpecialObject(10, "class", "MethodContext", "classMethodContext"),
    SpecialObject(12, "class", "Point", "classPoint"),
    SpecialObject(13, "class", "LargePositiveInteger", "classLargePositiveInteger"),
    SpecialObject(15, "class", "Message", "classMessage"),
    SpecialObject(16, "class", "CompiledMethod", "classCompiledMethod"),
    SpecialObject(17, "object", "lowSpaceSemaphore"),
    SpecialObject(18, "class", "Semaphore", "classSemaphore", followed=fixed_slots("Semaphore")),
    SpecialObject(19, "class", "Character", "classCharacter", followed=fixed_slots("Character")),
    SpecialObject(20, "symbol", "doesNotUnderstand:", "selectorDoesNotUnderstand"),
    SpecialObject(21, "symbol", "cannotReturn:", "selectorCannotReturn"),
    SpecialObject(23, "array", "specialSelectors", "specialSelectors"),
    SpecialObject(24, "array", "characterTable", "characterTable"),
    SpecialObject(25, "symbol", "mustBeBoolean", "selectorMustBeBoolean"),
    SpecialObject(26, "class", "ByteArray", "classByteArray"),
    SpecialObject(27, "class", "Process", "classProcess", followed=fixed_slots("Process")),
    SpecialObject(29, "object", "timerSemaphore"),
    SpecialObject(30, "object", "interruptSemaphore"),
    SpecialObject(34, "symbol", "cannotInterpret:", "selectorCannotInterpret"),
    SpecialObject(36, "class", "BlockClosure", "classBlockClosure", followed=fixed_slots("Closure")),
    SpecialObject(41, "object", "finalizationSemaphore"),
    SpecialObject(42, "class", "LargeNegativeInteger", "classLargeNegativeInteger"),
    SpecialObject(43, "symbol", "outOfMemory", "selectorOutOfMemory"),
    SpecialObject(44, "array", "lineSemaphores", "lineSemaphoreArray"),
    SpecialObject(45, "class", "MethodDictionary", "classMethodDictionary", followed=fixed_slots("Dictionary")),
    SpecialObject(46, "class", "Metaclass", "classMetaclass"),
    SpecialObject(47, "object", "startUpProcess", "startUpProcess"),
    SpecialObject(48, "symbol", "aboutToReturn:through:", "selectorAboutToReturn"),
    SpecialObject(49, "symbol", "unhandledInterrupt:", "selectorUnhandledInterrupt"),
    SpecialObject(50, "symbol", "cannotBeSentTo:", "selectorCannotBeSentTo"),
    SpecialObject(51, "class", "Behavior", "classBehavior", followed=3),
    SpecialObject(52, "class", "Mutex", "classMutex", followed=fixed_slots("Mutex")),
    SpecialObject(53, "driver", "Registers", "classRegisters", followed=1),
    SpecialObject(54, "driver", "InterruptController", "classInterruptController"),
    SpecialObject(55, "object", "Processor", "scheduler", followed=fixed_slots("Scheduler")),
    SpecialObject(56, "class", "LinkedList", "classLinkedList", followed=fixed_slots("List")),
    SpecialObject(57, "class", "Association", "classAssociation"),
    SpecialObject(58, "array", "readyLists", "readyLists"),
    SpecialObject(59, "symbol", "nothingAnswersAt:", "selectorNothingAnswersAt"),
    SpecialObject(60, "object", "asideList", "asideList"),
    SpecialObject(61, "object", "turnList", "turnList"),
    SpecialObject(62, "class", "SystemObject", "classSystemObject"),
    SpecialObject(63, "object", "symbolRegistry", "symbolRegistry"),
    SpecialObject(64, "object", "vmMethod"),
    SpecialObject(65, "class", "SystemBinding", "classSystemBinding", followed=fixed_slots("Association")),
    SpecialObject(66, "class", "TranscriptStream", "classTranscriptStream"),
    SpecialObject(67, "class", "SystemProcess", "classSystemProcess"),
    SpecialObject(68, "symbol", "stackTooDeep", "selectorStackTooDeep"),
)
"""The arrays are read without a check, so no program gets at them: primitive 129 leaves them out."""

INDEX_OF_CLASS: Final = {entry.name: entry.index for entry in SPECIAL_OBJECTS if entry.kind in ("class", "driver")}

FOLLOWED: Final = {
    {"Processor": "ProcessorScheduler"}.get(entry.name, entry.name): entry
    for entry in SPECIAL_OBJECTS
    if entry.followed
}
"""By the name of the class."""

SPECIAL_OBJECT_COUNT: Final = (max(entry.index for entry in SPECIAL_OBJECTS) + 2) // 2 * 2
"""Even, since the virtual machine looks at two at a time; one that is left over is nil."""


def constants() -> Iterator[tuple[str, int]]:
    """Names and values of the Slang constants that come from this table."""
    for entry in SPECIAL_OBJECTS:
        yield entry.constant, entry.index
        if entry.followed:
            yield f"Followed{entry.name}", entry.followed
    yield "SpecialObjectCount", SPECIAL_OBJECT_COUNT
    yield "InterruptLines", INTERRUPT_LINES


def _check() -> None:
    for column in ("index", "constant"):
        values = [getattr(entry, column) for entry in SPECIAL_OBJECTS]
        assert len(set(values)) == len(values), f"two special objects share a {column}"


_check()
