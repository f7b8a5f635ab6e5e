"""The same programs with both collectors, so that the price of real time is a ratio."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from hardtalk.bench import BenchError, BootOptions, UnfitRequest
from hardtalk.build.collectors import COLLECTORS
from hardtalk.memory.audit import audit
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.programs import programs as all_programs
from hardtalk.memory.results import longest_cycles, share_percent, utilisations
from hardtalk.memory.run import MemoryRun
from hardtalk.memory.safepoints import settle
from hardtalk.memory.study import with_workload
from hardtalk.report.figures import Report
from hardtalk.tasks.side_by_side import CutShort

DEFAULT_HEAP_BYTES: Final = 4 << 20
ROUNDS: Final = 8
FILLING_PROGRAMS: Final = frozenset({"full"})
"""They fill memory before the first mark. So each is run once."""
SHOWN_WINDOW_MICROSECONDS: Final = 1_000


@dataclass(frozen=True)
class ComparisonPlan:
    """The programs (none for all of them), how often each is run in a row, and the board without its collector."""

    board: BootOptions
    programs: tuple[str, ...] = ()
    heap_bytes: int = DEFAULT_HEAP_BYTES
    rounds: int = ROUNDS

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise UnfitRequest("--rounds must be at least 1")

    @property
    def chosen(self) -> Sequence[str]:
        return self.programs or tuple(all_programs())


@dataclass(frozen=True)
class Measured:
    """What a program took with one collector. `mmu_percent` is that of windows of a millisecond. It is not whole when
    Control-C came before the program's end."""

    program: str
    collector: str
    firmware: str
    cycles: int
    collector_cycles: int
    collections: int
    longest_cycles: int
    share: Fraction
    mmu_percent: int | None
    violations: int
    is_whole: bool = True


@dataclass(frozen=True)
class Pair:
    """The same program with the treadmill and with the collector that stops the world, None when Control-C came
    before. Nothing is compared unless both are whole."""

    treadmill: Measured
    baseline: Measured | None

    @property
    def both(self) -> list[Measured]:
        """Those that there are."""
        return [self.treadmill] if self.baseline is None else [self.treadmill, self.baseline]

    @property
    def whole(self) -> tuple[Measured, Measured] | None:
        if self.baseline is None or not self.treadmill.is_whole or not self.baseline.is_whole:
            return None
        return self.treadmill, self.baseline

    @property
    def collector_ratio(self) -> Fraction | None:
        """The collectors' cycles; None where the baseline made no collection."""
        if self.whole is None:
            return None
        treadmill, baseline = self.whole
        return over(treadmill.collector_cycles, baseline.collector_cycles * bool(baseline.collections))

    @property
    def share_ratio(self) -> Fraction | None:
        """The collectors' shares of the time at work."""
        collectors, programs = self.collector_ratio, self.program_ratio
        return None if collectors is None or programs is None else collectors / programs

    @property
    def program_ratio(self) -> Fraction | None:
        """All cycles at work, the collectors' included."""
        return None if self.whole is None else over(self.whole[0].cycles, self.whole[1].cycles)


def over(cycles: int, baseline_cycles: int) -> Fraction | None:
    return Fraction(cycles, baseline_cycles) if baseline_cycles else None


def repeated(program: str, rounds: int) -> str:
    """A program that runs this one so often, each time from nothing kept."""
    if program in FILLING_PROGRAMS:
        return program
    if program in all_programs():
        return f"{rounds} timesRepeat: [MemoryWorkload new perform: #{program}]"
    return f"{rounds} timesRepeat: [{program}]"


def measured(plan: ComparisonPlan, program: str, collector: str) -> Measured:
    """One program on a board of its own; its heap is audited at the end. Raises CutShort with what was measured before
    Control-C."""
    bench = boot_settled(replace(with_workload(plan.board), collector=collector, heap_bytes=plan.heap_bytes))
    run = MemoryRun(bench, repeated(program, plan.rounds))
    try:
        run.measure()
    except BenchError as error:
        raise BenchError(f"{program} with {collector}: {error}") from error
    except CutShort as cut:
        raise CutShort(measured_by(each, program, collector) for each in cut.done) from None
    return measured_by(run, program, collector)


def measured_by(run: MemoryRun, program: str, collector: str) -> Measured:
    bench = run.bench
    settle(bench.board)
    found = utilisations(run)[SHOWN_WINDOW_MICROSECONDS]
    return Measured(
        program, collector, bench.firmware_hash, run.busy_cycles, run.meter.collector_cycles,
        run.counted("cyclesCompleted"), longest_cycles(run.meter.collector), share_percent(run) / 100,
        None if found is None else found.percent, len(audit(bench.board).violations), run.is_whole,
    )  # fmt: skip


def compare(plan: ComparisonPlan) -> Iterator[Pair]:
    """Each program on a fresh board with each collector. Raises CutShort with the pair so far when Control-C comes."""
    for program in plan.chosen:
        done: list[Measured] = []
        try:
            for collector in COLLECTORS:
                done.append(measured(plan, program, collector))
        except KeyboardInterrupt as interrupt:
            done += interrupt.done if isinstance(interrupt, CutShort) else ()
            raise CutShort([pair_of(done)] if done else ()) from None
        yield pair_of(done)


def pair_of(done: Sequence[Measured]) -> Pair:
    return Pair(done[0], done[1] if len(done) > 1 else None)


def total_ratios(pairs: Sequence[Pair]) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """Of all programs together that both collectors ran to the end: cycles, collectors' cycles, collectors' share."""
    whole = [pair.whole for pair in pairs if pair.whole is not None]
    cycles = over(sum(each.cycles for each, _ in whole), sum(each.cycles for _, each in whole))
    collectors = over(sum(each.collector_cycles for each, _ in whole), sum(each.collector_cycles for _, each in whole))
    return cycles, collectors, None if collectors is None or cycles is None else collectors / cycles


def comparison_report(pairs: Sequence[Pair], plan: ComparisonPlan) -> Report:
    """Of what was measured to the end. Ratios are permille, rounded against the treadmill: up."""
    firmware = " ".join(each.firmware for each in pairs[0].both)
    report = Report("memory", plan.board.model, "compare", 0, firmware)
    report.add("heap.bytes", plan.heap_bytes, "bytes")
    report.add("rounds", plan.rounds, "rounds")
    for pair in pairs:
        for each in pair.both:
            if not each.is_whole:
                continue
            name = f"{each.program}.{each.collector}"
            report.add(f"{name}.program.cycles", each.cycles, "cycles")
            report.add(f"{name}.collector.cycles", each.collector_cycles, "cycles")
            report.add(f"{name}.collections", each.collections, "collections")
            report.add(f"{name}.longest_stretch.cycles", each.longest_cycles, "cycles")
            if each.mmu_percent is not None:
                report.add(f"{name}.mmu.1ms", each.mmu_percent, "percent")
            report.add(f"{name}.audit.violations", each.violations, "violations")
        add_ratios(report, pair.treadmill.program, pair.program_ratio, pair.collector_ratio, pair.share_ratio)
    add_ratios(report, "all", *total_ratios(pairs))
    return report


def add_ratios(
    report: Report, name: str, program: Fraction | None, collector: Fraction | None, share: Fraction | None
) -> None:
    for kind, ratio in (("program", program), ("collector", collector), ("share", share)):
        if ratio is not None:
            report.add(f"{name}.{kind}.ratio", -(-1000 * ratio.numerator // ratio.denominator), "permille")
