"""Which Slang routines are locked in the instruction cache with the boot stub's interrupt code.

They are linked first, right behind the stub's code from `interruptEntry`; the native routines of drivers come among
them, before those of the table that not every handler needs on its way to its first access. `lockCaches`
(boot/start.s) locks from there as much as two ways hold, less the line of the vectors, which is 8,160 bytes on the
board. So the order of the table is one of importance.
"""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.link.errors import LinkError
from hardtalk.link.inputs import RoutineLike

CACHE_LINE_BYTES = 32
PAGE_BYTES = 4096
BEHIND_NATIVE_ROUTINES = "primitiveReadWord:method:arguments:"

# Selector: how many routines of a range are locked, from its first number; None for all.
LOCKED: dict[str, int | None] = {
    # From the interrupted bytecode into the handler's process.
    "handleInterrupts": None,
    "switchToCandidate": None,
    "runProcess:": None,
    "primitiveWait:arguments:": None,
    "takeReadyProcessAbove:": None,
    # What handlers are made of: sends, activations, returns, the commonest bytecodes.
    "activateUnary:arguments:": None,
    "activateBinary:arguments:": None,
    "activateSmall:arguments:": None,
    "bytecodeSendLiteralUnary:": 6,
    "bytecodeSendLiteralBinary:": 4,
    "bytecodeSendLiteralTernary:": 2,
    "send:arguments:": None,
    "primitiveAnswerVariable:method:arguments:": 8,
    "bytecodeReturnReceiver": None,
    "bytecodeReturnTrue": None,
    "bytecodeReturnTop": None,
    "bytecodePushReceiverVariable:": None,
    "bytecodePushTemporary:": 8,
    "bytecodePushLiteralConstant:": 8,
    "bytecodePopIntoReceiverVariable:": None,
    "bytecodePopIntoTemporary:": 4,
    "bytecodePushReceiver": None,
    "bytecodePushTrue": None,
    "bytecodePushFalse": None,
    "bytecodePushSmallConstant:": None,
    "bytecodePop": None,
    "bytecodeShortJump:": None,
    "bytecodeShortJumpIfFalse:": 4,
    "bytecodeLongJump:": None,
    "bytecodeBitAnd": None,
    # Registers of devices.
    "primitiveViewBit:method:arguments:": 12,
    "answerBit:method:arguments:": None,
    "primitiveWriteWord:method:arguments:": 12,
    "writeWord:method:arguments:": None,
    "primitiveReadWord:method:arguments:": 8,
    "readWord:method:arguments:": None,
    "primitiveFinishLine:arguments:": None,
    "primitiveWriteController:method:arguments:": 8,
    "writeController:method:arguments:": None,
}


def is_wanted(routine: RoutineLike) -> bool:
    """Whether the routine is one of the table's."""
    if routine.selector not in LOCKED:
        return False
    limit = LOCKED[routine.selector]
    _, _, number = routine.name.rpartition("#")
    return limit is None or not number.isdigit() or int(number) < limit


def locked_first(routines: Sequence[RoutineLike], native: Sequence[str]) -> list[RoutineLike]:
    """Those of the table in its order, among them those that Smalltalk starts as native code, then all others by name.

    By name, so that where a method stands in the sources does not decide where its code lies.
    """
    order = {selector: place for place, selector in enumerate(LOCKED)}
    wanted = sorted((each for each in routines if is_wanted(each)), key=lambda each: order[each.selector])
    before = sum(order[each.selector] < order[BEHIND_NATIVE_ROUTINES] for each in wanted)
    names = frozenset(native)
    handlers = [each for each in routines if each.selector in names and not is_wanted(each)]
    first = [*wanted[:before], *handlers, *wanted[before:]]
    placed = {each.name for each in first}
    return [*first, *sorted((each for each in routines if each.name not in placed), key=_name)]


def _name(routine: RoutineLike) -> tuple[str, int]:
    """Selector and number within a range."""
    _, _, number = routine.name.rpartition("#")
    return routine.selector, int(number) if number.isdigit() else 0


def check_start(address: int) -> None:
    """Refuse a place for which `lockCaches` would lock less than it could."""
    if address % PAGE_BYTES != CACHE_LINE_BYTES:
        raise LinkError(
            f"interruptEntry is at {address:#x}, not a line behind a multiple of {PAGE_BYTES:,}; "
            "correct .balign and .space before it in boot/interrupts.s"
        )
