"""System registers and probe."""

from hardtalk.chip import default_chip
from hardtalk.devices import Probe, SystemRegisters


def test_identification_and_counter() -> None:
    system = SystemRegisters(default_chip().peripheral("SYSTEM"))
    assert system.read("SYS_ID") == 0x41007004
    system.clock.advance(200)
    assert system.read("SYS_24MHZ") == 24
    system.clock.advance(8)
    assert system.read("SYS_24MHZ") == 24
    system.clock.advance(1)
    assert system.read("SYS_24MHZ") == 25


def test_reset_needs_the_lock_open() -> None:
    system = SystemRegisters(default_chip().peripheral("SYSTEM"))
    requests: list[bool] = []
    system.reset_requested = lambda: requests.append(True)
    system.write("SYS_RESETCTL", 0x100)
    assert requests == []
    system.write("SYS_LOCK", 0xA05F)
    assert system.read("SYS_LOCK") == 0xA05F
    system.write("SYS_RESETCTL", 0x100)
    assert requests == [True]
    system.write("SYS_LOCK", 1)
    system.write("SYS_RESETCTL", 0x100)
    assert requests == [True]


def test_the_probe() -> None:
    probe = Probe(default_chip().peripheral("PROBE"))
    marks: list[int] = []
    probe.marked, probe.instructions = marks.append, lambda: 0x1_0000_0005
    assert probe.read("ID").to_bytes(4, "big") == b"HARD"
    probe.write("MARK", 7)
    probe.clock.advance(99)
    assert (marks, probe.read("CYCLES"), probe.read("INSTRUCTIONS")) == ([7], 99, 5)
