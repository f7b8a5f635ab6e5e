"""The board on which latencies are measured: the laboratory's own classes and device, a load started.

A load is a program, perhaps of the user's own: it may fail when it is started, and later. What is measured beside one
that has ended is none of its figures, so that is told instead, and other loads go on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final, Protocol, TypeVar

from hardtalk.bench import Bench, BenchError, BootOptions, UnfitRequest, boot, build_options
from hardtalk.bench.console import PATIENCE_CYCLES
from hardtalk.bench.firmware import study_folder
from hardtalk.build import BuildResult, build
from hardtalk.build.sources import text_root
from hardtalk.latency.floods import FLOODS, Metronome, end_floods
from hardtalk.latency.loads import Load
from hardtalk.latency.subjects import Subject

IN_LOAD: Final = "LatencyLaboratory class>>runLoad:of:"
"""In the stack trace of what failed while the load was made ready; what failed before is the driver's."""
LABORATORY: Final = "LatencyLaboratory class>>"


class NotMeasured(BenchError):
    """Nothing could be measured under a load: its message names it, and says why."""


@dataclass(frozen=True)
class Unmeasured:
    """In the place of a result, under the load of that name."""

    model: str
    load: str
    reason: str

    def __str__(self) -> str:
        return f"NOT MEASURED: {self.model}: {self.reason}"


class UnderLoad(Protocol):
    """A task that runs on a board of these options, under that load."""

    @property
    def options(self) -> BootOptions: ...
    @property
    def load(self) -> Load: ...


Task = TypeVar("Task", bound=UnderLoad)
Result = TypeVar("Result")


def or_unmeasured(measure: Callable[[Task], Result], task: Task) -> Result | Unmeasured:
    """What `measure` answers, so that the tasks of other loads go on when this one's cannot be measured."""
    try:
        return measure(task)
    except NotMeasured as error:
        return Unmeasured(task.options.model, task.load.name, str(error))


START_CYCLES: Final = 5 * PATIENCE_CYCLES
"""What a load may take to be made: a hundred thousand of something are half a minute with caches."""


def with_laboratory(options: BootOptions) -> BootOptions:
    """The user's options with the classes and the device of the laboratory's own loads, one of which has windows."""
    own = (study_folder("latency"), text_root() / "firmware" / "windows", text_root() / "drivers" / "input")
    return replace(options, drivers=(*options.drivers, *own), devices=(*options.devices, Metronome))


def build_latency_firmware(options: BootOptions = BootOptions()) -> BuildResult:  # noqa: B008  (it is frozen)
    return build(build_options(with_laboratory(options)))


def boot_latency_bench(options: BootOptions = BootOptions()) -> Bench:  # noqa: B008
    return boot(with_laboratory(options))


def start_load(bench: Bench, subject: Subject, load: Load) -> None:
    """Start the driver of the line and the load below it, and the flood from outside that the load wants. NotMeasured
    when either cannot be started."""
    begin(bench, load, f"LatencyLaboratory start: {subject.driver} load: {workload(load)}", subject.driver)


def run_load(bench: Bench, load: Load) -> None:
    """Start the load alone. NotMeasured when it cannot be started."""
    begin(bench, load, f"LatencyLaboratory runLoad: {workload(load)}")


def begin(bench: Bench, load: Load, expression: str, driver: str = "") -> None:
    bench.console.heard = ""
    try:
        bench.console.evaluate(expression, 2 * START_CYCLES, START_CYCLES)
    except UnfitRequest:
        raise
    except BenchError as error:
        reason = str(error).removeprefix(f"{expression}\n")
        is_in_load, reason = IN_LOAD in reason, own_part(reason)
        whose = f"load {load.name}: it cannot be started"
        if driver and not is_in_load:
            whose = f"load {load.name}: {driver} cannot be started, or the load"
        raise NotMeasured(f"{whose}: {reason}") from error
    start_flood(bench, load)


def printed(bench: Bench) -> list[str]:
    """What the board has said since the load was started: of a handler that failed, for one."""
    bench.console.heard += bench.console.printed()
    text = bench.console.heard.strip()
    return [text] if text else []


def own_part(trace: str) -> str:
    """The stack trace down to the load's own methods."""
    lines = trace.splitlines()
    return "\n".join(takewhile(lambda line: LABORATORY not in line, lines))


def check_load(bench: Bench, load: Load) -> None:
    """NotMeasured when the load has ended, which it never should; with what the board has printed. Ends the floods."""
    console = bench.console
    printed(bench)
    end_floods(bench.board)
    try:
        is_running = console.evaluate("LatencyLaboratory isRunning") == "true"
    except BenchError as error:
        raise NotMeasured(f"load {load.name}: nothing can be asked beside it: {error}") from error
    if not is_running:
        trace = own_part("\n".join(printed(bench)))
        raise NotMeasured(f"load {load.name}: it ended while it was measured" + (f":\n{trace}" if trace else ""))


def workload(load: Load) -> str:
    """The load's name and the object that has it, as arguments of LatencyLaboratory."""
    return f"#{load.selector} of: ({load.workload} new{f' many: {load.many}; yourself' if load.many else ''})"


def start_flood(bench: Bench, load: Load) -> None:
    flood = FLOODS.get(load.selector)
    if flood is not None:
        flood(bench.board)
