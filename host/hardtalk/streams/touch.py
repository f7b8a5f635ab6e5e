"""From touch to redraw: how long after a mouse's button goes down a button on the panel looks pressed, while a stereo
and a video stream go on, meters and a list move, and a load runs below.

The hand presses at random moments; the picture is looked at from outside, in memory, each 50 µs of the board's time.
What the mouse takes is in the figure: its three bytes have 2.7 ms on their line, behind a sample each 10 ms at most.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from statistics import median
from typing import Final

from hardtalk.bench import BenchError, BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board
from hardtalk.devices import Pl110
from hardtalk.latency.loaded_board import Unmeasured, check_load, or_unmeasured, run_load
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import booted
from hardtalk.mediawire import MediaWire
from hardtalk.report.figures import Report
from hardtalk.streams.relay import START, Relaying, RelayResult, result_of, run_for, with_relay
from hardtalk.tasks.headway import tell
from hardtalk.tasks.side_by_side import CutShort, side_by_side

LOOKS_PER_SECOND: Final = 20_000
PATIENCE_SECONDS: Final = 2
PAUSE_MS: Final = (40, 90)
"""Between two things that the hand does."""
EDGE_PIXELS: Final = 8
"""At the button's upper left corner: they become dark when it is pressed, and no cursor is there."""
PIXEL_BYTES: Final = 4
OPEN: Final = "TouchPanel open"


@dataclass(frozen=True)
class Touching:
    """`count` presses, at moments drawn from `seed`."""

    options: BootOptions
    load: Load
    count: int
    seed: int = 1


@dataclass(frozen=True)
class TouchResult:
    """Of each press the cycles until it was seen, and what became of the streams meanwhile."""

    cycles: tuple[int, ...]
    streams: RelayResult

    @property
    def median(self) -> int:
        return round(median(self.cycles))

    @property
    def longest(self) -> int:
        return max(self.cycles)

    @property
    def is_good(self) -> bool:
        return self.streams.is_good


def with_touch(options: BootOptions) -> BootOptions:
    """The options with streams on a ring, and the panel."""
    relaying = with_relay(options)
    return replace(relaying, drivers=(*relaying.drivers, study_folder("touch")))


def touch_all(
    tasks: Sequence[Touching], executor: Executor | None, progress: Callable[[int], None]
) -> list[TouchResult | Unmeasured]:
    """A result for each task, or why there is none. `progress` hears of presses."""
    return side_by_side(partial(or_unmeasured, touch), tasks, executor, progress)


def touch(task: Touching) -> TouchResult:
    """On a board that has just booted. Raises BenchError when a press is never seen; CutShort with the result so far
    for an interrupt from the keyboard."""
    bench = booted(task.options)
    board = bench.board
    board.trace.is_kept = False
    left, top, *_ = (int(each) for each in bench.console.evaluate(OPEN).strip("#()").split())
    bench.console.evaluate(START)
    device = board.device("MEDIAWIRE")
    assert isinstance(device, MediaWire)
    run_load(bench, task.load)
    device.write("WORST", 0)
    device.write("LATE", 0)
    services, began = device.service.count, board.clock.cycles
    chance, found = Random(task.seed), list[int]()
    try:
        for _ in range(task.count):
            pause(board, chance)
            found.append(seen_after(board, board.mouse.press, (left, top)))
            pause(board, chance)
            seen_after(board, board.mouse.release, (left, top))
            tell(1)
    except KeyboardInterrupt:
        if not found:
            raise CutShort from None
    milliseconds = (board.clock.cycles - began) * 1000 // board.clock.hertz
    relaying = Relaying(task.options, task.load, milliseconds)
    result = TouchResult(tuple(found), result_of(relaying, device, services, milliseconds))
    if len(found) < task.count:
        raise CutShort([result])
    check_load(bench, task.load)
    return result


def pause(board: Board, chance: Random) -> None:
    run_for(board, chance.randrange(*(each * board.clock.hertz // 1000 for each in PAUSE_MS)))


def seen_after(board: Board, do: Callable[[str], None], place: tuple[int, int]) -> int:
    """Cycles from what the hand does to the first look at which the button looks different."""
    before, began = edge(board, place), board.clock.cycles
    do("left")
    for _ in range(PATIENCE_SECONDS * LOOKS_PER_SECOND):
        run_for(board, board.clock.hertz // LOOKS_PER_SECOND)
        if edge(board, place) != before:
            return board.clock.cycles - began
    raise BenchError(f"nothing was seen of it in {PATIENCE_SECONDS} s")


def edge(board: Board, place: tuple[int, int]) -> bytes:
    """The pixels at that place of the panel, as they lie in memory."""
    controller = board.device("CLCD")
    assert isinstance(controller, Pl110)
    shown = controller.shown
    if shown is None:
        raise BenchError("the display is off")
    left, top = place
    return board.ram.read(shown.base + PIXEL_BYTES * (top * shown.width + left), PIXEL_BYTES * EDGE_PIXELS)


def touch_report(results: Sequence[TouchResult], model: str, load_names: str, seed: int, firmware: str) -> Report:
    report = Report("touch", model, load_names, seed, firmware)
    for each in results:
        name = f"{each.streams.model}.{each.streams.load}"
        report.add(f"{name}.median.cycles", each.median, "cycles")
        report.add(f"{name}.longest.cycles", each.longest, "cycles")
        report.add(f"{name}.presses", len(each.cycles), "presses")
        report.add(f"{name}.troubles", each.streams.troubles, "words")
    return report
