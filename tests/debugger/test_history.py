"""A board backwards and forwards: the same registers, memory and devices at the same moment, whichever way it came."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import pairwise

import pytest

from hardtalk.bench import Bench
from hardtalk.board import Stop, StopReason
from hardtalk.board.lookout import Event, Hit, Point
from hardtalk.debugger.history import MOST_KEPT, History, Moment
from hardtalk.debugger.session import history_of
from hardtalk.serial import Result

PROGRAM = "(1 to: 30) collect: [ :each | (each / 7) printString ]"
LONG = 400_000_000
State = tuple[Moment, tuple[int, ...], str, str]


@pytest.fixture
def history(bench: Bench) -> Iterator[History]:
    """Of the booted board, which was just asked to run the program."""
    history = history_of(bench)
    enter(bench, history, PROGRAM)
    yield history
    history.close()


def enter(bench: Bench, history: History, text: str) -> None:
    bench.console.prompt.enter(text)
    bench.board.uart(0).send(bench.console.prompt.take_outgoing())
    history.changed()


def state(history: History) -> State:
    """All that a program can tell: the moment, registers, memory, devices."""
    board = history.board
    registers = (*(board.cpu.register(number) for number in range(16)), board.cpu.cpsr)
    memory = hashlib.sha256(b"".join(board.ram.save().values())).hexdigest()
    devices = hashlib.sha256(repr([device.state()["registers"] for device in board.devices]).encode()).hexdigest()
    return history.now, registers, memory, devices


def variable(bench: Bench, name: str) -> int:
    address = bench.source_map.address_of(name)
    assert address is not None
    return address


def hit(found: Hit | Stop | None) -> Hit:
    assert isinstance(found, Hit)
    return found


def test_steps_back_undo_steps(history: History) -> None:
    history.run(200_000)
    states = [state(history)]
    for _ in range(60):
        history.step()
        states.append(state(history))
    assert all(two[0].instructions == one[0].instructions + 1 for one, two in pairwise(states))
    for expected in reversed(states[:-1]):
        assert history.back()
        assert state(history) == expected


def test_a_breakpoint_is_come_by_backwards_in_the_same_state(bench: Bench, history: History) -> None:
    address = variable(bench, "BlockAllocator>>takeUnlistedBlock:") + 8
    history.lookout.watch([Point(Event.EXECUTION, address)])
    states = []
    for _ in range(8):
        assert hit(history.run(LONG)).pc == address == bench.board.cpu.pc
        states.append(state(history))
        history.step()
    history.step(100)
    assert [hit(history.run_back()) and state(history) for _ in states] == states[::-1]


def test_the_last_writer_is_found_backwards(bench: Bench, history: History) -> None:
    address = variable(bench, "bumpNext")
    history.run(20_000_000)
    value = bench.board.ram.word(address)
    history.lookout.watch([Point(Event.WRITE, address)])
    found = hit(history.run_back())
    assert (found.value, bench.board.ram.word(address)) == (value, value)
    history.back()
    assert bench.board.cpu.pc == found.pc
    assert bench.board.ram.word(address) != value
    after = history.now.instructions + 1
    assert bench.source_map.facts.routine_at(found.pc) is not None
    history.step()
    history.lookout.watch([])
    history.run(1_000_000)
    assert (bench.board.ram.word(address), history.now.instructions > after) == (value, True)


def test_reads_of_memory_and_of_devices_are_hit_before_they_are_done(bench: Bench, history: History) -> None:
    uart = bench.board.uart(0).peripheral
    status = Point(Event.READ, uart.base + uart.register("MIS").offset)
    for event, point in ((Event.READ, status), (Event.WRITE, Point(Event.WRITE, uart.base))):
        history.lookout.watch([point])
        found = hit(history.run(LONG))
        assert found.point.event is event
        assert found.accessed == point.address
        assert bench.board.cpu.pc == found.pc
        history.step()


def test_looking_at_a_run_changes_nothing_in_it(bench: Bench) -> None:
    board = bench.board
    start = board.snapshot()
    end = board.clock.cycles + 30_000_000

    def ended(history: History) -> tuple[str, State, bytes]:
        while history.now.cycles < end:
            history.run(end - history.now.cycles)
        result = board.trace.digest(), state(history), history.take_output()
        history.close()
        return result

    plain = history_of(bench)
    enter(bench, plain, PROGRAM)
    expected = ended(plain)
    board.restore(start)
    bench.console.prompt.start_over(0)
    looked = history_of(bench)
    bench.console.prompt.enter(PROGRAM)
    board.uart(0).send(bench.console.prompt.take_outgoing())
    looked.changed()
    address = variable(bench, "BlockAllocator>>takeUnlistedBlock:") + 12
    looked.lookout.watch([Point(Event.EXECUTION, address), Point(Event.WRITE, variable(bench, "bumpNext"))])
    for turn in range(12):
        hit(looked.run(LONG))
        for _ in range(turn):
            looked.step()
        looked.back(turn // 2)
    looked.run_back()
    looked.lookout.watch([])
    digest, last, output = ended(looked)
    assert (digest, last) == expected[:2]
    assert output == expected[2]


def test_what_came_from_outside_comes_again(bench: Bench, history: History) -> None:
    history.run(60_000_000)
    assert Result in map(type, bench.console.prompt.receive(history.take_output()))
    middle = state(history)
    enter(bench, history, "6 * 7")
    history.run(60_000_000)
    assert Result("42") in bench.console.prompt.receive(history.take_output())
    last = state(history)
    history.go_to(history.beginning.instructions + 1000)
    assert not history.is_at_latest
    while history.now < last[0]:
        history.run(last[0].cycles - history.now.cycles)
        assert history.take_output() == b""
    assert state(history) == last
    history.go_to(middle[0].instructions - 10)
    history.board.ram.write(0x400000, b"another future")
    history.changed()
    assert history.is_at_latest
    history.run(60_000_000)
    assert history.board.ram.read(0x400000, 14) == b"another future"


def test_the_past_has_a_beginning(history: History) -> None:
    beginning = history.beginning
    history.run(1_000_000)
    assert history.run_back() is None
    assert history.now.instructions == beginning.instructions
    assert not history.back()


def test_a_board_that_halts_can_go_back(bench: Bench) -> None:
    history = history_of(bench)
    enter(bench, history, "Smalltalk halt: 3")
    stop = history.run(LONG)
    while isinstance(stop, Stop) and stop.reason is StopReason.CYCLES:
        stop = history.run(LONG)
    assert isinstance(stop, Stop)
    assert (stop.reason, stop.code) == (StopReason.HALTED, 3)
    where = state(history)
    assert history.back(10)
    history.step(10)
    assert state(history)[:3] == where[:3]
    history.close()


def test_snapshots_get_fewer_with_age(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hardtalk.debugger.history.KEPT_INSTRUCTIONS", 20_000)
    monkeypatch.setattr("hardtalk.debugger.history.MOST_KEPT", 12)
    history = history_of(bench)
    enter(bench, history, "[ :n | n timesRepeat: [ 3 printString ] ] value: 2000")
    places = []
    for _ in range(60):
        history.run(200_000)
        places.append(state(history))
    kept = [each.moment.instructions for each in history._kept]
    assert len(kept) <= 12 < MOST_KEPT
    assert kept[-1] - kept[-2] < (kept[3] - kept[2])
    for wanted in (places[3], places[30], places[58]):
        history.go_to(wanted[0].instructions)
        assert state(history)[1:] == wanted[1:]
    history.close()
