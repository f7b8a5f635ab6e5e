"""What `hardtalk memory` shows: rates, the collector's share, stretches, MMU, fragmentation; and as figures."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.board import Board
from hardtalk.cli.memory_run import MemoryRun
from hardtalk.memory.audit import Audit
from hardtalk.memory.mmu import WINDOWS_MICROSECONDS, Utilisation, minimum_utilisation
from hardtalk.memory.plan import Plan
from hardtalk.memory.stretches import Group
from hardtalk.report.durations import microseconds
from hardtalk.report.figures import Report

BANDS: Final = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
SHOWN_USAGES: Final = 6
PLANNED_UNITS: Final = (1, 2, 3, 4, 6, 8)


def window_name(window_microseconds: int) -> str:
    """10us, 100us, 1ms: as figures are named."""
    return f"{window_microseconds}us" if window_microseconds < 1_000 else f"{window_microseconds // 1_000}ms"


def utilisations(run: MemoryRun) -> dict[int, Utilisation | None]:
    meter = run.meter
    per_microsecond = run.bench.board.chip.cpu_hertz // 10**6
    began = meter.began or 0
    return {
        window: minimum_utilisation(meter.intervals, began, meter.ended, window * per_microsecond)
        for window in WINDOWS_MICROSECONDS
    }


def share_percent(run: MemoryRun) -> Fraction:
    return Fraction(100 * run.meter.collector_cycles, run.busy_cycles) if run.busy_cycles else Fraction(0)


def allocation_rate(run: MemoryRun) -> int:
    """Bytes of blocks taken a second of the processor's working time."""
    return run.counted("bytesAllocated") * run.bench.board.chip.cpu_hertz // max(run.busy_cycles, 1)


def memory_table(run: MemoryRun, audit: Audit, heap_bytes: int) -> Iterator[RenderableType]:
    board, meter = run.bench.board, run.meter
    hertz = board.chip.cpu_hertz
    facts = table("", "", "")
    facts.add_row("program", run.program, f"answered {run.answer}")
    facts.add_row("heap", f"{heap_bytes:,} bytes", "")
    facts.add_row("time", f"{run.busy_cycles:,} cycles", f"{microseconds(run.busy_cycles, hertz)} at work")
    facts.add_row("", f"{meter.asleep_cycles:,} cycles", f"{microseconds(meter.asleep_cycles, hertz)} asleep")
    facts.add_row("allocated", f"{run.counted('bytesAllocated'):,} bytes", f"{allocation_rate(run):,} bytes/s")
    facts.add_row("collector", f"{meter.collector_cycles:,} cycles", f"{float(share_percent(run)):.2f} % of the work")
    if not meter.code.collector_routines:
        facts.add_row("", "", "this firmware has no collector")
    yield facts
    yield Text("")
    yield stretch_table(run)
    for line in longest_lines(run):
        yield Text(line)
    yield Text("")
    yield mmu_table(run)
    yield Text("")
    yield usage_table(run)
    yield Text("")
    yield Text(f"audit   {'sound: ' if audit.is_sound else ''}{audit.text()}")
    yield Text(f"model: {board.model}, {hertz // 10**6} MHz, caches always hit   firmware {run.bench.firmware_hash}")


def table(*columns: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="", show_header=any(columns))
    for place, column in enumerate(columns):
        made.add_column(column, justify="right" if place else "left")
    return made


def stretch_table(run: MemoryRun) -> Table:
    names = [f"<= {bound:,}" for bound in BANDS] + [f"> {BANDS[-1]:,}"]
    made = table("stretches without a safepoint", "collector's", "others")
    counts = zip(run.meter.collector.bands(BANDS), run.meter.program.bands(BANDS), strict=True)
    for name, (collector, others) in zip(names, counts, strict=True):
        made.add_row(f"{name} cycles", f"{collector:,}", f"{others:,}")
    return made


def longest_lines(run: MemoryRun) -> Iterator[str]:
    for name, group in (("the collector's", run.meter.collector), ("of all others", run.meter.program)):
        if group.longest is not None:
            longest, firmware = group.longest, run.bench.board.firmware
            yield (
                f"longest {name}: {longest.cycles:,} cycles at cycle {longest.began:,}, from "
                f"{firmware.describe(longest.first_block)} to {firmware.describe(longest.last_block)}"
            )


def mmu_table(run: MemoryRun) -> Table:
    made = table("window", "collector at most", "MMU")
    for window, found in utilisations(run).items():
        if found is None:
            made.add_row(window_name(window), "the program was shorter", "")
        else:
            made.add_row(window_name(window), f"{found.collector_cycles:,} cycles", f"{100 * float(found.share):.1f} %")
    return made


def usage_table(run: MemoryRun) -> Table:
    made = table("at cycle", "objects", "live and dead bytes", "in blocks", "internal waste", "free", "external waste")
    step = max(1, -(-len(run.usages) // SHOWN_USAGES))
    for each in run.usages[::step]:
        made.add_row(
            f"{each.cycle:,}", f"{each.objects:,}", f"{each.used_bytes:,}", f"{each.block_bytes:,}",
            f"{each.internal_permille / 10:.1f} %", f"{each.free_bytes:,}", f"{each.external_permille / 10:.1f} %",
        )  # fmt: skip
    return made


def plan_table(live_bytes: int, rate: int, cycles_per_unit: Fraction | None, hertz: int) -> Iterator[RenderableType]:
    yield Text(f"live {live_bytes:,} bytes of blocks, allocating {rate:,} bytes/s: heap >= live * (1 + 2/k)")
    made = table("k, units of work a slot allocated", "heap", "units/s", "collections/s", "collector's share")
    for units in PLANNED_UNITS:
        plan = Plan(live_bytes, rate, units)
        share = "" if cycles_per_unit is None else f"{100 * float(plan.share(cycles_per_unit, hertz)):.1f} %"
        made.add_row(
            str(units), f"{plan.heap_bytes:,}", f"{plan.units_per_second:,}",
            f"{float(plan.collections_per_second):.2f}", share,
        )  # fmt: skip
    yield made


def longest_cycles(group: Group) -> int:
    return group.longest.cycles if group.longest is not None else 0


def memory_report(run: MemoryRun, audit: Audit, heap_bytes: int) -> Report:
    """Percentages are rounded against the collector: utilisation down, its share up."""
    board: Board = run.bench.board
    report = Report("memory", board.model, run.program, 0, run.bench.firmware_hash)
    report.add("longest_stretch.cycles", longest_cycles(run.meter.collector), "cycles")
    report.add("longest_stretch.others.cycles", longest_cycles(run.meter.program), "cycles")
    for window, found in utilisations(run).items():
        if found is not None:
            report.add(f"mmu.{window_name(window)}", found.percent, "percent")
            report.add(f"mmu.{window_name(window)}.collector.cycles", found.collector_cycles, "cycles")
    share = share_percent(run)
    report.add("collector.share", -(-share.numerator // share.denominator), "percent")
    report.add("collector.cycles", run.meter.collector_cycles, "cycles")
    report.add("collector.stretches", run.meter.collector.count, "stretches")
    report.add("program.cycles", run.busy_cycles, "cycles")
    report.add("asleep.cycles", run.meter.asleep_cycles, "cycles")
    report.add("allocated.bytes", run.counted("bytesAllocated"), "bytes")
    report.add("allocation.rate", allocation_rate(run), "bytes/s")
    report.add("heap.bytes", heap_bytes, "bytes")
    if run.usages:
        report.add("fragmentation.internal", max(each.internal_permille for each in run.usages), "permille")
        report.add("fragmentation.external", max(each.external_permille for each in run.usages), "permille")
    report.add("audit.violations", len(audit.violations), "violations")
    return report
