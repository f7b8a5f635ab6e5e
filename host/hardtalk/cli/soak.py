"""`hardtalk soak`: a mixed workload for a long time, disturbed at random, its heap audited; or a collection interrupted
at every instruction. Boards are spread over processes, or over any other executor of concurrent.futures.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Console

from hardtalk.cli import output
from hardtalk.cli.boards import Bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.memory_board import boot_with_heap, bytes_from
from hardtalk.cli.memory_programs import shared_programs, workload_folder
from hardtalk.cli.memory_table import fragmentation_table
from hardtalk.cli.options import CycleModel, Json
from hardtalk.memory.executors import EXECUTORS, NotInstalled
from hardtalk.memory.executors import executor as executor_named
from hardtalk.memory.fragmentation import Usage
from hardtalk.memory.injection import Injection, collecting, instructions_of_collection, interrupt_at_each
from hardtalk.memory.soak import Soak, start_expression
from hardtalk.memory.soak_progress import WORKERS
from hardtalk.report.figures import Report
from hardtalk.serial import ConsoleText

HARMLESS: Final = "Memory is running short"
PROGRESS_LINES: Final = 10
CYCLES_TO_JUDGE: Final = 200_000_000
COLLECTIONS_TO_FINALIZE: Final = 5
COUNTS: Final = ("switches", "finalizations", "software interrupts")
KEPT_USAGES: Final = 240


@dataclass(frozen=True)
class Job:
    """A board's part of the work; with `stride` it is the `share` of `shares` of a collection to be interrupted."""

    seed: int
    cycles: int
    heap_bytes: int
    audit_every: int
    model: str
    stride: int = 0
    share: int = 0
    shares: int = 1
    most_points: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a job found: counts by name, programs ended by name, some of the usages in order; `violation` is empty when
    nothing was wrong."""

    job: Job
    firmware: str
    counts: dict[str, int]
    violation: str
    ended: dict[str, int] = field(default_factory=dict)
    usages: tuple[Usage, ...] = ()

    def text(self) -> str:
        counts = ", ".join(f"{value:,} {name}" for name, value in self.counts.items())
        text = f"seed {self.job.seed}: {counts}: {self.violation or 'sound'}"
        if self.ended:
            text += "\nprograms ended: " + ", ".join(f"{name} {count:,}" for name, count in self.ended.items())
        return text


def soak(
    *,
    cycles: Annotated[int, Parameter(help="Cycles of all boards together.")] = 1_000_000_000,
    seed: Annotated[int, Parameter(help="Of the first board; the others have the numbers after it.")] = 1,
    heap: Annotated[str, Parameter(help="The heap's size: 4M.")] = "8M",
    jobs: Annotated[int, Parameter(help="So many boards at a time, each in a process of its own.")] = 1,
    boards: Annotated[int, Parameter(help="So many boards in all; as many as --jobs unless told.")] = 0,
    executor: Annotated[str, Parameter(help="What runs them: processes, threads, dask or ray.")] = "processes",
    audit_every: Annotated[int, Parameter(help="An audit after so many cycles.")] = 5_000_000,
    interrupt_every: Annotated[
        int, Parameter(help="Instead: interrupt a collection at every so many instructions, 1 for each.")
    ] = 0,
    points: Annotated[int, Parameter(help="With --interrupt-every: at most so many places, 0 for all.")] = 0,
    json: Json = None,
    model: CycleModel = "arm926",
) -> int:
    """Run a mixed workload with interrupts at random cycles and audit the heap; exit with 1 at the first violation."""
    if min(cycles, jobs, audit_every) < 1 or min(interrupt_every, points, seed, boards) < 0:
        raise UserError("hardtalk soak: cycles, jobs and intervals are numbers above zero")
    if executor not in EXECUTORS:
        raise UserError(f"--executor {executor}: there is none of that name", f"Choose one of {', '.join(EXECUTORS)}.")
    heap_bytes = bytes_from(heap, "--heap")
    shares = boards or jobs
    work = [
        Job(seed + each, cycles // shares, heap_bytes, audit_every, model, interrupt_every, each, shares, points)
        for each in range(shares)
    ]
    console = output.console()
    outcomes = []
    try:
        with executor_named(executor, jobs) as pool:
            for outcome in carry_out(pool, work):
                show(console, outcome)
                outcomes.append(outcome)
    except NotInstalled as error:
        raise UserError(str(error)) from error
    if json is not None:
        soak_report(outcomes).write(json)
    return 1 if any(each.violation for each in outcomes) else 0


def show(console: Console, outcome: Outcome) -> None:
    """The counts, and how memory was used from the start to the end."""
    console.print(outcome.text(), soft_wrap=True)
    if outcome.usages:
        console.print(fragmentation_table(outcome.usages), soft_wrap=True)


def carry_out(executor: Executor, jobs: Sequence[Job]) -> Iterator[Outcome]:
    """The outcomes as they come; after a violation those that have not begun are given up."""
    futures: list[Future[Outcome]] = [executor.submit(run_job, each) for each in jobs]
    for future in as_completed(futures):
        if future.cancelled():
            continue
        outcome = future.result()
        yield outcome
        if outcome.violation:
            for each in futures:
                each.cancel()


def run_job(job: Job) -> Outcome:
    """Boot a board and do that part; prints a line now and then."""
    bench, _ = boot_with_heap([workload_folder()], job.heap_bytes, job.model)
    return injected(bench, job) if job.stride else soaked(bench, job)


def soaked(bench: Bench, job: Job) -> Outcome:
    programs = shared_programs()
    bench.console.evaluate(start_expression(job.seed, programs))
    run = Soak(bench.board, job.seed, complaint_of(bench), tuple(programs))
    run.run(job.cycles, job.audit_every, progress_line(job))
    counts = {
        "cycles": run.cycles,
        "collections": run.collections,
        "audits": run.audits,
        "objects audited": run.objects_audited,
        "interrupts": run.interrupts,
        "bytes echoed": run.bytes_returned,
        "programs": run.progress.programs,
    }
    counts |= {f"of worker {worker}": run.progress.by_worker[worker] for worker in range(1, WORKERS + 1)}
    violation = run.violation
    if not violation:
        answer = bench.console.evaluate("SoakWorkload current counts")
        counts |= dict(zip(COUNTS, numbers_in(answer), strict=True))
        if run.cycles >= CYCLES_TO_JUDGE and not counts["programs"]:
            violation = "no program came to its end"
        elif run.collections >= COLLECTIONS_TO_FINALIZE and not counts["finalizations"]:
            violation = f"{run.collections:,} collections and the finalization semaphore was never signalled"
    ended = {name: run.progress.ended[name] for name in programs}
    step = -(-len(run.usages) // KEPT_USAGES)
    return Outcome(job, bench.firmware_hash, counts, violation, ended, tuple(run.usages[:: max(step, 1)]))


def injected(bench: Bench, job: Job) -> Outcome:
    bench.console.evaluate("SoakWorkload startCollecting. 0")
    start = collecting(bench.board)
    instructions = instructions_of_collection(bench.board, start)
    points = -(-instructions // job.stride)
    stride = job.stride
    first = points * job.share // job.shares
    count = points * (job.share + 1) // job.shares - first
    if job.most_points:
        count = min(count, job.most_points // job.shares)
    found = interrupt_at_each(bench.board, start, first * stride, count, stride, progress=injection_line(job, count))
    counts = {"instructions of the collection": instructions, "points": found.points, "ends audited": found.completed}
    counts |= {f"points in {name}": found.phases[name] for name in sorted(found.phases)}
    return Outcome(job, bench.firmware_hash, counts, found.violation)


def complaint_of(bench: Bench) -> Callable[[], str]:
    """What the console has printed since the last time, but for warnings that memory is short."""

    def complaint() -> str:
        text = "".join(event.text for event in bench.console.receive() if isinstance(event, ConsoleText))
        return "\n".join(line for line in text.splitlines() if line.strip() and HARMLESS not in line)

    return complaint


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


def injection_line(job: Job, count: int) -> Callable[[Injection], None]:
    step = max(count // PROGRESS_LINES, 1)

    def tell(found: Injection) -> None:
        if found.points % step == 0:
            print(f"share {job.share}: {found.points:,} of {count:,} points, sound so far", flush=True)

    return tell


def soak_report(outcomes: Sequence[Outcome]) -> Report:
    """Each board's counts; names begin with its seed."""
    first = outcomes[0]
    load = "interrupted collection" if first.job.stride else "soak"
    report = Report("soak", first.job.model, load, min(each.job.seed for each in outcomes), first.firmware)
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
