"""One Smalltalk interrupt a character at line rate, and the fastest rate that loses none.

The receiver's FIFO is off: there is room for one character, which is lost unless the handler has read it before the
next one is complete. What arrived is checked against what was sent, by number and sum. Where a character was lost, the
interrupts are timed once more, to tell what kept the handler from it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile

from hardtalk.bench import Bench, BootOptions
from hardtalk.bench.errors import BenchError, UnfitRequest
from hardtalk.board import Board, StopReason
from hardtalk.latency.activity import activity_at
from hardtalk.latency.interrupt import sum_of_parts
from hardtalk.latency.laboratory import Laboratory, Schedule
from hardtalk.latency.loaded_board import NotMeasured, Unmeasured, check_load, or_unmeasured, run_load
from hardtalk.latency.loads import Load
from hardtalk.latency.matrix import booted
from hardtalk.report.figures import Report
from hardtalk.symbols.moments import watched_addresses
from hardtalk.tasks.headway import tell
from hardtalk.tasks.side_by_side import CutShort, leaving, side_by_side

RATES = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
UART, DRIVER = 1, "LatencyCharacterPort"
SERVICE_CYCLES = 2_000_000
COUNT_MODULUS, SUM_MODULUS = 1 << 20, 1 << 16
SENT_AT_ONCE = 4_096
TIMED = 5_000


@dataclass(frozen=True)
class Transmission:
    """`count` characters at a rate, while a load runs."""

    options: BootOptions
    load: Load
    baud: int
    count: int


@dataclass(frozen=True)
class UartPlan:
    """`count` characters at each rate, in ascending order, under each load."""

    board: BootOptions
    loads: tuple[Load, ...]
    rates: tuple[int, ...] = RATES
    count: int = 1_000

    @property
    def transmissions(self) -> list[Transmission]:
        if not 1 <= self.count < COUNT_MODULUS:
            raise UnfitRequest(f"--count {self.count}: between 1 and {COUNT_MODULUS - 1:,} characters")
        return [Transmission(self.board, load, baud, self.count) for load in self.loads for baud in self.rates]


@dataclass(frozen=True)
class Reception:
    """What became of `sent` characters that came one after the other. `limit` tells, when any was lost, what waited
    longest. It is not whole when Control-C came before all of them."""

    baud: int
    sent: int
    received: int
    overruns: int
    interrupts: int
    is_intact: bool
    limit: str = ""
    is_whole: bool = True

    @property
    def is_good(self) -> bool:
        return self.is_intact and not self.overruns


@dataclass(frozen=True)
class LoadResult:
    """What one load left of the characters, by rate, the slowest first; not at all of `rates` when Control-C came."""

    load: Load
    receptions: tuple[Reception, ...]
    rates: tuple[int, ...]

    @property
    def is_whole(self) -> bool:
        return len(self.receptions) == len(self.rates) and all(each.is_whole for each in self.receptions)

    @property
    def fastest(self) -> int:
        """The fastest of the rates that were tried to the end, without a gap from the slowest on."""
        whole = {each.baud: each for each in self.receptions if each.is_whole}
        tried = takewhile(lambda baud: baud in whole, self.rates)
        return fastest_good([whole[baud] for baud in tried])

    def at(self, baud: int) -> Reception | None:
        return next((each for each in self.receptions if each.baud == baud), None)


def receive_all(
    plan: UartPlan, executor: Executor | None, progress: Callable[[int], None]
) -> list[LoadResult | Unmeasured]:
    """Everything that the plan sends, shared over the executor. `progress` hears of characters. Raises CutShort, with
    what has been received by then, when Control-C comes."""
    try:
        done = side_by_side(partial(or_unmeasured, receive_task), plan.transmissions, executor, progress)
        return results_of(plan, done)
    except CutShort as cut:
        raise CutShort(results_of(plan, cut.done)) from None


def receive_task(task: Transmission) -> tuple[Transmission, Reception]:
    """Raises CutShort with the reception so far."""
    try:
        return task, receive_fresh(task)
    except CutShort as cut:
        raise CutShort((task, reception) for reception in cut.done) from None


def results_of(
    plan: UartPlan, done: Sequence[tuple[Transmission, Reception] | Unmeasured]
) -> list[LoadResult | Unmeasured]:
    """By load, of those that have any; then the first trouble of each that could not be measured."""
    received = [each for each in done if not isinstance(each, Unmeasured)]
    without = {each.load: each for each in reversed(done) if isinstance(each, Unmeasured)}
    loads = [each for each in plan.loads if each.name not in without]
    by_load = {load: tuple(reception for task, reception in received if task.load == load) for load in loads}
    results = [LoadResult(load, found, plan.rates) for load, found in by_load.items() if found]
    return [*results, *without.values()]


def uart_report(plan: UartPlan, results: Sequence[LoadResult], load_names: str, firmware: str) -> Report:
    report = Report("uart", plan.board.model, load_names, 0, firmware)
    for result in results:
        name = result.load.name
        for each in result.receptions:
            report.add(f"{name}.{each.baud}.sent", each.sent, "characters")
            report.add(f"{name}.{each.baud}.lost", each.sent - each.received, "characters")
            report.add(f"{name}.{each.baud}.overruns", each.overruns, "characters")
            report.add(f"{name}.{each.baud}.interrupts", each.interrupts, "interrupts")
        if result.is_whole:
            report.add(f"{name}.fastest", result.fastest, "baud")
    if all(each.is_whole for each in results):
        report.add("fastest", min((each.fastest for each in results), default=0), "baud")
    report.add("characters", plan.count, "characters")
    return report


def fastest_good(receptions: Sequence[Reception]) -> int:
    """The fastest rate at which, and at all slower ones, nothing was lost; 0 when there is none."""
    best = 0
    for each in receptions:
        if not each.is_good:
            break
        best = each.baud
    return best


def receive_fresh(transmission: Transmission) -> Reception:
    """On a board that has just booted; with what limits the rate when a character is lost. Raises CutShort with what
    was received by then when Control-C comes."""
    load, baud = transmission.load, transmission.baud
    reception = receive(booted(transmission.options), load, baud, transmission.count)
    if not reception.is_whole:
        raise CutShort([reception])
    if reception.is_good:
        return reception
    bench = booted(transmission.options)
    with leaving(reception, lambda: True):
        return replace(reception, limit=limit_of(bench, load, baud, min(reception.interrupts, TIMED)))


def receive(bench: Bench, load: Load, baud: int, count: int) -> Reception:
    """Send characters without a pause while the load runs; then ask the driver what it got. When Control-C comes no
    more are sent."""
    board = bench.board
    board.trace.is_kept = False
    start(bench, load, baud)
    line = board.chip.peripheral(f"UART{UART}").lines[0]
    before = board.trace.lines[line].raised if line in board.trace.lines else 0
    characters = bytes((7 * number + 13) & 0xFF for number in range(count))
    sent = run_while_sending(board, characters)
    received, total = (int(of_driver(bench, load, what)) for what in ("count", "sum"))
    check_load(bench, load)
    is_intact = received == sent and total == sum(characters[:sent]) % SUM_MODULUS
    interrupts = board.trace.lines[line].raised - before
    return Reception(baud, sent, received, board.uart(UART).overruns, interrupts, is_intact, is_whole=sent == count)


def of_driver(bench: Bench, load: Load, what: str) -> str:
    try:
        return bench.console.evaluate(f"{DRIVER} current {what}")
    except BenchError as error:
        raise NotMeasured(f"load {load.name}: nothing can be asked beside it: {error}") from error


def start(bench: Bench, load: Load, baud: int) -> None:
    bench.console.evaluate(f"{DRIVER} startAt: {baud}")
    run_load(bench, load)


def run_while_sending(board: Board, characters: bytes) -> int:
    """The far end never pauses: it gets the next characters before the last of those it has is complete. Answers how
    many were sent: all of them unless Control-C comes."""
    device, sent = board.uart(UART), 0
    try:
        for first in range(0, len(characters), SENT_AT_ONCE):
            chunk = characters[first : first + SENT_AT_ONCE]
            device.send(chunk)
            sent += len(chunk)
            tell(len(chunk))
            run_for(board, (len(chunk) - (device.waiting <= len(chunk))) * device.character_cycles)
        run_for(board, device.character_cycles * device.waiting)
    except KeyboardInterrupt:
        waiting = device.waiting
        device.withdraw()
        sent -= waiting - device.waiting
    run_for(board, device.character_cycles * (device.waiting + 1) + SERVICE_CYCLES)
    return sent


def run_for(board: Board, cycles: int) -> None:
    stop = board.run(cycles)
    if stop.reason is not StopReason.CYCLES:
        raise BenchError(f"the board stopped: {stop.reason}: {stop.message}\n{board.fault_report()}")


def limit_of(bench: Bench, load: Load, baud: int, count: int) -> str:
    """The longest of the first interrupts, against the time of a character."""
    board = bench.board
    start(bench, load, baud)
    line = board.chip.peripheral(f"UART{UART}").lines[0]
    laboratory = Laboratory(board, line, None, watched_addresses(bench.source_map), Schedule(0))
    board.uart(UART).send(bytes(2 * count))
    interrupts = laboratory.measure(count)
    worst = max(interrupts, key=lambda each: each.latency)
    return (
        f"a character takes {board.uart(UART).character_cycles:,} cycles, the longest of {count:,} interrupts waited "
        f"{worst.latency:,} = {sum_of_parts(worst)}\n  was in: {activity_at(bench.source_map, board, worst)}"
    )
