"""The drivers of keyboard and mouse, on the board and on QEMU: what fingers do comes out as events."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from hardtalk.bench import Bench, BenchError
from hardtalk.devices import Pl050, keys_of
from hardtalk.serial import Result
from input.conftest import DRIVERS, START

if TYPE_CHECKING:
    from conftest import QemuMachine

MICROSECOND, MILLISECOND = 200, 200_000
EVENTS = (
    "| all each | all := OrderedCollection new. [ (each := events nextOrNil) isNil ] whileFalse: [ all add: each ]. "
)
TOLD = EVENTS + "(all inject: '' into: [ :text :event | text , event printString , '. ' ])"
TYPED = (
    EVENTS + "all := all collect: [ :event | event character ]. String withAll: (all reject: [ :char | char isNil ])"
)


def interface(bench: Bench, name: str) -> Pl050:
    device = bench.board.device(name)
    assert isinstance(device, Pl050)
    return device


def strike(bench: Bench, *keys: str) -> None:
    """Press the keys in this order and let them go in the other, 8 ms for each: less would not go over the line."""
    for key in keys:
        bench.board.keyboard.press(key)
        bench.board.run(cycles=4 * MILLISECOND)
    for key in reversed(keys):
        bench.board.keyboard.release(key)
        bench.board.run(cycles=4 * MILLISECOND)


def told(bench: Bench) -> str:
    return bench.console.evaluate(TOLD)


def test_all_printable_characters_can_be_typed(bench: Bench) -> None:
    text = "".join(map(chr, range(32, 127)))
    typed = ""
    for place in range(0, len(text), 12):
        for character in text[place : place + 12]:
            strike(bench, *keys_of(character))
        typed += bench.console.evaluate(TYPED)[1:-1].replace("''", "'")
    assert typed == text


def test_keys_say_what_they_are(bench: Bench) -> None:
    strike(bench, "control", "up")
    strike(bench, "f7")
    strike(bench, "enter")
    assert told(bench) == (
        "'keyDown control. keyDown up. keyUp up. keyUp control. "
        "keyDown f7. keyUp f7. keyDown enter Character cr. keyUp enter. '"
    )
    bench.board.keyboard.say(0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77)
    bench.board.run(cycles=20 * MILLISECOND)
    strike(bench, "a")
    assert told(bench) == "'keyDown $a $a. keyUp $a. '"


def test_capitals_lock_is_shown_by_its_light(bench: Bench) -> None:
    strike(bench, "caps")
    bench.board.run(cycles=100 * MILLISECOND)
    assert bench.board.keyboard.leds == 4
    strike(bench, "a")
    strike(bench, "shift", "b")
    strike(bench, "1")
    assert bench.console.evaluate(TYPED) == "'Ab1'"
    strike(bench, "caps")
    bench.board.run(cycles=100 * MILLISECOND)
    assert bench.board.keyboard.leds == 0


def test_the_rate_of_repetition_can_be_set(bench: Bench) -> None:
    bench.console.evaluate("keyboard repeatAfter: 250 rate: 30")
    assert bench.board.keyboard.rate == 0
    bench.console.evaluate("keyboard repeatAfter: 1000 rate: 2")
    assert bench.board.keyboard.rate == 0x7F
    assert bench.console.evaluate("keyboard isPresent") == "true"


def test_a_byte_with_wrong_parity_is_said_again(bench: Bench) -> None:
    interface(bench, "KMI0").disturb(incoming=True)
    strike(bench, "a")
    assert told(bench) == "'keyDown $a $a. keyUp $a. '"
    assert bench.console.evaluate("keyboard parityErrors") == "1"
    interface(bench, "KMI0").disturb(outgoing=True)
    bench.console.evaluate("keyboard command: #(16rED 16r02)")
    assert bench.board.keyboard.leds == 2
    interface(bench, "KMI0").disturb(incoming=True)
    assert bench.console.evaluate("keyboard reset. keyboard parityErrors") == "2"
    strike(bench, "a")
    assert told(bench) == "'keyDown $a $a. keyUp $a. '"


def test_commands_that_the_device_does_not_know(bench: Bench) -> None:
    with pytest.raises(BenchError, match="KMI0 does not understand 12"):
        bench.console.evaluate("keyboard command: #(16r12)")
    assert bench.console.evaluate("keyboard command: 16rF2 answers: 2") == "#(171 131)"
    assert bench.console.evaluate("mouse command: 16rE9 answers: 3") == "#(32 2 100)"
    interface(bench, "KMI0").keyboard.test = interface(bench, "KMI0").clock.after(2**40, lambda: None)
    assert bench.console.evaluate("keyboard isPresent") == "false"
    with pytest.raises(BenchError, match="there is no device at KMI0, or it does not work"):
        bench.console.evaluate("keyboard reset")


def test_the_pointer_moves_within_its_bounds(bench: Bench) -> None:
    hand = bench.board.mouse
    hand.move(10, 20)
    hand.press("left")
    bench.board.run(cycles=30 * MILLISECOND)
    hand.move(-200, -250)
    bench.board.run(cycles=30 * MILLISECOND)
    hand.release("left")
    hand.press("right")
    bench.board.run(cycles=30 * MILLISECOND)
    assert told(bench) == (
        "'pointerMove 330@220. pointerDown 330@220 left. "
        "pointerMove 130@470. pointerUp 130@470 left. pointerDown 130@470 right. '"
    )
    hand.move(-200, -200)
    bench.board.run(cycles=30 * MILLISECOND)
    assert bench.console.evaluate("mouse position") == "0@479"
    hand.move(300, 0)
    bench.board.run(cycles=30 * MILLISECOND)
    assert bench.console.evaluate("mouse overflows") == "1"
    assert bench.console.evaluate("mouse bounds: (0 @ 0 corner: 100 @ 50); position") == "50@25"


def test_a_packet_without_its_beginning_is_passed_over(bench: Bench) -> None:
    bench.board.mouse.say(0x05)
    bench.board.run(cycles=10 * MILLISECOND)
    bench.board.mouse.move(1, 0)
    bench.board.run(cycles=30 * MILLISECOND)
    assert told(bench) == "'pointerMove 321@240. '"
    assert bench.console.evaluate("mouse strays") == "1"
    bench.console.evaluate("mouse samplesASecond: 10")
    assert bench.board.mouse.rate == 10


def test_what_nobody_takes_is_counted_and_forgotten(bench: Bench) -> None:
    bench.console.evaluate("keyboard repeatAfter: 250 rate: 30")
    bench.board.keyboard.press("a")
    bench.board.run(cycles=4_000 * MILLISECOND)
    assert bench.console.evaluate("events size") == "64"
    assert int(bench.console.evaluate("events lost")) > 40


def test_how_soon_a_byte_is_taken_and_stopping(bench: Bench) -> None:
    """From the byte that is there to its reading: two processes, and nobody else is running."""
    board, kmi = bench.board, interface(bench, "KMI0")
    board.keyboard.press("a")
    board.run(cycles=3 * MILLISECOND, until=lambda: kmi.is_full)
    arrival = board.clock.cycles
    board.run(cycles=3 * MILLISECOND, until=lambda: not kmi.is_full)
    assert not kmi.is_full
    assert board.clock.cycles - arrival < 30 * MICROSECOND
    board.run(cycles=MILLISECOND)
    assert bench.console.evaluate("keyboard stop. keyboard isRunning") == "false"
    board.keyboard.release("a")
    board.run(cycles=30 * MILLISECOND)
    assert bench.console.evaluate("events size") == "1"
    assert board.is_raised(35) is False
    assert bench.console.evaluate("keyboard start. events size") == "1"


def test_lines_behind_the_secondary_controller(bench: Bench) -> None:
    """One that nobody serves is masked and counted; a storm is told; a native handler is refused."""
    board = bench.board
    bench.console.evaluate("SecondaryInterruptController current unmask: 1024 + 8388608")
    board.raise_line(42)
    board.run(cycles=MILLISECOND)
    assert bench.console.evaluate("SecondaryInterruptController current strays") == "1"
    assert bench.console.evaluate("SecondaryInterruptController current isUnmasked: 1024") == "false"
    assert bench.console.evaluate("SecondaryInterruptController current isRaised: 1024") == "true"
    assert board.is_raised(42)
    board.lower_line(42)
    assert bench.console.evaluate("SecondaryInterruptController current isRaised: 1024") == "false"
    board.raise_line(36)
    board.run(cycles=100 * MILLISECOND)
    assert bench.console.evaluate("mouse storms. mouse isMasked") == "true"
    board.lower_line(36)
    bench.console.evaluate("mouse restart")
    board.mouse.move(1, 0)
    board.run(cycles=30 * MILLISECOND)
    assert told(bench) == "'pointerMove 321@240. '"
    refused = "SecondaryInterruptController current line: 36 handler: 1 argument: 0 priority: 40 stormLimit: 5"
    with pytest.raises(BenchError, match="line 36 is behind the secondary controller, which has no native handlers"):
        bench.console.evaluate(refused)


def events_until(machine: QemuMachine, *wanted: str) -> str:
    """What is told until all of these were."""
    text, end = "", time.monotonic() + 20
    while not all(each in text for each in wanted):
        assert time.monotonic() < end, text
        answer = machine.enter(TOLD)[-1]
        assert isinstance(answer, Result)
        text += answer.text.strip("'")
    return text


def test_nothing_is_lost_whenever_it_comes(bench: Bench) -> None:
    """Keys, packets and the serial line at odd moments of a program that allocates while collections run."""
    board = bench.board
    bench.console.evaluate(
        "[ [ (1 to: 300) asArray collect: [ :each | each printString -> (Array new: each) ] ] repeat ] forkAt: 20. 0"
    )
    for moment in range(12):
        board.run(cycles=MILLISECOND + 7_919 * moment)
        board.mouse.move(1, 1)
        board.mouse.press("left")
        board.keyboard.press("a")
        board.run(cycles=12 * MILLISECOND + 104_729 * moment % MILLISECOND)
        board.mouse.release("left")
        board.keyboard.release("a")
        board.run(cycles=15 * MILLISECOND)
        kinds = bench.console.evaluate(EVENTS + "(all collect: [ :each | each kind ]) asArray")
        assert sorted(kinds[2:-1].split()) == ["#keyDown", "#keyUp", "#pointerDown", "#pointerMove", "#pointerUp"]
    assert bench.console.evaluate("{ mouse position. mouse strays. keyboard parityErrors }") == "{332@228. 0. 0}"


def test_the_same_firmware_on_qemu(start_qemu: Callable[..., QemuMachine]) -> None:
    machine = start_qemu([DRIVERS])
    machine.boot_text()
    assert machine.enter(START)[-1] == Result("0")
    machine.monitor("sendkey shift-h", "sendkey i", "sendkey 1", "sendkey up")
    for step in range(3):
        machine.monitor(f"mouse_move {step + 1} -2")
    text = events_until(machine, "keyUp up", "326@234")
    machine.monitor("mouse_button 1")
    text += events_until(machine, "pointerDown")
    machine.monitor("mouse_button 0")
    text += events_until(machine, "pointerUp")
    keys = [each for each in text.split(". ") if each.startswith("key")]
    assert keys == [
        "keyDown shift", "keyDown $h $H", "keyUp $h", "keyUp shift", "keyDown $i $i", "keyUp $i",
        "keyDown $1 $1", "keyUp $1", "keyDown up", "keyUp up",
    ]  # fmt: skip
    assert "pointerDown 326@234 left. pointerUp 326@234 left." in text
    assert machine.enter("keyboard parityErrors + mouse parityErrors + mouse strays")[-1] == Result("0")
