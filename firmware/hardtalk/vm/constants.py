"""Every Slang constant the VM's sources may name, from the tables that declare the facts.

The chip's registers come from the build (`extra`), since this package may not know the chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hardtalk.smalltalk import bytecodes
from hardtalk.smalltalk.compiled_method import LARGE_FRAME, SMALL_FRAME
from hardtalk.smalltalk.verifier import (
    FAULT_NUMBERS,
    FIRST_OWNER,
    LAST_VARIABLE,
    MOST_ARGUMENTS,
    MOST_CLOSURES,
    MOST_FRAMES,
    NOTHING_STORED,
    TRAILER_BYTES,
)
from hardtalk.vm import blit_rules, codes, native, object_format, special_objects
from hardtalk.vm.instruction_codes import INSTRUCTION_CONSTANTS
from hardtalk.vm.limits import limits
from hardtalk.vm.object_format import HASH_STEP, PROBE_LIMIT
from hardtalk.vm.primitives import ANY_ARITY, ANY_OBJECT_CODE, FIRST_QUICK_VARIABLE, UNSCHEDULED_CODE

STATE_REGISTER: Final = 4
"""The machine register that holds the address of the VM's variables in all of the VM's code."""

PINNED_REGISTERS: Final = {"ip": 5, "sp": 6, "context": 7, "dispatchBase": 8, "receiver": 9, "method": 10}
"""The VM variables that live in machine registers while bytecodes run. The boot stub has the state's and dispatchBase's
in its text (boot/README.md)."""

PRIORITY_COUNT: Final = 80
"""Of Smalltalk's processes, from 1."""

METHOD_CACHE_ENTRIES: Final = 1024
METHOD_CACHE_FIELDS: Final = ("Selector", "Class", "Method", "Entry")
METHOD_CACHE_ENTRY_BYTES: Final = 4 * len(METHOD_CACHE_FIELDS)
SEND_PLACES: Final = 256
"""So many sends of compiled methods have a place of their own behind the method cache (docs/compiled-methods.md)."""
SEND_PLACE_BYTES: Final = 2 * METHOD_CACHE_ENTRY_BYTES
"""It looks like an entry of the method cache and an empty one, whose third word is what the entry's routine is given
beside the method."""
METHOD_CACHE_ROWS: Final = METHOD_CACHE_ENTRIES + SEND_PLACES * SEND_PLACE_BYTES // METHOD_CACHE_ENTRY_BYTES
"""Of the cache and the places together: what must be forgotten, and what may name objects."""
METHOD_CACHE_PLACES: Final = 4
"""So many neighbouring entries may have what one of them is the own place of."""
METHOD_CACHE_LOT: Final = 0x9E3779B9
"""2^32 divided by the golden ratio: its multiples fall evenly, whatever their distance (Knuth, 6.4)."""
PRIMITIVE_TABLE_ENTRIES: Final = 1024
CODE_TABLE_ENTRIES: Final = 1536
"""Pieces of machine code that methods can go on in; number 0 is none (docs/compiled-methods.md)."""
BYTECODE_COUNT: Final = 256
SLOT_SHIFT: Final = 6
SLOT_BYTES: Final = 1 << SLOT_SHIFT
"""Each bytecode has a slot of code, which its number times this is the way to (docs/virtual-machine.md, "Dispatch")."""
PENDING_BIT: Final = 1 << 10
"""Of the dispatch register: set while something waits to be handled before the next bytecode, which a poll tests."""
DISPATCH_TABLES: Final = {"interruptTable": PENDING_BIT, "forwardingTable": 4, "markingTable": 8, "dispatchTable": 12}
"""What the dispatch register may hold, from the first slot on: where in each slot a bytecode's routine is entered. A
slot's first word leads to handleInterrupts, whichever slot it is, so interruptTable may begin at a later one."""
DISPATCH_SLOTS: Final = BYTECODE_COUNT + PENDING_BIT // SLOT_BYTES

VM_CONSTANTS: Final = {
    "MethodCacheRows": METHOD_CACHE_ROWS,
    "MethodCacheEntryBytes": METHOD_CACHE_ENTRY_BYTES,
    "MethodCacheBytes": METHOD_CACHE_ROWS * METHOD_CACHE_ENTRY_BYTES,
    "MethodCachePlaceShift": METHOD_CACHE_ENTRY_BYTES.bit_length() - 1,
    "MethodCacheLot": METHOD_CACHE_LOT,
    "MaxPrimitive": PRIMITIVE_TABLE_ENTRIES - 1,
    "SlotShift": SLOT_SHIFT,
    "CodeBit": DISPATCH_TABLES["dispatchTable"] & DISPATCH_TABLES["markingTable"],
    "PlainBits": DISPATCH_TABLES["dispatchTable"],
    "ReserveShift": 5,
    "LargestReserveOrder": 20,
    "ReserveChunksShift": 5,
    "LeastReserveOrder": 16,
    "LeastChunkOrder": 8,
    "MostWarnings": 2,
    "FirstChunks": 4,
    "SharedChunks": 16,
    "ReserveNumbers": 8,
    "RequestReserve": 0,
    "RequestChunks": 3,
    "ReserveLooks": 32,
    "AwaitedEntries": 8,
    "LateCycles": 4,
    "OutOfMemoryEntries": 8,
    "AskedToWait": 1,
    "AskedToFail": 2,
    "AskedToStandAside": 3,
    "AskedToEnd": 4,
    "TurnPriority": 54,
    "MostTurns": 32,
    "TurnCycles": 64,
    "BumpOrder": 14,
    "LargestBumpOrder": 7,
    "LargestQuickOrder": 9,
    "QuickBucketsShift": 5,
    "BatchBlocks": 8,
    "LargestMergedOrder": 10,
    "MergesInAStep": 2,
    "LargeFillBytes": 528,
    "FillStepBytes": 256,
    "ConstantFillBytes": 512,
    "CloneBytes": 512,
    "InitialContextLimit": 65536,
    "SmallContextStock": 64,
    "LargeContextStock": 4,
    "ContextLimitStep": 4096,
    "CollectorBumpOrder": 7,
    "BlockWords": 32,
    "CheckedBytes": 32,
    "ScanSlots": 16,
    "FollowSlots": 4,
    "ObjectUnits": 6,
    "LeafUnits": 5,
    "PartUnits": 14,
    "FreeWeight": 2,
    "FlushEntries": 8,
    "BuryUnits": 24,
    "BasicPace": 18,
    "LargestPace": 256,
    "PaceBytes": 4096,
    "SliceUnits": 128,
    "LargeDebtUnits": 8192,
    "SmallestPayment": 128,
    "GoalEntries": 8,
    "StaleGoalCycles": 16,
    "HandlerBytes": 4096,
    "HandlerPriority": 59,
    "IdleUnits": 2048,
    "BuriedAtOnce": 8,
    "FreedAtOnce": 8,
    "ForwardersAtOnce": 4,
    "ForwardsAtOnce": 4,
    "ExchangesAtOnce": 2,
    "ExchangeLimitBytes": 1024,
    "UnwindMarker": 198,
    "HandlerMarker": 199,
    "LargestClassDepth": 65535,
    "NearClassDepth": 32,
    "KnownPlaces": 128,
    "KnownTries": 12,
    "MutexLimit": 16,
    "MutexWaiters": 64,
    "SearchedAtOnce": 16,
    "DeepContexts": 32,
    "WakesAtOnce": 4,
    "DiscardedAtOnce": 16,
    "WriteTries": 16384,
    "LargeIntegerWords": 16,
    "ProductPieceWords": 16,
    "ProductRows": 4,
    "DivisorWords": 4,
    "QuotientWords": 3,
    "PieceElements": 32,
    "PointerElements": 16,
    "ComparedBytes": 896,
    "HashedHalf": 128,
    "CrcBytes": 4096,
    "CrcPieceBytes": 32,
    "AuditedAtOnce": 8,
    "ShownBytes": 32,
    "ProbeLimit": PROBE_LIMIT,
    "HashStep": HASH_STEP,
    "AnyObjectCode": ANY_OBJECT_CODE,
    "UnscheduledCode": UNSCHEDULED_CODE,
    "AnyArity": ANY_ARITY,
    "SmallContextFrame": SMALL_FRAME,
    "LargeContextFrame": LARGE_FRAME,
    "LargestMethodBytes": 30000,
    "MakingPieceBytes": 64,
    "TrailerBytes": TRAILER_BYTES,
    "NothingStored": NOTHING_STORED,
    "FirstOwner": FIRST_OWNER,
    "LastVariable": LAST_VARIABLE,
    "InsideInstruction": 0xFFFF,
    "MostFrames": MOST_FRAMES,
    "MostClosures": MOST_CLOSURES,
    "FrameBytes": 20,
    "FirstQuickVariable": FIRST_QUICK_VARIABLE,
    "FirstQuickPrimitive": 256,
    "EnterCode": bytecodes.BY_NAME["enterCode"].first,
    "LastQuickPrimitive": 519,
}
"""Sizes and limits that only the VM decides. Orders are log2 of bytes. Units are the collector's, about 15 cycles each;
paces are units for 32 bytes. A block of LargestBumpOrder must fit a bump area of CollectorBumpOrder. Between two
looks at interrupts what is done with large integers is LargeIntegerWords words long; a short multiplication has
ProductPieceWords words in ProductRows rows, a short division DivisorWords words in QuotientWords rows. Of a string
longer than two times HashedHalf so many first and last bytes count."""


MOST_SUPERCLASSES: Final = VM_CONSTANTS["NearClassDepth"] - 5
"""Of a class: its metaclass has those of the class and Class, ClassDescription, Behavior and Object; with itself among
them no chain is longer than the virtual machine looks. Behavior>>mostSuperclasses on the board."""

VERIFIER_CONSTANTS: Final = {
    **{f"Fault{name}": number for name, number in FAULT_NUMBERS.items()},
    **INSTRUCTION_CONSTANTS,
    "MostArguments": MOST_ARGUMENTS,
    "DoubleSuperSend": bytecodes.DOUBLE_SUPER_SEND,
    "DoublePushReceiverVariable": bytecodes.DOUBLE_PUSH_RECEIVER_VARIABLE,
    "DoublePushLiteral": bytecodes.DOUBLE_PUSH_LITERAL,
    "DoublePushLiteralVariable": bytecodes.DOUBLE_PUSH_LITERAL_VARIABLE,
    "DoubleStoreReceiverVariable": bytecodes.DOUBLE_STORE_RECEIVER_VARIABLE,
    "DoublePopIntoReceiverVariable": bytecodes.DOUBLE_POP_INTO_RECEIVER_VARIABLE,
    "ExtendedReceiverVariable": bytecodes.RECEIVER_VARIABLE,
    "ExtendedTemporary": bytecodes.TEMPORARY,
    "ExtendedLiteral": bytecodes.LITERAL_CONSTANT,
}
"""What the verifier of bytecodes answers, and what the operands of extended instructions mean."""


def slang_constants(extra: Mapping[str, int] | None = None) -> dict[str, int]:
    """All constants, by name; a name declared twice with different values is an error."""
    result: dict[str, int] = {}
    sources = (
        object_format.constants(),
        special_objects.constants(),
        native.constants(),
        blit_rules.constants().items(),
        VM_CONSTANTS.items(),
        limits(VM_CONSTANTS).items(),
        ((f"Cache{name}Offset", 4 * place) for place, name in enumerate(METHOD_CACHE_FIELDS)),
        VERIFIER_CONSTANTS.items(),
        codes.constants(),
        (extra or {}).items(),
    )
    for source in sources:
        for name, value in source:
            if result.setdefault(name, value) != value:
                raise ValueError(f"Slang constant {name} is declared as {result[name]} and as {value}")
    return result
