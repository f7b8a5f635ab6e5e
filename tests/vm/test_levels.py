"""What the scheduler finds in a few steps, in simulation: whether somebody urgent waits, who is ready, who wakes."""

from __future__ import annotations

import random

from hardtalk.build.sources import read_classes, vm_paths
from hardtalk.slang.simulate import Simulation
from hardtalk.vm import native
from hardtalk.vm.constants import slang_constants

HEAP, HEAP_BYTES = 0x00100000, 1 << 16
SLEEPING, READY = (native.PROCESS_STATES.index(each) for each in ("Sleeping", "Ready"))
HIGHEST = native.PRIORITY_LEVELS - 2


def machine() -> Simulation:
    symbols, at = {}, HEAP
    for name, size in native.LAYOUT_TABLES:
        symbols[name] = at
        at += size + 63 & -64
    return Simulation(
        read_classes(vm_paths()), slang_constants(), memory_base=HEAP, memory_size=HEAP_BYTES, symbols=symbols
    )


def test_how_urgent_all_lines_and_slots_are_is_known_also_while_one_moves() -> None:
    chance, simulation = random.Random(1), machine()
    simulation.call("setUpLevels:", HIGHEST)
    lines, slots = [HIGHEST] * 32, [0] * 32
    for _ in range(60):
        index, priority = chance.randrange(32), chance.randrange(1, HIGHEST + 1)
        what, known = chance.choice((("moveLine:from:to:", lines), ("moveSlot:from:to:", slots)))
        simulation.call(what, index, known[index], priority)
        known[index] = priority
        pending, signals = chance.getrandbits(32) & chance.getrandbits(32), 1 << chance.randrange(32)
        waiting = [lines[each] for each in range(32) if pending >> each & 1]
        waiting += [slots[each] for each in range(32) if signals >> each & 1]
        assert simulation.call("hasWaiterFor:and:from:", pending, signals, max(waiting) * 2 + 3) == 0
        assert simulation.call("hasWaiterFor:and:from:", pending, signals, max(waiting) * 2 + 1) == 1
        above = {each for each in range(32) if lines[each] > priority}
        found = int(simulation.call("linesAbove:", priority)) & 0xFFFFFFFF
        assert {each for each in range(32) if found >> each & 1} == above


def test_sleepers_wake_at_their_tick_in_the_order_in_which_they_went_to_sleep_and_leave_their_list_anywhere() -> None:
    simulation = machine()
    simulation.call("setUpNative")
    simulation.state["nativeDepth"] = 1  # as in the clock's handler
    memory, first = simulation.memory, HEAP + HEAP_BYTES // 2
    fields = native.PROCESS_FIELDS
    wakes = [3, 67, 3, 131, 3, 67]
    records = [first + each * native.PROCESS_RECORD_BYTES for each in range(len(wakes))]
    for record, wake in zip(records, wakes, strict=True):
        for name, value in (("State", SLEEPING), ("Wake", wake), ("Priority", 20)):
            memory.word_at_put(record + fields[name], value)
        pair = simulation.symbols["nativeSleeperTable"] + (wake % native.SLEEPER_LISTS) * 8
        simulation.call("append:to:", record, pair)
    simulation.call("unlinkSleeper:", records[2])
    memory.word_at_put(records[2] + fields["State"], native.PROCESS_STATES.index("Suspended"))
    woken: list[int] = []
    for tick in range(1, 132):
        simulation.call("tickNative")
        for record in records:
            if record not in woken and memory.word_at(record + fields["State"]) == READY:
                assert memory.word_at(record + fields["Wake"]) == tick
                woken.append(record)
    assert woken == [records[each] for each in (0, 4, 1, 5, 3)]
    ready = [memory.word_at(simulation.symbols["nativeReadyTable"] + 20 * 8)]
    while following := memory.word_at(ready[-1] + fields["Next"]):
        assert memory.word_at(following + fields["Previous"]) == ready[-1]
        ready.append(following)
    assert ready == woken


def test_the_highest_ready_priority_is_that_of_the_highest_bit() -> None:
    chance, simulation = random.Random(2), machine()
    words = simulation.state_address("readyBits")
    assert words is not None and simulation.call("highestReady") == -1
    for _ in range(20):
        ready = {chance.randrange(1, 81) for _ in range(chance.randrange(1, 4))}
        for word in range(3):
            bits = sum(1 << each - 32 * word for each in ready if each >> 5 == word)
            simulation.memory.word_at_put(words + 4 * word, bits)
        assert simulation.call("highestReady") == max(ready)
        simulation.call("noteNobodyReadyAt:", max(ready))
        assert simulation.call("highestReady") == max(ready - {max(ready)}, default=-1)
