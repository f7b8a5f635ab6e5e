"""Processes ended, suspended and resumed at every moment of what they do.

A sweep is a class below ProcessSweep (host/firmware/processes): its processes run, a line is raised at some cycle, and
the one that waits for it does something to one of them and then looks whether all is sound. The board starts from the
same state for each moment, so a moment is a number of cycles and can be told and tried again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hardtalk.bench import Bench, BenchError, BootOptions, KeptBoard, UnfitRequest
from hardtalk.bench.firmware import study_folder
from hardtalk.board import StopReason
from hardtalk.build.sources import paths_in, read_classes
from hardtalk.serial import ConsoleText, FrameReader
from hardtalk.tasks.side_by_side import leaving

ACTIONS: Final = ("terminate", "terminateTwice", "suspendAndTerminate", "suspendAndResume")
"""Selectors of ProcessSweep, without the colon."""
LINE: Final = 9
WINDOW_CYCLES: Final = 120_000
"""The moments lie in so many cycles; a turn of every sweep is shorter."""
SETTLING_CYCLES: Final = 3_000_000
PATIENCE_CYCLES: Final = 20_000_000
SLICE_CYCLES: Final = 150_000
SOUND: Final = "'sound'"
SHOWN_FAULTS: Final = 5
ROOT_CLASS, CLASS_SUFFIX = "ProcessSweep", ".st"


@dataclass(frozen=True)
class Row:
    """One process of a sweep (counted from 1), and what is done to it."""

    sweep: str
    action: str
    victim: int

    @property
    def name(self) -> str:
        return f"{self.sweep}.{self.action}.{self.victim}"


@dataclass
class Moments:
    """How many moments were tried, and those after which something was not sound: cycle and what the board said."""

    tried: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: "Moments") -> None:
        self.tried += other.tried
        self.faults += other.faults

    @property
    def violation(self) -> str:
        """Empty when all was sound."""
        if not self.faults:
            return ""
        shown = "; ".join(f"cycle {cycle:,}: {said}" for cycle, said in self.faults[:SHOWN_FAULTS])
        return f"{len(self.faults):,} of {self.tried:,} moments not sound: {shown}"


def process_options(model: str, folders: tuple[Path, ...] = (), compiled: tuple[str, ...] = ()) -> BootOptions:
    """A board with the sweeps that ship and those of the folders; the classes `compiled` as machine code."""
    return BootOptions((study_folder("processes"), *folders), model=model, compiled=compiled)


def sweep_names(folders: tuple[Path, ...] = ()) -> list[str]:
    """The classes below ProcessSweep in the order of their files."""
    paths = [path for folder in (study_folder("processes"), *folders) for path in paths_in(folder, CLASS_SUFFIX)]
    above = {each.name: each.superclass for each in read_classes(paths)}
    found = {ROOT_CLASS}
    while more := {name for name, superclass in above.items() if superclass in found} - found:
        found |= more
    return [name for name in above if name in found and name != ROOT_CLASS]


def chosen_sweeps(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those of these names, each once in the order of `known`; all when no name is given."""
    wrong = [each for each in dict.fromkeys(names) if each not in known]
    if wrong:
        raise UnfitRequest(f"there is no sweep {', '.join(wrong)}", f"name one of {', '.join(known)}")
    return [each for each in known if each in names] if names else list(known)


def rows_of(bench: Bench, sweep: str) -> list[Row]:
    victims = int(bench.console.evaluate(f"{sweep} new victims"))
    return [Row(sweep, action, victim) for action in ACTIONS for victim in range(1, victims + 1)]


class MomentSweep:
    """The moments of one row on a booted board, which is left where it was."""

    def __init__(self, bench: Bench, booted: KeptBoard, row: Row) -> None:
        self.bench = bench
        self.booted = booted
        self.row = row
        board, prompt = bench.board, bench.console.prompt
        bench.console.put_back(booted)
        prompt.enter(f"{row.sweep} new do: #{row.action}: to: {row.victim} line: {LINE}")
        end = board.clock.cycles + SETTLING_CYCLES
        while board.clock.cycles < end:
            board.uart(0).send(prompt.take_outgoing())
            self._run(SLICE_CYCLES)
            if any(not isinstance(event, ConsoleText) for event in bench.console.receive()):
                raise BenchError(f"{row.name} is over before anything was done to it")
        self.started = board.snapshot()

    def run(self, cycles: range, progress: Callable[[int], None] = lambda _: None) -> Moments:
        """Try each of those numbers of cycles after the start. Raises CutShort, with those before, when Control-C
        comes."""
        found = Moments()
        with leaving(found, lambda: found.tried > 0):
            for cycle in cycles:
                said = self.said_at(cycle)
                found.tried += 1
                if said != SOUND:
                    found.faults.append((cycle, said))
                progress(found.tried)
        self.bench.console.put_back(self.booted)
        return found

    def said_at(self, cycle: int) -> str:
        """What the board answers when the line is raised so many cycles after the start."""
        board, reader = self.bench.board, FrameReader()
        board.restore(self.started)
        self._run(cycle)
        board.raise_line(LINE)
        end = board.clock.cycles + PATIENCE_CYCLES
        printed = ""
        while board.clock.cycles < end:
            self._run(SLICE_CYCLES)
            board.lower_line(LINE)
            for each in reader.feed(board.uart(0).take()):
                if not isinstance(each, ConsoleText):
                    return each.text
                printed += each.text
        return f"no answer within {PATIENCE_CYCLES:,} cycles {printed}".rstrip()

    def _run(self, cycles: int) -> None:
        stop = self.bench.board.run(cycles)
        if stop.reason not in (StopReason.CYCLES, StopReason.IDLE):
            raise BenchError(f"{self.row.name}: the board stopped: {stop.reason} {stop.message}")


def moments_of(count: int) -> range:
    """So many cycles, evenly over the window."""
    if not 1 <= count <= WINDOW_CYCLES:
        raise UnfitRequest(f"{count:,} moments: between 1 and {WINDOW_CYCLES:,} are in the window")
    step = WINDOW_CYCLES // count
    return range(0, step * count, step)
