"""The exceptions of the architecture, and the way to their vectors, which the host goes for the engine."""

from enum import Enum

import unicorn
from unicorn import arm_const as arm

from hardtalk.board.cycle_counter import CycleCounter
from hardtalk.board.engine import REGISTERS, Engine
from hardtalk.board.errors import BoardError
from hardtalk.board.instruction_timing import EXCEPTION_ENTRY_CYCLES
from hardtalk.board.stops import FIQ_MASK, IRQ_MASK

LINK_REGISTER, PROGRAM_COUNTER = REGISTERS[14], REGISTERS[15]
SYSTEM_CONTROL, FAULT_STATUS, FAULT_ADDRESS = 1, 5, 6  # registers of the system control coprocessor
INSTRUCTION_STATUS = 1  # opcode 2 of the fault status
HIGH_VECTORS = 1 << 13
EXTERNAL_ABORT_STATUS = 0x08
LATE_RETURN_OFFSET = 4
FETCH_ERRORS = (unicorn.UC_ERR_FETCH_UNMAPPED, unicorn.UC_ERR_FETCH_PROT)
READ_ERRORS = (unicorn.UC_ERR_READ_UNMAPPED, unicorn.UC_ERR_READ_PROT, unicorn.UC_ERR_READ_UNALIGNED)
WRITE_ERRORS = (unicorn.UC_ERR_WRITE_UNMAPPED, unicorn.UC_ERR_WRITE_PROT, unicorn.UC_ERR_WRITE_UNALIGNED)
UNDEFINED_ERRORS = (unicorn.UC_ERR_INSN_INVALID, unicorn.UC_ERR_EXCEPTION)


class GuestExceptionKind(Enum):
    """Name, vector offset, mode, mask bits set, what LR holds beyond the PC."""

    UNDEFINED = ("undefined instruction", 0x04, 0x1B, IRQ_MASK, 4)
    SOFTWARE_INTERRUPT = ("software interrupt", 0x08, 0x13, IRQ_MASK, 0)
    PREFETCH_ABORT = ("prefetch abort", 0x0C, 0x17, IRQ_MASK, 4)
    DATA_ABORT = ("data abort", 0x10, 0x17, IRQ_MASK, 8)
    IRQ = ("IRQ", 0x18, 0x12, IRQ_MASK, 4)
    FIQ = ("FIQ", 0x1C, 0x11, IRQ_MASK | FIQ_MASK, 4)

    def __init__(self, title: str, vector: int, mode: int, masked: int, return_offset: int) -> None:
        self.title = title
        self.vector = vector
        self.mode = mode
        self.masked = masked
        self.return_offset = return_offset


# Unicorn's numbers for exceptions that it leaves to the host. After SVC its PC is already beyond the instruction.
EXCEPTION_NUMBERS = {
    1: GuestExceptionKind.UNDEFINED,
    2: GuestExceptionKind.SOFTWARE_INTERRUPT,
    3: GuestExceptionKind.PREFETCH_ABORT,
    4: GuestExceptionKind.DATA_ABORT,
    7: GuestExceptionKind.PREFETCH_ABORT,
}


class Exceptions:
    """Finds what an engine ended with, and enters exceptions on the one that holds the CPU's registers.

    `latest` is the exception found last, with the address that an abort is about.
    """

    def __init__(self, engine: Engine, counter: CycleCounter) -> None:
        self.latest: tuple[GuestExceptionKind, int] = (GuestExceptionKind.UNDEFINED, 0)
        self._engine = engine
        self._counter = counter

    def find(self, ran: Engine, error: int | None) -> None:
        """Make of the end of the engine that `ran` an exception of the architecture."""
        pc = self._engine.register(PROGRAM_COUNTER)
        if error is None:
            assert ran.exception_number is not None
            kind = EXCEPTION_NUMBERS.get(ran.exception_number)
            if kind is None:
                raise BoardError(
                    f"the CPU raised exception {ran.exception_number} at {pc:#x}", "report this with the firmware"
                )
            self.latest = (kind, self._address_of(kind, pc))
        elif error in FETCH_ERRORS:
            self.latest = (GuestExceptionKind.PREFETCH_ABORT, pc)
        elif error in READ_ERRORS or error in WRITE_ERRORS:
            self.latest = (GuestExceptionKind.DATA_ABORT, ran.faulting_address)
        elif error in UNDEFINED_ERRORS:
            self.latest = (GuestExceptionKind.UNDEFINED, pc)
        else:
            raise BoardError(f"the CPU failed with error {error} at {pc:#x}", "report this with the firmware")

    def _address_of(self, kind: GuestExceptionKind, pc: int) -> int:
        if kind is GuestExceptionKind.UNDEFINED:
            return 0
        return self._accessed_address(pc) if kind is GuestExceptionKind.DATA_ABORT else pc

    def _accessed_address(self, pc: int) -> int:
        """Where the load or store at `pc`, which the page table refused, goes: the engine does not tell.

        Of several words, the base.
        """
        word = int.from_bytes(self._engine.uc.mem_read(pc, 4), "little")
        register = self._engine.register
        base = register(REGISTERS[word >> 16 & 15]) + (8 if word >> 16 & 15 == 15 else 0)
        is_single, is_before, is_added, is_register = ((word >> bit) & 1 for bit in (26, 24, 23, 25))
        if not (is_single and is_before):
            return base
        offset = register(REGISTERS[word & 15]) << (word >> 7 & 31) if is_register else word & 0xFFF
        return (base + offset if is_added else base - offset) & 0xFFFFFFFF

    def enter(self, kind: GuestExceptionKind, not_before: int = 0, is_late: bool = False) -> None:
        """Go to a vector as the architecture says; the clock is at least `not_before` first.

        `is_late` is of an abort whose access is done with: who leaves the access out then goes on at the PC.
        """
        engine = self._engine
        pc, cpsr = engine.register(PROGRAM_COUNTER), engine.register(arm.UC_ARM_REG_CPSR)
        self._counter.leave_for(pc)
        self._counter.enter_exception(not_before, EXCEPTION_ENTRY_CYCLES)
        write = engine.uc.reg_write
        write(arm.UC_ARM_REG_CPSR, (cpsr & ~0x3F) | kind.masked | (cpsr & FIQ_MASK) | kind.mode)
        write(arm.UC_ARM_REG_SPSR, cpsr)
        write(LINK_REGISTER, (pc + (LATE_RETURN_OFFSET if is_late else kind.return_offset)) & 0xFFFFFFFF)
        base = 0xFFFF0000 if engine.coprocessor(SYSTEM_CONTROL) & HIGH_VECTORS else 0
        write(PROGRAM_COUNTER, base + kind.vector)

    def set_fault_registers(self, kind: GuestExceptionKind, address: int) -> None:
        """Fault status (external abort) and address, as the coprocessor would hold them."""
        if kind is GuestExceptionKind.DATA_ABORT:
            self._engine.set_coprocessor(FAULT_STATUS, EXTERNAL_ABORT_STATUS)
            self._engine.set_coprocessor(FAULT_ADDRESS, address)
        else:
            self._engine.set_coprocessor(FAULT_STATUS, EXTERNAL_ABORT_STATUS, INSTRUCTION_STATUS)
