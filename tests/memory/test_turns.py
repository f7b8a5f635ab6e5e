"""Who stands aside when memory is short, in a simulated VM and as ARM code."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hardtalk.vm import object_format as of
from hardtalk.vm.constants import slang_constants

from collector_machine import NEW, CollectorMachine  # isort: skip

CONSTANTS = slang_constants()
SHARED, HIGHEST, MOST = (CONSTANTS[name] for name in ("SharedChunks", "TurnPriority", "MostTurns"))
READY_LISTS = 80
PROCESS_SLOTS = of.SLOTS["Process"]
ACTIVE = 40
GOAL = 100


@dataclass
class Holder:
    """Of shared chunks; told so often, with a `number` of the reserve, or ended."""

    chunks: int
    told: int = 0
    number: int = 0
    ended: bool = False
    process: int = field(default=0, init=False)


class Board:
    """The active process, which holds `own` chunks, and others."""

    def __init__(self, with_arm: bool, own: int, holders: list[Holder], left: int = MOST) -> None:
        self.machine = machine = CollectorMachine(with_arm)
        machine.state["readyLists"] = self.array(READY_LISTS)
        for name in ("turnList", "asideList"):
            machine.state[name] = self.array(2)
        machine.state["classProcess"] = machine.oops["Array"]
        self.waiting = self.array(len(PROCESS_SLOTS))
        self.enter("turnList", self.waiting)
        self.active = machine.oops["process"]
        self.set(self.active, "Priority", ACTIVE << 1 | 1)
        machine.state["turnsLeft"], machine.state["turnsGoal"] = left, GOAL
        chunk = self.own(self.active, 0, own, 0)
        for holder in holders:
            holder.process = self.array(len(PROCESS_SLOTS))
            self.set(holder.process, "Priority", 1 << 1 | 1)
            if not holder.ended:
                self.set(holder.process, "SuspendedContext", 1)
            if holder.number:
                self.set(holder.process, "Reserve", holder.number << 1 | 1)
            chunk = self.own(holder.process, chunk, holder.chunks, holder.told)

    def array(self, size: int) -> int:
        made = self.machine.primitive(NEW, self.machine.oops["Array"], size << 1 | 1)
        assert made is not None
        return made

    def put(self, oop: int, slot: int, value: int) -> None:
        self.machine.memory.word_at_put(oop + of.slot_offset(slot), value)

    def set(self, process: int, slot: str, value: int) -> None:
        self.put(process, PROCESS_SLOTS.index(slot), value)

    def enter(self, name: str, process: int) -> None:
        """It is the first in that list."""
        self.put(self.machine.state[name], 0, process)
        self.set(process, "MyList", self.machine.state[name])

    def own(self, process: int, first: int, count: int, told: int) -> int:
        owners = self.machine.simulation.state_address("chunkOwners")
        assert owners is not None
        for chunk in range(first, first + count):
            self.machine.memory.word_at_put(owners + 4 * chunk, process + told)
        return first + count

    @property
    def is_due(self) -> bool:
        return bool(self.machine.call("areDue"))


@pytest.mark.parametrize("with_arm", [False, True])
@pytest.mark.parametrize(
    ("own", "holders", "is_due"),
    [
        (2, [Holder(3)], True),
        (2, [Holder(1), Holder(3)], True),
        (3, [Holder(3)], False),
        (3, [Holder(2), Holder(2)], False),
        (3, [Holder(1, told=1)], True),
        (2, [Holder(3, number=3)], False),
        (2, [Holder(3, ended=True)], False),
        (0, [], False),
    ],
)
def test_who_holds_less_than_another_or_finds_one_that_was_told(
    with_arm: bool, own: int, holders: list[Holder], is_due: bool
) -> None:
    assert Board(with_arm, own, holders).is_due == is_due


@pytest.mark.parametrize(
    ("slot", "value"), [("Priority", HIGHEST + 1), ("Priority", HIGHEST), ("Reserve", 2), ("FirstMutex", 0)]
)
def test_who_must_not_stand_aside(slot: str, value: int) -> None:
    """More urgent than who lets it go on, with a number of the reserve, or in a mutex."""
    board = Board(False, 1, [Holder(3)])
    board.set(board.active, slot, value << 1 | 1)
    assert board.is_due == ((slot, value) == ("Priority", HIGHEST))


def test_who_was_told_does_not_stand_aside() -> None:
    board = Board(False, 0, [Holder(3)])
    board.own(board.active, SHARED - 1, 1, 1)
    assert not board.is_due


@pytest.mark.parametrize("others", [0, 1])
def test_nobody_stands_aside_whom_nobody_would_let_go_on(others: int) -> None:
    """The process that does waits in the list, or works: then somebody stands aside already."""
    holders = [Holder(3) for _ in range(others + 1)]
    board = Board(False, 0, holders)
    board.set(board.waiting, "MyList", board.machine.nil)
    for holder in holders[1:]:
        board.enter("asideList", holder.process)
    assert board.is_due == bool(others)


def test_turns_are_used_up_until_another_shortage_begins() -> None:
    board = Board(False, 0, [Holder(3)], left=0)
    assert not board.is_due
    board.machine.state["cyclesCompleted"] = GOAL
    assert board.is_due
