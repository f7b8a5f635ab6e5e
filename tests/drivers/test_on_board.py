"""The drivers on the emulated board: interrupts handled, failures and storms contained, clocks, the serial port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.serial import ConsoleText, Result

FOLDER = Path(__file__).parent / "board"
THERMOMETER = Path(__file__).parents[2] / "examples" / "thermometer"


@pytest.fixture(scope="module")
def bench() -> Bench:
    return boot(BootOptions((FOLDER,), device_files=(FOLDER / "nuisance.py",)))


@pytest.fixture
def nuisance(bench: Bench) -> Iterator[Bench]:
    bench.console.evaluate("nuisance := Nuisance start")
    yield bench
    bench.console.evaluate("nuisance lower; stop")


def said(bench: Bench, expression: str) -> tuple[str, str]:
    """What an expression answers, and what was printed meanwhile and in the next millisecond."""
    bench.console.prompt.enter(expression)
    events = list(bench.console.events())
    bench.console.run(200_000)
    events += bench.console.receive()
    [result] = [event.text for event in events if isinstance(event, Result)]
    return result, "".join(event.text for event in events if isinstance(event, ConsoleText))


def test_an_interrupt_is_handled_at_once(nuisance: Bench) -> None:
    assert said(nuisance, "nuisance raise; raise; raise; count") == ("3", "")
    assert nuisance.console.evaluate("nuisance isMasked") == "false"


def test_a_handler_that_raises_is_told_and_contained(nuisance: Bench) -> None:
    nuisance.console.evaluate("nuisance behaviour: [ :registers | 1 / 0 ]")
    answer, text = said(nuisance, "nuisance raise; raise; count")
    assert answer == "1"
    assert text.count("handleInterrupt failed; the line is masked until restart is sent: ZeroDivide") == 1
    assert text.count("Nuisance (NUISANCE, line 19)") == 1
    assert nuisance.console.evaluate("{ nuisance isMasked. nuisance failures }") == "#(true 1)"


def test_a_mended_handler_is_restarted(nuisance: Bench) -> None:
    nuisance.console.evaluate("nuisance behaviour: [ :registers | self error: 'broken' ]; raise")
    nuisance.console.evaluate("nuisance behaviour: [ :registers | registers control raise: false ]; restart")
    assert said(nuisance, "nuisance raise; count") == ("3", "")
    assert nuisance.console.evaluate("nuisance failures") == "0"


def test_an_interrupt_storm_is_told_once_and_masked(nuisance: Bench) -> None:
    nuisance.console.evaluate("nuisance behaviour: [ :registers | ]")
    answer, text = said(nuisance, "nuisance raise; count")
    assert answer == "50"
    assert text.count("interrupt storm") == 1
    assert nuisance.console.evaluate("{ nuisance isMasked. nuisance storms }") == "#(true 1)"


def test_starting_a_driver_stops_the_one_before(nuisance: Bench) -> None:
    assert (
        nuisance.console.evaluate(
            "| first | first := nuisance. nuisance := Nuisance start. { first isRunning. nuisance isRunning }"
        )
        == "#(false true)"
    )


def test_fields(nuisance: Bench) -> None:
    assert nuisance.console.evaluate(
        "| r | r := nuisance registers. r control level: 5. { r control level. r control raise. r control value. "
        "r control level: 2. r control level }"
    ).endswith("2}")
    assert nuisance.console.evaluate("nuisance registers control value printStringBase: 16") == "'20'"
    assert "does not fit" in nuisance.console.evaluate(
        "[ nuisance registers control level: 8 ] on: Error do: [ :error | error messageText ]"
    )


def test_a_field_of_one_bit_is_0_1_true_or_false(nuisance: Bench) -> None:
    written = (
        "| r | nuisance stop. r := nuisance registers control. "
        "#(1 0 1 1 true 0 false false true 0) collect: [ :each | r raise: each. r raise ]"
    )
    assert nuisance.console.evaluate(written) == "#(true false true true true false false false true false)"
    for wrong in ("2", "-1", "nil", "1.0", "'1'"):
        answer = nuisance.console.evaluate(
            f"[ nuisance registers control raise: {wrong} ] on: Error do: [ :e | e messageText ]"
        )
        said = wrong if wrong != "'1'" else "''1''"
        assert answer == f"'{said} is nothing that a field of one bit can be: 0, 1, true or false'"
    assert nuisance.console.evaluate("nuisance registers control raise") == "false"


def test_a_misspelt_register_or_field_lists_those_there_are(nuisance: Bench) -> None:
    for misspelt, has in (
        ("word0", "control, word"),
        ("control risen", "level, raise, value"),
        ("control levl: 1", "level, raise, value"),
    ):
        with pytest.raises(
            BenchError, match=rf"MessageNotUnderstood: NUISANCE\w+ does not understand #[\w:]+; it has {has}\n"
        ):
            nuisance.console.evaluate(f"nuisance registers {misspelt}")
    answer = nuisance.console.evaluate(
        "[ nuisance registers foo ] on: MessageNotUnderstood do: [ :e | e message selector ]"
    )
    assert answer == "#foo"


@pytest.mark.parametrize("word", [0, 1, 2**30 - 1, 2**30, 2**31, 2**32 - 1])
def test_words(nuisance: Bench, word: int) -> None:
    assert nuisance.console.evaluate(f"nuisance registers word: {word}; word") == str(word)


def test_an_unknown_peripheral_is_named(bench: Bench) -> None:
    answer = bench.console.evaluate("[ Peripheral named: #LAPM ] on: Error do: [ :error | error messageText ]")
    assert "the chip has no peripheral #LAPM; it has SYSTEM VIC" in answer


def test_delays_end_in_the_order_of_their_times(bench: Bench) -> None:
    answer = bench.console.evaluate(
        "| queue | queue := SharedQueue new. #(30 10 20) do: [ :each | "
        "[ (Delay forMilliseconds: each) wait. queue nextPut: each ] fork ]. "
        "{ queue next. queue next. queue next }"
    )
    assert answer == "#(10 20 30)"


def test_a_delay_takes_its_time(bench: Bench) -> None:
    answer = bench.console.evaluate(
        "| start | start := Timer current microseconds. (Delay forMilliseconds: 5) wait. "
        "Timer current microseconds - start"
    )
    assert 5000 <= int(answer) < 5300


def test_the_clocks_agree(bench: Bench) -> None:
    answer = bench.console.evaluate("SystemCounter microsecondsToRun: [ (Delay forMilliseconds: 20) wait ]")
    assert 20000 <= int(answer) < 20500


def test_the_serial_port_loses_nothing_both_ways(bench: Bench) -> None:
    data = bytes(number * 7 & 0xFF for number in range(3000))
    bench.console.evaluate(
        "port := SerialPort startOn: #UART1. [ [ port nextPut: (Character value: port next) ] repeat ] fork. nil"
    )
    uart = bench.board.uart(1)
    uart.send(data)
    echoed = b""
    for _ in range(200):
        bench.console.run(1_000_000)
        echoed += uart.take()
        if len(echoed) >= len(data):
            break
    assert echoed == data
    assert bench.console.evaluate("{ port lost. port overruns }") == "#(0 0)"


def test_a_request_that_suspends_its_own_process_is_answered(bench: Bench) -> None:
    with pytest.raises(BenchError, match="the request suspended its own process and nobody resumed it for two seconds"):
        bench.console.evaluate("Processor activeProcess suspend")
    assert bench.console.evaluate("3 + 4") == "7"


def test_a_request_that_is_resumed_in_time_goes_on(bench: Bench) -> None:
    resumed = "| p | p := Processor activeProcess. [ (Delay forMilliseconds: 1700) wait. p resume ] fork. p suspend. 5"
    assert bench.console.evaluate(resumed) == "5"
    assert bench.console.evaluate("(Delay forSeconds: 3) wait. 6") == "6"


def test_the_tutorials_thermometer() -> None:
    bench = boot(BootOptions((THERMOMETER,), device_files=(THERMOMETER / "thermometer.py",)))
    bench.console.evaluate("thermometer := Thermometer start")
    assert bench.console.evaluate("{ thermometer next. thermometer next }") == "{(43/2). (87/4)}"
