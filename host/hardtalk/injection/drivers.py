"""Windows over drivers: from the interrupt of a device to what it brings in a program's hands.

A key is pressed, or the mouse moved with a button; the interrupt of the last byte that this takes begins the window. In
it are the secondary controller's handler, the switch to the driver's process, the byte's decoding, the event's way
through the queue to a process that takes it, and the unmasking. Or bytes come on a serial line, which the DMA
controller moves to memory; its interrupt at their end begins a window with its handler, the switch to who waits for
the transfer, and the beginning of the next one. Or a message comes in on a MediaWire ring, or a stream has its words,
of which native code does the urgent part: in the window are the handler, the message's or the words' way to a process
that waits for it, and frames that go by, of which the controller writes a stream's words to memory. What arrives is
summed up by that process, and must be what it was without a second interrupt. Nothing else comes meanwhile: a held key
repeats after half a second.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from hardtalk.bench import Bench, BootOptions
from hardtalk.board import Board, Snapshot, StopReason
from hardtalk.board.mask_watch import IRQ_VECTOR
from hardtalk.build.sources import text_root
from hardtalk.injection.forms import PROGRAM, SLICE_CYCLES, TURN_CYCLES, Place, Window, run_while
from hardtalk.injection.trial import Violated
from hardtalk.mediawire import Kind, MediaWire, Message, Node, Source, identity_of
from hardtalk.vm.object_format import WORD_BYTES

KEYBOARD, MOUSE, DMA, MEDIAWIRE, NATIVE_MEDIAWIRE = "keyboard", "mouse", "DMA", "MediaWire", "native MediaWire"
EVENTS, TOLD = 5, 6
"""The words of `Place.counts` that count what arrives, and sum up what it says."""
START_INPUT: Final = (
    "| keyboard mouse | keyboard := Keyboard start. mouse := Mouse startInto: keyboard events. "
    "InjectionForms take: keyboard events faults: "
    "[ keyboard parityErrors + mouse parityErrors + mouse strays + mouse overflows + keyboard events lost ]"
)
BLOCK: Final = bytes.fromhex("11a55aee")
"""What one transfer moves from the second serial port to memory."""
UART_REQUEST: Final = 12
START_DMA: Final = f"""| uart words transfer |
    uart := (Peripheral named: #UART1) registers.
    uart cr: 0. uart ibrd: 1. uart fbrd: 0. uart lcrh: 16r70. uart cr: 16r301. uart dmacr: 1.
    words := Bitmap new: 1.
    transfer := DmaTransfer fromRegister: (Peripheral named: #UART1) address request: {UART_REQUEST}.
    transfer receive: {len(BLOCK)} bytesInto: words startingAt: 1.
    InjectionForms take: [ transfer run. (words at: 1) \\\\ 16r3FFFFFF ]
"""
SELF, NEIGHBOUR = identity_of(1), identity_of(0x10)
START_WIRE: Final = """| wire |
    wire := MediaWire current. wire waitUntilLocked. wire scan.
    InjectionForms take: [ | message |
        message := wire nextMessage.
        message string inject: message tag into: [ :sum :each | sum * 5 + each asInteger \\\\ 16r3FFFFFF ] ]
"""
STREAM_WORDS: Final = 120
"""2.5 ms: more than is waited for what does not come."""
START_STREAM: Final = f"""| in words |
    MediaWire current nativeHandler: #mediaWireInterrupt:; waitUntilLocked.
    in := MediaWire current readStreamOn: #(0) words: {4 * STREAM_WORDS} threshold: {STREAM_WORDS}.
    words := Bitmap new: {STREAM_WORDS}.
    Smalltalk at: #Words put: (in instVarNamed: 'buffer').
    InjectionForms take: [
        in next: words size into: words startingAt: 1.
        (1 to: words size by: 17) inject: in missed into: [ :sum :each | sum * 5 + (words at: each) \\\\ 16r3FFFFFF ] ]
"""
STREAM_BUFFER: Final = "{ Words nativeAddress. Words size * 4 + Words nativeAddress }"


class Neighbourhood(MediaWire):
    """A ring with one neighbour, which becomes the clock master and fills a slot."""

    def peers(self) -> Sequence[Node]:
        return (Source(NEIGHBOUR, (0,)),)


@dataclass(frozen=True)
class Kit:
    """Drivers and devices of a board, and what starts them; `buffers` answers from where to where devices write."""

    folders: tuple[str, ...]
    devices: tuple[type[MediaWire], ...]
    beginning: tuple[str, ...]
    buffers: str = "#()"


@dataclass(frozen=True)
class Hand:
    """What somebody does to a device with that line, and how many interrupts this makes."""

    line: int
    interrupts: int
    act: Callable[[Board], None]
    kit: Kit


def strike(board: Board) -> None:
    board.keyboard.press("a")


def push(board: Board) -> None:
    board.mouse.move(7, -3)


def send(board: Board) -> None:
    board.uart(1).send(BLOCK)


def tell(board: Board) -> None:
    ring = cast(MediaWire, board.device("MEDIAWIRE")).outside
    ring.send(NEIGHBOUR, Message(Kind.COMMAND, SELF, NEIGHBOUR, 77, b"louder, please"))


def wait(_board: Board) -> None:
    """A stream goes on by itself."""


SHIPPED: Final = Kit(("input", "dma"), (), (START_INPUT, START_DMA))
WIRE: Final = Kit(("mediawire",), (Neighbourhood,), (START_WIRE,))
STREAM: Final = replace(WIRE, beginning=(START_STREAM,), buffers=STREAM_BUFFER)
HANDS: Final = {
    KEYBOARD: Hand(35, 1, strike, SHIPPED),
    MOUSE: Hand(36, 3, push, SHIPPED),
    DMA: Hand(17, 1, send, SHIPPED),
    MEDIAWIRE: Hand(19, 1, tell, WIRE),
    NATIVE_MEDIAWIRE: Hand(19, 1, wait, STREAM),
}
DRIVER_WINDOWS: Final = tuple(Window(PROGRAM, each) for each in HANDS)


def with_kit(options: BootOptions, kit: Kit) -> BootOptions:
    folders = (text_root() / "drivers" / name for name in kit.folders)
    devices = (*options.devices, *kit.devices)
    return replace(options, drivers=(*options.drivers, *folders), devices=devices)


def start_kit(bench: Bench, kit: Kit) -> None:
    for each in kit.beginning:
        bench.console.evaluate(each)


def handling_of_driver(board: Board, place: Place, first: str, start: Snapshot) -> tuple[Place, Snapshot, int]:
    """The window that begins after `start`, and its length in instructions; the place says what must arrive."""
    hand = HANDS[first]
    board.restore(start)
    hand.act(board)
    for number in range(hand.interrupts):
        if number:
            board.step()
        stop = board.run_to(IRQ_VECTOR, TURN_CYCLES)
        if stop.reason is not StopReason.REACHED:
            raise Violated(f"interrupt {number + 1} of line {hand.line} is not taken: {stop.reason} {stop.message}")
    begun, instructions = board.snapshot(), board.instructions
    words = [place.counts + WORD_BYTES * each for each in (EVENTS, TOLD)]
    before = [board.ram.word(each) for each in words]
    run_while(board, lambda: board.ram.word(words[0]) == before[0] or not board.is_enabled(hand.line))
    board.run(SLICE_CYCLES)
    delivered = {each: (board.ram.word(each) - old) & 0xFFFFFFFF for each, old in zip(words, before, strict=True)}
    return replace(place, delivered=delivered), begun, board.instructions - instructions
