"""The block of a native handler: what native code follows there is the driver's device, whatever a program stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BootOptions, boot

EXAMPLE = Path(__file__).parents[2] / "examples" / "native"
RUNNING = "Smalltalk at: #T put: NativeTimer new. T start; period: 200."
AT_UART = "(Registers at: 16r101F2000)"
ERRORS = {
    "T nativeBlock at: 1 put: 64": "only the words of a native block from the second on can be stored",
    "T nativeBlock at: 0 put: 64": "only the words of a native block from the second on can be stored",
    "T nativeBlock at: 3 + NativeTimer nativeWords put: 64": "only the words of a native block from the second on",
    "T nativeBlock at: 3 put: -1": "only the words of a native block from the second on can be stored",
    "T nativeBlock nativeArgument at: 1 put: 64": "index 1 is not between 1 and 0",
    "T nativeBlock nativeArgument basicAt: 2 put: 64": "index 2 is not between 1 and 0",
    "T nativeBlock nativeArgument instVarAt: 1 put: 64": "NativeRecord has no variables",
    "T nativeBlock nativeArgument copy": "a record of native code has no copy",
    "T nativeBlock nativeArgument become: (Bitmap new: 3)": "NativeRecord cannot become Bitmap",
    f"{AT_UART} prepareBlock: T nativeBlock nativeArgument": "there is no device, or the record is used already",
    f"NativeBlock on: {AT_UART} words: 1": "there is no device, or the record is used already",
    "NativeBlock on: (Registers at: 16r20000000) words: 3": "native code cannot have a block for Registers at",
    "NativeBlock on: (16r20000 -> 3) words: 3": "Association does not understand #prepareBlock:",
    "NativeRoutine numberOf: #nativeTimerInterrupt: for: (Bitmap new: 3)": "wants a NativeBlock as argument",
    "InterruptController current line: 5 handler: (NativeRoutine numberOf: #nativeTimerInterrupt:)"
    " argument: (Bitmap new: 3) priority: 60 stormLimit: 50": "failed",
    "InterruptController current line: 5 handler: (NativeRoutine numberOf: #nativeTimerInterrupt:)"
    f" argument: (NativeBlock on: {AT_UART} words: 2) nativeArgument priority: 60 stormLimit: 50": "failed",
}
"""What the prompt is told of attempts to get another address there."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    bench = boot(BootOptions(drivers=(EXAMPLE,), heap_bytes=4 << 20))
    bench.console.evaluate("Smalltalk at: #T put: nil")
    bench.console.evaluate(RUNNING + " 5")
    yield bench


@pytest.mark.parametrize(("attempt", "error"), ERRORS.items())
def test_the_address_is_no_programs(bench: Bench, attempt: str, error: str) -> None:
    told = bench.console.evaluate(f"[ {attempt}. 'done' ] on: Error do: [ :e | e messageText ]")
    assert error in told
    assert bench.console.evaluate("T nativeBlock at: 1") == str(0x101E3000)
    counted = "| before | before := T count. (Delay forMilliseconds: 3) wait. T count - before between: 10 and: 20"
    assert bench.console.evaluate(counted) == "true"


def test_its_other_words_are_the_drivers(bench: Bench) -> None:
    assert bench.console.evaluate("T nativeBlock at: 4 put: 16rFFFFFFFF. T nativeBlock at: 4") == str(0xFFFFFFFF)
    assert int(bench.console.evaluate("T nativeBlock at: 3 put: 0. T count")) < 100
