"""`hardtalk inject --random`: a line for each row that is done, and all together."""

from collections.abc import Sequence

from hardtalk.injection.shared_random import StormRow
from hardtalk.latency.subjects import FORMS
from hardtalk.report.durations import microseconds


def storm_line(row: StormRow) -> str:
    """A row that is done, or as far as it is."""
    storm = row.storm
    worst = f"worst {max(storm.latencies):,} cycles" if storm.latencies else "none served"
    so_far = "" if storm.is_whole else f" of {row.task.count:,} so far"
    text = f"{row.task.name}: {storm.count:,} interrupts{so_far}, {storm.entries:,} entries, {worst}"
    return f"{text}: {storm.violation or ('all counted' if storm.is_whole else 'not yet counted')}"


def storm_summary(rows: Sequence[StormRow], seconds: float) -> list[str]:
    """All together, and the worst of each form."""
    count = sum(row.storm.count for row in rows)
    wrong = sum(bool(row.storm.violation) for row in rows)
    lines = [
        f"random: {count:,} interrupts in {seconds:.0f} s ({count / max(seconds, 1e-9):,.0f} a second), "
        f"{sum(row.storm.entries for row in rows):,} entries, {wrong} of {len(rows)} rows with a violation"
    ]
    for form in FORMS:
        served = [row for row in rows if row.task.form == form and row.storm.latencies]
        if served:
            worst = max(served, key=lambda row: max(row.storm.latencies))
            cycles = max(worst.storm.latencies)
            where = f"{worst.task.line} under {worst.task.load.name}, was in: {worst.activity}"
            lines.append(f"  worst {form}: {cycles:,} cycles = {microseconds(cycles, worst.hertz)} on {where}")
    return lines
