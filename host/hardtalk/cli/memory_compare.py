"""The table of `hardtalk memory compare`: what each program takes with each collector, and the ratios."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rich.console import RenderableType
from rich.text import Text

from hardtalk.cli.memory_table import table
from hardtalk.memory.comparison import FILLING_PROGRAMS, ComparisonPlan, Pair, total_ratios


def circumstances(plan: ComparisonPlan, pairs: Sequence[Pair]) -> Text:
    made = ", ".join(f"{each.firmware} ({each.collector})" for each in pairs[0].both)
    once = sorted(FILLING_PROGRAMS & {each.treadmill.program for each in pairs})
    times = f"each program {plan.rounds} times" + "".join(f", {each} once" for each in once)
    return Text(
        f"model: {plan.board.model}, caches always hit   heap {plan.heap_bytes:,} bytes, {times}   firmware {made}"
    )


def comparison(pairs: Sequence[Pair]) -> Iterator[RenderableType]:
    rows = table("program", "collector", "cycles", "collector's", "share", "collections", "longest stretch", "MMU 1 ms")
    for pair in pairs:
        for each in pair.both:
            name = each.program if each.is_whole else f"{each.program}, so far"
            rows.add_row(
                name, each.collector, f"{each.cycles:,}", f"{each.collector_cycles:,}",
                f"{100 * float(each.share):.2f} %", f"{each.collections:,}", f"{each.longest_cycles:,}",
                "shorter" if each.mmu_percent is None else f"{each.mmu_percent} %",
            )  # fmt: skip
        if pair.whole is not None:
            rows.add_row("", "ratio", shown(pair.program_ratio), shown(pair.collector_ratio), shown(pair.share_ratio))
    yield rows
    if any(pair.whole is not None for pair in pairs):
        totals = total_ratios(pairs)
        yield Text(f"all: program {shown(totals[0])}, collector's cycles {shown(totals[1])}, share {shown(totals[2])}")
    for pair in pairs:
        for each in pair.both:
            if each.violations:
                yield Text(f"{each.program}, {each.collector}: the audit found {each.violations:,} violations")


def shown(ratio: Fraction | None) -> str:
    return "no collection" if ratio is None else f"{float(ratio):.3f} x"
