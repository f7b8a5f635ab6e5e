"""The order of the virtual machine's variables in the VM state.

Near the base register a variable's address is one instruction, and variables used together share cache lines: what
every bytecode and allocation touches comes first, then what is rarer, the statistics of studies last. The anchors of
the collector's rings are pairs of neighbouring variables, so a component's variables keep the order of its class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

STATE_ORDER: Final = (
    "SpecialObjects",
    "bytecodeTable",
    "primitiveFailure",
    "pendingLines",
    "interruptCount",
    "spuriousInterrupts",
    "InternalMethod",
    "opcodeIp",
    "operandIp",
    "Heap",
    "ObjectMemory",
    "freeLists",
    "nonEmptyOrders",
    "quickLists",
    "quickBuckets",
    "bucketShift",
    "fillingBatch",
    "fillingCount",
    "BumpArea",
    "regionStart",
    "regionEnd",
    "bumpNext",
    "bumpLimit",
    "bytesFree",
    "bytesAllocated",
    "nextPayment",
    "collectionWanted",
    "tortureMode",
    "blockSplits",
    "blockMerges",
    "allocationFailures",
    "Contexts",
    "DevicePrimitives",
    "FloatOperands",
    "LargeIntegerOperands",
    "AuditChecks",
    "LargeIntegerDivision",
    "MethodCache",
    "MethodLookup",
    "Shading",
    "Treadmill",
    "Marker",
    "Reclamation",
    "Sweeper",
    "Pacing",
    "Collector",
    "Forwarders",
    "ContextPrimitives",
    "IdentityPairs",
    "IdentityExchange",
    "goesOn",
    "candidate",
    "candidatePriority",
    "unsettledPriority",
    "readyBits",
    "MemoryExhaustion",
    "Turns",
    "rescheduleWanted",
    "strayInterrupts",
    "Scheduler",
    "divertedLines",
    "divertedAtRest",
    "nativeLines",
    "nativeDepth",
    "NativeReady",
    "floatOwner",
    "nativeSignals",
    "NativeSleep",
    "nativeSwitches",
    "nativeStorms",
    "NativeSemaphores",
    "misusedWaits",
    "Reserve",
    "Holdings",
    "Chunks",
    "Mutexes",
    "AbsentDevices",
)
"""Components, whose variables lie where the component stands, and variables that have a place of their own."""


def in_state_order(components: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """The variables of components (name, variables) in their order: first what `STATE_ORDER` names, then the others, a
    driver's for example, as they come. A variable that two components have comes twice."""
    place = {name: index for index, name in enumerate(STATE_ORDER)}
    variables = [(place.get(name, place.get(owner, len(place))), name) for owner, names in components for name in names]
    yield from (name for _, name in sorted(variables, key=lambda each: each[0]))
