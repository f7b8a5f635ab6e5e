"""A mixed workload for a long time, disturbed at random, its heap audited.

Boards are spread over processes, or over any other executor of concurrent.futures.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field
from typing import Final

from hardtalk.bench import Bench, BootOptions
from hardtalk.bench.firmware import study_folder
from hardtalk.memory.boards import boot_settled
from hardtalk.memory.fragmentation import Usage
from hardtalk.memory.programs import shared_programs
from hardtalk.report.figures import Report
from hardtalk.serial import ConsoleText
from hardtalk.soak.progress import WORKERS
from hardtalk.soak.soak import Soak, start_expression
from hardtalk.tasks.side_by_side import CutShort, handing_over, what_is_done

HARMLESS: Final = "Memory is running short"
PROGRESS_LINES: Final = 10
CYCLES_TO_JUDGE: Final = 200_000_000
COLLECTIONS_TO_FINALIZE: Final = 5
COUNTS: Final = ("switches", "finalizations")
KEPT_USAGES: Final = 240


@dataclass(frozen=True)
class Job:
    """A board's part of the work."""

    seed: int
    cycles: int
    heap_bytes: int
    audit_every: int
    model: str


@dataclass(frozen=True)
class Outcome:
    """What a job found: counts by name, programs ended by name, some of the usages in order; `violation` is empty when
    nothing was wrong. It is not whole when Control-C came."""

    job: Job
    firmware: str
    counts: dict[str, int]
    violation: str
    ended: dict[str, int] = field(default_factory=dict)
    usages: tuple[Usage, ...] = ()
    is_whole: bool = True

    def text(self) -> str:
        counts = ", ".join(f"{value:,} {name}" for name, value in self.counts.items())
        sound = "sound" if self.is_whole else "sound so far"
        text = f"seed {self.job.seed}: {counts}: {self.violation or sound}"
        if self.ended:
            text += "\nprograms ended: " + ", ".join(f"{name} {count:,}" for name, count in self.ended.items())
        return text


def carry_out(executor: Executor, jobs: Sequence[Job]) -> Iterator[Outcome]:
    """The outcomes as they come; after a violation those that have not begun are given up. When Control-C comes the
    last ones are not whole. Raises KeyboardInterrupt behind them."""
    futures: list[Future[Outcome]] = [executor.submit(handing_over, run_job, each) for each in jobs]
    told: list[Future[Outcome]] = []
    try:
        for future in as_completed(futures):
            if future.cancelled():
                continue
            outcome = future.result()
            told.append(future)
            yield outcome
            if outcome.violation:
                for each in futures:
                    each.cancel()
    except KeyboardInterrupt:
        yield from what_is_done([each for each in futures if each not in told])
        raise


def soak_options(heap_bytes: int, model: str = "arm926") -> BootOptions:
    """A board for SoakWorkload, whose workers run the programs of MemoryWorkload."""
    return BootOptions((study_folder("memory"), study_folder("soak")), model=model, heap_bytes=heap_bytes)


def run_job(job: Job) -> Outcome:
    """Boot a board and do that part; prints a line now and then. Raises CutShort, with what there is, for Control-C."""
    return soaked(boot_settled(soak_options(job.heap_bytes, job.model)), job)


def soaked(bench: Bench, job: Job) -> Outcome:
    programs = shared_programs()
    bench.console.evaluate(start_expression(job.seed, programs))
    run = Soak(bench.board, job.seed, complaint_of(bench), tuple(programs))
    try:
        run.run(job.cycles, job.audit_every, progress_line(job))
    except KeyboardInterrupt:
        raise CutShort([outcome_of(bench, job, run, counts_of(run), run.violation, is_whole=False)]) from None
    counts, violation = counts_of(run), run.violation
    if not violation:
        answer = bench.console.evaluate("SoakWorkload current counts")
        counts |= dict(zip(COUNTS, numbers_in(answer), strict=True))
        if run.cycles >= CYCLES_TO_JUDGE and not counts["programs"]:
            violation = "no program came to its end"
        elif run.collections >= COLLECTIONS_TO_FINALIZE and not counts["finalizations"]:
            violation = f"{run.collections:,} collections and the finalization semaphore was never signalled"
    return outcome_of(bench, job, run, counts, violation)


def outcome_of(
    bench: Bench, job: Job, run: Soak, counts: dict[str, int], violation: str, is_whole: bool = True
) -> Outcome:
    ended = {name: run.progress.ended[name] for name in run.names}
    step = -(-len(run.usages) // KEPT_USAGES)
    usages = tuple(run.usages[:: max(step, 1)])
    return Outcome(job, bench.firmware_hash, counts, violation, ended, usages, is_whole)


def counts_of(run: Soak) -> dict[str, int]:
    counts = {
        "cycles": run.cycles,
        "collections": run.collections,
        "audits": run.audits,
        "objects audited": run.objects_audited,
        "interrupts": run.interrupts,
        "bytes echoed": run.bytes_returned,
        "programs": run.progress.programs,
    }
    for when, found in (("start", run.usages[:1]), ("end", run.usages[-1:])):
        counts |= {name: value for each in found for name, value in fragmentation(each, when).items()}
    counts |= best_by_tenths(run.usages)
    return counts | {f"of worker {worker}": run.progress.by_worker[worker] for worker in range(1, WORKERS + 1)}


def complaint_of(bench: Bench) -> Callable[[], str]:
    """What the console has printed since the last time, but for warnings that memory is short."""

    def complaint() -> str:
        text = "".join(event.text for event in bench.console.receive() if isinstance(event, ConsoleText))
        return "\n".join(line for line in text.splitlines() if line.strip() and HARMLESS not in line)

    return complaint


def fragmentation(usage: Usage, when: str) -> dict[str, int]:
    return {
        f"bytes in use at {when}": usage.block_bytes,
        f"permille internal waste at {when}": usage.internal_permille,
        f"permille external waste at {when}": usage.external_permille,
    }


def best_by_tenths(usages: Sequence[Usage]) -> dict[str, int]:
    """Of each tenth of the run: the largest block that could be had (it falls until the next collection, so the best
    counts), and the least that live objects would have left of memory free of garbage."""
    parts = [usages[len(usages) * part // 10 : len(usages) * (part + 1) // 10] for part in range(10)]
    found = {}
    for number, part in enumerate(parts, 1):
        if part:
            found[f"bytes of the largest free block in tenth {number}"] = max(each.largest_free_bytes for each in part)
            least = min(each.largest_collected_bytes for each in part)
            found[f"bytes of the largest block without garbage in tenth {number}"] = least
    return found


def numbers_in(text: str) -> list[int]:
    return [int(word) for word in text.replace("(", " ").replace(")", " ").split() if word.isdigit()]


def progress_line(job: Job) -> Callable[[Soak], None]:
    step = max(job.cycles // PROGRESS_LINES, 1)
    told = [0]

    def tell(run: Soak) -> None:
        if run.cycles // step > told[0] and not run.violation:
            told[0] = run.cycles // step
            print(f"seed {job.seed}: {progress_text(run)}, sound so far", flush=True)

    return tell


def progress_text(run: Soak) -> str:
    text = f"{run.cycles:,} cycles, {run.audits:,} audits, {run.interrupts:,} interrupts, "
    text += f"{run.collections:,} collections, {run.progress.programs:,} programs"
    for now in run.usages[-1:]:
        text += f", largest free block {now.largest_free_bytes:,} of {now.free_bytes:,} bytes"
        text += f", waste {now.internal_permille / 10:.1f} % inside {now.external_permille / 10:.1f} % outside"
    return text


def soak_report(outcomes: Sequence[Outcome]) -> Report:
    """Each board's counts; names begin with its seed."""
    first = outcomes[0]
    report = Report("soak", first.job.model, "soak", min(each.job.seed for each in outcomes), first.firmware)
    for each in sorted(outcomes, key=lambda outcome: outcome.job.seed):
        for name, value in each.counts.items():
            report.add(f"{each.job.seed}.{name.replace(' ', '_')}", value, "count")
        for name, count in each.ended.items():
            report.add(f"{each.job.seed}.ended.{name}", count, "count")
        for when, usage in (("start", each.usages[:1]), ("end", each.usages[-1:])):
            for found in usage:
                report.add(f"{each.job.seed}.{when}.internal_waste", found.internal_permille, "permille")
                report.add(f"{each.job.seed}.{when}.external_waste", found.external_permille, "permille")
        report.add(f"{each.job.seed}.violations", int(bool(each.violation)), "count")
    return report
