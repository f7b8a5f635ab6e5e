"""`hardtalk memory --compare`: the same programs with both collectors, so that the price of real time is a ratio."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from rich.console import Console, RenderableType
from rich.text import Text

from hardtalk.build.collectors import COLLECTORS
from hardtalk.cli.errors import UserError
from hardtalk.cli.memory_board import boot_with_heap
from hardtalk.cli.memory_programs import programs as all_programs
from hardtalk.cli.memory_run import MemoryRun, workload_folder
from hardtalk.cli.memory_table import longest_cycles, share_percent, table, utilisations
from hardtalk.memory.audit import audit
from hardtalk.memory.safepoints import settle
from hardtalk.report.figures import Report

DEFAULT_HEAP_BYTES: Final = 4 << 20
ROUNDS: Final = 8
FILLING_PROGRAMS: Final = frozenset({"full"})
"""They fill memory before the first mark. So each is run once."""
SHOWN_WINDOW_MICROSECONDS: Final = 1_000


@dataclass(frozen=True)
class Measured:
    """What a program took with one collector. `mmu_percent` is that of windows of a millisecond."""

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


@dataclass(frozen=True)
class Pair:
    """The same program with the treadmill and with the collector that stops the world."""

    treadmill: Measured
    baseline: Measured

    @property
    def collector_ratio(self) -> Fraction | None:
        """The collectors' cycles; None where the baseline made no collection."""
        return over(self.treadmill.collector_cycles, self.baseline.collector_cycles * bool(self.baseline.collections))

    @property
    def share_ratio(self) -> Fraction | None:
        """The collectors' shares of the time at work."""
        collectors, programs = self.collector_ratio, self.program_ratio
        return None if collectors is None or programs is None else collectors / programs

    @property
    def program_ratio(self) -> Fraction | None:
        """All cycles at work, the collectors' included."""
        return over(self.treadmill.cycles, self.baseline.cycles)


def over(cycles: int, baseline_cycles: int) -> Fraction | None:
    return Fraction(cycles, baseline_cycles) if baseline_cycles else None


def compare(
    console: Console, programs: Sequence[str], heap_bytes: int, rounds: int, folders: Sequence[Path], model: str,
    json: Path | None,
) -> int:  # fmt: skip
    """Run each program on a fresh board with each collector, print the table, answer the exit code."""
    if rounds < 1:
        raise UserError("--rounds must be at least 1")
    pairs = []
    for program in programs or all_programs():
        treadmill, baseline = (measured(program, each, heap_bytes, rounds, folders, model) for each in COLLECTORS)
        pairs.append(Pair(treadmill, baseline))
    for part in comparison(pairs):
        console.print(part, soft_wrap=True)
    first = pairs[0]
    once = sorted(FILLING_PROGRAMS & {each.treadmill.program for each in pairs})
    times = f"each program {rounds} times" + "".join(f", {each} once" for each in once)
    console.print(
        Text(
            f"model: {model}, caches always hit   heap {heap_bytes:,} bytes, {times}   "
            f"firmware {first.treadmill.firmware} (treadmill), {first.baseline.firmware} (stop-the-world)"
        ),
        soft_wrap=True,
    )
    if json is not None:
        comparison_report(pairs, model, heap_bytes, rounds).write(json)
    return 1 if any(each.treadmill.violations or each.baseline.violations for each in pairs) else 0


def repeated(program: str, rounds: int) -> str:
    """A program that runs this one so often, each time from nothing kept."""
    if program in FILLING_PROGRAMS:
        return program
    if program in all_programs():
        return f"{rounds} timesRepeat: [MemoryWorkload new perform: #{program}]"
    return f"{rounds} timesRepeat: [{program}]"


def measured(
    program: str, collector: str, heap_bytes: int, rounds: int, folders: Sequence[Path], model: str
) -> Measured:
    """One program on a board of its own; its heap is audited at the end."""
    bench, console = boot_with_heap([*folders, workload_folder()], heap_bytes, model, collector)
    run = MemoryRun(bench, console, repeated(program, rounds))
    try:
        run.measure()
    except UserError as error:
        raise UserError(f"{program} with {collector}: {error}", exit_code=1) from error
    settle(bench.board)
    found = utilisations(run)[SHOWN_WINDOW_MICROSECONDS]
    return Measured(
        program, collector, bench.firmware_hash, run.busy_cycles, run.meter.collector_cycles,
        run.counted("cyclesCompleted"), longest_cycles(run.meter.collector), share_percent(run) / 100,
        None if found is None else found.percent, len(audit(bench.board).violations),
    )  # fmt: skip


def comparison(pairs: Sequence[Pair]) -> Iterator[RenderableType]:
    rows = table("program", "collector", "cycles", "collector's", "share", "collections", "longest stretch", "MMU 1 ms")
    for pair in pairs:
        for each in (pair.treadmill, pair.baseline):
            rows.add_row(
                each.program, each.collector, f"{each.cycles:,}", f"{each.collector_cycles:,}",
                f"{100 * float(each.share):.2f} %", f"{each.collections:,}", f"{each.longest_cycles:,}",
                "shorter" if each.mmu_percent is None else f"{each.mmu_percent} %",
            )  # fmt: skip
        rows.add_row("", "ratio", shown(pair.program_ratio), shown(pair.collector_ratio), shown(pair.share_ratio))
    yield rows
    totals = total_ratios(pairs)
    yield Text(f"all: program {shown(totals[0])}, collector's cycles {shown(totals[1])}, share {shown(totals[2])}")
    for pair in pairs:
        for each in (pair.treadmill, pair.baseline):
            if each.violations:
                yield Text(f"{each.program}, {each.collector}: the audit found {each.violations:,} violations")


def shown(ratio: Fraction | None) -> str:
    return "no collection" if ratio is None else f"{float(ratio):.3f} x"


def total_ratios(pairs: Sequence[Pair]) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
    """Of all programs together: cycles, collectors' cycles, collectors' share."""
    cycles = over(sum(each.treadmill.cycles for each in pairs), sum(each.baseline.cycles for each in pairs))
    collectors = over(
        sum(each.treadmill.collector_cycles for each in pairs), sum(each.baseline.collector_cycles for each in pairs)
    )
    return cycles, collectors, None if collectors is None or cycles is None else collectors / cycles


def comparison_report(pairs: Sequence[Pair], model: str, heap_bytes: int, rounds: int) -> Report:
    """Ratios are permille, rounded against the treadmill: up."""
    first = pairs[0]
    report = Report("memory", model, "compare", 0, f"{first.treadmill.firmware} {first.baseline.firmware}")
    report.add("heap.bytes", heap_bytes, "bytes")
    report.add("rounds", rounds, "rounds")
    for pair in pairs:
        for each in (pair.treadmill, pair.baseline):
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
