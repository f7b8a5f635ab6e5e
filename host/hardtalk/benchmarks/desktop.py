"""Frames a second of a desktop: what the board can draw, what the host emulates of that, and how fast it shows them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.bench.firmware import study_folder
from hardtalk.bench.marks import START_MARK, STOP_MARK, between_marks, run_to_mark
from hardtalk.board import Mark, StopReason
from hardtalk.board.panel import Panel
from hardtalk.build.sources import text_root
from hardtalk.report.figures import Report
from hardtalk.web.picture import Picture

MOTIONS: Final = {
    "drag": "a window of 200 x 150 is moved",
    "scroll": "a list scrolls by a row",
    "write": "a character is typed",
    "front": "a window comes to the front",
    "all": "all of these, the last one in ten",
}
"""Methods of DesktopBench: what is done from one frame to the next."""
DEPTHS: Final = (32, 16, 8)
FRAMES: Final = 40
PATIENCE_CYCLES: Final = 4_000_000_000
SLICES_PER_SECOND: Final = 200
"""As the page in a browser runs the board."""


@dataclass(frozen=True)
class DesktopFigure:
    """Of `frames` frames: the board's cycles, the processor time to emulate them; of showing them on a page, that is of
    making `pictures` messages with `sent_bytes` in all, the same."""

    motion: str
    depth: int
    frames: int
    cycles: int
    hertz: int
    emulating_ns: int
    showing_ns: int
    pictures: int
    sent_bytes: int

    @property
    def name(self) -> str:
        return f"{self.motion}-{self.depth}"

    @property
    def frame_cycles(self) -> float:
        return self.cycles / self.frames

    @property
    def frames_a_second(self) -> float:
        return self.hertz / self.frame_cycles

    @property
    def emulated_a_second(self) -> float:
        return self.frames * 1e9 / self.emulating_ns

    @property
    def picture_ms(self) -> float:
        return self.showing_ns / max(self.pictures, 1) / 1e6

    @property
    def picture_bytes(self) -> float:
        return self.sent_bytes / max(self.pictures, 1)


def boot_desktop(model: str, collector: str) -> Bench:
    windows = (text_root() / "firmware" / "windows", text_root() / "drivers" / "input")
    return boot(BootOptions((*windows, study_folder("desktop")), model=model, collector=collector))


def measure_desktop(bench: Bench) -> Iterator[DesktopFigure]:
    """Every motion in every depth, each from the same state of the board."""
    kept = bench.console.keep()
    for depth in DEPTHS:
        for motion in MOTIONS:
            bench.console.put_back(kept)
            bench.console.evaluate(f"DesktopBench openWithDepth: {depth}", PATIENCE_CYCLES)
            yield measured(bench, motion, depth)
    bench.console.put_back(kept)


def measured(bench: Bench, motion: str, depth: int, frames: int = FRAMES) -> DesktopFigure:
    """On a board that shows the desktop. Raises BenchError when it stops."""
    board = bench.board
    bench.console.prompt.enter(f"DesktopBench run: #{motion} frames: {frames}")
    board.uart(0).send(bench.console.prompt.take_outgoing())
    run_to_mark(board, START_MARK)
    picture = Picture()
    picture.update(Panel.of(board))
    emulating_ns = showing_ns = pictures = sent_bytes = 0
    ended: list[Mark] = []

    def listen(event: object) -> None:
        if isinstance(event, Mark) and event.value == STOP_MARK:
            ended.append(event)

    board.trace.listen(listen)
    while not ended:
        began = time.process_time_ns()
        stop = board.run(board.chip.cpu_hertz // SLICES_PER_SECOND, lambda: bool(ended))
        done = time.process_time_ns()
        if stop.reason not in (StopReason.CYCLES, StopReason.UNTIL):
            raise BenchError(f"the desktop stopped: {stop.reason} {stop.message}")
        number = picture.number
        if picture.update(Panel.of(board)):
            sent_bytes += len(picture.since(number).encoded())
            pictures += 1
        showing_ns += time.process_time_ns() - done
        emulating_ns += done - began
    board.trace.unlisten(listen)
    cycles = between_marks(board, motion).cycles
    hertz = board.chip.cpu_hertz
    return DesktopFigure(motion, depth, frames, cycles, hertz, emulating_ns, showing_ns, pictures, sent_bytes)


def desktop_report(figures: list[DesktopFigure], model: str, firmware: str) -> Report:
    report = Report("bench", model, "desktop", 0, firmware)
    for each in figures:
        report.add(f"{each.name}.frame", round(each.frame_cycles), "cycles")
        report.add(f"{each.name}.emulating", each.emulating_ns // each.frames, "ns")
        report.add(f"{each.name}.showing", round(1e6 * each.picture_ms), "ns")
        report.add(f"{each.name}.sent", round(each.picture_bytes), "bytes")
    return report
