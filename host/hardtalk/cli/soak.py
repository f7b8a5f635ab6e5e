"""`hardtalk soak`: a mixed workload for a long time, disturbed at random, its heap audited."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.memory_table import fragmentation_table
from hardtalk.cli.options import CycleModel, Json
from hardtalk.cli.progress import check_workers
from hardtalk.memory.boards import bytes_from
from hardtalk.soak.executors import EXECUTORS, NotInstalled
from hardtalk.soak.executors import executor as executor_named
from hardtalk.soak.jobs import Job, Outcome, carry_out, soak_report

MOST_BOARDS = 10_000


def soak(
    *,
    cycles: Annotated[int, Parameter(help="Cycles of all boards together.")] = 1_000_000_000,
    seed: Annotated[int, Parameter(help="Of the first board; the others have the numbers after it.")] = 1,
    heap: Annotated[str, Parameter(help="The heap's size: 4M.")] = "16M",
    jobs: Annotated[int, Parameter(help="So many boards at a time, each in a process of its own.")] = 1,
    boards: Annotated[int, Parameter(help="So many boards in all; as many as --jobs unless told.")] = 0,
    executor: Annotated[str, Parameter(help="What runs them: processes, threads, dask or ray.")] = "processes",
    audit_every: Annotated[int, Parameter(help="An audit after so many cycles.")] = 5_000_000,
    json: Json = None,
    model: CycleModel = "arm926",
) -> int:
    """Run a mixed workload with interrupts at random cycles and audit the heap; exit with 1 at the first violation."""
    if min(cycles, jobs, audit_every) < 1 or min(seed, boards) < 0:
        raise UserError("hardtalk soak: cycles, jobs and intervals are numbers above zero")
    check_workers(jobs, "--jobs")
    if boards > MOST_BOARDS:
        raise UserError(f"--boards {boards}: {MOST_BOARDS:,} are the most")
    if executor not in EXECUTORS:
        raise UserError(f"--executor {executor}: there is none of that name", f"Choose one of {', '.join(EXECUTORS)}.")
    heap_bytes = bytes_from(heap, "--heap")
    shares = boards or jobs
    work = [Job(seed + each, cycles // shares, heap_bytes, audit_every, model) for each in range(shares)]
    console = output.console()
    outcomes, is_cut = [], False
    try:
        with executor_named(executor, jobs) as pool:
            for outcome in carry_out(pool, work):
                show(console, outcome)
                outcomes.append(outcome)
    except NotInstalled as error:
        raise UserError(str(error)) from error
    except KeyboardInterrupt:
        if not outcomes:
            raise
        console.print("interrupted: what was done before")
        is_cut = True
    if json is not None and outcomes:
        soak_report(outcomes).write(json)
    if is_cut:
        return INTERRUPTED
    return 1 if any(each.violation for each in outcomes) else 0


def show(console: Console, outcome: Outcome) -> None:
    """The counts, and how memory was used from the start to the end."""
    console.print(outcome.text(), soft_wrap=True)
    if outcome.usages:
        console.print(fragmentation_table(outcome.usages), soft_wrap=True)
