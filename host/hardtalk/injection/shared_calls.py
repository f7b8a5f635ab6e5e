"""Campaigns of random calls shared out over processes, each with a board and seeds of its own, and their figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from hardtalk.bench.firmware import firmware_hash
from hardtalk.injection.entries import EntryCampaign
from hardtalk.injection.messages import MessageCampaign
from hardtalk.injection.primitive_calls import COUNTS, Campaign, Operation, Outcome
from hardtalk.report.figures import Report
from hardtalk.tasks.side_by_side import CutShort, shared_out

TASKS: int = 64


@dataclass(frozen=True)
class CallTask:
    """A part of a campaign: so many calls, the first batch with this seed."""

    operation: Operation
    count: int
    seed: int
    model: str


def tasks_for(operation: Operation, count: int, seed: int, model: str) -> list[CallTask]:
    """Parts of whole batches; together they have the seeds from `seed` on, one a batch, whoever makes them."""
    batches = -(-count // operation.batch)
    share = -(-batches // TASKS) or 1
    tasks = []
    for first in range(0, batches, share):
        calls = min(share * operation.batch, count - first * operation.batch)
        tasks.append(CallTask(operation, calls, seed + first, model))
    return tasks


KINDS: Final[dict[Operation, type[Campaign] | type[EntryCampaign]]] = {
    Operation.CALLS: Campaign,
    Operation.STORES: Campaign,
    Operation.MESSAGES: MessageCampaign,
    Operation.ENTRIES: EntryCampaign,
}
_campaigns: dict[tuple[type, str], Campaign | EntryCampaign] = {}


def carry_out(task: CallTask) -> tuple[Outcome, str]:
    """In a worker: the outcome and the hash of the firmware. A worker boots one board for all its tasks. Raises
    CutShort with those of what was done before Control-C."""
    kind = KINDS[task.operation]
    if (kind, task.model) not in _campaigns:
        _campaigns[kind, task.model] = kind(task.model)
    campaign = _campaigns[kind, task.model]
    firmware = firmware_hash(campaign.bench.firmware.elf)
    try:
        return campaign.run(task.operation, task.count, task.seed, lambda _: None), firmware
    except CutShort as cut:
        raise CutShort((outcome, firmware) for outcome in cut.done) from None


def call_all(
    executor: Executor, tasks: Sequence[CallTask], finished: Callable[[CallTask, Outcome], None]
) -> tuple[Outcome, str]:
    """All tasks; `finished` hears of each when it is done, in any order. Faults are in the order of their seeds. Raises
    CutShort with what was done when Control-C comes."""
    total, firmware = Outcome(), ""

    def take(number: int, found: tuple[Outcome, str], is_whole: bool) -> None:
        nonlocal firmware
        outcome, firmware = found
        total.add(outcome)
        if is_whole:
            finished(tasks[number], outcome)

    try:
        shared_out(executor, carry_out, [(task,) for task in tasks], take)
    except CutShort:
        raise CutShort([(total, firmware)] if total.calls else ()) from None
    finally:
        total.faults.sort(key=lambda fault: fault.seed)
    return total, firmware


def add_calls(report: Report, operation: Operation, outcome: Outcome) -> None:
    name = operation.name.lower()
    report.add(f"{name}.count", outcome.calls, "calls")
    report.add(f"{name}.faults", len(outcome.faults), "faults")
    for row in outcome.table():
        for count, value in zip(COUNTS, row.counts, strict=True):
            report.add(f"{name}.{row.name}.{count}", value, "calls")


def summary(operation: Operation, outcome: Outcome) -> Iterator[str]:
    """A line of totals, a line for each operation, those that never succeeded, then the faults."""
    rows = outcome.table()
    sums = [sum(row.counts[index] for row in rows) for index in range(len(COUNTS))]
    told = ", ".join(f"{value:,} {name}" for name, value in zip(COUNTS, sums, strict=True))
    yield (
        f"{operation.name.lower()}: {outcome.calls:,} of {len(rows)} kinds, {sum(sums):,} counted ({told}), "
        f"{len(outcome.faults)} faults"
    )
    for row in sorted(rows, key=lambda row: row.order):
        told = "  ".join(f"{value:>7,}" for value in row.counts)
        yield f"  {row.name:>20}  {row.tried:>8,}  {told}"
    idle = [row.name for row in sorted(rows, key=lambda row: row.order) if not row.succeeded]
    yield f"never succeeded: {', '.join(idle) or 'none'}"
    for fault in outcome.faults:
        yield fault.text()
