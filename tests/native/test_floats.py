"""The VFP belongs to several: each native process with floats, and the VM, finds all of its registers as it left them.

The registers are filled and compared from outside, so nothing depends on which of them compiled code would use.
"""

from __future__ import annotations

import random
import struct

from unicorn import arm_const as arm

from hardtalk.bench import Bench
from hardtalk.board import Board

DOUBLES = tuple(getattr(arm, f"UC_ARM_REG_D{number}") for number in range(16))
FPSCR = arm.UC_ARM_REG_FPSCR
SWITCHES_OFFSET = 96  # in a native process's record
ROUTINE_BYTES = 56  # less than countForever: has
FLAGS, ROUNDING, SYSTEM_MODE, IRQ_MASKED = 0xF0000000, 0x00C00000, 0x1F, 0x80
STARTING = """| b | b := Bitmap new: 2. b at: 2 put: 500.
    Smalltalk at: #{name} put: (NativeProcess routine: #countForever: argument: b priority: 20
        stackWords: 256 usesFloats: {floats}). {name} resume. {name} address"""
COMPUTING = """Smalltalk at: #{name}Wrong put: 0; at: #{name}Rounds put: 0.
    [ | x | [ true ] whileTrue: [ x := 1.5. 20 timesRepeat: [ x := x * 1.25 - 0.125 ].
        x = {result!r} ifFalse: [ {name}Wrong := {name}Wrong + 1 ]. {name}Rounds := {name}Rounds + 1. {pause} ] ]
        forkAt: {priority}. 0"""
PAUSES = "(Delay forMicroseconds: (AboveRounds bitAnd: 7) * 15 + 40) wait"


def result_of_the_loop() -> float:
    x = 1.5
    for _ in range(20):
        x = x * 1.25 - 0.125
    return x


def pattern(owner: int) -> tuple[list[int], int]:
    """Sixteen doubles and a rounding mode with flags; none is not-a-number, which a copy may change."""
    values = [struct.unpack("<Q", struct.pack("<d", owner * 1000.5 + number))[0] for number in range(16)]
    return values, owner << 28 & FLAGS | owner << 22 & ROUNDING


class Owner:
    """A native process by its record: what it should find in the VFP."""

    def __init__(self, board: Board, record: int, number: int, uses_floats: bool) -> None:
        self.board, self.record, self.uses_floats = board, record, uses_floats
        self.expected = pattern(number)
        self.visits = 0

    @property
    def was_exchanged(self) -> bool:
        """Whether it was seen often and switched to often; how often a Delay ends in it differs by firmware."""
        switches = int.from_bytes(self.board.ram.read(self.record + SWITCHES_OFFSET, 4), "little")
        return self.visits > 20 and switches > 20

    def visit(self) -> None:
        """It runs now: at first its registers are filled, then they must be the same, whoever ran between."""
        engine = self.board.cpu.runner
        if self.uses_floats:
            if not self.visits:
                for register, value in zip(DOUBLES, self.expected[0], strict=True):
                    engine.reg_write(register, value)
                engine.reg_write(FPSCR, self.expected[1])
            found = [engine.reg_read(register) for register in DOUBLES], engine.reg_read(FPSCR)
            assert found == self.expected
        self.visits += 1


def running_record(board: Board) -> int:
    return int.from_bytes(board.ram.read(board.firmware.address_of("nativeRunning"), 4), "little")


def test_all_registers_survive_switches(native_bench: Bench) -> None:
    """Two native processes with floats, one without, Smalltalk beside them, and Smalltalk that pre-empts all of them.

    The latter's Delay ends while any of their instructions is executed. Delays of one length could keep step with the
    rounds of the others, so that the same process is under way each time.
    """
    board, console = native_bench.board, native_bench.console
    for name, priority, pause in (("Beside", 20, "Processor yield"), ("Above", 50, PAUSES)):
        text = COMPUTING.format(name=name, priority=priority, pause=pause, result=result_of_the_loop())
        console.evaluate(" ".join(text.split()))
    owners = {}
    for number, (name, floats) in enumerate((("A", "true"), ("B", "true"), ("C", "false")), start=1):
        record = int(console.evaluate(" ".join(STARTING.format(name=name, floats=floats).split())))
        owners[record] = Owner(board, record, number, floats == "true")
    start = board.firmware.address_of("NativeTestRoutines>>countForever:")
    source = random.Random(1)
    for sample in range(40_000):
        if sample >= 5000 and all(owner.was_exchanged for owner in owners.values()):
            break
        board.run(cycles=source.randint(1, 2000))
        is_there = start <= board.cpu.pc < start + ROUTINE_BYTES
        if is_there and board.cpu.cpsr & (SYSTEM_MODE | IRQ_MASKED) == SYSTEM_MODE:  # no switch is half done
            owners[running_record(board)].visit()
    assert all(owner.was_exchanged for owner in owners.values())
    answer = console.evaluate("{ BesideWrong. AboveWrong. BesideRounds > 20. AboveRounds > 20 }")
    assert answer == "#(0 0 true true)"
