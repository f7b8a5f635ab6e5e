"""How fast sources are filed in through the serial line: the board's time, and the processor's that emulating it takes.

What the board does is the same in each run; only `host_ns` is not.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.bench.console import FILE_IN_BAUD, NORMAL_BAUD
from hardtalk.bench.firmware import study_folder
from hardtalk.report.figures import Report
from hardtalk.serial import Event, Refused
from hardtalk.serial.wording import is_mistake, wording

SOURCES = (("memory", "MemoryWorkload"), ("latency", "LatencyWorkload"), ("pages", "PathCosts"))
"""Classes that ship with the tools, each with the folder of its study: usual methods, and none is in the firmware."""
LINE = 12
ENTRY_CYCLES = 12_000_000_000


class FilingIn(NamedTuple):
    """`source_bytes` were filed in; the UART interrupted so often meanwhile."""

    source_bytes: int
    cycles: int
    instructions: int
    interrupts: int
    host_ns: int

    def rate(self, nanoseconds: int) -> float:
        """KB a second."""
        return self.source_bytes * 1e6 / nanoseconds

    def add_to(self, report: Report) -> None:
        report.add("filing.source", self.source_bytes, "bytes")
        report.add("filing.cycles", self.cycles, "cycles")
        report.add("filing.instructions", self.instructions, "instructions")
        report.add("filing.interrupts", self.interrupts, "interrupts")
        report.add("filing.time", self.host_ns, "ns")


def shipped_sources() -> list[Path]:
    return [study_folder(study) / f"{name}.class.st" for study, name in SOURCES]


def filings(options: BootOptions, files: list[Path], turns: int) -> Iterator[FilingIn]:
    """So many turns; each has a board of its own, which does the same."""
    return (file_in(boot(options), files) for _ in range(turns))


def fastest(turns: Sequence[FilingIn]) -> FilingIn:
    """The one that took the processor the least."""
    return min(turns, key=lambda each: each.host_ns)


def is_of_missing_name(event: Event) -> bool:
    """A file alone uses classes of its folder's others."""
    return isinstance(event, Refused) and event.error.message.endswith("is not declared.")


def file_in(bench: Bench, files: list[Path]) -> FilingIn:
    """File them in as `hardtalk repl --script` does. BenchError when something of them is refused or fails."""
    board, console = bench.board, bench.console
    texts = [(each.read_text(encoding="utf-8"), str(each)) for each in files]
    cycles, instructions, interrupts = board.clock.cycles, board.instructions, board.trace.lines[LINE].entered
    began = time.thread_time_ns()
    console.set_baud(FILE_IN_BAUD)
    for text, file in texts:
        console.prompt.enter_script(text, file)
        for event in console.events(entry_cycles=ENTRY_CYCLES):
            if is_mistake(event) and not is_of_missing_name(event):
                raise BenchError(wording(event))
    console.set_baud(NORMAL_BAUD)
    host_ns = time.thread_time_ns() - began
    return FilingIn(
        sum(len(text) for text, _ in texts),
        board.clock.cycles - cycles,
        board.instructions - instructions,
        board.trace.lines[LINE].entered - interrupts,
        host_ns,
    )
