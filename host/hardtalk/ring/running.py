"""Runs a ring of boards in one worker or several, and what came of it."""

from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass
from secrets import token_bytes
from typing import Final

from hardtalk.bench import BenchError, build_options
from hardtalk.bench.firmware import firmware_hash
from hardtalk.build import build
from hardtalk.report.figures import Report
from hardtalk.ring.links import LinkLost, Meeting
from hardtalk.ring.member import Line, NodeResult
from hardtalk.ring.part import PartResult, run_part
from hardtalk.ring.plan import FRAMES_PER_MILLISECOND, RingPlan

KEY_BYTES: Final = 16
SECONDS_TO_STOP: Final = 1.5
"""For workers to hand over what they have."""


@dataclass(frozen=True)
class RingResult:
    """`frames` of all boards' time have passed, in `host_seconds` without building and booting."""

    firmware: str
    nodes: tuple[NodeResult, ...]
    frames: int
    host_seconds: float
    is_whole: bool = True
    """Whether nobody ended it by Control-C."""

    @property
    def milliseconds(self) -> float:
        return self.frames / FRAMES_PER_MILLISECOND

    @property
    def boards_a_second(self) -> float:
        """Seconds of boards' time in a second of the host's."""
        return len(self.nodes) * self.milliseconds / 1000 / self.host_seconds

    @property
    def is_good(self) -> bool:
        return all(each.is_good for each in self.nodes)

    @property
    def lines(self) -> list[Line]:
        """What all have printed, in order."""
        return sorted((line for node in self.nodes for line in node.lines), key=lambda line: (line.frame, line.node))


def run_ring(plan: RingPlan, workers: int = 1, executor: Executor | None = None) -> RingResult:
    """With an executor, that many workers at most have a part of the boards each; it must run them all at a time.

    The result does not depend on their number, but for `host_seconds`.
    """
    firmware = firmware_hash(build(build_options(plan.options_of(1))).elf)
    if executor is None:
        results = [run_part(plan, range(1, plan.nodes + 1), 0, None)]
    else:
        results = run_parts(plan, min(workers, plan.nodes), executor)
    nodes = tuple(node for part in results for node in part.nodes)
    seconds, is_whole = max(each.host_seconds for each in results), all(each.is_whole for each in results)
    return RingResult(firmware, nodes, min(each.frames for each in results), seconds, is_whole)


def run_parts(plan: RingPlan, workers: int, executor: Executor) -> list[PartResult]:
    """The first error of a worker is raised, not those of its neighbours for its sake."""
    bounds = [1 + plan.nodes * each // workers for each in range(workers + 1)]
    meeting = Meeting(token_bytes(KEY_BYTES))
    try:
        futures: list[Future[PartResult]] = [
            executor.submit(run_part, plan, range(bounds[each], bounds[each + 1]), each, meeting.place)
            for each in range(workers)
        ]
        try:
            meeting.bring_together(futures)
            return results_of(futures)
        except KeyboardInterrupt:
            wait(futures, SECONDS_TO_STOP)
            if any(not each.done() or each.exception() is not None for each in futures):
                raise
            return results_of(futures)
    except BrokenExecutor as error:
        raise BenchError("a worker's process has ended in the midst of its work", "Give fewer --workers.") from error
    finally:
        meeting.close()


def results_of(futures: Sequence[Future[PartResult]]) -> list[PartResult]:
    lost: LinkLost | None = None
    results = []
    for each in futures:
        try:
            results.append(each.result())
        except LinkLost as error:
            lost = error
    if lost is not None:
        raise lost
    return results


def ring_report(plan: RingPlan, result: RingResult) -> Report:
    """Counts of each node, by its number."""
    report = Report("ring", plan.options.model, f"{plan.nodes} nodes", 0, result.firmware)
    report.add("frames", result.frames, "frames")
    for each in result.nodes:
        name = f"node{each.number}"
        report.add(f"{name}.found", each.found, "nodes")
        report.add(f"{name}.services", each.services, "interrupts")
        report.add(f"{name}.worst.cycles", each.worst_cycles, "cycles")
        report.add(f"{name}.late", each.late, "interrupts")
        report.add(f"{name}.overruns", each.overruns, "words")
        report.add(f"{name}.underruns", each.underruns, "words")
        report.add(f"{name}.cycles", each.cycles, "cycles")
        report.add(f"{name}.instructions", each.instructions, "instructions")
    return report
