"""The records that native code and the boot stub share: lines, processes, semaphores, slots for Smalltalk semaphores.

Offsets are in bytes. The linker gives them to the boot stub and the build to Slang under the same names, so that
assembly and Slang cannot disagree. Priorities in records are plain integers on the scale of Smalltalk's processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

INTERRUPT_LINES: Final = 32
PRIORITY_LEVELS: Final = 96
LEVELS: Final = PRIORITY_LEVELS + 1
"""Nobody is as urgent as the last one, which is above the last priority."""

LEVEL_BYTES: Final = 8
SLEEPER_LISTS: Final = 64
"""A power of two: a process sleeps in the list of the tick at which it wakes, by its last bits."""

SLOT_COUNT: Final = 32
ROUTINE_LIMIT: Final = 256

LINE_RECORD_BYTES: Final = 64
LINE_FIELDS: Final = ("Handler", "Argument", "Held", "Bit", "Count", "Repeats", "StormLimit", "Storms", "Priority")
"""A line: its native handler (0: Smalltalk's) and what that gets in r0; the lines held back while it runs; the line's
own bit; interrupts taken natively; how often in a row the line was still raised after the handler, and how often that
is allowed; storms; the handler's priority, or the priority of the Smalltalk process that waits for the line."""

PROCESS_RECORD_BYTES: Final = 256
PROCESS_FIELDS: Final = {
    "Registers": 0,
    "Stack": 52,
    "Link": 56,
    "Place": 60,
    "Status": 64,
    "Next": 68,
    "Priority": 72,
    "State": 76,
    "List": 80,
    "UsesFloats": 84,
    "EndSlot": 88,
    "Wake": 92,
    "Switches": 96,
    "Previous": 100,
    "Floats": 104,
}
"""A native process: r0-r12, sp, lr, pc and cpsr while it does not run; the next in its list; priority; state; the
semaphore it waits for; whether its VFP registers are kept; the slot signalled when it ends (-1: none); the tick it
sleeps until; how often it was switched to; the one before it in its list; d0-d15 and fpscr. The stack follows."""

STACK_BYTES: Final = 128
"""The least stack behind a process's record."""

PROCESS_SAVED_WORDS: Final = {"Registers": 13 + 4, "Floats": 16 * 2 + 1}
"""The words of those parts of a process's record in which the machine's registers are kept while it does not run."""

PROCESS_STATES: Final = ("Suspended", "Ready", "Running", "Waiting", "Ended", "Sleeping")
SEMAPHORE_FIELDS: Final = ("Count", "First", "Last", "Slot", "Waiters")
"""A semaphore of both kinds: signals nobody waited for; native processes that wait; the slot of the Smalltalk
semaphore for the others and how many of those wait."""

QUEUE_FIELDS: Final = ("Read", "Write", "Capacity", "Lost")
"""A queue of words begins with a semaphore, which counts its words; then where the next is taken and put, the number
of places (one more than words fit), and words lost because it was full; then the places."""

BLOCK_FIELDS: Final = ("Device", "OwnSignal")
"""The block of a native handler: the address of its device, which only the primitive that prepares the block writes,
and the number of the slot that it signals; then words of the driver's own."""

RECORD_KINDS: Final = ("Unused", "Process", "Semaphore", "Queue", "Block")
RECORD_KIND_BYTES: Final = 4
"""Processes, semaphores, queues and the blocks of native handlers lie in objects of FormatNative, whose first word says
what the rest is. It is 0 in a new object; only the primitives that prepare a record write it. Native code is given the
address behind it."""

ARGUMENT_KINDS: Final = ("Integer", *RECORD_KINDS[1:], "Contents")
"""What a routine can want: a plain integer, a record, or the contents of an object."""
ARGUMENT_KIND_BITS: Final = 3

KEPT_PLACES: Final = {
    "SlotSemaphores": SLOT_COUNT,
    "KeptRecords": SLOT_COUNT,
    "KeptArguments": SLOT_COUNT,
    "KeptLineArguments": INTERRUPT_LINES,
}
"""What the virtual machine keeps alive for native code, in the array of the lines' semaphores behind those, which no
program reaches: for each slot its semaphore, the record prepared with it and the argument of that record's process; for
each line the argument of its native handler. `become:` looks through the arguments, which are side by side."""

NATIVE_ARGUMENT_PLACES: Final = KEPT_PLACES["KeptArguments"] + KEPT_PLACES["KeptLineArguments"]
LINE_ARRAY_PLACES: Final = INTERRUPT_LINES + sum(KEPT_PLACES.values())

SLOT_RECORD_BYTES: Final = 8
SLOT_FIELDS: Final = ("Signals", "Priority")

RECORDS: Final = (
    ("NativeLine", None, {name: 4 * place for place, name in enumerate(LINE_FIELDS)}),
    ("NativeProcess", None, PROCESS_FIELDS),
    ("NativeSemaphore", None, {name: 4 * place for place, name in enumerate(SEMAPHORE_FIELDS)}),
    (
        "NativeQueue",
        "NativeSemaphore",
        {name: 4 * place for place, name in enumerate((*QUEUE_FIELDS, "Places"), len(SEMAPHORE_FIELDS))},
    ),
    ("NativeBlock", None, {name: 4 * place for place, name in enumerate(BLOCK_FIELDS)}),
    ("NativeSlot", None, {name: 4 * place for place, name in enumerate(SLOT_FIELDS)}),
)
"""Each record's name, the one that it begins with, and the offsets of its fields."""

TARGETS: Final = {
    "NativeProcess": {
        "Registers": "part",
        "Floats": "part",
        "Next": "NativeProcess",
        "Previous": "NativeProcess",
        "List": "NativeSemaphore",
    },
    "NativeSemaphore": {"First": "NativeProcess", "Last": "NativeProcess"},
    "NativeQueue": {"Places": "part"},
}
"""The fields that are addresses: of which record, or where a part of this one begins."""

LAYOUT_TABLES: Final = (
    ("nativeLineTable", INTERRUPT_LINES * LINE_RECORD_BYTES),
    ("nativeReadyTable", PRIORITY_LEVELS * 8),
    ("nativeReadyBits", PRIORITY_LEVELS // 8),
    ("nativeSlotTable", SLOT_COUNT * SLOT_RECORD_BYTES),
    ("nativeLevelTable", LEVELS * LEVEL_BYTES),
    ("nativeSleeperTable", SLEEPER_LISTS * 8),
    ("vmRecord", PROCESS_RECORD_BYTES),
    ("nobodysQueue", 64),
)
"""What the linker reserves, cleared at reset: the lines, a first and last process and a bit for each priority, the
slots, for each priority the lines and slots that are as urgent, a first and last sleeping process for each of the next
ticks, the record in which the virtual machine is put away like a native process, and a queue without a place that
nobody waits for: what is known when no record is."""


ENTRY_ROUTINES: Final = (
    "scheduleAfterInterrupt",
    "signalNative:",
    "waitNative:",
    "signalSmalltalk:",
    "yieldNative",
    "sleepNative:",
    "tickNative",
    "queue:put:",
    "waitFrom:",
)
"""Selectors that only the boot stub or code from outside calls."""


def argument_code(kind: str, reach: int) -> int:
    """What the table of arguments holds of a routine: its kind, and how many bytes of contents it uses at least."""
    return ARGUMENT_KINDS.index(kind) | reach << ARGUMENT_KIND_BITS


def constants() -> Iterator[tuple[str, int]]:
    """Names and values for Slang and for the boot stub."""
    yield "NativeLineBytes", LINE_RECORD_BYTES
    yield "NativeLineShift", LINE_RECORD_BYTES.bit_length() - 1
    for number, name in enumerate(LINE_FIELDS):
        yield f"NativeLine{name}Offset", 4 * number
    for name, offset in PROCESS_FIELDS.items():
        yield f"NativeProcess{name}Offset", offset
    yield "NativeProcessBytes", PROCESS_RECORD_BYTES
    yield "NativeStackBytes", STACK_BYTES
    for number, name in enumerate(PROCESS_STATES):
        yield f"Native{name}", number
    for number, name in enumerate(SEMAPHORE_FIELDS):
        yield f"NativeSemaphore{name}Offset", 4 * number
    yield "NativeSemaphoreBytes", 4 * len(SEMAPHORE_FIELDS)
    yield "NativeBlockBytes", 4 * len(BLOCK_FIELDS)
    for number, name in enumerate(QUEUE_FIELDS, len(SEMAPHORE_FIELDS)):
        yield f"NativeQueue{name}Offset", 4 * number
    yield "NativeQueueBytes", 4 * (len(SEMAPHORE_FIELDS) + len(QUEUE_FIELDS))
    for number, name in enumerate(RECORD_KINDS):
        yield f"Native{name}Kind", number
    yield "NativeKindBytes", RECORD_KIND_BYTES
    yield "NativeIntegerArgument", ARGUMENT_KINDS.index("Integer")
    yield "NativeContentsArgument", ARGUMENT_KINDS.index("Contents")
    yield "NativeArgumentKindBits", ARGUMENT_KIND_BITS
    yield "NativeSlotBytes", SLOT_RECORD_BYTES
    for number, name in enumerate(SLOT_FIELDS):
        yield f"NativeSlot{name}Offset", 4 * number
    yield "NativeSlots", SLOT_COUNT
    place = INTERRUPT_LINES
    for name, count in KEPT_PLACES.items():
        yield f"Native{name}", place
        place += count
    yield "NativeArgumentPlaces", NATIVE_ARGUMENT_PLACES
    yield "NativePriorities", PRIORITY_LEVELS
    yield "NativeLevels", LEVELS
    yield "NativeLevelBytes", LEVEL_BYTES
    yield "NativeSleeperLists", SLEEPER_LISTS
    yield "NativeSleeperMask", SLEEPER_LISTS - 1
    yield "NativeRoutineLimit", ROUTINE_LIMIT
    yield "NativeReschedule", 1
    yield "NativeAttention", 2


def _check() -> None:
    assert 4 * len(LINE_FIELDS) <= LINE_RECORD_BYTES and LINE_RECORD_BYTES.bit_count() == 1
    offsets = list(PROCESS_FIELDS.values())
    assert offsets == sorted(set(offsets)) and offsets[-1] + 4 * PROCESS_SAVED_WORDS["Floats"] <= PROCESS_RECORD_BYTES
    assert PRIORITY_LEVELS % 32 == 0
    assert SLEEPER_LISTS.bit_count() == 1


_check()
