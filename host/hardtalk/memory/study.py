"""Programs measured one after the other, each from the state of the board when it had booted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from hardtalk.bench import BenchError, BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.memory.audit import audit_machine
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.results import Measured
from hardtalk.memory.roots import root_indices
from hardtalk.memory.run import MemoryRun
from hardtalk.memory.safepoints import settle
from hardtalk.tasks.side_by_side import CutShort


@dataclass(frozen=True)
class MemoryPlan:
    """What to run on which board; `with_live` looks now and then for what is alive, which takes its time."""

    board: BootOptions
    programs: tuple[str, ...]
    with_live: bool = False


@dataclass(frozen=True)
class Failed:
    """A program that did not come to its end, and why."""

    program: str
    error: BenchError


def with_workload(options: BootOptions) -> BootOptions:
    """The user's options with the programs of MemoryWorkload."""
    return replace(options, drivers=(*options.drivers, study_folder("memory")))


def measure(plan: MemoryPlan) -> Iterator[Measured | Failed]:
    """Each program's result while the board is still as it left it; the last is not whole when Control-C comes. Raises
    BenchError when there is only one program, and it fails."""
    bench = boot_settled(with_workload(plan.board))
    booted = bench.console.keep()
    for program in plan.programs:
        bench.console.put_back(booted)
        run = MemoryRun(bench, program, plan.with_live)
        try:
            run.measure()
        except BenchError as error:
            if len(plan.programs) == 1:
                raise
            yield Failed(program, error)
            continue
        except CutShort as cut:
            if not cut.done:
                raise
            yield audited(run)
            return
        yield audited(run)


def audited(run: MemoryRun) -> Measured:
    """With the heap as it is at the next safepoint."""
    settle(run.bench.board)
    machine = Machine.of_board(run.bench.board)
    heap_bytes = machine.variable("regionEnd") - machine.variable("regionStart")
    return Measured(run, audit_machine(machine), heap_bytes, machine)


def most_live_bytes(measured: Measured) -> int:
    """Bytes of the blocks of everything that can be reached: the most of what was seen now and then and is now."""
    heap = Heap(measured.machine)
    reached = heap.reachable(root_indices(heap))
    now = sum(1 << int(order) for order in heap.orders[reached])
    return max(now, *(each.live_bytes for each in measured.run.usages)) if measured.run.usages else now


def cycles_per_unit(run: MemoryRun) -> Fraction | None:
    """The collector's cycles a unit of work, where the VM counts units; else None."""
    if not run.meter.collector_cycles or "unitsDone" not in run.counters.get(1, {}):
        return None
    return Fraction(run.meter.collector_cycles, max(run.counted("unitsDone"), 1))
