"""The drivers, and the interrupt lines with what became of their interrupts."""

from collections.abc import Mapping
from typing import Any

from hardtalk.bench import Bench
from hardtalk.bench.firmware import driver_classes
from hardtalk.latency.counts import counts_of


class LinesView:
    """Of one board. Which drivers there are does not change."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        found = driver_classes(bench.options)
        peripherals = bench.board.chip.peripherals
        self._drivers: dict[str, list[str]] = {each.name: [] for each in peripherals}
        for driver in found:
            self._drivers.setdefault(driver.peripheral, []).append(driver.name)
        self._lines = {line: each.name for each in peripherals for line in each.lines}

    def state(self) -> Mapping[str, Any]:
        """A row for each line that has a driver or was ever active; the firmware's counts of what went another way."""
        board = self._bench.board
        rows = []
        for line in sorted({*self._lines, *board.trace.lines}):
            name = self._lines.get(line, "")
            seen = board.trace.lines.get(line)
            drivers = self._drivers.get(name, [])
            if seen is not None or drivers:
                counts = (seen.raised, seen.entered, seen.served) if seen is not None else (0, 0, 0)
                rows.append(
                    {
                        "line": line,
                        "name": name,
                        "drivers": drivers,
                        "enabled": board.is_enabled(line),
                        "raised": counts[0],
                        "entered": counts[1],
                        "served": counts[2],
                    }
                )
        shown = {row["name"] for row in rows}
        others = [
            {"name": name, "drivers": drivers}
            for name, drivers in self._drivers.items()
            if name and drivers and name not in shown
        ]
        counts_now = counts_of(self._bench, 0)
        return {
            "rows": rows,
            "others": others,
            "totals": {name: getattr(counts_now, name) for name in ("delivered", "lost", "stray", "spurious")},
        }
