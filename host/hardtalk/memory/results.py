"""What a program did to memory and memory to it: the figures that are made of a run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hardtalk.board import Board
from hardtalk.memory.audit import Audit
from hardtalk.memory.machine import Machine
from hardtalk.memory.mmu import WINDOWS_MICROSECONDS, Utilisation, minimum_utilisation
from hardtalk.memory.run import MemoryRun
from hardtalk.memory.stretches import Group
from hardtalk.report.figures import Report


@dataclass(frozen=True)
class Measured:
    """A program that has been run, the audit afterwards, the heap's size, and memory until the board goes on."""

    run: MemoryRun
    audit: Audit
    heap_bytes: int
    machine: Machine

    @property
    def complaint(self) -> str:
        return self.run.complaint or ("" if self.audit.is_sound else "the audit found violations")


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


def longest_cycles(group: Group) -> int:
    return group.longest.cycles if group.longest is not None else 0


def memory_report(found: Sequence[Measured]) -> Report:
    """Of several programs each figure's name begins with the program's."""
    first = found[0].run
    board: Board = first.bench.board
    load = first.program if len(found) == 1 else "all"
    report = Report("memory", board.model, load, 0, first.bench.firmware_hash)
    for each in found:
        for name, value, unit in figures_of(each):
            report.add(name if len(found) == 1 else f"{each.run.program}.{name}", value, unit)
    return report


def figures_of(measured: Measured) -> Iterator[tuple[str, int, str]]:
    """Percentages are rounded against the collector: utilisation down, its share up."""
    run = measured.run
    yield "longest_stretch.cycles", longest_cycles(run.meter.collector), "cycles"
    yield "longest_stretch.others.cycles", longest_cycles(run.meter.program), "cycles"
    for window, found in utilisations(run).items():
        if found is not None:
            yield f"mmu.{window_name(window)}", found.percent, "percent"
            yield f"mmu.{window_name(window)}.collector.cycles", found.collector_cycles, "cycles"
    share = share_percent(run)
    yield "collector.share", -(-share.numerator // share.denominator), "percent"
    yield "collector.cycles", run.meter.collector_cycles, "cycles"
    yield "collector.stretches", run.meter.collector.count, "stretches"
    yield "program.cycles", run.busy_cycles, "cycles"
    yield "asleep.cycles", run.meter.asleep_cycles, "cycles"
    yield "allocated.bytes", run.counted("bytesAllocated"), "bytes"
    yield "allocation.rate", allocation_rate(run), "bytes/s"
    yield "heap.bytes", measured.heap_bytes, "bytes"
    if run.usages:
        yield "fragmentation.internal", max(each.internal_permille for each in run.usages), "permille"
        yield "fragmentation.external", max(each.external_permille for each in run.usages), "permille"
    yield "audit.violations", len(measured.audit.violations), "violations"
