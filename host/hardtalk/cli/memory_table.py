"""What `hardtalk memory` shows: rates, share of the collector, stretches, MMU, fragmentation, plans."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.memory.fragmentation import Usage
from hardtalk.memory.plan import Plan, units_paid_per_slot
from hardtalk.memory.results import Measured, allocation_rate, longest_cycles, share_percent, utilisations, window_name
from hardtalk.memory.run import MemoryRun
from hardtalk.report.durations import microseconds

BANDS: Final = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
SHOWN_USAGES: Final = 8
BAR_COLUMNS: Final = 24
PLANNED_UNITS: Final = (1, 2, 3, 4, 6, 8)


def memory_table(measured: Measured) -> Iterator[RenderableType]:
    run, audit, heap_bytes = measured.run, measured.audit, measured.heap_bytes
    board, meter = run.bench.board, run.meter
    hertz = board.chip.cpu_hertz
    facts = table("", "", "")
    answered = f"answered {run.answer}" if run.is_whole else "not at its end: what follows is so far"
    facts.add_row("program", run.program, run.complaint or answered)
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
    yield fragmentation_table(run.usages)
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
    made.add_column("")
    counts = list(zip(run.meter.collector.bands(BANDS), run.meter.program.bands(BANDS), strict=True))
    most = max(max(pair) for pair in counts)
    for name, (collector, others) in zip(names, counts, strict=True):
        bars = f"{bar(collector, most, '#')}{bar(others, most, '.')}"
        made.add_row(f"{name} cycles", f"{collector:,}", f"{others:,}", bars)
    made.add_row("", "", "", "# the collector's, . others; lengths are logarithms")
    return made


def bar(count: int, most: int, mark: str) -> str:
    """Long by the logarithm: among millions of short stretches a single long one must show."""
    longest = max(most.bit_length(), 1)
    return mark * -(-BAR_COLUMNS * count.bit_length() // longest)


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


def fragmentation_table(usages: Sequence[Usage]) -> Table:
    """How memory was used as time went on, in some rows from the first to the last."""
    made = table(
        "at cycle", "objects", "live and dead bytes", "in blocks", "inside waste", "free", "largest free",
        "outside waste",
    )  # fmt: skip
    for each in spread_over(usages, SHOWN_USAGES):
        made.add_row(
            f"{each.cycle:,}", f"{each.objects:,}", f"{each.used_bytes:,}", f"{each.block_bytes:,}",
            f"{each.internal_permille / 10:.1f} %", f"{each.free_bytes:,}", f"{each.largest_free_bytes:,}",
            f"{each.external_permille / 10:.1f} %",
        )  # fmt: skip
    return made


def spread_over(usages: Sequence[Usage], count: int) -> list[Usage]:
    """At most so many of them, evenly spaced, the first and the last among them."""
    if len(usages) <= count:
        return list(usages)
    return [usages[(len(usages) - 1) * place // (count - 1)] for place in range(count)]


def summary_table(found: Sequence[Measured]) -> Table:
    """A row for each program: rate, share and longest stretch (in cycles) of the collector, MMU, the most waste."""
    made = table(
        "program", "KB/s", "collector", "longest", "MMU 10us", "100us", "1ms", "5ms", "20ms", "inside", "outside", "",
    )  # fmt: skip
    for each in found:
        run = each.run
        shares = [
            "-" if window is None else f"{100 * float(window.share):.1f} %" for window in utilisations(run).values()
        ]
        waste = [
            f"{max((getattr(usage, name) for usage in run.usages), default=0) / 10:.1f} %"
            for name in ("internal_permille", "external_permille")
        ]
        made.add_row(
            run.program, f"{allocation_rate(run) >> 10:,}", f"{float(share_percent(run)):.1f} %",
            f"{longest_cycles(run.meter.collector):,}", *shares, *waste, "wrong" if each.complaint else "sound",
        )  # fmt: skip
    return made


def plan_table(live_bytes: int, rate: int, cycles_per_unit: Fraction | None, hertz: int) -> Iterator[RenderableType]:
    yield Text(f"live {live_bytes:,} bytes of blocks, allocating {rate:,} bytes/s: heap >= live * (1 + 2/k)")
    made = table("k, units of work a slot allocated", "heap", "units/s", "collections/s", "collector's share", "")
    planned: set[Fraction] = {*map(Fraction, PLANNED_UNITS), units_paid_per_slot()}
    for units in sorted(planned):
        plan = Plan(live_bytes, rate, units)
        share = "" if cycles_per_unit is None else f"{100 * float(plan.share(cycles_per_unit, hertz)):.1f} %"
        made.add_row(
            f"{float(units):g}", f"{plan.heap_bytes:,}", f"{plan.units_per_second:,}",
            f"{float(plan.collections_per_second):.2f}", share,
            "as this firmware is built" if units == units_paid_per_slot() else "",
        )  # fmt: skip
    yield made


def verdict(live_bytes: int, rate: int, heap_bytes: int) -> str:
    """Whether the bound says that this heap is enough for the firmware as it is built."""
    plan = Plan(live_bytes, rate, units_paid_per_slot())
    is_enough = heap_bytes >= plan.heap_bytes
    return (
        f"at k = {float(plan.units_per_slot):g} the bound is {plan.heap_bytes:,} bytes; "
        f"the heap of {heap_bytes:,} bytes is {'enough' if is_enough else 'too small'}, before fragmentation"
    )
