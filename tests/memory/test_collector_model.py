"""Random programs against a model of their objects: allocator and collector, simulated and as ARM code, step by step.

The model knows what can be reached and what it holds; it knows nothing of colours. After every few operations the
host's audit looks at the whole heap (the tri-colour invariant included), and the graph is compared with the model.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from hardtalk.vm import object_format as of

from collector_machine import AUDIT, NEW, PRIORITY, READ, ROOTS, STORE, CollectorMachine, OutOfMemory  # isort: skip

OPERATIONS = 1_200
IDLE, MARKING, FLUSHING = 0, 1, 3
WHOLE_COLLECTION_STEPS = 20_000
FAULT_FOUND = 1 << 1 | 1
STEP_UNITS = 6
MOST_UNITS_AT_ONCE = 6
"""In idle time the collector works ahead by far more, so that a small heap would be done at once."""


@dataclass(eq=False)
class Node:
    """An object that the program has made. `slots` hold nodes, None for nil; a weak one's but the first are weak."""

    kind: str
    oop: int
    size: int
    stamp: int
    slots: list[Node | None] = field(default_factory=list)

    @property
    def strong(self) -> list[Node]:
        held = self.slots[:1] if self.kind == "Weak" else self.slots
        return [each for each in held if each is not None]


class Program:
    """A machine, a generator, and the model: `variables` are what the roots' array holds."""

    def __init__(self, seed: int, with_arm: bool) -> None:
        self.machine = CollectorMachine(with_arm)
        self.random = random.Random(seed)
        self.variables: list[Node | None] = [None] * ROOTS
        self.stamps = 0
        self.done: Counter[str] = Counter()

    # What a program does

    def make(self) -> None:
        kind = self.random.choices(["Array", "Weak", "String", "large"], [55, 15, 20, 5])[0]
        size = self.random.randrange(1, 24) if kind != "large" else self.random.randrange(520, 900)
        if kind == "String":
            size = self.random.randrange(0, 90)
        class_oop = self.machine.oops["Array" if kind == "large" else kind]
        oop, operands = None, [class_oop, size << 1 | 1]
        while oop is None:
            oop = self.machine.primitive(NEW, *operands, is_interrupted=self.random.random() < 0.3)
            if oop is None:
                self.done["interrupted"] += 1
                self.pay()
                operands = self.machine.operands(2)
        kind = "Array" if kind == "large" else kind
        slots: list[Node | None] = [] if kind == "String" else [None] * (size + (kind == "Weak"))
        node = Node(kind, oop, size + (kind == "Weak"), 0, slots)
        if kind == "String" and size:
            self.stamps = (self.stamps + 1) % 256
            node.stamp = self.stamps
            self.machine.primitive(STORE, oop, size << 1 | 1, node.stamp << 1 | 1)
        self.set_variable(self.random.randrange(ROOTS), node)

    def set_variable(self, index: int, node: Node | None) -> None:
        oop = self.machine.nil if node is None else node.oop
        self.machine.primitive(STORE, self.machine.oops["roots"], index + 1 << 1 | 1, oop)
        self.variables[index] = node

    def link(self) -> None:
        """Make one reachable object refer to another."""
        nodes = [each for each in self.reachable() if each.kind != "String" and each.slots]
        if not nodes:
            return
        owner, target = self.random.choice(nodes), self.random.choice(self.reachable())
        first = 1 if owner.kind == "Weak" else 0
        if first == len(owner.slots):
            return
        index = self.random.randrange(first, len(owner.slots))
        self.machine.primitive(STORE, owner.oop, index - first + 1 << 1 | 1, target.oop)
        owner.slots[index] = target

    def hold_weakly(self) -> None:
        """A variable's object goes over to a weak slot; whether anything else leads to it is left to chance."""
        places = [index for index, each in enumerate(self.variables) if each is not None]
        weak = [each for each in self.reachable() if each.kind == "Weak" and len(each.slots) > 1]
        if not places or not weak:
            return
        place, owner = self.random.choice(places), self.random.choice(weak)
        node = self.variables[place]
        index = self.random.randrange(1, len(owner.slots))
        assert node is not None
        self.machine.primitive(STORE, owner.oop, index << 1 | 1, node.oop)
        owner.slots[index] = node
        self.set_variable(place, None)

    def forget(self) -> None:
        self.set_variable(self.random.randrange(ROOTS), None)

    def read_weakly(self) -> None:
        """What a weak slot still holds becomes a variable's: from then on it must live, whatever the phase."""
        weak = [each for each in self.reachable() if each.kind == "Weak" and len(each.slots) > 1]
        if not weak:
            return
        owner = self.random.choice(weak)
        index = self.random.randrange(1, len(owner.slots))
        oop = self.machine.primitive(READ, owner.oop, index << 1 | 1)
        if oop == self.machine.nil:
            self.lose(owner, index)
            return
        node = owner.slots[index]
        assert node is not None and node.oop == oop
        self.done["read weakly"] += 1
        self.set_variable(self.random.randrange(ROOTS), node)

    # What the collector does

    def pay(self) -> None:
        if self.machine.state["collectionWanted"]:
            self.machine.call("collectFor:", PRIORITY)
            self.done["payments"] += 1

    def step(self) -> None:
        if self.phase == IDLE:
            if self.random.random() < 0.2:
                self.machine.call("startCycle")
            return
        for _ in range(10 if self.phase == FLUSHING else 1):
            self.one_step(self.random.random() < 0.5)
            if self.phase != FLUSHING:
                return

    def one_step(self, is_interrupted: bool) -> None:
        """Counted as the pacing counts it."""
        units = self.machine.call("collectorStep:", STEP_UNITS, is_interrupted=is_interrupted)
        self.machine.state["unitsDone"] = self.machine.state["unitsDone"] + units & 0xFFFFFFFF

    def audit_within(self) -> None:
        """Some steps of the board's own audit, which must see nothing wrong whatever has happened since the last."""
        state = self.machine.state
        for _ in range(10):
            event = self.machine.primitive(AUDIT, self.machine.nil, is_interrupted=self.random.random() < 0.3)
            assert event != FAULT_FOUND, f"kind {state['auditKind']} at {state['auditAddress']:#x}"
            state["unitsOwed"] = min(state["unitsOwed"], MOST_UNITS_AT_ONCE)

    @property
    def phase(self) -> int:
        return self.machine.state["collectorPhase"]

    def collect(self) -> None:
        """To the end of a whole collection that begins now or later."""
        for _ in range(2):
            if self.phase == IDLE:
                self.machine.call("startCycle")
            for _ in range(WHOLE_COLLECTION_STEPS):
                if self.phase == IDLE:
                    break
                self.one_step(False)
            assert self.phase == IDLE, "the collection does not end"

    # Comparing

    def reachable(self) -> list[Node]:
        found: dict[int, Node] = {}
        left = [each for each in self.variables if each is not None]
        while left:
            node = left.pop()
            if id(node) not in found:
                found[id(node)] = node
                left += node.strong
        return list(found.values())

    def lose(self, owner: Node, index: int) -> None:
        """A weak slot has become nil: nothing may lead to what it held."""
        lost = owner.slots[index]
        assert lost is None or lost not in self.reachable(), "a weak slot has lost a live object"
        if lost is not None:
            self.done["lost weakly"] += 1
        owner.slots[index] = None

    def compare(self) -> None:
        nil = self.machine.nil
        for index, each in enumerate(self.variables):
            assert self.machine.slot(self.machine.oops["roots"], index) == (nil if each is None else each.oop)
        for node in self.reachable():
            assert self.machine.memory.word_at(node.oop + 8) == self.machine.oops[node.kind]
            assert self.machine.memory.word_at(node.oop + 12) == node.size
            if node.kind == "String" and node.size:
                assert self.machine.memory.byte_at(node.oop + of.BODY_OFFSET + node.size - 1) == node.stamp
            for index, target in enumerate(node.slots):
                found = self.machine.slot(node.oop, index)
                if found == nil and node.kind == "Weak" and index:
                    self.lose(node, index)
                else:
                    assert found == (nil if target is None else target.oop)

    def check(self) -> None:
        report = self.machine.audit()
        assert report.is_sound, report.text()
        self.done[f"audited {report.phase}"] += 1
        self.compare()

    def run(self, operations: int) -> None:
        ways = [self.make, self.link, self.hold_weakly, self.forget, self.read_weakly, self.step, self.audit_within]
        for count in range(operations):
            way = self.random.choices(ways, [30, 24, 10, 4, 6, 40, 30])[0]
            try:
                way()
                self.pay()
            except OutOfMemory:
                self.done["out of memory"] += 1
                self.variables = [None if self.random.random() < 0.6 else each for each in self.variables]
                for index, each in enumerate(self.variables):
                    self.set_variable(index, each)
                self.collect()
            if count % 5 == 0 or self.phase > FLUSHING:
                self.check()
        self.finish()

    def finish(self) -> None:
        """Two whole collections without a change in between leave what can be reached, and nothing else."""
        self.collect()
        self.check()
        assert all(
            target is None or target in self.reachable() for node in self.reachable() for target in node.slots
        ), "what is held weakly alone is gone"
        heap = self.machine.heap()
        live = {int(oop) for oop in heap.addresses[heap.is_object]}
        assert live == {each.oop for each in self.reachable()} | set(self.machine.oops.values())
        used = sum(1 << of.order_for_bytes(of.body_bytes(8 if each.kind == "String" else 2, each.size))
                   for each in self.reachable())  # fmt: skip
        state = self.machine.state
        held = state["bumpLimit"] - state["bumpNext"] + sum(self.machine.held_back())
        total = state["regionEnd"] - state["regionStart"]
        assert state["bytesFree"] == total - self.machine.image_bytes - used - held


@pytest.mark.parametrize(("seed", "torture"), [(6, 0), (1, 0), (2, 0), (3, 5), (5, 40)])
def test_simulation_and_arm_keep_what_the_model_keeps(seed: int, torture: int) -> None:
    """With torture the collector works at each allocation, and is always at work."""
    program = Program(seed, with_arm=True)
    program.machine.state["tortureMode"] = torture
    program.run(OPERATIONS)
    seen = program.done
    assert seen["audited marking"] > 20 and seen["audited freeing"] > 0, seen
    assert seen["read weakly"] > 3 and seen["lost weakly"] > 0 and seen["interrupted"] > 3, seen
    assert program.machine.state["auditBlocks"] > 200 and program.machine.state["auditPasses"] > 0
    assert seen["payments"] > (OPERATIONS // 10 if torture else 0)
    assert program.machine.calls > OPERATIONS


def test_memory_runs_out_and_comes_back() -> None:
    """Every Array that is made goes to the head of a list, which variable 0 holds."""
    program = Program(9, with_arm=False)
    chain: Node | None = None
    linked: set[int] = set()
    while not program.done["out of memory"]:
        try:
            program.make()
            for each in program.variables:
                if each is not None and each.kind == "Array" and id(each) not in linked:
                    held = program.machine.nil if chain is None else chain.oop
                    program.machine.primitive(STORE, each.oop, 1 << 1 | 1, held)
                    each.slots[0] = chain
                    chain = each
                    linked.add(id(each))
            program.set_variable(0, chain)
        except OutOfMemory:
            program.done["out of memory"] += 1
    program.check()
    for index in range(ROOTS):
        program.set_variable(index, None)
    program.finish()
    program.run(200)


class CarelessMachine(CollectorMachine):
    """Stores without the barrier, or makes new objects white while marking."""

    damage = ""

    def primitive(self, number: int, *operands: int, is_interrupted: bool = False) -> int | None:
        state = self.state
        is_marking = bool(state["isMarking"])
        if self.damage == "barrier" and number == STORE:
            state["isMarking"] = 0
        oop = super().primitive(number, *operands, is_interrupted=is_interrupted)
        if self.damage == "barrier" and number == STORE:
            state["isMarking"] = int(is_marking)
        if self.damage == "colour" and number == NEW and oop is not None and is_marking:
            order = self.memory.byte_at(oop + 17) & of.ORDER_MASK
            self.memory.byte_at_put(oop + 17, order | state["whiteColour"] << of.COLOUR_SHIFT)
        return oop


@pytest.mark.parametrize("damage", ["barrier", "colour"])
def test_the_model_notices_a_collector_that_is_wrong(damage: str) -> None:
    """One of a few programs must."""
    with pytest.raises(AssertionError):
        for seed in range(10, 16):
            program = Program(seed, with_arm=False)
            program.machine = CarelessMachine(with_arm=False)
            program.machine.damage = damage
            program.run(OPERATIONS)
