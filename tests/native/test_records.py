"""Records of native code: no primitive of other objects reads or writes them, each is used as what it was made, and
routines are known by their numbers alone."""

from __future__ import annotations

from typing import Final, NamedTuple

import pytest

from hardtalk.bench import Bench
from hardtalk.memory.audit import audit
from hardtalk.vm.primitives import PRIMITIVES


class Trial(NamedTuple):
    """A primitive with `x` as receiver or argument; `right` is an object with which it succeeds in the place of x."""

    primitive: str
    receiver: str
    arguments: str
    right: str


GENERIC: Final = (
    Trial("At", "x", "{1}", "Bitmap new: 5"),
    Trial("AtPut", "x", "{1. 7}", "Bitmap new: 5"),
    Trial("StringAt", "x", "{1}", "'abcd'"),
    Trial("StringAtPut", "x", "{1. $a}", "'abcd' copy"),
    Trial("Next", "(ReadStream on: 'abcd') instVarAt: 1 put: x; yourself", "{}", "'abcd'"),
    Trial("NextPut", "(WriteStream on: (String new: 4)) instVarAt: 1 put: x; yourself", "{$a}", "String new: 4"),
    Trial("ObjectAt", "x", "{1}", "Object >> #yourself"),
    Trial("InstVarAt", "x", "{1}", "3 @ 4"),
    Trial("InstVarAtPut", "x", "{1. 7}", "3 @ 4"),
    Trial("Forward", "{x}", "{{Object new}}", "Object new"),
    Trial("Exchange", "{x}", "{{Object new}}", "Object new"),
    Trial("Exchange", "{Object new}", "{{x}}", "Object new"),
    Trial("ReplaceFrom", "x", "{1. 4. Bitmap new: 5. 1}", "Bitmap new: 5"),
    Trial("ReplaceFrom", "x", "{1. 4. ByteArray new: 5. 1}", "ByteArray new: 5"),
    Trial("ReplaceFrom", "Bitmap new: 5", "{1. 4. x. 1}", "Bitmap new: 5"),
    Trial("ReplaceFrom", "ByteArray new: 5", "{1. 4. x. 1}", "ByteArray new: 5"),
    Trial("ChangeClass", "x", "{Bitmap new: 1}", "WordArray new: 1"),
    Trial("ChangeClass", "x", "{ByteArray new: 1}", "'abcd' copy"),
    Trial("ConstantFill", "x", "{7}", "Bitmap new: 5"),
    Trial("Clone", "x", "{}", "Bitmap new: 5"),
    Trial("CompareBytes", "x", "{'abcd'}", "'abcd'"),
    Trial("CompareBytes", "'abcd'", "{x}", "'abcd'"),
    Trial("HashBytes", "x", "{}", "'abcd'"),
    Trial("IndexOfByte", "x", "{97. 1}", "'abcd'"),
    Trial("Crc16", "x", "{1. 4}", "ByteArray new: 8"),
    Trial("Crc32", "x", "{1. 4. 0}", "ByteArray new: 8"),
    Trial("ReadWords", "InterruptController current instVarNamed: 'registers'", "{0. x. 1. 1}", "ByteArray new: 8"),
    Trial("WriteWords", "InterruptController current instVarNamed: 'registers'", "{24. x. 1. 1}", "ByteArray new: 8"),
    Trial(
        "CopyBits",
        "(BitBlt toForm: (Form extent: 32@4 depth: 1)) fillColor: nil; combinationRule: 15;"
        " destX: 0 destY: 0 width: 9 height: 1;"
        " instVarAt: 1 put: ((Form extent: 32@4 depth: 1) instVarAt: 1 put: x; yourself); yourself",
        "{}",
        "Bitmap new: 5",
    ),
    Trial("AddIntegers", "x", "{3}", "1 bitShift: 40"),
    Trial("AddIntegers", "3", "{x}", "1 bitShift: 40"),
    Trial("AddFloats", "x", "{2.5}", "1.5"),
    Trial("AddFloats", "2.5", "{x}", "1.5"),
)

ANSWER: Final = "(NativeRoutine numberOf: #answerIn:)"

MISUSES: Final = (
    ("ResumeNative", "{}", ("semaphore", "queue")),
    ("SuspendNative", "{}", ("semaphore", "queue")),
    ("EndNative", "{}", ("semaphore", "queue")),
    ("NativePriority", "{30}", ("semaphore", "queue")),
    ("PrepareProcess", f"{{{ANSWER}. Bitmap new: 1. 30. 0. 1}}", ("semaphore", "queue")),
    ("SignalNative", "{}", ("process",)),
    ("TakeSignal", "{}", ("process",)),
    ("CancelWait", "{}", ("process",)),
    ("PrepareSemaphore", "{1}", ("process", "semaphore", "queue")),
    ("QueuePut", "{3}", ("process", "semaphore")),
    ("QueueTake", "{}", ("process", "semaphore")),
    ("PrepareQueue", "{1}", ("process", "semaphore", "queue")),
)
"""What may be done to a record of one kind only, and which of the trial's records are of another."""

UNUSED: Final = "NativeRecord words: 400"
STRANGERS: Final = ("Bitmap new: 400", "ByteArray new: 400", "NativeRecord basicNew", UNUSED, "nil", "3")


def number(name: str) -> int:
    return next(row.number for row in PRIMITIVES if row.name == name)


def call(trial: Trial) -> str:
    return f"RecordTrial primitive: {number(trial.primitive)} on: ({trial.receiver}) with: {trial.arguments}"


def refusals(attempts: list[str]) -> str:
    """An expression that answers which of the attempts are refused."""
    return "{ " + ". ".join(f"[ {each}. 3 ] on: Error do: [ :e | #refused ]" for each in attempts) + " }"


def assert_goes_on(bench: Bench) -> None:
    """The records do what they are for."""
    assert bench.console.evaluate("RecordTrial current goOn") == "#(77 1 5 #ended)"


def test_no_primitive_of_other_objects_takes_a_record(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    for trial in GENERIC:
        assert evaluate(f"| x | x := {trial.right}. {call(trial)}") == "true", f"{trial} does not succeed at all"
        assert evaluate(f"RecordTrial current successes: [ :x | {call(trial)} ]") == "0", trial
    evaluate("Smalltalk garbageCollect")
    assert_goes_on(native_bench)
    report = audit(native_bench.board)
    assert report.is_sound, report.text()


def test_messages_to_a_record_are_errors(native_bench: Bench) -> None:
    for message in ("copy", "shallowCopy", "basicAt: 1", "basicAt: 1 put: 3", "become: Object new"):
        trial = f"RecordTrial current successes: [ :x | x {message}. true ]"
        assert native_bench.console.evaluate(trial) == "0", message
    assert_goes_on(native_bench)


def test_its_class_has_no_subclasses_and_its_format_is_no_programs(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    for attempt in (
        "NativeRecord subclass: #Mine instanceVariableNames: '' classVariableNames: '' category: ''",
        "Class new setFormat: NativeRecord format",
        "NativeRecord setFormat: Bitmap format",
        "Bitmap becomeForward: NativeRecord",
    ):
        assert evaluate(refusals([attempt])) == "#(#refused)", attempt


@pytest.mark.parametrize(("name", "arguments", "others"), MISUSES, ids=[name for name, *_ in MISUSES])
def test_a_record_is_what_it_was_made(native_bench: Bench, name: str, arguments: str, others: tuple[str, ...]) -> None:
    strangers = [each for each in STRANGERS if not (name.startswith("Prepare") and each == UNUSED)]
    receivers = [f"RecordTrial current {each}" for each in others] + [f"({each})" for each in strangers]
    misuses = [f"(RecordTrial primitive: {number(name)} on: {each} with: {arguments})" for each in receivers]
    native_bench.console.evaluate("Smalltalk at: #Before put: RecordTrial current contents")
    answer = native_bench.console.evaluate(f"{{ {'. '.join(misuses)} }} , {{ Before = RecordTrial current contents }}")
    assert answer == f"#({'false ' * len(misuses)}true)"
    assert_goes_on(native_bench)


def test_a_record_must_hold_what_it_is_to_be(native_bench: Bench) -> None:
    """A process and the least stack, a semaphore, a queue and two places."""
    for prepare, least in (
        (f"prepareRoutine: {ANSWER} argument: (Bitmap new: 1) priority: 30 floats: 0 slot: 1", 96),
        ("prepareSemaphore: 2", 5),
        ("prepareQueue: 3", 11),
    ):
        attempts = [f"(NativeRecord words: {size}) {prepare}" for size in (0, least - 1, least)]
        assert native_bench.console.evaluate(refusals(attempts)) == "#(#refused #refused 3)"


def test_slots_have_numbers_from_1_to_32(native_bench: Bench) -> None:
    for prepare, last in (("prepareSemaphore:", "32"), ("prepareQueue:", "31")):
        slots = ("0", "33", "-1", "1073741823", "nil", last)
        attempts = [f"(NativeRecord words: 20) {prepare} {slot}" for slot in slots]
        assert native_bench.console.evaluate(refusals(attempts)) == "#(" + "#refused " * 5 + "3)"


def wrong_routines(bench: Bench) -> list[str]:
    """No numbers of routines: limits, what lies beside a number, and the address of a routine and beside that."""
    address = bench.board.firmware.address_of("NativeTestRoutines>>answerIn:")
    assert address is not None
    count = int(bench.console.evaluate("NativeRoutine names size"))
    numbers = [-1, count + 1, 256, 257, (1 << 30) - 1, -(1 << 30), *(address + step for step in (-4, 0, 1, 4, 8))]
    return [*map(str, numbers), "nil", "Bitmap new: 4", "1.0", "#answerIn:"]


def test_a_routine_is_named_by_its_number_alone(native_bench: Bench) -> None:
    prepare = "(NativeRecord words: 200) prepareRoutine: {} argument: (Bitmap new: 4) priority: 30 floats: 0 slot: 32"
    wrong = ["0", *wrong_routines(native_bench)]
    attempts = [prepare.format(each) for each in (*wrong, "(NativeRoutine numberOf: #answerIn:)")]
    assert native_bench.console.evaluate(refusals(attempts)) == f"#({'#refused ' * len(wrong)}3)"
    assert_goes_on(native_bench)


def test_a_line_takes_a_routine_by_its_number_alone(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    line = "InterruptController current line: 2 handler: {} argument: (Bitmap new: 8) priority: 30 stormLimit: 5"
    handler = "InterruptController current line: 2 value: #handler"
    evaluate(line.format("(NativeRoutine numberOf: #softwareLine:)"))
    address = native_bench.board.firmware.address_of("NativeTestRoutines>>softwareLine:")
    assert evaluate(handler) == str(address)
    wrong = wrong_routines(native_bench)
    attempts = [line.format(each) for each in wrong]
    assert evaluate(refusals(attempts)) == "#(" + " ".join(["#refused"] * len(wrong)) + ")"
    assert evaluate(handler) == str(address)
    evaluate(line.format("0"))
    assert evaluate(handler) == "0"
    assert_goes_on(native_bench)
