"""`hardtalk test DIR`: the SUnit tests of a folder, run on the emulated board and reported like pytest's."""

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hardtalk.bench import boot
from hardtalk.build.collectors import TREADMILL
from hardtalk.build.sources import text_root
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.files import out_file
from hardtalk.cli.options import ARM926, NO_PARTS, Collector, CycleModel, Parts
from hardtalk.cli.sunit_report import SunitReport
from hardtalk.sunit.choosing import chosen
from hardtalk.sunit.classes import classes_in, with_folder
from hardtalk.sunit.coverage import bytecode_watch, coverage, lcov
from hardtalk.sunit.junit import junit
from hardtalk.sunit.outcomes import Outcome
from hardtalk.sunit.runner import Runner


def test(
    folder: Annotated[Path, Parameter(help="A folder with subclasses of TestCase (Tonel).")],
    *,
    parts: Parts = NO_PARTS,
    choose: Annotated[
        str | None,
        Parameter(name="-k", help="Run only tests with these words in Class>>selector: a word, and, or, not, ( )."),
    ] = None,
    stop_at_failure: Annotated[bool, Parameter(name="-x", negative="", help="Stop at the first failure.")] = False,
    verbose: Annotated[bool, Parameter(name="-v", negative="", help="A line for each test.")] = False,
    junit_file: Annotated[Path | None, out_file("Write the outcomes as JUnit's XML.", "--junit")] = None,
    durations: Annotated[
        int | None, Parameter(name="--durations", help="Show the slowest tests by the board's time; 0 for all.")
    ] = None,
    timeout: Annotated[
        float | None,
        Parameter(
            name="--timeout",
            help="Seconds of the board's time for each test whose class says nothing of its own; 20 if not given.",
        ),
    ] = None,
    cover: Annotated[
        bool, Parameter(name="--coverage", negative="", help="Tell which lines and methods of your classes were run.")
    ] = False,
    lcov_file: Annotated[Path | None, out_file("Write that as LCOV's tracefile.", "--lcov")] = None,
    collector: Collector = TREADMILL,
    model: CycleModel = ARM926,
) -> int:
    """Run the SUnit tests of a folder on the board; exit with 1 when one fails."""
    check(timeout, durations)
    console = output.console()
    started = time.perf_counter()
    bench = boot(with_folder(parts.boot_options(model, collector), folder), console.out)
    classes = classes_in(bench, folder)
    count = sum(len(each.selectors) for each in classes)
    if choose is not None:
        classes = chosen(classes, choose)
    selected = sum(len(each.selectors) for each in classes)
    report = SunitReport(console, verbose, selected, bench.board.chip.cpu_hertz)
    report.begin(f"board: {bench.board.model}, firmware {bench.firmware_hash}", count)
    runner = Runner(bench, timeout)
    outcomes: list[Outcome] = []
    is_interrupted = False
    watch = bytecode_watch(bench) if cover or lcov_file is not None else None
    try:
        with watch or nullcontext():
            for each in classes:
                report.begin_class(each)
                for outcome in runner.run(each):
                    outcomes.append(outcome)
                    report.tell(outcome)
                    if stop_at_failure and outcome.has_failed:
                        break
                if stop_at_failure and outcomes[-1].has_failed:
                    break
    except KeyboardInterrupt:
        is_interrupted = True
    report.end(outcomes, durations, time.perf_counter() - started, is_interrupted)
    if watch is not None:
        files = coverage(bench, watch, [text_root() / each.file for each in classes])
        report.tell_coverage(files)
        if lcov_file is not None:
            lcov_file.write_text(lcov(files), encoding="utf-8")
    if junit_file is not None:
        junit_file.write_bytes(junit(outcomes, bench.board.chip.cpu_hertz))
    if is_interrupted:
        return INTERRUPTED
    return 1 if bench.console.device_failures or any(each.has_failed for each in outcomes) else 0


def check(timeout: float | None, durations: int | None) -> None:
    if timeout is not None and not 0 < timeout < float("inf"):
        raise UserError(f"--timeout {timeout:g}: no time for a test", "Give seconds, more than 0.")
    if durations is not None and durations < 0:
        raise UserError(f"--durations {durations}: no number of tests", "Give how many to show, or 0 for all.")
