"""The primitives: one row for each number a Smalltalk method may name in `<primitive: n>`.

Numbers up to 575 are Squeak V3's, 600 to 899 Hardtalk's own. `routine` is the Slang method (in firmware/vm), which
carries the row's name, `<primitive: #Add>`; a row without one is a number of Squeak's whose methods always run in
Smalltalk here, and `meaning` says why. `arity` counts the arguments, which a routine does not check again; None when
the routine takes any number. `used_by` is a method of the class library with that primitive, or the message it stands
for.

A routine may take for granted that its receiver inherits from a class, or is no SmallInteger: `RECEIVERS`. A method
with the primitive may stand in any class. So the virtual machine compares when it enters a method in its cache, and
enters a routine that fails when the receiver is not of that kind (docs/virtual-machine.md, "Send").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hardtalk.vm.special_objects import INDEX_OF_CLASS

LARGEST_NUMBER: Final = 1023
OWN_NUMBERS: Final = range(600, 900)


@dataclass(frozen=True)
class Primitive:
    """One row; `last` is the end of a range of numbers that one routine is compiled for."""

    number: int
    routine: str
    arity: int | None
    used_by: str
    meaning: str
    last: int = -1

    @property
    def numbers(self) -> range:
        return range(self.number, max(self.number, self.last) + 1)

    @property
    def has_routine(self) -> bool:
        return bool(self.routine)

    @property
    def name(self) -> str:
        """What Slang calls it, empty for one without a routine."""
        return self.routine.removeprefix("primitive").partition(":")[0]


def _row(number: int, stem: str, arity: int | None, used_by: str, meaning: str) -> Primitive:
    return Primitive(number, f"primitive{stem}:arguments:" if stem else "", arity, used_by, meaning)


def _range(first: int, last: int, stem: str, arity: int | None, used_by: str, meaning: str) -> Primitive:
    return Primitive(first, f"primitive{stem}:method:arguments:", arity, used_by, meaning, last)


PRIMITIVES: Final = (
    _row(1, "Add", 1, "SmallInteger>>+", "sum of SmallIntegers"),
    _row(2, "Subtract", 1, "SmallInteger>>-", "difference of SmallIntegers"),
    _row(3, "LessThan", 1, "SmallInteger>><", "comparison of SmallIntegers"),
    _row(4, "GreaterThan", 1, "SmallInteger>>>", "comparison of SmallIntegers"),
    _row(5, "LessOrEqual", 1, "SmallInteger>><=", "comparison of SmallIntegers"),
    _row(6, "GreaterOrEqual", 1, "SmallInteger>>>=", "comparison of SmallIntegers"),
    _row(7, "Equal", 1, "SmallInteger>>=", "comparison of SmallIntegers"),
    _row(8, "NotEqual", 1, "SmallInteger>>~=", "comparison of SmallIntegers"),
    _row(9, "Multiply", 1, "SmallInteger>>*", "product of SmallIntegers"),
    _row(10, "Divide", 1, "SmallInteger>>/", "quotient when exact"),
    _row(11, "Modulo", 1, "SmallInteger>>\\\\", "remainder with the divisor's sign"),
    _row(12, "FloorDivide", 1, "SmallInteger>>//", "quotient toward negative infinity"),
    _row(13, "Quotient", 1, "SmallInteger>>quo:", "quotient toward zero"),
    _row(14, "BitAnd", 1, "SmallInteger>>bitAnd:", "bitwise and"),
    _row(15, "BitOr", 1, "SmallInteger>>bitOr:", "bitwise or"),
    _row(16, "BitXor", 1, "SmallInteger>>bitXor:", "bitwise exclusive or"),
    _row(17, "BitShift", 1, "SmallInteger>>bitShift:", "left when positive; fails when bits would be lost"),
    _row(18, "MakePoint", 1, "Number>>@", "a Point"),
    _row(20, "RemainderIntegers", 1, "Integer>>rem:", "remainder with the dividend's sign, any integers"),
    _row(21, "AddIntegers", 1, "Integer>>+", "sum of any integers"),
    _row(22, "SubtractIntegers", 1, "Integer>>-", "difference of any integers"),
    _row(23, "LessIntegers", 1, "Integer>><", "comparison of any integers"),
    _row(24, "GreaterIntegers", 1, "Integer>>>", "comparison of any integers"),
    _row(25, "LessOrEqualIntegers", 1, "Integer>><=", "comparison of any integers"),
    _row(26, "GreaterOrEqualIntegers", 1, "Integer>>>=", "comparison of any integers"),
    _row(27, "EqualIntegers", 1, "Integer>>=", "comparison of any integers"),
    _row(28, "NotEqualIntegers", 1, "Integer>>~=", "comparison of any integers"),
    _row(29, "MultiplyIntegers", 1, "Integer>>*", "product of any integers"),
    _row(30, "DivideIntegers", 1, "Integer>>/", "quotient when exact, any integers"),
    _row(31, "ModuloIntegers", 1, "Integer>>\\\\", "remainder with the divisor's sign, any integers"),
    _row(32, "FloorDivideIntegers", 1, "Integer>>//", "quotient toward negative infinity, any integers"),
    _row(33, "QuotientIntegers", 1, "Integer>>quo:", "quotient toward zero, any integers"),
    _row(34, "BitAndIntegers", 1, "Integer>>bitAnd:", "bitwise and, two's complement of any length"),
    _row(35, "BitOrIntegers", 1, "Integer>>bitOr:", "bitwise or, two's complement of any length"),
    _row(36, "BitXorIntegers", 1, "Integer>>bitXor:", "bitwise exclusive or, two's complement of any length"),
    _row(37, "BitShiftInteger", 1, "Integer>>bitShift:", "any integer by a SmallInteger; right shifts round down"),
    _row(40, "AsFloat", 0, "SmallInteger>>asFloat", "the Float of a SmallInteger"),
    _row(41, "AddFloats", 1, "Float>>+", "sum; the argument may be a SmallInteger, as in 42 to 50"),
    _row(42, "SubtractFloats", 1, "Float>>-", "difference"),
    _row(43, "LessFloats", 1, "Float>><", "comparison, false for not-a-number"),
    _row(44, "GreaterFloats", 1, "Float>>>", "comparison, false for not-a-number"),
    _row(45, "LessOrEqualFloats", 1, "Float>><=", "comparison, false for not-a-number"),
    _row(46, "GreaterOrEqualFloats", 1, "Float>>>=", "comparison, false for not-a-number"),
    _row(47, "EqualFloats", 1, "Float>>=", "comparison, false for not-a-number"),
    _row(48, "NotEqualFloats", 1, "Float>>~=", "comparison, true for not-a-number"),
    _row(49, "MultiplyFloats", 1, "Float>>*", "product"),
    _row(50, "DivideFloats", 1, "Float>>/", "quotient; fails for a divisor of zero"),
    _row(51, "Truncated", 0, "Float>>truncated", "toward zero; fails beyond SmallIntegers"),
    _row(52, "FractionPart", 0, "Float>>fractionPart", "what truncation takes away, with the receiver's sign"),
    _row(53, "Exponent", 0, "Float>>exponent", "power of two of the leading bit; fails for 0 and what is not finite"),
    _row(54, "TimesTwoPower", 1, "Float>>timesTwoPower:", "times two to the SmallInteger, rounded once"),
    _row(55, "SquareRoot", 0, "Float>>sqrt", "fails for negative numbers"),
    _row(56, "", 0, "Float>>sin", "in Smalltalk: the VFP has no sine"),
    _row(57, "", 0, "Float>>arcTan", "in Smalltalk: the VFP has no arc tangent"),
    _row(58, "", 0, "Float>>ln", "in Smalltalk: the VFP has no logarithm"),
    _row(59, "", 0, "Float>>exp", "in Smalltalk: the VFP has no exponential"),
    _row(60, "At", 1, "Object>>at:", "an indexed element: an oop, a byte, or a word as an unsigned integer"),
    _row(61, "AtPut", 2, "Object>>at:put:", "store an indexed element"),
    _row(62, "Size", 0, "Object>>size", "number of indexed elements"),
    _row(63, "StringAt", 1, "String>>at:", "the Character of a byte"),
    _row(64, "StringAtPut", 2, "String>>at:put:", "store the byte of a Character"),
    _row(65, "Next", 0, "ReadStream>>next", "of a stream on an Array, String or ByteArray"),
    _row(66, "NextPut", 1, "WriteStream>>nextPut:", "of a stream on an Array, String or ByteArray"),
    _row(67, "AtEnd", 0, "ReadStream>>atEnd", "whether position has reached readLimit"),
    _row(68, "ObjectAt", 1, "CompiledMethod>>objectAt:", "the header (1) or a literal"),
    _row(69, "", 2, "CompiledMethod>>objectAt:put:", "methods cannot be changed"),
    _row(70, "New", 0, "Behavior>>basicNew", "a new instance, no indexed elements"),
    _row(71, "NewWithArg", 1, "Behavior>>basicNew:", "a new instance with so many indexed elements"),
    _row(72, "Forward", 1, "Array>>elementsForwardIdentityTo:", "references to each element become ones to another"),
    _row(73, "InstVarAt", 1, "Object>>instVarAt:", "a named instance variable"),
    _row(74, "InstVarAtPut", 2, "Object>>instVarAt:put:", "store a named instance variable"),
    _row(75, "IdentityHash", 0, "Object>>identityHash", "1 to 65535, given out once; a SmallInteger's is itself"),
    _row(79, "", 2, "CompiledMethod class>>newMethod:header:", "methods are made whole, no later changes: 680"),
    _row(81, "ValueAny", None, "BlockClosure>>value", "run a closure; fails on a wrong number of arguments"),
    _row(82, "OldValueWithArguments", 1, "BlockClosure>>valueWithArguments:", "run a closure on an Array of arguments"),
    _row(83, "Perform", None, "Object>>perform:", "send the first argument with the others"),
    _row(84, "PerformWithArguments", 2, "Object>>perform:withArguments:", "send with an Array of arguments"),
    _row(85, "Signal", 0, "Semaphore>>signal", "wake the first that waits, or count"),
    _row(86, "Wait", 0, "Semaphore>>wait", "take a signal, or wait for one"),
    _row(87, "Resume", 0, "Process>>resume", "make ready; pre-empts a lower priority"),
    _row(88, "Suspend", 0, "Process>>suspend", "take off its list; the active process switches away"),
    _row(89, "FlushCache", 0, "Behavior>>flushCache", "forget all methods found"),
    _row(96, "CopyBits", None, "BitBlt>>copyBits", "combine pixels of two forms; any size, interruptible"),
    _row(105, "ReplaceFrom", 4, "Array>>replaceFrom:to:with:startingAt:", "copy elements; any length, interruptible"),
    _row(110, "Identical", 1, "Object>>==", "identity"),
    _row(111, "Class", 0, "Object>>class", "the receiver's class"),
    _row(112, "BytesLeft", 0, "SystemDictionary>>primBytesLeft", "bytes of free memory"),
    _row(115, "ChangeClass", 1, "Object>>primitiveChangeClassTo:", "take the argument's class, if of like format"),
    _row(117, "", None, "named primitive", "there are no plug-ins"),
    _row(120, "", None, "foreign call", "there is no foreign code"),
    _row(124, "LowSpaceSemaphore", 1, "SystemDictionary>>primitiveLowSpaceSemaphore:", "signalled without memory"),
    _row(125, "", 1, "SystemDictionary>>signalAtBytesLeft:", "the reserve's size is fixed"),
    _row(128, "Exchange", 1, "Array>>elementsExchangeIdentityWith:", "the same, both ways"),
    _row(129, "SpecialObjects", 0, "SystemDictionary>>specialObjectsArray", "the array of special objects"),
    _row(130, "FullCollection", 0, "SystemDictionary>>garbageCollect", "free bytes after a collection"),
    _row(131, "IncrementalCollection", 0, "SystemDictionary>>garbageCollectMost", "some of a collection"),
    _row(135, "MillisecondClock", 0, "Time class>>primMillisecondClock", "milliseconds, modulo 2^30"),
    _row(145, "ConstantFill", 1, "Bitmap>>primFill:", "all bytes or words; fails beyond 2 KB"),
    _row(147, "WarpBits", None, "WarpBlt>>warpBits", "stretch a quadrilateral over a rectangle; interruptible"),
    _row(148, "Clone", 0, "Object>>shallowCopy", "a copy with no hash yet; fails beyond 1 KB and for contexts"),
    _row(167, "Yield", 0, "ProcessorScheduler>>yield", "go behind the others of one's priority"),
    _row(188, "ValueWithReceiver", 2, "CompiledMethod>>valueWithReceiver:arguments:", "run a method not looked up"),
    _row(195, "FindNextUnwindContextUpTo", 1, "ContextPart>>findNextUnwindContextUpTo:", "nearest marked 198"),
    _row(197, "FindNextHandlerContext", 0, "ContextPart>>findNextHandlerContextStarting", "nearest marked 199"),
    _range(198, 199, "Marker", None, "BlockClosure>>ensure:, on:do:", "mark contexts for unwinding; always fails"),
    _range(201, 205, "Value", None, "BlockClosure>>value ...", "run a closure of 0 to 4 arguments"),
    _row(206, "ValueWithArguments", 1, "BlockClosure>>valueWithArguments:", "run a closure on an Array of arguments"),
    _range(221, 222, "ValueNoContextSwitch", None, "BlockClosure>>valueNoContextSwitch", "of 0 and 1 arguments"),
    _row(230, "Relinquish", None, "ProcessorScheduler>>relinquishProcessorForMicroseconds:", "sleep till an interrupt"),
    _row(256, "AnswerReceiver", None, "a method that answers self", "quick"),
    _row(257, "AnswerTrue", None, "a method that answers true", "quick"),
    _row(258, "AnswerFalse", None, "a method that answers false", "quick"),
    _row(259, "AnswerNil", None, "a method that answers nil", "quick"),
    _range(260, 263, "AnswerSmallConstant", None, "a method that answers -1, 0, 1 or 2", "quick"),
    _range(264, 519, "AnswerVariable", 0, "a method that answers an instance variable", "quick"),
    _row(600, "ReadRegister", 1, "Registers>>wordAt:", "read a 32-bit register once"),
    _row(601, "WriteRegister", 2, "Registers>>wordAt:put:", "write a 32-bit register once"),
    _row(602, "RegisterBit", 2, "Registers>>bit:at:", "one bit of a register as a boolean"),
    _row(603, "SetLineSemaphore", 2, "InterruptController>>line:semaphore:", "what an interrupt line signals"),
    _row(604, "ReturnFromContext", 1, "ContextPart>>return:", "return a value to the receiver's sender, unwinding"),
    _row(605, "EndTurn", 0, "ProcessorScheduler>>endTurn", "who stands aside goes on"),
    _row(606, "EmergencyWrite", 1, "SystemDictionary>>emergencyWrite:", "polled output of at most 256 bytes"),
    _row(607, "VMValueAt", 1, "SystemDictionary>>vmValueAt:", "a counter of the virtual machine"),
    _row(608, "EnterMutex", 0, "Mutex>>enter", "become its owner, or wait for that and lend the owner the priority"),
    _row(609, "CompareBytes", 1, "String>>compare:", "-1, 0 or 1 by bytes; fails beyond 1 KB"),
    _row(610, "HashBytes", 0, "String>>hash", "FNV-1a folded to 30 bits: hardtalk.vm.string_hash"),
    _row(611, "IndexOfByte", 2, "String>>indexOfByte:from:", "where a byte is next, or 0; any length, interruptible"),
    _row(612, "Halt", 1, "SystemDictionary>>halt:", "stop the machine"),
    _row(613, "LeaveMutex", 0, "Mutex>>leave", "the most urgent that waits is the owner; lent priorities end"),
    _row(614, "Terminate", 0, "Process>>primitiveTerminate", "the process never runs again"),
    _row(615, "ValueUninterrupted", 0, "BlockClosure>>valueNoContextSwitch", "no switch before the first bytecode"),
    _row(616, "Crc16", 2, "String>>crc16From:to:", "CRC-16/CCITT-FALSE; fails beyond 4,096 bytes"),
    _row(617, "SuspendedContext", 0, "Process>>suspendedContext", "where a process that is not active will go on"),
    _row(618, "ResumeContext", 1, "ContextPart>>resume:", "unwind to the receiver and go on in it with a value"),
    _row(619, "RestartContext", 0, "ContextPart>>restart", "unwind to the receiver and begin its code anew"),
    _row(620, "ClosureContext", 0, "BlockClosure>>asContext", "a context that will evaluate the receiver"),
    _row(621, "ContextSlotAt", 1, "ContextPart>>instVarAt:", "sender, pc, depth, method, closure, receiver, words"),
    _row(622, "ContextSlotAtPut", 2, "ContextPart>>instVarAt:put:", "store a temporary or stack word"),
    _row(623, "Depth", 0, "ContextPart>>depth", "number of contexts from the receiver outward"),
    _row(624, "ReadView", 0, "RegisterView>>value", "read the receiver's register once"),
    _row(625, "WriteView", 1, "RegisterView>>value:", "write the receiver's register once"),
    _row(626, "FinishLine", 1, "InterruptController>>finish:", "unmask a line unless it is still raised"),
    _row(627, "ChangePriority", 1, "Process>>changePriority:", "its own priority, wherever it waits"),
    _range(628, 659, "ViewBit", 0, "a register's field of one bit", "the bit as a boolean"),
    _row(660, "BodyAddress", 0, "Bitmap>>nativeAddress", "where the contents are, for native code"),
    _row(661, "RecordWord", 1, "NativeRecord>>wordAt:", "a word of a record of native code"),
    _row(662, "LineHandler", 5, "InterruptController>>line:handler:argument:priority:stormLimit:", "who takes a line"),
    _row(663, "PrepareProcess", 5, "NativeRecord>>prepareRoutine:argument:priority:floats:slot:", "a native process"),
    _row(664, "ResumeNative", 0, "NativeRecord>>resumeNative", "make a suspended native process ready"),
    _row(665, "SuspendNative", 0, "NativeRecord>>suspendNative", "take a native process off its list"),
    _row(666, "EndNative", 0, "NativeRecord>>endNative", "a native process never runs again"),
    _row(667, "NativePriority", 1, "NativeRecord>>nativePriority:", "change a native process's priority"),
    _row(668, "SignalNative", 0, "NativeRecord>>signalNative", "signal a semaphore of both kinds"),
    _row(669, "TakeSignal", 0, "NativeRecord>>takeSignal", "take a signal, or announce that a Smalltalk process waits"),
    _row(670, "CancelWait", 0, "NativeRecord>>cancelWait", "take the announcement back"),
    _row(671, "LineValue", 2, "InterruptController>>line:valueAt:", "a field of a line's record"),
    _row(672, "SlotSemaphore", 3, "NativeSlot class>>slot:semaphore:priority:", "what native code may signal"),
    _row(673, "QueuePut", 1, "NativeRecord>>nativeQueuePut:", "put a word in a queue of both kinds"),
    _row(674, "QueueTake", 0, "NativeRecord>>nativeQueueTake", "the first word of a queue whose signal was taken"),
    _row(675, "PrepareSemaphore", 1, "NativeRecord>>prepareSemaphore:", "a semaphore of both kinds"),
    _row(676, "PrepareQueue", 1, "NativeRecord>>prepareQueue:", "a queue of both kinds"),
    _row(677, "AuditSlice", 0, "HeapAudit class>>primitiveSlice", "some steps of the heap's audit"),
    _row(678, "SpecialSemaphore", 2, "SystemDictionary>>special:semaphore:", "what the virtual machine signals"),
    _row(679, "EvaluateBefore", 2, "Process>>evaluate:before:", "what is evaluated when a context returns"),
    _row(680, "MakeMethod", 3, "CompiledMethod class>>makeMethod:literals:bytecodes:", "a verified method, or why not"),
    _row(681, "InstructionSize", 1, "CompiledMethod class>>bytesOfInstruction:", "its bytes, 0 for no such opcode"),
    _row(682, "DisplayString", 6, "BitBlt>>primDisplayString:from:to:map:xTable:kern:", "glyphs; interruptible"),
    _row(683, "MultiplyDigits", 4, "LargePositiveInteger>>multiply:by:row:column:", "any length, interruptible"),
    _row(684, "DivideDigits", 4, "LargePositiveInteger>>divide:by:place:column:", "any length, interruptible"),
    _row(685, "AddDigits", 4, "LargePositiveInteger>>add:to:place:carry:", "any length, interruptible"),
    _row(686, "SubtractDigits", 4, "LargePositiveInteger>>subtract:from:place:borrow:", "any length, interruptible"),
    _row(687, "ShiftDigits", 3, "LargePositiveInteger>>shift:by:place:", "any length, interruptible"),
    _row(688, "CombineDigits", 4, "LargePositiveInteger>>combine:with:place:state:", "any length, interruptible"),
    _row(689, "CompareDigits", 2, "Integer>>compareDigits:below:", "any length, interruptible"),
    _row(690, "BecomeProblem", 1, "Object>>problemBecoming:", "why it cannot become the argument, 0 if it can"),
    _row(691, "SignificantBytes", 1, "LargePositiveInteger>>significantBytesBelow:", "without leading zeros"),
    _row(692, "ShortenDigits", 1, "LargePositiveInteger>>shortenTo:", "in place; fails if a smaller block would do"),
    _row(693, "ReadWords", 4, "Registers>>wordsAt:into:startingAt:count:", "read at most 32 words, each once"),
    _row(694, "WriteWords", 4, "Registers>>wordsAt:from:startingAt:count:", "write at most 32 words, each once"),
    _row(695, "Crc32", 3, "ByteArray>>primCrc32From:to:seed:", "CRC-32 with no inversions; fails beyond 32 bytes"),
    _row(696, "PrepareBlock", 1, "Registers>>prepareBlock:", "a record is the block of the device's native handlers"),
    _row(697, "RecordWordPut", 2, "NativeRecord>>wordAt:put:", "a word of a block, but for the device's address"),
    _row(698, "AwaitTurns", 0, "ProcessorScheduler>>awaitTurns", "wait until a process stands aside"),
    _row(699, "MakeValue", 1, "WordArray>>makeFloat:", "new words or bytes become a Float or symbol as the argument"),
    _range(700, 763, "ReadWord", 0, "a peripheral's register without fields", "read word 0 to 63"),
    _range(764, 827, "WriteWord", 1, "a peripheral's register", "write word 0 to 63"),
    _range(832, 839, "WriteController", 1, "InterruptController>>unmask:", "write word 0 to 7 of the controller"),
)  # fmt: skip


ANY_OBJECT: Final = "Object"
ANY_OBJECT_CODE: Final = 255
UNSCHEDULED: Final = "neither Process nor LinkedList"
UNSCHEDULED_CODE: Final = 254
FIRST_QUICK_VARIABLE: Final = 264
RECEIVERS: Final = {
    ANY_OBJECT: (65, 66, 67),
    "Behavior": (70, 71, 680),
    "InterruptController": (603, 626, 662, 671, 832),
    "MethodContext": (195, 197, 604, 618, 619, 621, 622, 623),
    "Mutex": (608, 613),
    UNSCHEDULED: (148,),
    "Process": (87, 88, 614, 617, 627, 679),
    "Registers": (600, 601, 602, 624, 625, 628, 693, 694, 696, 700, 764),
    "Semaphore": (85, 86),
}
"""The first number of each primitive that relies on its receiver, by the class that the receiver inherits from. The
variables that 264 to 519 answer must exist, too; that is compared with the class's number of variables."""


def receiver_codes() -> bytes:
    """The table `primitiveReceivers`: for each number the class's index among the special objects, a code, or 0."""
    codes = bytearray(LARGEST_NUMBER + 1)
    for name, numbers in RECEIVERS.items():
        code = {ANY_OBJECT: ANY_OBJECT_CODE, UNSCHEDULED: UNSCHEDULED_CODE}.get(name) or INDEX_OF_CLASS[name]
        for first in numbers:
            for number in _BY_NUMBER[first].numbers:
                codes[number] = code
    return bytes(codes)


ANY_ARITY: Final = 254
NO_PRIMITIVE: Final = 255


def arity_codes() -> bytes:
    """The table `primitiveArities`: for each number how many arguments it takes, ANY_ARITY or NO_PRIMITIVE."""
    rows = map(_BY_NUMBER.get, range(LARGEST_NUMBER + 1))
    return bytes(NO_PRIMITIVE if row is None else ANY_ARITY if row.arity is None else row.arity for row in rows)


def primitive_numbered(number: int) -> Primitive | None:
    """The row that covers the number, if any."""
    return _BY_NUMBER.get(number)


def complaint_about(number: int, argument_count: int) -> str:
    """What is wrong with a method of so many arguments that names the primitive; empty when nothing is.

    Routines take the table's word for the number of words on the stack, so whoever makes compiled methods asks this.
    """
    row = primitive_numbered(number)
    if row is None:
        return f"there is no primitive {number}"
    if row.arity not in (None, argument_count):
        arguments = "argument" if row.arity == 1 else "arguments"
        return f"primitive {number} ({row.used_by}) takes {row.arity} {arguments}, this method has {argument_count}"
    return ""


def with_routines() -> Iterator[Primitive]:
    """The rows that firmware/vm must have a Slang method for."""
    return (row for row in PRIMITIVES if row.has_routine)


def _by_number() -> dict[int, Primitive]:
    result: dict[int, Primitive] = {}
    routines: set[str] = set()
    last = 0
    for row in PRIMITIVES:
        if row.number <= last:
            raise ValueError(f"primitive {row.number} is out of order or declared twice")
        last = row.numbers[-1]
        if last > LARGEST_NUMBER:
            raise ValueError(f"primitive {last} does not fit a method header")
        if row.number > 575 and row.number not in OWN_NUMBERS:
            raise ValueError(f"primitive {row.number} is neither Squeak's nor in the range of our own")
        if row.routine in routines:
            raise ValueError(f"two primitives have the routine {row.routine}")
        if row.has_routine:
            routines.add(row.routine)
        if not row.used_by or not row.meaning:
            raise ValueError(f"primitive {row.number} lacks its user or its meaning")
        result.update(dict.fromkeys(row.numbers, row))
    return result


_BY_NUMBER: Final = _by_number()

PRIMITIVE_NAMED: Final = {row.name: row for row in PRIMITIVES if row.has_routine}
"""The rows with routines, by name: `<primitive: #Add>` in Slang is the row of that name."""
