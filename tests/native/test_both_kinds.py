"""Queues, sleeping and ends across both kinds of process."""

from __future__ import annotations

from pathlib import Path

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.board import Board
from hardtalk.devices import Sp804

EXAMPLES = Path(__file__).parents[2] / "examples" / "native"


def test_words_from_smalltalk_to_native_and_back(native_bench: Bench) -> None:
    """A native process of lower priority takes from one queue, which fills up; what has no place is counted."""
    evaluate = native_bench.console.evaluate
    evaluate("Smalltalk at: #Q put: (NativeQueue new: 4)")
    assert evaluate("(1 to: 6) collect: [ :each | Q nextPut: each * 1000 ]") == "#(true true true true false false)"
    assert evaluate("{ Q lost. Smalltalk vmValue: #lostSignals. Q excessSignals }") == "#(2 2 4)"
    assert evaluate("(1 to: 4) collect: [ :each | Q next ]") == "#(1000 2000 3000 4000)"


def test_a_smalltalk_process_that_ends_while_it_waits_takes_no_signal(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    evaluate("Smalltalk at: #S put: NativeSemaphore new. Smalltalk at: #P put: ([ S wait ] forkAt: 50)")
    evaluate("P terminate. S signal")
    assert evaluate("S excessSignals") == "1"


def test_a_terminated_native_process_leaves_its_semaphore(native_bench: Bench) -> None:
    evaluate = native_bench.console.evaluate
    evaluate("Smalltalk at: #S put: NativeSemaphore new; at: #Log put: (Bitmap new: 100); at: #W put: (Bitmap new: 4)")
    evaluate("W at: 1 put: 1; at: 2 put: S address. Smalltalk at: #B put: (Bitmap new: 3)")
    evaluate("B at: 1 put: W nativeAddress; at: 2 put: Log nativeAddress; at: 3 put: 1")
    evaluate("Smalltalk at: #P put: (NativeProcess routine: #followScript: argument: B priority: 50). P resume")
    assert evaluate("{ P state. Processor nativeProcesses size }") == "#(#waiting 1)"
    evaluate("P terminate. S signal")
    assert evaluate("{ S excessSignals. P state. Processor nativeProcesses size }") == "#(1 #ended 0)"


def test_sleeping_native_processes_wake_in_order() -> None:
    """Ticks of a timer with a native handler, a millisecond each."""
    bench = boot(BootOptions((EXAMPLES, Path(__file__).parent / "firmware")))
    evaluate = bench.console.evaluate
    evaluate("NativeClock start")
    evaluate("Smalltalk at: #Log put: (Bitmap new: 100); at: #Kept put: OrderedCollection new")
    for number, ticks in ((1, 7), (2, 3), (3, 5), (4, 3)):
        evaluate(
            f"| w b | w := Bitmap new: 4. w at: 1 put: 4; at: 2 put: {ticks}. b := Bitmap new: 3. Kept add: w; add: b."
            f" b at: 1 put: w nativeAddress; at: 2 put: Log nativeAddress; at: 3 put: {number}."
            f" Kept add: (NativeProcess routine: #followScript: argument: b priority: 30 + {number})"
        )
    evaluate("[ Kept do: [ :each | (each isKindOf: NativeProcess) ifTrue: [ each resume ] ] ] forkAt: 75")
    evaluate("(Delay forMilliseconds: 12) wait")
    woken = evaluate(
        "((2 to: (Log at: 1) + 1) select: [ :each | (Log at: each) \\\\ 65536 = 32768 ]) "
        "collect: [ :each | (Log at: each) // 65536 ]"
    )
    assert woken in ("#(2 4 3 1)", "#(4 2 3 1)")


def test_the_prompt_shows_a_wrong_name(native_bench: Bench) -> None:
    wrong = "[ NativeRoutine numberOf: #folowScript: ] on: Error do: [ :e | e messageText ]"
    answer = native_bench.console.evaluate(wrong)
    assert answer.startswith("'there is no native routine #folowScript:; there are: ")


def expire_timer(board: Board) -> None:
    """The first counter of TIMER23 reaches zero, now."""
    timer = board.device("TIMER23")
    assert isinstance(timer, Sp804)
    timer.counters[0].reach_zero()


def test_a_driver_changes_its_form_while_it_runs() -> None:
    """Ten interrupts in each form, in turn: every one of them is served by the form of its time."""
    bench = boot(BootOptions((EXAMPLES,)))
    evaluate, board = bench.console.evaluate, bench.board
    evaluate("Smalltalk at: #T put: NativeTimer start")
    line = board.chip.peripheral("TIMER23").lines[0]

    def expire(times: int) -> None:
        for _ in range(times):
            expire_timer(board)
            board.run(cycles=200_000)
            assert not board.is_raised(line)

    expire(10)
    assert evaluate("{ T form. T count. T nativeInterrupts }") == "#(#native 10 10)"
    evaluate("T nativeHandler: nil")
    expire(10)
    assert evaluate("{ T form. T count. T nativeInterrupts }") == "#(#smalltalk 10 10)"
    evaluate("T nativeHandler: #nativeTimerSignal:")
    expire(10)
    assert evaluate("{ T form. T count. T nativeInterrupts. T isMasked }") == "#(#native 20 20 false)"
    evaluate("T stop")
    assert evaluate("T isRunning") == "false"


def test_a_storming_native_driver_is_reported() -> None:
    bench = boot(BootOptions((EXAMPLES, Path(__file__).parent / "firmware")))
    bench.console.evaluate("Smalltalk at: #T put: NativeTimer start. T nativeHandler: #neverLower:")
    expire_timer(bench.board)
    text = bench.console.text_until_quiet(2_000_000)
    assert "interrupt storm: the line is still raised after 1000 runs of neverLower: in a row" in text
    evaluate = bench.console.evaluate
    assert evaluate("{ T storms. T isMasked. T nativeInterrupts }") == "#(1 true 1000)"
    evaluate("T nativeHandler: #nativeTimerInterrupt:. T restart")
    assert evaluate("T isMasked") == "false"
