"""The simulation refuses what the board could not survive, and names the line."""

from __future__ import annotations

from typing import Any

import pytest

from hardtalk.slang.simulate import DeviceRange, Segment, Simulation, SlangFault, StopSimulation, Transfer
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class

HEAD = """"A sample."
Class {
	#name : #Sample,
	#superclass : #Object,
	#instVars : [ 'ip', 'dispatchBase', 'count', 'buffer' ],
	#category : #Test
}

Sample class >> declareVariables [
	<pinned: #ip>
	<pinned: #dispatchBase>
	<var: #ip type: #address>
	<var: #dispatchBase type: #address>
	<var: #buffer words: 4>
]

"""
HEAP = 0x100000


def simulation(methods: str, **options: Any) -> Simulation:
    return Simulation([read_class(HEAD + methods, "Sample.class.st")], {"Limit": 3}, **options)


def fault(sample: Simulation, selector: str, *arguments: int) -> str:
    with pytest.raises(SlangFault) as caught:
        sample.call(selector, *arguments)
    return str(caught.value)


MEMORY = """Sample >> word: a [
	^ self wordAt: a
]

Sample >> half: a [
	^ self halfAt: a
]

Sample >> byte: a [
	^ self signedByteAt: a
]

Sample >> store: a [
	"Puts a word."

	self wordAt: a put: 16r12345678
]
"""


def test_unmapped_and_unaligned_accesses_are_faults() -> None:
    sample = simulation(MEMORY)
    assert fault(sample, "word:", HEAP + 2) == (
        "Sample.class.st:18: Sample>>word:: read of 4 bytes at unaligned address 0x00100002"
    )
    assert fault(sample, "half:", HEAP + 1).endswith("read of 2 bytes at unaligned address 0x00100001")
    assert fault(sample, "word:", 0).endswith("read of unmapped address 0x00000000")
    assert fault(sample, "byte:", HEAP - 1).endswith("read of unmapped address 0x000fffff")
    assert fault(sample, "store:", HEAP + (1 << 20)).startswith("Sample.class.st:32: Sample>>store:: write to unmapped")


def test_memory_is_little_endian_and_bytes_can_be_signed() -> None:
    sample = simulation(MEMORY)
    sample.call("store:", HEAP)
    assert sample.memory.read(HEAP, 4) == b"\x78\x56\x34\x12"
    assert sample.call("half:", HEAP + 2) == 0x1234
    sample.memory.byte_at_put(HEAP, 0x80)
    assert sample.call("byte:", HEAP) == -128


def test_read_only_segments_and_devices() -> None:
    writes: list[tuple[int, int]] = []
    device = DeviceRange(
        0x80000000, 16, lambda offset: offset + 7, lambda offset, value: writes.append((offset, value))
    )
    sample = simulation(MEMORY, segments=[Segment(0x20000000, 64, writable=False)], devices=[device])
    assert sample.call("word:", 0x20000000) == 0
    assert "read-only" in fault(sample, "store:", 0x20000000)
    assert sample.call("word:", 0x80000004) == 11
    sample.call("store:", 0x80000008)
    assert writes == [(8, 0x12345678)]


def test_segments_may_not_overlap() -> None:
    with pytest.raises(ValueError, match="overlap at 0x1000"):
        simulation(MEMORY, segments=[Segment(0x1000, 64), Segment(0xFF0, 64)])


def test_loops_may_not_run_beyond_their_bound() -> None:
    sample = simulation("""Sample >> count: n [
	<limits: 10>
	| i |
	i := 0.
	[ i < n ] whileTrue: [
		<bound: 10>
		<limitedBy: #'Sample>>count:'>
		i := i + 1 ].
	^ i
]
""")
    assert sample.call("count:", 10) == 10
    message = fault(sample, "count:", 11)
    assert message.startswith("Sample.class.st:2") and "more often than its bound, 10" in message


@pytest.mark.parametrize(("body", "complaint"), [
    ("^ self nowhere: 1", "unknown selector nowhere:"),
    ("^ unknown", "unknown variable unknown"),
    ("^ nil", "nil is not a value in Slang"),
    ("^ [ 3 ]", "blocks are not values in Slang"),
    ("^ 5 foo: 3", "unknown operator foo:"),
    ("^ 16r100000000", "4294967296 does not fit in 32 bits"),
    ("^ self go", "go is a threaded routine: it never comes back, so it must be returned (^ self …)"),
])  # fmt: skip
def test_errors_name_their_place(body: str, complaint: str) -> None:
    sample = simulation(f"Sample >> go [\n\t<threaded>\n\t^ self nextBytecode\n]\n\nSample >> wrong [\n\t{body}\n]\n")
    with pytest.raises(SourceError) as caught:
        sample.translate_all()
    assert caught.value.message == complaint and caught.value.line == 23


THREADED = """Sample >> bytecodeCount: index [
	<bytecode: #pushConstant of: 'self' to: 'false'>
	count := count * 10 + index.
	^ self nextBytecode
]

Sample >> bytecodeJump [
	<bytecode: #returnTop>
	^ self finish: 7 with: 8
]

Sample >> bytecodeComputed [
	<bytecode: #blockReturnTop>
	^ self transferTo: (self addressOf: #finish:with:) with: 1 with: count
]

Sample >> finish: a with: b [
	<threaded>
	count := count + a + b.
	count > 1000 ifTrue: [ self stop: count ].
	ip := ip - 1.
	^ self currentBytecode
]

Sample >> stop: code [
	<external: 'stop'>
]

Sample >> handleInterrupts [
	<threaded>
	dispatchBase := self addressOf: #dispatchTable.
	count := count + 5000.
	^ self currentBytecode
]

Sample >> isWanted [
	<returns: #boolean>
	^ self isInterruptPending
]
"""


def threaded() -> Simulation:
    def stop(code: int) -> None:
        raise StopSimulation(code)

    return simulation(THREADED, externals={"stop": stop})


def test_one_routine_reports_its_transfer() -> None:
    sample = threaded()
    assert sample.transfer("bytecodeJump") == Transfer("finish:with:", (7, 8))
    sample.state["count"] = 9
    computed = sample.transfer("bytecodeComputed")
    assert (computed.target, computed.arguments) == ("finish:with:", (1, 9)) and computed.address is not None
    assert sample.transfer("bytecodeCount:", 2) == Transfer("next") and sample.state["count"] == 92


def test_bytecodes_run_until_an_external_stops() -> None:
    sample = threaded()
    sample.memory.write(HEAP, bytes([0, 113, 114, 112, 124, 124]))
    sample.state["ip"] = HEAP
    # 113, 114 and 112 append 1, 2 and 0; 124 adds 15 and goes back to 112, which appends 0; 124 adds 15 again: over
    # 1000.
    assert sample.run_threaded("bytecodeCount:", 0) == (120 + 15) * 10 + 15


def test_a_pending_interrupt_diverts_the_next_dispatch_only() -> None:
    sample = threaded()
    sample.memory.write(HEAP, bytes([0, 113, 114, 112]))
    sample.state["ip"] = HEAP
    assert sample.call("isWanted") is False
    sample.interrupt_pending = True
    assert sample.call("isWanted") is True
    seen: list[int] = []

    def three_routines() -> bool:
        seen.append(sample.state["count"])
        return len(seen) == 4

    sample.run_threaded("bytecodeCount:", 1, until=three_routines)
    assert seen == [0, 1, 5001, 50011] and not sample.interrupt_pending


def test_a_transfer_to_nowhere_is_a_fault() -> None:
    sample = simulation("Sample >> go [\n\t<threaded>\n\t^ self transferTo: 16r44\n]\n")
    with pytest.raises(SlangFault, match="transfer to 0x00000044, where there is no routine"):
        sample.run_threaded("go")


def test_externals_must_be_given() -> None:
    sample = simulation("Sample >> stop: code [\n\t<external: 'stop'>\n]\n")
    assert "boot routine stop" in fault(sample, "stop:", 1)
