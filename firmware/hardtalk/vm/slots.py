"""Slots of the classes that the virtual machine knows, in order, each with what it holds.

`Name: what` is one slot. What it holds is `oop`, any reference; the name of a class of this table, a reference to one
of those or to nil; `word`, of which the collector need not hear: a SmallInteger, nil in its place, or an address;
`part`, where the indexed part begins.
"""

from __future__ import annotations

from typing import Final

BITBLT: Final = (
    "TargetForm: Form", "SourceForm: Form", "HalftoneForm: oop", "Rule: oop", "TargetX: oop", "TargetY: oop",
    "Width: oop", "Height: oop", "SourceX: oop", "SourceY: oop", "ClipX: oop", "ClipY: oop", "ClipWidth: oop",
    "ClipHeight: oop", "ColorMap: oop",
)  # fmt: skip

SLOT_TABLE: Final = {
    "Class": (
        "Superclass: Class", "MethodDictionary: Dictionary", "InstanceFormat: word", "InstanceVariables: oop",
        "Organization: oop", "Subclasses: oop", "Name: oop", "ClassPool: oop", "SharedPools: oop",
    ),
    "Dictionary": ("Tally: word", "Methods: oop", "Keys: part"),
    "Association": ("Key: oop", "Value: oop"),
    "Context": (
        "Sender: Context", "Pc: word", "StackPointer: word", "Method: Method", "Closure: Closure", "Receiver: oop",
        "Temporaries: part",
    ),
    "Closure": ("OuterContext: Context", "StartPc: word", "ArgumentCount: word", "CopiedValues: part"),
    "Link": ("NextLink: Process",),
    "Process": (
        "NextLink: Process", "SuspendedContext: oop", "Priority: word", "MyList: List", "Name: oop",
        "OwnPriority: word", "FirstMutex: Mutex", "SuspendedList: List", "Reserve: oop", "PreviousLink: Process",
    ),
    "List": ("FirstLink: Process", "LastLink: Process"),
    "Semaphore": ("FirstLink: Process", "LastLink: Process", "ExcessSignals: word"),
    "Mutex": ("FirstLink: Process", "LastLink: Process", "Owner: Process", "NextOwned: Mutex", "Ceiling: word"),
    "Scheduler": ("Lists: oop", "ActiveProcess: Process", "Unsettled: Process", "Abandoned: Mutex"),
    "Message": ("Selector: oop", "Arguments: oop", "LookupClass: Class"),
    "Method": ("Header: word", "Literals: part"),
    "Float": ("Low: word", "High: word"),
    "Character": ("Code: word",),
    "Point": ("X: oop", "Y: oop"),
    "Stream": ("Collection: oop", "Position: word", "ReadLimit: word", "WriteLimit: word"),
    "BitBlt": BITBLT,
    "WarpBlt": (
        *BITBLT, "P1x: oop", "P1y: oop", "P1z: oop", "P2x: oop", "P2y: oop", "P2z: oop", "P3x: oop", "P3y: oop",
        "P3z: oop", "P4x: oop", "P4y: oop", "P4z: oop",
    ),
    "Form": ("Bits: oop", "Width: oop", "Height: oop", "Depth: oop"),
    "ColorMap": ("Shifts: oop", "Masks: oop", "Colors: oop"),
}  # fmt: skip

SUPERCLASSES: Final = {"Process": "Link", "Semaphore": "List", "Mutex": "List", "WarpBlt": "BitBlt"}
"""Whose slots the first of a class are."""


def slot_types(group: str) -> dict[str, str]:
    """What the slots of a class of the table hold, by name, in order."""
    return dict(text.split(": ") for text in SLOT_TABLE[group])


def fixed_slots(group: str) -> int:
    """How many slots lie before the indexed part, or in all."""
    return sum(not meaning.endswith(" part") for meaning in SLOT_TABLE[group])


def _check() -> None:
    for group, base in SUPERCLASSES.items():
        assert SLOT_TABLE[group][: len(SLOT_TABLE[base])] == SLOT_TABLE[base], f"{group} does not begin like {base}"
    for group, slots in SLOT_TABLE.items():
        for place, text in enumerate(slots, 1):
            what = text.split(": ")[1]
            assert what in ("oop", "word", "part") or what in SLOT_TABLE, f"{group} holds {what}"
            assert what != "part" or place == len(slots), f"{group} goes on behind its indexed part"


_check()
