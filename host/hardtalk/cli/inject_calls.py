"""`hardtalk inject --primitives` and other random calls: the options, and the lines while they are made."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.progress import pool
from hardtalk.injection.primitive_calls import Operation, Outcome
from hardtalk.injection.shared_calls import CallTask, add_calls, call_all, summary, tasks_for
from hardtalk.report.figures import Report
from hardtalk.tasks.side_by_side import CutShort


@Parameter(name="*")
@dataclass(frozen=True)
class Calls:
    """What is called and stored at random instead of interrupting."""

    primitives: Annotated[
        bool, Parameter(negative="", help="Call every primitive with random receivers and arguments instead.")
    ] = False
    stores: Annotated[
        bool,
        Parameter(negative="", help="Store into what the virtual machine follows, in every way, then use it."),
    ] = False
    messages: Annotated[
        bool, Parameter(negative="", help="Send random messages to what the system runs on instead.")
    ] = False
    entries: Annotated[
        bool, Parameter(negative="", help="Random messages as entries at the prompt, each on a board as after booting.")
    ] = False
    calls: Annotated[int, Parameter(help="With --primitives, --stores, --messages and --entries: how many.")] = (
        1_000_000
    )

    @property
    def operations(self) -> list[Operation]:
        chosen = (
            (self.primitives, Operation.CALLS),
            (self.stores, Operation.STORES),
            (self.messages, Operation.MESSAGES),
            (self.entries, Operation.ENTRIES),
        )
        return [operation for is_chosen, operation in chosen if is_chosen]


NO_CALLS = Calls()


def make_calls(calls: Calls, seed: int, jobs: int, model: str, json: Path | None) -> int:
    """Carry out what the options say; the exit code."""
    if calls.calls < 1 or seed < 0:
        raise UserError("hardtalk inject: calls are a number above zero, seeds one from 0 on")
    console = output.console()
    report = Report("inject", model, "", seed, "")
    is_whole, faults = True, 0

    def tell(outcome: Outcome, firmware: str) -> None:
        nonlocal faults
        report.firmware = firmware
        for line in summary(operation, outcome):
            console.print(line, highlight=False, soft_wrap=True, markup=False)
        add_calls(report, operation, outcome)
        faults += len(outcome.faults)

    try:
        with pool(jobs, "--jobs") as executor:
            for operation in calls.operations:
                tasks = tasks_for(operation, calls.calls, seed, model)
                tell(*call_all(executor, tasks, CallLine(console, calls.calls)))
    except CutShort as cut:
        if not cut.done:
            raise KeyboardInterrupt from None
        is_whole = False
        console.print("interrupted: what was called before")
        for outcome, firmware in cut.done:
            tell(outcome, firmware)
    if json is not None:
        report.write(json)
    return int(faults > 0) if is_whole else INTERRUPTED


class CallLine:
    """A line for each part of a campaign: how many calls are made, and what went wrong."""

    def __init__(self, console: Console, total: int) -> None:
        self.console = console
        self.total = total
        self._done = 0

    def __call__(self, task: CallTask, outcome: Outcome) -> None:
        self._done += outcome.calls
        text = f"{task.operation.name.lower()}: {self._done:,} of {self.total:,}, seeds from {task.seed}"
        for fault in outcome.faults:
            text += f"\n{fault.text()}"
        self.console.print(text, highlight=False, soft_wrap=True, markup=False)
