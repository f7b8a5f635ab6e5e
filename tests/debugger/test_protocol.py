"""GDB's remote protocol by a client of the test's own, over a real connection."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.debugger.gdb_server import GdbServer
from hardtalk.debugger.session import server_of

from .remote import Remote

PC, CPSR, CYCLES, INSTRUCTIONS = 15, 25, 26, 27
EXAMPLE = Path(__file__).parents[2] / "examples" / "thermometer"


@pytest.fixture
def server(bench: Bench) -> Iterator[GdbServer]:
    yield from serving(server_of(bench))


@pytest.fixture
def remote(server: GdbServer) -> Iterator[Remote]:
    remote = Remote(server.port)
    yield remote
    remote.close()


def serving(server: GdbServer) -> Iterator[GdbServer]:
    ended = threading.Event()
    thread = threading.Thread(target=server.serve, args=(lambda: not ended.is_set(),))
    thread.start()
    yield server
    ended.set()
    thread.join()
    server.history.close()


def variable(bench: Bench, name: str) -> int:
    address = bench.source_map.address_of(name)
    assert address is not None
    return address


def test_what_the_server_says_of_itself(remote: Remote) -> None:
    features = remote.ask("qSupported:multiprocess+;swbreak+").split(";")
    assert {"ReverseStep+", "ReverseContinue+", "qXfer:features:read+", "QStartNoAckMode+"} <= set(features)
    assert remote.ask("?") == "T05thread:1;"
    assert remote.ask("vCont?") == "vCont;c;C;s;S"
    assert remote.ask("qNothingOfTheKind") == ""
    assert remote.ask("!") == ""


def test_registers_are_those_that_the_description_names(remote: Remote, bench: Bench) -> None:
    whole, offset = "", 0
    while True:
        part = remote.ask(f"qXfer:features:read:target.xml:{offset:x},80")
        whole, offset = whole + part[1:], offset + 0x80
        if part[0] == "l":
            break
    sizes = [int(each.attrib["bitsize"]) for each in ElementTree.fromstring(whole).iter("reg")]
    assert len(remote.registers()) == sum(sizes) // 4
    board = bench.board
    assert remote.register(PC) == board.cpu.pc
    assert remote.register(CPSR) == board.cpu.cpsr
    assert (remote.register(CYCLES), remote.register(INSTRUCTIONS)) == (board.clock.cycles, board.instructions)
    assert remote.ask("p7f") == "E01"


def test_registers_and_memory_are_written(remote: Remote, bench: Bench) -> None:
    assert remote.ask("P3=78563412") == "OK"
    assert remote.register(3) == 0x12345678 == bench.board.cpu.register(3)
    assert remote.ask("M400000,4:01020304") == "OK"
    assert remote.memory(0x400000, 6) == b"\1\2\3\4\0\0"
    before = remote.registers()
    assert remote.ask(f"G{'11000000'}{before[8:]}") == "OK"
    assert remote.registers() == f"11000000{before[8:]}"
    assert remote.ask(f"P{CYCLES:x}=0000000000000000") == "OK"
    assert remote.register(CYCLES) == bench.board.clock.cycles > 0


def test_memory_that_is_not_there(remote: Remote, bench: Bench) -> None:
    ram = bench.board.ram
    assert remote.ask("m90000000,4") == "E14"
    assert remote.ask("M90000000,1:00") == "E14"
    assert len(remote.memory(ram.base + ram.size - 4, 16)) == 4
    assert remote.ask("mzz,4") == "E01"


def test_reading_a_device_takes_nothing_of_it(remote: Remote, bench: Bench) -> None:
    uart = bench.board.uart(0)
    probe = bench.board.device("PROBE").peripheral
    assert remote.memory(probe.base, 4) == b"DRAH"
    uart.send(b"x")
    state = uart.state()["registers"]
    first = remote.memory(uart.peripheral.base, 8)
    assert remote.memory(uart.peripheral.base, 8) == first
    assert uart.state()["registers"] == state


def test_writing_a_device_is_a_write(remote: Remote, bench: Bench) -> None:
    uart = bench.board.uart(1).peripheral
    scratch = uart.register("IBRD")
    assert remote.ask(f"M{uart.base + scratch.offset:x},4:2a000000") == "OK"
    assert bench.board.uart(1).read("IBRD") == 42


def test_steps_forwards_and_backwards(remote: Remote) -> None:
    remote.order("enter 3")
    seen = [remote.registers()]
    for _ in range(5):
        assert remote.ask("vCont;s:1") == "T05thread:1;"
        seen.append(remote.registers())
    assert remote.register(INSTRUCTIONS) - int.from_bytes(bytes.fromhex(seen[0][-16:]), "little") == 5
    for expected in reversed(seen[:-1]):
        assert remote.ask("bs") == "T05thread:1;"
        assert remote.registers() == expected
    assert remote.ask("bs") == "T05thread:1;replaylog:begin;"


def test_breakpoint_forwards_and_backwards(remote: Remote, bench: Bench) -> None:
    address = variable(bench, "BlockAllocator>>takeUnlistedBlock:") + 8
    assert remote.ask(f"Z0,{address:x},4") == "OK"
    assert remote.order("enter 3 printString") == ""
    assert remote.ask("c") == "T05thread:1;hwbreak:;"
    there = remote.registers()
    assert remote.register(PC) == address
    assert remote.ask("s") == "T05thread:1;"
    assert remote.ask("vCont;c") == "T05thread:1;hwbreak:;"
    assert remote.ask("bc") == "T05thread:1;hwbreak:;"
    assert remote.registers() == there
    assert remote.ask("bc") == "T05thread:1;replaylog:begin;"
    assert remote.ask(f"z0,{address:x},4") == "OK"
    remote.put("c")
    threading.Timer(0.5, remote.interrupt).start()
    assert remote.take() == "T02thread:1;"
    assert remote.said == "'3'\n"


def test_watchpoint_forwards_and_backwards(remote: Remote, bench: Bench) -> None:
    address = variable(bench, "bumpNext")
    remote.ask(f"Z2,{address:x},4")
    remote.order("enter 3 printString")
    stopped = f"T05thread:1;watch:{address:x};"
    values = []
    for _ in range(3):
        assert remote.ask("c") == stopped
        remote.ask("s")
        values.append(remote.memory(address, 4))
    assert len(set(values)) == 3
    for after, before in ((values[2], values[1]), (values[1], values[0])):
        assert remote.ask("bc") == stopped
        assert remote.memory(address, 4) == after
        remote.ask("bs")
        assert remote.memory(address, 4) == before
    assert remote.ask("Z5,0,4") == ""


def test_access_of_a_register_stops_the_board(bench: Bench) -> None:
    """Of a device of the user's own."""
    own = boot(BootOptions((EXAMPLE,), device_files=(EXAMPLE / "thermometer.py",)))
    base = own.board.device("THERMO").peripheral.base
    for server in serving(server_of(own)):
        remote = Remote(server.port)
        remote.ask(f"Z4,{base:x},100")
        remote.order("enter Thermometer start next")
        assert remote.ask("c") == f"T05thread:1;awatch:{base:x};"
        assert own.firmware.elf and own.source_map.arm_place(remote.register(PC)) is not None
        assert "CONTROL" in remote.order("device THERMO")
        remote.close()


def test_monitor_tells_what_there_is(remote: Remote, bench: Bench) -> None:
    assert "monitor enter SMALLTALK" in remote.order("help")
    assert remote.order("sing").startswith("there is no sing")
    assert remote.order("device LAMP").startswith("there is no device LAMP; there are SYSTEM")
    assert "in .boot" in remote.order("explain interruptEntry")
    assert "neither an address" in remote.order("explain nothing at all")
    assert remote.order("enter (3").count("^") == 1
    remote.order("enter 3")
    remote.ask("s")
    remote.ask("s")
    assert re.fullmatch(r"cycle [\d,]+, instruction [\d,]+; the past begins \d+\.\d µs ago\n", remote.order("time"))
    remote.ask("bs")
    assert ", in the past; " in remote.order("time")
    assert remote.order("enter 3") == "the board is in the past: continue first\n"


def test_the_smalltalk_stack(remote: Remote, bench: Bench) -> None:
    handler = variable(bench, "interruptEntry")
    remote.order("enter #(3) do: [ :each | Object new: 3 ]")
    method = bench.source_map.method_at(variable(bench, "SequenceableCollection>>do:"))
    assert method is not None
    point = variable(bench, "ObjectMaking>>instantiateClass:size:")
    remote.ask(f"Z0,{point:x},4")
    stack = ""
    for _ in range(200):
        assert remote.ask("c") == "T05thread:1;hwbreak:;"
        stack = remote.order("frames")
        if "[] in UndefinedObject>>DoIt" in stack:
            break
        remote.ask("s")
    lines = [line.split("  ", 1)[1] for line in stack.splitlines()]
    start = lines.index("[] in UndefinedObject>>DoIt")
    assert lines[start + 1].startswith("SequenceableCollection>>do: (firmware/kernel/")
    assert lines[start + 2] == "UndefinedObject>>DoIt"
    remote.ask(f"z0,{point:x},4")
    remote.ask(f"Z0,{handler:x},4")
    assert remote.ask("c") == "T05thread:1;hwbreak:;"


def test_a_board_that_ends_says_so(remote: Remote) -> None:
    remote.order("enter Smalltalk halt: 3")
    assert remote.ask("c") == "T05thread:1;"
    assert "halted: the CPU waits with every line masked" in remote.said


def test_debuggers_come_and_go(server: GdbServer) -> None:
    first = Remote(server.port)
    assert first.ask("D") == "OK"
    first.close()
    second = Remote(server.port)
    assert second.ask("?") == "T05thread:1;"
    second.put("k")
    second.close()


def test_damaged_packets_are_asked_for_again(server: GdbServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"rubbish$?#00")
        assert connection.recv(1) == b"-"
        connection.sendall(b"$?#3")
        connection.sendall(b"f")
        answer = b""
        while b"#" not in answer:
            answer += connection.recv(64)
        assert answer.startswith(b"+$T05thread:1;#")


def test_data_that_looks_like_packets_arrives(remote: Remote, bench: Bench) -> None:
    data = bytes(range(256))
    escaped = b"".join(bytes([0x7D, each ^ 0x20]) if each in b"$#}*" else bytes([each]) for each in data)
    packet = b"X400000,100:" + escaped
    remote._connection.sendall(b"$%b#%02x" % (packet, sum(packet) & 0xFF))
    assert remote._stream.read(1) == b"+"
    assert remote.take() == "OK"
    assert bench.board.ram.read(0x400000, 256) == data
