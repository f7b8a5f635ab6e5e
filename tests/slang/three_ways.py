"""Runs Slang routines three ways: simulated on the host, as IR, and as ARM on a bare Unicorn."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from unicorn import UC_ARCH_ARM, UC_HOOK_CODE, UC_MODE_ARM, Uc
from unicorn.arm_const import (
    UC_ARM_REG_FPEXC,
    UC_ARM_REG_LR,
    UC_ARM_REG_R0,
    UC_ARM_REG_R4,
    UC_ARM_REG_R8,
    UC_ARM_REG_SP,
    UC_CPU_ARM_926,
)

from hardtalk.slang.check import check_program
from hardtalk.slang.compile import compile_program, lower_method
from hardtalk.slang.emit import Relocation
from hardtalk.slang.interpret import Interpreter
from hardtalk.slang.program import read_program
from hardtalk.slang.simulate import Segment, Simulation
from hardtalk.smalltalk.tonel import ClassDefinition, read_class

CODE, STATE, STACK, RETURN, DATA = 0x10000, 0x80000, 0xA0000, 0xB0000, 0x100000
DATA_SIZE, MEMORY_SIZE = 0x1000, 0x200000
R4_TO_R11 = range(UC_ARM_REG_R4, UC_ARM_REG_R4 + 8)
PATTERN = [0xABCD0000 + n for n in range(8)]


@dataclass
class ThreeWays:
    """A Slang program, ready to be called each way. Every call starts from the same data words."""

    classes: list[ClassDefinition]
    constants: dict[str, int]
    traps_bounds: bool = False

    def __post_init__(self) -> None:
        self.program = read_program(self.classes, dict(self.constants))
        self.program.traps_bounds = self.traps_bounds
        self.checked = check_program(self.program)
        roots = [m.selector for m in self.program.methods.values() if not m.is_threaded]
        self.compiled = compile_program(self.classes, dict(self.constants), roots, traps_bounds=self.traps_bounds)
        self.graphs = {
            self.program.methods[s].symbol: lower_method(self.checked, self.program.methods[s]) for s in roots
        }
        self.addresses: dict[str, int] = {}
        address = CODE
        for routine in self.compiled.routines:
            self.addresses[routine.name] = address
            address += len(routine.code)
        self.text = b"".join(
            self.relocated(r.code, self.addresses[r.name], r.relocations) for r in self.compiled.routines
        )

    @cached_property
    def simulation(self) -> Simulation:
        return Simulation(self.classes, self.constants, memory_base=0x400000, segments=[Segment(DATA, DATA_SIZE)])

    @cached_property
    def at_first(self) -> tuple[list[bytes], list[int]]:
        """The simulation's segments and registers before its first call."""
        return [bytes(each.data) for each in self.simulation.memory.segments], list(self.simulation.registers)

    @cached_property
    def cpu(self) -> tuple[Uc, object]:
        """A bare CPU with the code, and what its registers are before its first call."""
        cpu = Uc(UC_ARCH_ARM, UC_MODE_ARM)
        cpu.ctl_set_cpu_model(UC_CPU_ARM_926)
        cpu.mem_map(0, MEMORY_SIZE)
        cpu.reg_write(UC_ARM_REG_FPEXC, 1 << 30)
        for register, value in zip(R4_TO_R11, PATTERN, strict=True):
            cpu.reg_write(register, value)
        cpu.reg_write(UC_ARM_REG_R4, STATE)
        cpu.reg_write(UC_ARM_REG_SP, STACK)
        cpu.reg_write(UC_ARM_REG_LR, RETURN)
        cpu.mem_write(CODE, self.text)
        return cpu, cpu.context_save()

    def relocated(self, code: bytes, address: int, relocations: Sequence[Relocation]) -> bytes:
        words = bytearray(code)
        for relocation in relocations:
            offset, target = relocation.offset, self.addresses[relocation.symbol]
            (word,) = struct.unpack_from("<I", words, offset)
            if relocation.kind == "branch24":
                word |= (target - (address + offset) - 8 >> 2) & 0xFFFFFF
            else:
                word = target
            struct.pack_into("<I", words, offset, word)
        return bytes(words)

    def call(self, selector: str, *arguments: int, data: bytes = b"") -> list[tuple[int, bytes]]:
        """(result, data afterwards) of simulation, IR and ARM; results are unsigned words."""
        initial = data.ljust(DATA_SIZE, b"\0")
        words = [argument & 0xFFFFFFFF for argument in arguments]
        return [
            self.simulated(selector, words, initial),
            self.interpreted(selector, words, initial),
            self.executed(selector, words, initial),
        ]

    def simulated(self, selector: str, arguments: list[int], data: bytes) -> tuple[int, bytes]:
        simulation = self.simulation
        contents, registers = self.at_first
        for segment, content in zip(simulation.memory.segments, contents, strict=True):
            segment.bytes[:] = content
        simulation.registers[:] = registers
        simulation.interrupts_masked = False
        simulation.memory.write(DATA, data)
        result = simulation.call(selector, *arguments)
        return int(result) & 0xFFFFFFFF, simulation.memory.read(DATA, DATA_SIZE)

    def interpreted(self, selector: str, arguments: list[int], data: bytes) -> tuple[int, bytes]:
        memory = bytearray(DATA + DATA_SIZE)
        memory[DATA:] = data
        interpreter = Interpreter(self.graphs, memory, STATE)
        outcome = interpreter.call(self.program.methods[selector].symbol, arguments)
        return outcome.values[0] if outcome.values else 0, bytes(memory[DATA:])

    def executed(
        self, selector: str, arguments: list[int], data: bytes, watch: Callable[[int], None] | None = None
    ) -> tuple[int, bytes]:
        """`watch` is given the address of each instruction."""
        cpu, at_first = self.cpu
        cpu.context_restore(at_first)
        for start, stop in ((0, CODE), (CODE + len(self.text), MEMORY_SIZE)):
            cpu.mem_write(start, bytes(stop - start))
        cpu.mem_write(DATA, data)
        for number, argument in enumerate(arguments):
            cpu.reg_write(UC_ARM_REG_R0 + number, argument)
        hook = watch and cpu.hook_add(UC_HOOK_CODE, lambda _, address, size, data: watch(address))
        try:
            cpu.emu_start(self.addresses[self.program.methods[selector].symbol], RETURN, count=1_000_000)
        finally:
            if hook is not None:
                cpu.hook_del(hook)
        assert bytes(cpu.mem_read(CODE, len(self.text))) == self.text, "the code was written over"
        assert cpu.reg_read(UC_ARM_REG_SP) == STACK, "the stack pointer came back changed"
        kept = [cpu.reg_read(register) for register in R4_TO_R11]
        pinned = set() if not self.program.methods[selector].touches_pinned else {5, 6, 7, 9, 10}
        for number, (value, pattern) in enumerate(zip(kept[1:], PATTERN[1:], strict=True), 5):
            assert value == pattern or number in pinned, f"r{number} came back changed"
        assert cpu.reg_read(UC_ARM_REG_R8) == PATTERN[4]
        return cpu.reg_read(UC_ARM_REG_R0), bytes(cpu.mem_read(DATA, DATA_SIZE))


HEAD = "Class { #name : #Sample, #superclass : #Object, #instVars : [ 'counter', 'total' ], #category : #Test }\n\n"


def sources(source: str, *others: str) -> list[ClassDefinition]:
    """The class with the methods in `source`, the run-time arithmetic, and other classes by their whole text."""
    from pathlib import Path

    import hardtalk.vm

    arithmetic = Path(hardtalk.vm.__file__).parents[2] / "vm" / "arithmetic" / "Arithmetic.class.st"
    return [
        read_class(HEAD + source, "Sample.class.st"),
        read_class(arithmetic.read_text(), str(arithmetic)),
        *(read_class(other, "Other.class.st") for other in others),
    ]


def program(source: str, constants: dict[str, int] | None = None) -> ThreeWays:
    """A program of the methods in `source` (Tonel bodies without the category lines) and the run-time arithmetic."""
    return ThreeWays(sources(source), constants or {})


def agreed(ways: list[tuple[int, bytes]]) -> int:
    """The result all three agree on; an assertion shows who differs."""
    names = ("simulation", "IR", "ARM")
    assert len({way[0] for way in ways}) == 1, dict(zip(names, (hex(way[0]) for way in ways), strict=True))
    assert len({way[1] for way in ways}) == 1, "memory differs"
    return ways[0][0]
