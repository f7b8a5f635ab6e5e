"""A board in a ring that relays a stereo stream and a video stream of 6 Mbit/s in Smalltalk, with a load below.

The verdict is not the firmware's: the controller counts what was served late and which words it lost, and sinks in the
ring compare every word that comes out with the source's.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from typing import Final

from hardtalk.bench import BenchError, BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.board import Board, StopReason
from hardtalk.build.sources import text_root
from hardtalk.latency.loaded_board import Unmeasured, check_load, or_unmeasured, run_load
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import booted
from hardtalk.latency.subjects import NATIVE, SMALLTALK
from hardtalk.mediawire import MediaWire, Node, Sink, Source, identity_of
from hardtalk.report.figures import Report
from hardtalk.streams.milestones import Milestones
from hardtalk.tasks.headway import tell
from hardtalk.tasks.side_by_side import CutShort, side_by_side

STEREO_IN, STEREO_OUT = (0,), (10,)
VIDEO_IN, VIDEO_OUT = (1, 2, 3, 4), (11, 12, 13, 14)
SOURCES: Final = (identity_of(0x20), identity_of(0x21))
SINKS: Final = (identity_of(0x10), identity_of(0x11))
NATIVE_HANDLER: Final = "MediaWire current nativeHandler: #mediaWireInterrupt:"
START: Final = f"StreamRelay stereo: {STEREO_IN[0]} to: {STEREO_OUT[0]} video: #{VIDEO_IN} to: #{VIDEO_OUT}".replace(
    ",", ""
)


class RelayRing(MediaWire):
    """A source and a sink for each stream. A source is the clock master."""

    def peers(self) -> Sequence[Node]:
        return (
            Source(SOURCES[0], STEREO_IN), Source(SOURCES[1], VIDEO_IN),
            Sink(SINKS[0], STEREO_OUT), Sink(SINKS[1], VIDEO_OUT),
        )  # fmt: skip


@dataclass(frozen=True)
class Relaying:
    """Both streams for `count` milliseconds of the board's time, while a load runs; `form` says who serves the line."""

    options: BootOptions
    load: Load
    count: int
    form: str = SMALLTALK


@dataclass(frozen=True)
class RelayResult:
    """Counts of words but for `services`, interrupts served, `late`, those served later than 100 µs, and the longest
    service in cycles. `wrong` are words that came out as others than came in, or not at all. Less `milliseconds` than
    were wanted when Control-C came."""

    model: str
    load: str
    milliseconds: int
    services: int
    worst_cycles: int
    late: int
    overruns: int
    underruns: int
    words: int
    wrong: int
    form: str = SMALLTALK

    @property
    def troubles(self) -> int:
        return self.late + self.overruns + self.underruns + self.wrong

    @property
    def is_good(self) -> bool:
        return self.words > 0 and not self.troubles


def with_relay(options: BootOptions) -> BootOptions:
    """The options with MediaWire's driver and device, and the relay."""
    driver = text_root() / "drivers" / "mediawire"
    drivers = (*options.drivers, driver, study_folder("streams"))
    return replace(options, drivers=tuple(dict.fromkeys(drivers)), devices=(*options.devices, RelayRing))


def relay_all(
    tasks: Sequence[Relaying], executor: Executor | None, progress: Callable[[int], None]
) -> list[RelayResult | Unmeasured]:
    """A result for each task, or why there is none. `progress` hears of milliseconds."""
    return side_by_side(partial(or_unmeasured, relay), tasks, executor, progress)


def relay(task: Relaying) -> RelayResult:
    """On a board that has just booted. Counts begin when the load runs. Cold caches are empty when MediaWire's line
    rises, and no other. Says on standard error now and then how a long one goes. Raises CutShort with the result so far
    for an interrupt from the keyboard."""
    bench = booted(task.options)
    board = bench.board
    board.trace.is_kept = False
    if task.form == NATIVE:
        bench.console.evaluate(NATIVE_HANDLER)
    bench.console.evaluate(START)
    device = board.device("MEDIAWIRE")
    assert isinstance(device, MediaWire)
    board.cold_line = device.line.number
    run_load(bench, task.load)
    device.write("WORST", 0)
    device.write("LATE", 0)
    services = device.service.count
    milestones = Milestones(f"{task.options.model} {task.load.name} {task.form}", task.count, monotonic())
    done = 0
    try:
        while done < task.count:
            run_for(board, board.clock.hertz // 1000)
            done += 1
            tell(1)
            if milestones.is_due(done):
                so_far = result_of(task, device, services, done)
                print(milestones.told(done, monotonic(), so_far.troubles), file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        raise CutShort([result_of(task, device, services, done)] if done else ()) from None
    result = result_of(task, device, services, task.count)
    check_load(bench, task.load)
    return result


def result_of(task: Relaying, device: MediaWire, services: int, milliseconds: int) -> RelayResult:
    sinks = [device.outside.named(identity) for identity in SINKS]
    heard = [each for each in sinks if isinstance(each, Sink)]
    channels = device.channels.active.values()
    return RelayResult(
        model=task.options.model,
        load=task.load.name,
        milliseconds=milliseconds,
        services=device.service.count - services,
        worst_cycles=device.service.worst_cycles,
        late=device.service.late,
        overruns=sum(each.overruns for each in channels),
        underruns=sum(each.underruns for each in channels),
        words=min(each.heard // len(each.slots) for each in heard),
        wrong=sum(len(each.wrong) + each.gaps for each in heard),
        form=task.form,
    )


def run_for(board: Board, cycles: int) -> None:
    stop = board.run(cycles)
    if stop.reason is not StopReason.CYCLES:
        raise BenchError(f"the board stopped: {stop.reason}: {stop.message}\n{board.fault_report()}")


def relay_report(results: Sequence[RelayResult], model: str, load_names: str, firmware: str) -> Report:
    report = Report("mediawire", model, load_names, 0, firmware)
    has_models = len({each.model for each in results}) > 1
    has_forms = len({each.form for each in results}) > 1
    for each in results:
        name = ".".join([*[each.model] * has_models, *[each.form] * has_forms, each.load])
        report.add(f"{name}.worst.cycles", each.worst_cycles, "cycles")
        report.add(f"{name}.milliseconds", each.milliseconds, "ms")
        report.add(f"{name}.services", each.services, "interrupts")
        report.add(f"{name}.late", each.late, "interrupts")
        report.add(f"{name}.overruns", each.overruns, "words")
        report.add(f"{name}.underruns", each.underruns, "words")
        report.add(f"{name}.wrong", each.wrong, "words")
    report.add("worst.cycles", max((each.worst_cycles for each in results), default=0), "cycles")
    report.add("late", sum(each.late for each in results), "interrupts")
    return report
