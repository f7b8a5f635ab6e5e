"""A native routine is given what its parameter's declaration says, and what the scheduler follows for native code is a
record that is in use, whatever words native code holds."""

from __future__ import annotations

from typing import Final

import pytest

from hardtalk.bench import Bench
from hardtalk.memory.audit import audit

WANTED: Final = {
    "answerIn:": ("a Bitmap of at least 1 words, or a ByteArray of 4 bytes,", ("Bitmap new: 1", "ByteArray new: 4")),
    "storeFar:": ("a Bitmap of at least 6 words, or a ByteArray of 24 bytes,", ("Bitmap new: 6", "String new: 24")),
    "addTwice:": ("an integer from 0 to 2^32 - 1", ("0", "7", "16rFFFFFFFF")),
    "waitAgain:": ("a NativeSemaphore", ("NativeSemaphore new", "NativeQueue new: 3")),
    "fillQueue:": ("a NativeQueue", ("NativeQueue new: 3",)),
    "resumeOther:": ("a NativeProcess", ("NativeProcess routine: #answerIn: argument: (Bitmap new: 2) priority: 20",)),
}
"""What the error calls the argument, and arguments that fit."""

OTHERS: Final = {
    "0": "0",
    "-1": "-1",
    "16r100000000": "4294967296",
    "16r10000": "65536",
    "(Bitmap new: 5) nativeAddress": "",
    "nil": "UndefinedObject",
    "1.5": "Float",
    "#symbol": "Symbol",
    "1 bitShift: 90": "1237940039285380274899124224",
    "#(1 2 3)": "Array",
    "ByteArray new: 3": "ByteArray of 3 bytes",
    "ByteArray new: 23": "ByteArray of 23 bytes",
    "Bitmap new: 0": "Bitmap of 0 bytes",
    "Bitmap new: 5": "Bitmap of 20 bytes",
    "Object new": "Object",
    "NativeSemaphore new": "NativeSemaphore",
    "NativeQueue new: 3": "NativeQueue",
}
FITS: Final = {
    "answerIn:": {"ByteArray new: 23", "Bitmap new: 5"},
    "addTwice:": {"0", "16r10000", "(Bitmap new: 5) nativeAddress"},
    "waitAgain:": {"NativeSemaphore new", "NativeQueue new: 3"},
    "fillQueue:": {"NativeQueue new: 3"},
}
"""Those of the others that fit after all."""


def outcomes(bench: Bench, attempts: list[str]) -> list[str]:
    """Of each: the text of its error, or `done`."""
    tried = [f"[ {each}. 'done' ] on: Error do: [ :e | e messageText ]" for each in attempts]
    answer = bench.console.evaluate(f"String lf join: {{ {'. '.join(tried)} }}")
    return answer[1:-1].replace("''", "'").split("\n")


def assert_sound(bench: Bench) -> None:
    assert bench.console.evaluate("3 + 4") == "7"
    report = audit(bench.board)
    assert report.is_sound, report.text()


@pytest.mark.parametrize("selector", WANTED)
def test_an_argument_is_what_the_declaration_says(native_bench: Bench, selector: str) -> None:
    """By message, with a clear error; and by the primitive alone, which no program can go round."""
    wanted, fitting = WANTED[selector]
    made = f"NativeProcess routine: #{selector} argument: ({{}}) priority: 20"
    raw = (
        f"(NativeRecord words: 120) prepareRoutine: (NativeRoutine numberOf: #{selector})"
        " argument: ({}) nativeArgument priority: 20 floats: 0 slot: 32"
    )
    right = [*fitting, *FITS.get(selector, ())]
    assert outcomes(native_bench, [f"({made.format(each)}) terminate" for each in right]) == ["done"] * len(right)
    wrong = [each for each in OTHERS if each not in right]
    refusals = outcomes(native_bench, [made.format(each) for each in wrong])
    for argument, refusal in zip(wrong, refusals, strict=True):
        assert refusal.startswith(f"{selector} wants {wanted} as argument, not {OTHERS[argument]}"), (argument, refusal)
    assert "done" not in outcomes(native_bench, [raw.format(each) for each in wrong])
    assert native_bench.console.evaluate("(NativeSlot slots occurrencesOf: nil) > 20") == "true"


def test_a_line_has_the_argument_that_its_routine_wants(native_bench: Bench) -> None:
    line = (
        "InterruptController current line: 2 handler: (NativeRoutine numberOf: #softwareLine:) argument: ({})"
        " priority: 30 stormLimit: 5"
    )
    wrong = ["0", "16r100000", "nil", "Bitmap new: 7", "ByteArray new: 31", "NativeSemaphore new nativeArgument"]
    assert "done" not in outcomes(native_bench, [line.format(each) for each in wrong])
    assert outcomes(native_bench, [line.format("Bitmap new: 8")]) == ["done"]


def test_records_do_what_they_are_given_for(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    run = "(NativeProcess routine: #{} argument: {} priority: 60) resume"
    assert evaluate(
        f"| q | q := NativeQueue new: 5. {run.format('fillQueue:', 'q')}. (1 to: 3) collect: [ :i | q next ]"
    ) == ("#(1 2 3)")
    woken = "(NativeProcess routine: #answerIn: argument: b priority: 50)"
    assert evaluate(f"| b p | b := Bitmap new: 1. p := {woken}. {run.format('resumeOther:', 'p')}. b at: 1") == "77"


def test_what_native_code_holds_is_followed_only_while_it_is_in_use(native_bench: Bench) -> None:
    """Any word at all, and addresses of what was released, is of another kind, or lies beside a record."""
    evaluate = native_bench.console.evaluate
    wrong = [
        *("0", "1", "4", "16rFFFFFFFC", "16rFFFFFFFF", "16r101F1000", "16r80000000", "16r07FFFFFC"),
        "(Bitmap new: 40) nativeAddress",
        "nil hash",
        "S address + 4",
        "S address - 4",
        "S address + 1",
        "[ :q | | a | a := q address. q release. Smalltalk garbageCollect. a ] value: (NativeQueue new: 4)",
        "[ :q | | a | a := q address. q release. a ] value: NativeSemaphore new",
    ]
    evaluate("Smalltalk at: #S put: NativeSemaphore new. 0")
    for address in wrong:
        answer = evaluate(
            f"| b p lost first | b := Bitmap new: 2. b at: 1 put: ({address}). lost := Smalltalk vmValue: #lostSignals."
            " p := NativeProcess routine: #useAddresses: argument: b priority: 60. p resume."
            " first := { b at: 2. p state. (Smalltalk vmValue: #lostSignals) - lost }."
            " 2 timesRepeat: [ p resume ]. first := first , { b at: 2. p state }. p terminate. first"
        )
        assert answer.startswith("#(3 #suspended 2 "), (address, answer)
        assert answer.endswith(" 5 #ended)"), (address, answer)
    assert evaluate("S excessSignals") == "0"
    assert_sound(native_bench)


def test_a_process_that_waits_for_a_released_semaphore_rests(native_bench: Bench) -> None:
    """It would otherwise never let others run."""
    evaluate = native_bench.console.evaluate
    evaluate("Smalltalk at: #S put: NativeSemaphore new. 0")
    evaluate("Smalltalk at: #P put: (NativeProcess routine: #waitAgain: argument: S priority: 70). 0")
    evaluate("S release. P resume. 0")
    assert evaluate("P state") == "#suspended"
    messages = [f"S {each}" for each in ("signal", "wait", "address", "nativeArgument")]
    assert outcomes(native_bench, messages) == ["it was released; make another one"] * 4
    assert evaluate("S release. P terminate. P state") == "#ended"
    assert_sound(native_bench)


def test_what_native_code_was_given_is_not_replaced(native_bench: Bench) -> None:
    """Another object in its place would let the memory be freed that native code writes to."""
    evaluate = native_bench.console.evaluate
    evaluate("Smalltalk at: #B put: (ByteArray new: 64); at: #C put: (ByteArray new: 64). 0")
    evaluate("Smalltalk at: #P put: (NativeProcess routine: #countUntil: argument: B priority: 30). 0")
    line = "(NativeRoutine numberOf: #softwareLine:) argument: C priority: 30 stormLimit: 5"
    evaluate(f"InterruptController current line: 2 handler: {line}. 0")
    replaced = ["B becomeForward: Object new", "B become: (ByteArray new: 64)", "C becomeForward: Object new"]
    assert all("native code" in each for each in outcomes(native_bench, replaced))
    evaluate("P terminate. InterruptController current line: 2 handler: 0 argument: 0 priority: 30 stormLimit: 5. 0")
    assert outcomes(native_bench, ["C becomeForward: (ByteArray new: 64)"]) == ["done"]
    assert_sound(native_bench)
