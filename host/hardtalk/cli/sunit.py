"""`hardtalk test DIR`: the SUnit tests of a folder, run on the emulated board and reported like pytest's."""

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from hardtalk.bench import BootOptions, boot
from hardtalk.build.collectors import TREADMILL
from hardtalk.cli import output
from hardtalk.cli.options import ARM926, NO_PARTS, Collector, CycleModel, Parts
from hardtalk.sunit.classes import classes_in
from hardtalk.sunit.outcomes import COUNTED, FAILED, MARKS, WORDS, Outcome
from hardtalk.sunit.runner import Runner, run_classes


def test(
    folder: Annotated[Path, Parameter(help="A folder with subclasses of TestCase (Tonel).")],
    *,
    parts: Parts = NO_PARTS,
    collector: Collector = TREADMILL,
    model: CycleModel = ARM926,
) -> int:
    """Run the SUnit tests of a folder on the board; exit with 1 when one fails."""
    console = output.console()
    started = time.perf_counter()
    bench = boot(with_folder(parts.boot_options(model, collector), folder), console.out)
    classes = classes_in(bench, folder)
    count = sum(len(each.selectors) for each in classes)
    console.print(Rule("test session starts", characters="="))
    console.print(f"board: {bench.board.model}, firmware {bench.firmware_hash}")
    console.print(f"collected {count} item{'s' * (count != 1)}\n")
    failed: list[Outcome] = []
    kinds: Counter[str] = Counter()
    printed: list[tuple[str, str]] = []
    for run in run_classes(Runner(bench), classes):
        marks = "".join(MARKS[each.kind] for each in run.outcomes)
        console.print(f"{run.test_class.file} {marks}", soft_wrap=True)
        kinds.update(FAILED if each.has_failed else each.kind for each in run.outcomes)
        failed += [each for each in run.outcomes if each.has_failed]
        if run.text:
            printed.append((run.test_class.name, run.text))
    show_failures(console, failed, printed)
    seconds = time.perf_counter() - started
    counts = [f"{kinds[each]} {COUNTED[each]}" for each in COUNTED if kinds[each]]
    console.print(Rule(f"{', '.join(counts)} in {seconds:.2f}s", characters="="))
    return 1 if failed or bench.console.device_failures else 0


def with_folder(options: BootOptions, folder: Path) -> BootOptions:
    return replace(options, drivers=(*options.drivers, folder))


def show_failures(console: Console, failed: list[Outcome], printed: list[tuple[str, str]]) -> None:
    if not failed:
        return
    console.print(Rule("FAILURES", characters="="))
    for each in failed:
        console.print(Rule(each.name, characters="_"))
        console.print(Text(each.trace.rstrip()), soft_wrap=True)
    for name, text in printed:
        if any(each.class_name == name for each in failed):
            console.print(Rule(f"printed during {name}", characters="-"))
            console.print(Text(text.rstrip()), soft_wrap=True)
    console.print(Rule("short test summary info", characters="="))
    for each in failed:
        console.print(Text(f"{WORDS[each.kind]} {each.name} - {each.first_line}"), soft_wrap=True)
