"""The compiled primitives on a bare ARM, beside the simulation: the same memory before must be the same memory after.

Every dispatch slot leads to a stub that ends the run, and so does the routine a failing primitive jumps to.
Whether the next or the current bytecode was dispatched shows in ip.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from unicorn import UC_ARCH_ARM, UC_HOOK_BLOCK, UC_HOOK_CODE, UC_MODE_ARM, Uc
from unicorn.arm_const import (
    UC_ARM_REG_FPEXC,
    UC_ARM_REG_PC,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_ARM_REG_SP,
    UC_CPU_ARM_926,
)

from hardtalk.arm import encode as arm
from hardtalk.slang.compile import compile_program
from hardtalk.slang.simulate import CODE_BASE, STATE_BASE
from hardtalk.slang.simulate_memory import DeviceRange, SimulatedMemory
from hardtalk.slang.simulate_tables import SLOTS_BASE
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.vm.constants import DISPATCH_SLOTS, PENDING_BIT, PINNED_REGISTERS, SLOT_BYTES, STATE_REGISTER

CODE: Final = 0x01000000
CODE_BYTES: Final = 0x00100000
STACK_TOP: Final = 0x01F10000
STUBS: Final = 0x01F00000
FAILED: Final = STUBS
DISPATCHED: Final = STUBS + 16
RETURNED: Final = STUBS + 32
CONSOLE: Final = STUBS + 48
LOW_BASE: Final = CODE_BASE
LOW_BYTES: Final = 0x00200000 - LOW_BASE
BYTECODES: Final = 0x01F20000
FAILURE: Final = "activateMethod:arguments:"
INSTRUCTION_LIMIT: Final = 200_000
TEST_OF_INTERRUPTS: Final = arm.data("tst", 0, PINNED_REGISTERS["dispatchBase"], arm.Immediate(PENDING_BIT))
"""What isInterruptPending compiles to."""
STATE: Final = UC_ARM_REG_R0 + STATE_REGISTER
IP, STACK, DISPATCH = (UC_ARM_REG_R0 + PINNED_REGISTERS[name] for name in ("ip", "sp", "dispatchBase"))
RETURN: Final = arm.encode("bx", m=14)


@dataclass(frozen=True)
class ArmOutcome:
    """How a routine ended: `next`, `current`, or `failed` with what it passes on."""

    kind: str
    sp: int
    arguments: tuple[int, int]
    dispatch: int


def slots() -> bytes:
    """Each word of the dispatch slots leads to the stub."""
    places = range(SLOTS_BASE, SLOTS_BASE + DISPATCH_SLOTS * SLOT_BYTES, 4)
    return b"".join(struct.pack("<I", arm.branch(DISPATCHED - place)) for place in places)


class ArmMachine:
    """All of the VM's routines, linked at CODE."""

    def __init__(
        self,
        classes: Sequence[ClassDefinition],
        constants: dict[str, int],
        symbols: dict[str, int],
        take_character: Callable[[int], int],
    ) -> None:
        program = compile_program(classes, constants)
        self.entries = {number: name for number, name in program.primitive_entries.items()}
        self.symbols = dict(symbols)
        address = CODE
        for routine in program.routines:
            self.symbols[routine.name] = address
            if routine.selector == FAILURE:
                self.symbols[routine.name] = FAILED
            address += len(routine.code)
        assert address < CODE + CODE_BYTES
        self.cpu = Uc(UC_ARCH_ARM, UC_MODE_ARM)
        self.cpu.ctl_set_cpu_model(UC_CPU_ARM_926)
        self.cpu.mem_map(LOW_BASE, LOW_BYTES)
        self.cpu.mem_map(CODE, CODE_BYTES)
        self.cpu.mem_map(STUBS, 0x30000)
        self.cpu.reg_write(UC_ARM_REG_FPEXC, 1 << 30)
        address = CODE
        for routine in program.routines:
            self.cpu.mem_write(address, self._relocated(routine, address))
            address += len(routine.code)
        self.cpu.mem_write(CONSOLE, struct.pack("<I", RETURN))
        self.cpu.mem_write(SLOTS_BASE, slots())
        self.take_character = take_character
        self.cpu.hook_add(UC_HOOK_CODE, self._at_stub, begin=STUBS, end=CONSOLE)

    def _relocated(self, routine: Any, address: int) -> bytes:
        code = bytearray(routine.code)
        for relocation in routine.relocations:
            target = self.symbols.get(relocation.symbol, CONSOLE if relocation.symbol == "offerCharacter" else RETURNED)
            (word,) = struct.unpack_from("<I", code, relocation.offset)
            if relocation.kind == "branch24":
                word = arm.branch_to(word, target - (address + relocation.offset))
            else:
                word = target + relocation.addend
            struct.pack_into("<I", code, relocation.offset, word)
        return bytes(code)

    def map_device(self, device: DeviceRange) -> None:
        self.cpu.mmio_map(
            device.base,
            device.size,
            lambda _cpu, offset, _size, _data: device.read(offset),
            None,
            lambda _cpu, offset, _size, value, _data: device.write(offset, value),
            None,
        )

    def run(
        self, number: int, memory: SimulatedMemory, registers: Sequence[int], arguments: tuple[int, int]
    ) -> ArmOutcome:
        """Run a primitive's routine on a copy of the memory, which stays in the CPU for `data_of`."""
        cpu = self.cpu
        for segment in memory.segments:
            cpu.mem_write(segment.base, bytes(segment.data))
        for number_of_register in PINNED_REGISTERS.values():
            cpu.reg_write(UC_ARM_REG_R0 + number_of_register, registers[number_of_register])
        cpu.reg_write(STATE, STATE_BASE)
        cpu.reg_write(IP, BYTECODES)
        cpu.reg_write(UC_ARM_REG_SP, STACK_TOP)
        cpu.reg_write(UC_ARM_REG_R0, arguments[0])
        cpu.reg_write(UC_ARM_REG_R1, arguments[1])
        cpu.emu_start(self.symbols[self.entries[number]], 0, count=INSTRUCTION_LIMIT)
        pc = cpu.reg_read(UC_ARM_REG_PC)
        assert cpu.reg_read(UC_ARM_REG_SP) == STACK_TOP, "a threaded routine leaves no machine stack"
        assert cpu.reg_read(STATE) == STATE_BASE
        dispatch = cpu.reg_read(DISPATCH)
        sp = cpu.reg_read(STACK)
        if pc == FAILED:
            return ArmOutcome("failed", sp, (cpu.reg_read(UC_ARM_REG_R0), cpu.reg_read(UC_ARM_REG_R1)), dispatch)
        assert pc == DISPATCHED, f"the routine ended at {pc:#x}"
        moved = cpu.reg_read(IP) - BYTECODES
        assert moved in (0, 1)
        return ArmOutcome("next" if moved else "current", sp, (0, 0), dispatch)

    def _at_stub(self, cpu: Uc, address: int, _size: int, _data: object) -> None:
        if address == CONSOLE:
            cpu.reg_write(UC_ARM_REG_R0, self.take_character(cpu.reg_read(UC_ARM_REG_R0)))
        else:
            cpu.emu_stop()

    def count_instructions(self, number: int, memory: SimulatedMemory, registers: Sequence[int], method: int) -> int:
        """How many instructions the primitive's routine executes, with the stack as it is."""
        executed = 0

        def count(_cpu: Uc, _address: int, size: int, _data: object) -> None:
            nonlocal executed
            executed += size // 4

        hook = self.cpu.hook_add(UC_HOOK_BLOCK, count, begin=CODE, end=CODE + CODE_BYTES)
        self.cpu.ctl_flush_tb()  # blocks translated before do not call the hook
        try:
            self.run(number, memory, registers, (method, 1))
        finally:
            self.cpu.hook_del(hook)
        return executed

    def longest_stretch(self, number: int, memory: SimulatedMemory, registers: Sequence[int], method: int) -> int:
        """The most instructions that the primitive's routine executes without a look at interrupts."""
        longest = executed = 0

        def count(cpu: Uc, address: int, _size: int, _data: object) -> None:
            nonlocal longest, executed
            executed += 1
            longest = max(longest, executed)
            if int.from_bytes(cpu.mem_read(address, 4), "little") == TEST_OF_INTERRUPTS:
                executed = 0

        hook = self.cpu.hook_add(UC_HOOK_CODE, count, begin=CODE, end=CODE + CODE_BYTES)
        self.cpu.ctl_flush_tb()
        try:
            self.run(number, memory, registers, (method, 1))
        finally:
            self.cpu.hook_del(hook)
        return longest

    def data_of(self, base: int, size: int) -> bytes:
        return bytes(self.cpu.mem_read(base, size))
