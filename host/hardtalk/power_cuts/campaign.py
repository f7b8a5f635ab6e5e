"""Work with files, the power cut in every operation of the flash, a session beginning with what a cut has left.

Of each operation the cells are taken as they were before it and as it leaves them when torn; the littlefs library
says what they hold. Some of the cuts the board mounts itself, and power is cut in that, too. What is found must be
what the volume held before the step or one of the states that the step promises, whole.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hardtalk.bench import BenchError
from hardtalk.devices import FlashCells
from hardtalk.devices.cfi_flash import Operation
from hardtalk.flash import FIRST_SECTOR, VolumeError, check
from hardtalk.power_cuts.judges import MOUNT, CutBoard, held_by, summary_of, torn
from hardtalk.power_cuts.workload import Contents, Workload

SECTORS = {1 << 12: 128, 1 << 18: 256}
"""How many the flash has, by their size: the board's own, and small ones, in which logs and volume run full."""
DRAWN = 12
"""So many cuts are looked at for one that the board mounts."""
NO_ROOM = "no room:"


@dataclass(frozen=True)
class CutPlan:
    """At least `count` cuts, in sessions of `steps`. Of a session's cuts, `on_board` are mounted by the board.

    `worn` of a hundred sectors cannot be erased any more. Each operation is torn `tears` times at places drawn anew,
    beside the cut before it.
    """

    count: int = 1000
    seed: int = 1
    sector_bytes: int = 1 << 12
    on_board: int = 6
    worn: int = 0
    tears: int = 24
    steps: int = 25


@dataclass
class Tally:
    """What has been tried and found. `lost_bytes` are those of files that are neither as before nor as promised."""

    cuts: int = 0
    in_recovery: int = 0
    by_board: int = 0
    steps: int = 0
    sessions: int = 0
    full: int = 0
    lost_bytes: int = 0
    failures: list[str] = field(default_factory=list)


Cut = tuple[FlashCells, Contents]


class Campaign:
    """`cuts` are those of the session that goes on, each with what the library has found in it."""

    def __init__(self, plan: CutPlan) -> None:
        self.plan = plan
        self.chance = random.Random(plan.seed)
        self.board = CutBoard(plan.sector_bytes, SECTORS[plan.sector_bytes])
        self.tally = Tally()
        self.cuts: list[Cut] = []

    def begin(self) -> Cut:
        """An empty volume, some of its sectors worn."""
        self.board.evaluate("FlashVolumeDevice format")
        cells = self.board.flash.contents
        for sector in range(FIRST_SECTOR + 2, len(cells.wear)):
            if self.chance.randrange(100) < self.plan.worn:
                cells.wear[sector] = self.board.flash.endurance
        return cells, {}

    def session(self, start: Cut) -> Cut:
        """Work from what a cut has left; answer one of the cuts in it."""
        self.tally.sessions += 1
        self.cuts = []
        cells, contents = start
        if self.mounted(cells, contents, "the beginning"):
            self.work(Workload(self.chance, contents))
        chosen = [self.chosen() for _ in range(self.plan.on_board)] if self.cuts else []
        for each in chosen:
            self.mounted(*each, "a cut")
        return chosen[-1] if chosen else self.begin()

    def chosen(self) -> Cut:
        """One of the cuts, if possible one that leaves something to be finished when it is mounted."""
        drawn = [self.chance.choice(self.cuts) for _ in range(DRAWN)]
        return next((each for each in drawn if check(each[0]).unfinished), drawn[0])

    def work(self, workload: Workload) -> None:
        for _ in range(self.plan.steps):
            before = workload.contents
            step = workload.step()
            self.tally.steps += 1
            place = f"session {self.tally.sessions}, {step.source}"
            try:
                operations = self.board.evaluate(step.source)
            except BenchError as error:
                if NO_ROOM not in str(error):
                    self.fail(place, str(error))
                    return
                self.tally.full += 1
                allowed = (before, *step.allowed)
                self.judge(self.board.operations, allowed, place)
                self.expect(self.board.flash.contents, allowed, place)
                return
            self.judge(operations, step.allowed, place)
            if self.expect(self.board.flash.contents, step.allowed[-1:], place) is None:
                return

    def mounted(self, cells: FlashCells, contents: Contents, place: str) -> bool:
        """Whether the board mounts the volume and reads the same in it, and what the library says of cuts in that."""
        self.tally.by_board += 1
        place = f"session {self.tally.sessions}, {place} is mounted"
        self.board.power_on(cells)
        try:
            operations = self.board.evaluate(MOUNT)
            found = self.board.summary()
        except BenchError as error:
            self.fail(place, str(error))
            return False
        self.tally.in_recovery += self.judge(operations, (contents,), place)
        if found != summary_of(contents):
            self.fail(place, f"the board finds {found}, the library {summary_of(contents)}")
            return False
        return self.expect(self.board.flash.contents, (contents,), place) is not None

    def judge(self, operations: Sequence[tuple[FlashCells, Operation]], allowed: Sequence[Contents], place: str) -> int:
        """Cut the power before each operation and within it; the number of cuts."""
        count = 0
        for cells, operation in list(operations):
            for each in (cells, *(torn(cells, operation, self.chance) for _ in range(self.plan.tears))):
                count += 1
                found = self.expect(each, allowed, place)
                if found is not None:
                    self.cuts.append((each, found))
        self.tally.cuts += count
        return count

    def expect(self, cells: FlashCells, allowed: Sequence[Contents], place: str) -> Contents | None:
        """What the library finds, when it is allowed."""
        try:
            found = held_by(cells)
        except VolumeError as error:
            self.tally.lost_bytes += min(map(size_of, allowed))
            self.fail(place, f"the library fails: {error}")
            return None
        if found in allowed:
            return found
        lost, nearest = min(((lost_bytes(found, each), each) for each in allowed), key=lambda pair: pair[0])
        self.tally.lost_bytes += lost
        self.fail(place, f"the library finds {summary_of(found)}, allowed are {summary_of(nearest)} and others")
        return None

    def fail(self, place: str, text: str) -> None:
        self.tally.failures.append(f"seed {self.plan.seed}, {self.plan.sector_bytes} bytes a sector, {place}:\n{text}")


def size_of(contents: Contents) -> int:
    return sum(len(data or b"") for data in contents.values())


def lost_bytes(found: Contents, wanted: Contents) -> int:
    """Of the files that are wanted, those that are not there as they should be."""
    return sum(len(data or b"") for path, data in wanted.items() if found.get(path) != data)


def run_cuts(plan: CutPlan, progress: Callable[[Tally], None] = lambda _: None) -> Tally:
    """Run sessions until so many cuts have been tried. The same plan gives the same tally."""
    campaign = Campaign(plan)
    start = campaign.begin()
    while campaign.tally.cuts < plan.count:
        start = campaign.session(start)
        progress(campaign.tally)
    return campaign.tally
