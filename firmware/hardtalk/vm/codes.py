"""What the values of some of the VM's variables mean, and which variables are counters that programs may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

PRIMITIVE_FAILURES: Final = {
    "PrimitiveOk": 0,
    "PrimitiveFailed": 1,
    "OutOfMemory": 2,
    "BadReceiver": 3,
    "BadArgument": 4,
    "BadIndex": 5,
    "BadArgumentCount": 6,
    "LimitReached": 7,
}
"""Values of the VM variable `primitiveFailure`."""

BECOME_PROBLEMS: Final = {
    "BecomeInteger": 1,
    "BecomeExecuted": 2,
    "BecomeUnique": 3,
    "BecomeNative": 4,
    "BecomeMethods": 5,
    "BecomeScheduled": 6,
    "BecomeSpecial": 7,
    "BecomeShape": 8,
    "BecomeRelied": 9,
}
"""Why an object cannot be replaced; CannotBecome in the class library has the words."""

COLLECTOR_PHASES: Final = {
    "PhaseIdle": 0,
    "PhaseMarking": 1,
    "PhaseWeak": 2,
    "PhaseFlushing": 3,
    "PhaseBurying": 4,
    "PhaseFreeing": 5,
}
"""Values of the VM variable `collectorPhase`, in their order from 0."""

PHASE_NAMES: Final = tuple(name.removeprefix("Phase").lower() for name in COLLECTOR_PHASES)
"""How people are told of them."""

AUDIT_STAGES: Final = {
    "AuditBegin": 0,
    "AuditLists": 1,
    "AuditRings": 2,
    "AuditBlocks": 3,
    "AuditCache": 4,
}
"""What a pass of the board's own audit is at: values of the VM variable `auditStage`."""

AUDIT_KINDS: Final = {
    "AuditBlock": 1,
    "AuditFreeList": 2,
    "AuditLink": 3,
    "AuditColour": 4,
    "AuditRing": 5,
    "AuditClass": 6,
    "AuditReference": 7,
    "AuditContext": 8,
    "AuditCacheEntry": 9,
    "AuditStatistics": 10,
}
"""What the board's own audit finds: values of the VM variable `auditKind`."""

INTERNAL_OPERANDS: Final = {
    "InternalPerform": 0,
    "InternalUnwind": 1,
    "InternalDead": 2,
    "InternalResume": 3,
    "InternalBlit": 4,
    "InternalText": 5,
    "InternalWarp": 6,
    "InternalDrop": 7,
}
"""Second bytes of bytecode 126, which only the VM's own method may contain."""

UNWIND_KINDS: Final = {
    "UnwindReturn": 0,
    "UnwindResume": 1,
    "UnwindRestart": 2,
    "UnwindGoOn": 3,
}
"""What happens to the context that is unwound to: it returns the value, goes on with it, is run again from its start,
or goes on without it."""

STATISTICS: Final = (
    "bytesFree",
    "bytesAllocated",
    "interruptCount",
    "strayInterrupts",
    "spuriousInterrupts",
    "cacheMisses",
    "contextsMade",
    "contextsEscaped",
    "processSwitches",
    "blockSplits",
    "blockMerges",
    "allocationFailures",
    "stackOverflows",
    "cyclesStarted",
    "cyclesCompleted",
    "collectorPhase",
    "markingUnits",
    "objectsFreed",
    "unitsDone",
    "liveBytes",
    "startBelow",
    "tortureMode",
    "nativeSwitches",
    "nativeStorms",
    "lostSignals",
    "misusedWaits",
    "regionStart",
    "regionEnd",
    "auditPasses",
    "auditBlocks",
    "auditSkipped",
    "auditFaults",
    "auditKind",
    "auditAddress",
)
"""VM variables that `vmValueAt:` answers, by number from 1; bytesFree has the number CounterBytesFree."""


def constants() -> Iterator[tuple[str, int]]:
    """Names and values of the Slang constants that come from these tables."""
    for table in (
        PRIMITIVE_FAILURES,
        BECOME_PROBLEMS,
        COLLECTOR_PHASES,
        AUDIT_STAGES,
        AUDIT_KINDS,
        INTERNAL_OPERANDS,
        UNWIND_KINDS,
    ):
        yield from table.items()
    for number, name in enumerate(STATISTICS, 1):
        yield f"Counter{name[0].upper()}{name[1:]}", number


def _check() -> None:
    assert [*COLLECTOR_PHASES.values()] == [*range(len(COLLECTOR_PHASES))]


_check()
