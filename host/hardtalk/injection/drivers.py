"""Windows over the drivers of keyboard and mouse: from the interrupt of a byte to the event in a program's hands.

A key is pressed, or the mouse moved with a button; the interrupt of the last byte that this takes begins the window. In
it are the secondary controller's handler, the switch to the driver's process, the byte's decoding, the event's way
through the queue to a process that takes it, and the unmasking. What the event says is summed up by that process, and
must be what it was without a second interrupt. The next byte is far away: a held key repeats after half a second.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hardtalk.bench import Bench, BootOptions
from hardtalk.board import Board, Snapshot, StopReason
from hardtalk.board.mask_watch import IRQ_VECTOR
from hardtalk.build.sources import text_root
from hardtalk.injection.forms import PROGRAM, SLICE_CYCLES, TURN_CYCLES, Place, Window, run_while
from hardtalk.injection.trial import Violated
from hardtalk.vm.object_format import WORD_BYTES

KEYBOARD, MOUSE = "keyboard", "mouse"
EVENTS, TOLD = 5, 6
"""The words of `Place.counts` that count the events, and sum up what they say."""
START: Final = (
    "| keyboard mouse | keyboard := Keyboard start. mouse := Mouse startInto: keyboard events. "
    "InjectionForms take: keyboard events faults: "
    "[ keyboard parityErrors + mouse parityErrors + mouse strays + mouse overflows + keyboard events lost ]"
)
DRIVER_WINDOWS: Final = (Window(PROGRAM, KEYBOARD), Window(PROGRAM, MOUSE))


@dataclass(frozen=True)
class Hand:
    """What somebody does to a device with that line, and how many bytes this makes it say."""

    line: int
    bytes: int
    act: Callable[[Board], None]


def strike(board: Board) -> None:
    board.keyboard.press("a")


def push(board: Board) -> None:
    board.mouse.move(7, -3)


HANDS: Final = {KEYBOARD: Hand(35, 1, strike), MOUSE: Hand(36, 3, push)}


def with_drivers(options: BootOptions) -> BootOptions:
    return replace(options, drivers=(*options.drivers, text_root() / "drivers" / "input"))


def start_drivers(bench: Bench) -> None:
    bench.console.evaluate(START)


def handling_of_driver(board: Board, place: Place, first: str, start: Snapshot) -> tuple[Place, Snapshot, int]:
    """The window that begins after `start`, and its length in instructions; the place says what the event must be."""
    hand = HANDS[first]
    board.restore(start)
    hand.act(board)
    for byte in range(hand.bytes):
        if byte:
            board.step()
        stop = board.run_to(IRQ_VECTOR, TURN_CYCLES)
        if stop.reason is not StopReason.REACHED:
            raise Violated(f"byte {byte + 1} of line {hand.line} is not taken: {stop.reason} {stop.message}")
    begun, instructions = board.snapshot(), board.instructions
    words = [place.counts + WORD_BYTES * each for each in (EVENTS, TOLD)]
    before = [board.ram.word(each) for each in words]
    run_while(board, lambda: board.ram.word(words[0]) == before[0] or not board.is_enabled(hand.line))
    board.run(SLICE_CYCLES)
    delivered = {each: (board.ram.word(each) - old) & 0xFFFFFFFF for each, old in zip(words, before, strict=True)}
    return replace(place, delivered=delivered), begun, board.instructions - instructions
