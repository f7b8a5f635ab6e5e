"""Devices that never end, stop time, or try to leave; and Control-C while they are busy."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from board_guests import ORIGIN, assemble, elf

from hardtalk.board import Board, StopReason
from hardtalk.chip import chip_with, read_svd
from hardtalk.devices import Device, milliseconds

SVD = """<device><name>T</name><peripherals><peripheral><name>THERMO</name><baseAddress>0x80001000</baseAddress>
<addressBlock><offset>0</offset><size>0x1000</size></addressBlock>
<interrupt><name>THERMO</name><value>18</value></interrupt>
<registers><register><name>VALUE</name><addressOffset>0</addressOffset></register></registers>
</peripheral></peripherals></device>"""
READING = "ldr r0, =0x80001000; mov r3, #0; again: ldr r1, [r0]; add r3, r3, r1; add r4, r4, #1; b again; .ltorg"
ONE_STEP = "remedy: let each handler and alarm do one short step, and set an alarm for the next"


class Thermometer(Device):
    def on_read_VALUE(self) -> int:
        return 7


class TimeStandsStill(Device):
    def reset(self) -> None:
        self.clock.after(milliseconds(1), self.sample)

    def sample(self) -> None:
        self.clock.after(0, self.sample)  # here


class NeverEnds(Device):
    def on_read_VALUE(self) -> int:
        while True:
            pass  # here


class AlarmNeverEnds(Device):
    def reset(self) -> None:
        self.clock.after(milliseconds(1), self.sample)

    def sample(self) -> None:
        while True:
            pass  # here


class Leaves(Device):
    def on_read_VALUE(self) -> int:
        sys.exit(3)  # here


class AlarmLeaves(Device):
    def reset(self) -> None:
        self.clock.after(milliseconds(1), self.sample)

    def sample(self) -> None:
        raise SystemExit  # here


class WrongLevel(Device):
    def on_read_VALUE(self) -> int:
        self.line.level = "x"  # here
        return 0


def board_with(folder: Path, kind: type[Device]) -> Board:
    svd = folder / "thermometer.svd"
    svd.write_text(SVD)
    return Board(elf((ORIGIN, assemble(READING))), chip_with([svd]), [kind(read_svd(svd)[0])])


def place_in(kind: type[Device]) -> str:
    """File and line of the one marked `here` in a class."""
    lines = Path(__file__).read_text().splitlines()
    start = lines.index(f"class {kind.__name__}(Device):")
    return f"{__file__}:{next(n for n in range(start, len(lines)) if lines[n].endswith('# here')) + 1}: "


@pytest.mark.parametrize(
    ("kind", "doing", "message", "remedy"),
    [
        (TimeStandsStill, "an alarm",
         "10,000 alarms have fired in one cycle, and here is one more for it: time stands still",
         "remedy: set the alarm for at least one cycle ahead, or call the method directly"),
        (NeverEnds, "a read of VALUE", "it has not ended after 0.1 seconds of the processor's time", ONE_STEP),
        (AlarmNeverEnds, "an alarm", "it has not ended after 0.1 seconds of the processor's time", ONE_STEP),
        (Leaves, "a read of VALUE", "SystemExit: 3", "remedy: raise an error instead: sys.exit cannot end a run"),
        (AlarmLeaves, "an alarm", "SystemExit", "remedy: raise an error instead: sys.exit cannot end a run"),
        (WrongLevel, "a read of VALUE", "line.level = 'x': a line is active or not", "remedy: assign True or False"),
    ],
)  # fmt: skip
def test_what_a_device_does_wrong_is_one_message(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: type[Device], doing: str, message: str, remedy: str
) -> None:
    board = board_with(tmp_path, kind)
    board.patience.limit_seconds = 0.1
    stop = board.run(cycles=1_000_000)
    assert stop.reason is StopReason.DEVICE_FAILED
    lines = stop.message.splitlines()
    assert lines[0].endswith(f": {kind.__name__} failed in {doing}: {message}")
    if kind in (NeverEnds, AlarmNeverEnds):  # the loop's line or its end's
        assert lines[0].startswith(f"{__file__}:")
    else:
        assert lines[0].startswith(place_in(kind))
        assert lines[1].strip().endswith("# here")
    assert (len(lines), lines[2]) == (3, remedy)
    assert capfd.readouterr().err == ""


class Interrupted(Thermometer):
    """Somebody presses Control-C while the device is busy with each hundredth read."""

    def reset(self) -> None:
        self.reads = 0

    def on_read_VALUE(self) -> int:
        self.reads += 1
        if self.reads > 0 and self.reads % 100 == 0:
            os.kill(os.getpid(), signal.SIGINT)
        return 7


def test_control_c_in_a_read_comes_after_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    board, plain = board_with(tmp_path, Interrupted), board_with(tmp_path, Thermometer)
    for number in range(1, 21):
        with pytest.raises(KeyboardInterrupt):
            board.run(cycles=1_000_000)
        assert board.cpu.register(4) in (100 * number - 1, 100 * number)
    board.device("THERMO").reads = 1 - 1_000_000
    for each in (board, plain):
        each.run(cycles=100_000 - each.clock.cycles)
        assert each.cpu.register(3) == 7 * each.cpu.register(4)
    assert board.cpu.register(4) == plain.cpu.register(4)
    assert capfd.readouterr().err == ""


class Slow(Thermometer):
    def on_read_VALUE(self) -> int:
        end = time.perf_counter() + 0.002
        while time.perf_counter() < end:
            pass
        return 7


def test_no_control_c_is_lost_while_a_device_is_busy(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    board = board_with(tmp_path, Slow)
    for number in range(12):
        timer = threading.Timer(0.01 + 0.003 * number, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            board.run()
        timer.join()
        assert board.cpu.register(3) == 7 * board.cpu.register(4) or board.cpu.register(1) == 7
    assert capfd.readouterr().err == ""


def test_a_second_control_c_ends_a_device_that_never_does(tmp_path: Path) -> None:
    board = board_with(tmp_path, NeverEnds)
    timers = [threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)) for delay in (0.05, 0.15)]
    for timer in timers:
        timer.start()
    with pytest.raises(KeyboardInterrupt):
        board.run()
    stop = board.run(cycles=0)
    assert "NeverEnds failed in a read of VALUE: it was still busy at a second Control-C" in stop.message


def test_control_c_outside_a_run_is_as_ever(tmp_path: Path) -> None:
    board_with(tmp_path, Thermometer).run(cycles=100)
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
