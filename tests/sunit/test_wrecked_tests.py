"""Whatever a test does to its process or the board fails that test alone, and says why and where."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BenchError, KeptBoard
from hardtalk.sunit.classes import SUnitClass
from hardtalk.sunit.outcomes import Outcome
from hardtalk.sunit.runner import Runner

TIMEOUT_SECONDS = 0.3
SOURCE = Path(__file__).parent / "board" / "WreckingTest.class.st"
EXPECTED = {
    "testPasses": ("passed", ""),
    "testLeavesNothing": ("passed", ""),
    "testFails": ("failed", "AssertionFailure: got 5, expected 'it''s'"),
    "testErrs": ("error", "MessageNotUnderstood: UndefinedObject does not understand #lightUp"),
    "testHalts": ("error", "Halt: halt"),
    "testSkips": ("skipped", "not today"),
    "testExpectedFailure": ("expectedFailure", "AssertionFailure: got 3, expected 4"),
    "testExpectedHang": ("expectedFailure", "no end after 300 ms"),
    "testExpectedHog": ("expectedFailure", "no end after 300 ms, and the board cannot be asked"),
    "testExpectedButSkipped": ("skipped", "not here"),
    "testUnexpectedPass": ("failed", "passed, but is among expectedFailures"),
    "testLoops": ("error", "no end after 300 ms"),
    "testLoopsAbovePrompt": ("error", "no end after 300 ms"),
    "testLoopsAboveAll": (
        "error",
        "no end after 300 ms, and the board cannot be asked: the test keeps a priority above",
    ),
    "testWaitsForEver": ("error", "no end after 300 ms"),
    "testNeverUnwinds": ("error", "no end after 300 ms"),
    "testEndsItsProcess": ("error", "the test ended its process"),
    "testEndsItsProcessWithoutUnwinding": ("error", "the test ended its process"),
    "testStopsTheBoard": ("error", "the board stopped: halted: the CPU waits with every line masked (code 1)"),
    "testForksAnError": ("error", "in forked: ZeroDivide: division of 1 by zero"),
    "testForksAnUrgentError": ("error", "in urgent: MessageNotUnderstood: UndefinedObject does not understand #foo"),
    "testForksAFailure": ("error", "in asserting: AssertionFailure: got 1, expected 2"),
    "testForksAnErrorOnPurpose": ("passed", ""),
    "testHandlerFails": (
        "error",
        "in the interrupt handler of Nuisance: MessageNotUnderstood: UndefinedObject does not understand #handle",
    ),
    "testDeviceFails": ("error", "a device failed: "),
    "testNamesItsPrinting": ("failed", "AssertionFailure: as told"),
}
LINES = {
    "testFails": "assert: each + 4",
    "testErrs": "nil lightUp",
    "testHalts": "self halt",
    "testWaitsForEver": "Semaphore new wait",
    "testSuspendsItsProcess": "Processor activeProcess suspend",
    "testForksAnError": "[ 1 / 0 ] forkNamed: 'forked'",
    "testHandlerFails": "Nuisance start behaviour: [ :registers | nil handle ]; raise",
}


def outcome_of(
    wreckable: tuple[Bench, SUnitClass, KeptBoard], selector: str, timeout: float = TIMEOUT_SECONDS
) -> Outcome:
    bench, test_class, state = wreckable
    (outcome,) = Runner(bench, timeout, state).run(replace(test_class, selectors=(selector,)))
    return outcome


@pytest.mark.parametrize("selector", EXPECTED)
def test_kind_and_reason(wreckable: tuple[Bench, SUnitClass, KeptBoard], selector: str) -> None:
    outcome = outcome_of(wreckable, selector)
    kind, text = EXPECTED[selector]
    assert outcome.kind == kind and outcome.text.startswith(text), outcome


@pytest.mark.parametrize("selector", LINES)
def test_place(wreckable: tuple[Bench, SUnitClass, KeptBoard], selector: str) -> None:
    outcome = outcome_of(wreckable, selector, 3 if "Suspends" in selector else TIMEOUT_SECONDS)
    assert outcome.place is not None
    path = Path(outcome.place.file)
    assert path.resolve() == SOURCE
    method = SOURCE.read_text(encoding="utf-8").split(f"WreckingTest >> {selector} [")[0].count("\n") + 1
    assert method < outcome.place.line < method + 6
    assert outcome.source == LINES[selector]
    assert outcome.trace.startswith(f"{outcome.place}: {outcome.text}\n    {outcome.source}\n")


def test_a_suspended_process_has_two_seconds(wreckable: tuple[Bench, SUnitClass, KeptBoard]) -> None:
    outcome = outcome_of(wreckable, "testSuspendsItsProcess", 3)
    assert outcome.text == "the test suspended its own process, and nobody resumed it for two seconds"
    assert 2 < outcome.cycles / wreckable[0].board.chip.cpu_hertz < 3


def test_memory_exhausted_fails_that_test(wreckable: tuple[Bench, SUnitClass, KeptBoard]) -> None:
    outcome = outcome_of(wreckable, "testOverflows", 10)
    assert outcome.kind == "error" and outcome.text


def test_a_failing_device_heads_the_message(wreckable: tuple[Bench, SUnitClass, KeptBoard]) -> None:
    outcome = outcome_of(wreckable, "testDeviceFails")
    assert "wreckable.py:13: Wreckable failed in a write of CONTROL: ValueError: out of smoke" in outcome.first_line
    again = outcome_of(wreckable, "testDeviceFails")
    assert again.first_line == outcome.first_line


def test_a_failing_device_heads_what_the_board_does_not_say(wreckable: tuple[Bench, SUnitClass, KeptBoard]) -> None:
    """In a test, and at the prompt."""
    failure = (
        f"{SOURCE.with_name('wreckable.py')}:13: Wreckable failed in a write of CONTROL: ValueError: out of smoke\n"
    )
    text = outcome_of(wreckable, "testAllStandsBehindAFailingDevice").text
    assert text.startswith(f"a device failed: {failure}") and text.count(failure) == 1
    assert "no end after 300 ms" in text and "the board does not answer" in text
    bench, _, state = wreckable
    Runner(bench, TIMEOUT_SECONDS, state).put_back()
    bench.console.device_failures = []
    bench.console.prompt.enter("(WreckingTest selector: #testAllStandsBehindAFailingDevice) run")
    with pytest.raises(BenchError) as caught:
        list(bench.console.events(patience_cycles=50_000_000))
    assert str(caught.value).startswith(failure) and "\nthe board does not answer\n" in str(caught.value)


def test_printed_text_belongs_to_its_test(wreckable: tuple[Bench, SUnitClass, KeptBoard]) -> None:
    assert outcome_of(wreckable, "testNamesItsPrinting").printed == "printed here\n"


def test_the_others_go_on(wreckable: tuple[Bench, SUnitClass, KeptBoard]) -> None:
    """All in one run, each wrecked one before one that must pass."""
    bench, test_class, state = wreckable
    wrecking = ["testLoopsAboveAll", "testStopsTheBoard", "testEndsItsProcessWithoutUnwinding", "testDeviceFails"]
    selectors = tuple(each for wrecked in wrecking for each in (wrecked, "testLeavesNothing"))
    kinds = [each.kind for each in Runner(bench, TIMEOUT_SECONDS, state).run(replace(test_class, selectors=selectors))]
    assert kinds == ["error", "passed"] * len(wrecking)


def test_the_board_is_put_back(wreckable: tuple[Bench, SUnitClass, KeptBoard]) -> None:
    bench, test_class, state = wreckable
    runner = Runner(bench, TIMEOUT_SECONDS, state)
    list(runner.run(replace(test_class, selectors=("testLoopsAboveAll",))))
    runner.put_back()
    assert bench.console.evaluate("3 + 4") == "7"
