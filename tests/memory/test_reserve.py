"""The reserve in a simulated VM and as ARM code: who gets chunks, who is told, and that they come back whole."""

from __future__ import annotations

import random
import struct

import pytest

from hardtalk.vm import object_format as of
from hardtalk.vm.constants import slang_constants

from collector_machine import NEW, PRIORITY, STORE, CollectorMachine, OutOfMemory  # isort: skip

CHUNKS, SHARED = slang_constants()["ReserveChunks"], slang_constants()["SharedChunks"]
FIRST, WARNINGS = slang_constants()["FirstChunks"], slang_constants()["MostWarnings"]
ENTRIES = slang_constants()["OutOfMemoryEntries"]
IDLE = 0
SIZES = range(1, 40)
ASK_AGAIN, FEW = 1, 5
CODE_BYTES = 90
"""The method is as large as the Arrays that memory was filled with."""


class Board:
    """A program that keeps a chain of Arrays in the first variable, and whoever is the active process."""

    def __init__(self, with_arm: bool = False) -> None:
        self.machine = CollectorMachine(with_arm)
        self.told = 0

    def make(self, size: int, is_kept: bool) -> int:
        """A new Array, in front of the chain or dropped at once; then the collector has its turn."""
        machine = self.machine
        made = machine.primitive(NEW, machine.oops["Array"], size << 1 | 1)
        while made is None:
            self.collect()
            self.decide()
            made = machine.primitive(NEW, machine.oops["Array"], size << 1 | 1)
        if is_kept:
            machine.primitive(STORE, made, 1 << 1 | 1, machine.slot(machine.oops["roots"], 0))
            machine.primitive(STORE, machine.oops["roots"], 1 << 1 | 1, made)
        self.collect()
        self.told += machine.state["outOfMemoryPending"]
        machine.state["outOfMemoryPending"] = 0
        return made

    def decide(self) -> None:
        """As handleInterrupts does when there is nobody that could have a turn."""
        if self.machine.state["memoryAwaited"]:
            self.machine.state["memoryAwaited"] = 0
            assert not self.machine.call("areDue")
            self.machine.state["refusedAsker"] = self.machine.state["asker"]

    def collect(self) -> None:
        """As the look at interrupts does it (Interrupts>>handleRareRequests)."""
        if self.machine.state["collectionWanted"]:
            self.machine.state["refused"] = 0
            self.machine.call("collectFor:", PRIORITY)

    def forget(self) -> None:
        self.machine.primitive(STORE, self.machine.oops["roots"], 1 << 1 | 1, self.machine.nil)

    def collect_all(self) -> None:
        for _ in range(2):
            if self.machine.state["collectorPhase"] == IDLE:
                self.machine.call("startCycle")
            while self.machine.state["collectorPhase"] != IDLE:
                self.machine.call("collectorStep:", 1000)

    def owners(self) -> list[int]:
        return self.words("chunkOwners")

    def words(self, name: str) -> list[int]:
        first = self.machine.simulation.state_address(name)
        assert first is not None
        return [self.machine.memory.word_at(first + 4 * index) for index in range(CHUNKS)]

    def processes(self, count: int) -> list[int]:
        """New ones like the active process; the program keeps them."""
        made = [self.make(len(of.SLOTS["Process"]), True) for _ in range(count)]
        for process in made:
            priority = process + of.slot_offset(of.SLOTS["Process"].index("Priority"))
            self.machine.memory.word_at_put(priority, PRIORITY)
        return made

    def run(self, process: int) -> None:
        slot = of.slot_offset(of.SLOTS["Scheduler"].index("ActiveProcess"))
        self.machine.memory.word_at_put(self.machine.oops["scheduler"] + slot, process)

    def use_reserve(self, number: int) -> None:
        process = self.machine.oops["process"]
        slot = of.slot_offset(of.SLOTS["Process"].index("Reserve"))
        self.machine.memory.word_at_put(process + slot, number << 1 | 1)

    def fill(self) -> None:
        """Until the first chunk is opened."""
        while not self.machine.state["openChunks"]:
            self.make(20, True)

    def check(self) -> None:
        report = self.machine.audit()
        assert report.is_sound, report.text()


@pytest.mark.parametrize(("seed", "with_arm"), [(1, True), (2, False), (3, False)])
def test_a_leak_is_told_before_it_has_all_and_everything_comes_back(seed: int, with_arm: bool) -> None:
    board, sizes = Board(with_arm), random.Random(seed)
    for _ in range(2):
        board.fill()
        told_at: list[int] = []
        with pytest.raises(OutOfMemory):
            while True:
                told = board.told
                board.make(sizes.choice(SIZES), True)
                if sizes.random() < 0.1:
                    board.check()
                if board.told > told:
                    told_at.append(sum(each != 0 for each in board.owners()))
        assert 1 <= len(told_at) <= WARNINGS and SHARED // 4 < told_at[0] < SHARED - FIRST, told_at
        assert board.owners()[:SHARED].count(0) >= FIRST, "the others' first chunks"
        assert board.owners()[SHARED:] == [0] * (CHUNKS - SHARED), "what is kept for others"
        board.forget()
        board.collect_all()
        board.check()
        assert board.owners() == [0] * CHUNKS and board.machine.state["openChunks"] == 0
        board.told = 0


def test_who_drops_what_it_makes_is_never_told() -> None:
    board, sizes = Board(), random.Random(4)
    board.fill()
    for _ in range(250):
        board.make(sizes.choice(SIZES), False)
    board.check()
    assert board.told == 0
    assert sum(each != 0 for each in board.owners()) <= SHARED // 4


def test_a_process_with_a_number_has_two_chunks_of_its_own_first() -> None:
    board = Board()
    board.fill()
    board.use_reserve(3)
    opened = board.owners()
    kept = slice(SHARED + 4, SHARED + 6)
    while 0 in board.owners()[kept]:
        board.make(1, True)
    changed = [index for index, (old, new) in enumerate(zip(opened, board.owners(), strict=True)) if old != new]
    assert changed == [SHARED + 4, SHARED + 5], "no shared chunk, and no other's"


def test_a_dead_owner_is_forgotten_and_its_error_goes_to_nobody() -> None:
    board = Board()
    board.fill()
    machine = board.machine
    owner = next(index for index, each in enumerate(board.owners()) if each)
    first = machine.simulation.state_address("chunkOwners")
    assert first is not None
    garbage = machine.primitive(NEW, machine.oops["String"], 8 << 1 | 1)
    assert garbage is not None
    machine.memory.word_at_put(first + 4 * owner, garbage + 1)
    others = board.processes(3)
    for process in (others[0], garbage, others[1], garbage, others[2]):
        board.run(process)
        assert machine.call("requestOutOfMemory")
    board.run(machine.oops["process"])
    board.collect_all()
    assert board.owners()[owner] in (0, 3), "what is made there next is not to blame"
    assert sorted(board.words("outOfMemoryTable")[: machine.state["outOfMemoryPending"]]) == sorted(others)


@pytest.mark.parametrize("with_arm", [False, True])
def test_each_of_many_that_are_to_be_told_is_told(with_arm: bool) -> None:
    board = Board(with_arm)
    machine, processes = board.machine, board.processes(ENTRIES + 1)
    for process in processes:
        board.run(process)
        assert machine.call("requestOutOfMemory") == (process != processes[-1]), "the table has an end"
        assert machine.call("requestOutOfMemory") == (process != processes[-1])
    for process in random.Random(5).sample(processes[:-1], ENTRIES):
        board.run(process)
        assert machine.call("entryOf:", process)
        if not with_arm:  # compiled, these two are part of who sends them
            machine.state["unsettledPriority"] = 1
            machine.call("putOffMemoryError")
            assert machine.state["unsettledPriority"] > 1, "somebody more urgent goes on, and it is asked again"
            assert machine.call("hasToTellActive")
        machine.call("forgetErrorOf:", process)
        assert not machine.call("entryOf:", process), "once is enough"
        assert with_arm or not machine.call("hasToTellActive")
    assert machine.state["outOfMemoryPending"] == 0


@pytest.mark.parametrize("with_arm", [False, True])
def test_a_small_method_is_made_from_the_reserve(with_arm: bool) -> None:
    board = Board(with_arm)
    machine = board.machine
    machine.state["classCompiledMethod"] = machine.oops["String"]
    code = machine.primitive(NEW, machine.oops["String"], CODE_BYTES << 1 | 1)
    assert code is not None
    machine.primitive(STORE, machine.oops["roots"], 2 << 1 | 1, code)
    board.fill()
    machine.memory.write(machine.stack_floor + 4, struct.pack("<4I", machine.oops["String"], 3, machine.nil, code))
    machine.state["sp"] = machine.stack_floor + 16
    made = [0]
    while made[-1] < machine.state["firstChunk"]:
        assert len(made) < FEW
        made.append(machine.call("beginMethod"))
    assert set(made[1:-1]) == {ASK_AGAIN}, "step by step"
    assert machine.state["made"] == made[-1]
    board.check()
