"""All registers that an interrupt must leave alone: of the mode that runs, the VFP's, and the stacks of the others.

Read in one call of the engine for each mode. Not compared are lr and spsr of IRQ mode, which each entry writes before
anyone reads them, and those of abort and undefined mode, where nothing ever returns from.
"""

import ctypes
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import uclib

from hardtalk.board import Board

SYSTEM, SUPERVISOR, IRQ = 0x1F, 0x13, 0x12
MODE_MASK, IRQ_MASKED = 0x1F, 0x80
RETURN_OFFSET: Final = 4

CORE: Final = (*(f"r{number}" for number in range(13)), "sp", "lr", "pc", "cpsr")
FLOATS: Final = (*(f"d{number}" for number in range(16)), "fpscr")
BANKS: Final = ((SUPERVISOR, ("sp_svc", "lr_svc")), (IRQ, ("sp_irq",)))
NAMES: Final = (*CORE, *FLOATS, *(name for _, names in BANKS for name in names))
INDEX: Final = {name: number for number, name in enumerate(NAMES)}
ENGINE_NAMES: Final = {
    **{f"r{number}": f"UC_ARM_REG_R{number}" for number in range(13)},
    **{f"d{number}": f"UC_ARM_REG_D{number}" for number in range(16)},
    "sp": "UC_ARM_REG_SP", "lr": "UC_ARM_REG_LR", "pc": "UC_ARM_REG_PC", "cpsr": "UC_ARM_REG_CPSR",
    "fpscr": "UC_ARM_REG_FPSCR",
}  # fmt: skip

Registers = tuple[int, ...]


class RegisterFile:
    """Reads all registers of a board's CPU, as tuples in the order of NAMES."""

    def __init__(self, board: Board) -> None:
        self.cpu = board.cpu
        self._engine = board.cpu.runner._uch
        self._values: NDArray[np.uint64] = np.zeros(len(NAMES), np.uint64)
        base = self._values.ctypes.data
        at = len(CORE) + len(FLOATS)
        self._main = self._batch(range(at), [ENGINE_NAMES[name] for name in (*CORE, *FLOATS)], base)
        self._banks = []
        for mode, names in BANKS:
            engine_names = [ENGINE_NAMES[name.partition("_")[0]] for name in names]
            self._banks.append((mode, self._batch(range(at, at + len(names)), engine_names, base)))
            at += len(names)

    def _batch(self, places: Sequence[int], names: Sequence[str], base: int) -> tuple[Any, Any, int]:
        numbers = (ctypes.c_int * len(names))(*(getattr(arm, name) for name in names))
        pointers = (ctypes.c_void_p * len(names))(*(base + 8 * place for place in places))
        return numbers, pointers, len(names)

    def read(self) -> Registers:
        """Everything as it is now."""
        self._read_batch(self._main)
        cpsr = int(self._values[INDEX["cpsr"]])
        for mode, batch in self._banks:
            self._set_status(cpsr & ~MODE_MASK | mode)
            self._read_batch(batch)
        self._set_status(cpsr)
        return tuple(self._values.tolist())

    def read_interrupted(self) -> Registers:
        """Of what the CPU has just been taken from: call it before the first instruction at the IRQ vector."""
        entry = list(self.read())
        cpu = self.cpu
        status, address = cpu.spsr, cpu.register(14) - RETURN_OFFSET
        masked = cpu.cpsr
        self._set_status(masked & ~MODE_MASK | status & MODE_MASK)
        entry[INDEX["sp"]], entry[INDEX["lr"]] = cpu.register(13), cpu.register(14)
        self._set_status(masked)
        entry[INDEX["pc"]], entry[INDEX["cpsr"]] = address, status
        return tuple(entry)

    def _read_batch(self, batch: tuple[Any, Any, int]) -> None:
        uclib.uc_reg_read_batch(self._engine, *batch)

    def _set_status(self, value: int) -> None:
        word = ctypes.c_uint32(value)
        uclib.uc_reg_write(self._engine, arm.UC_ARM_REG_CPSR, ctypes.byref(word))


def differences(before: Registers, after: Registers) -> list[str]:
    """What is not as it was, in words."""
    if before == after:
        return []
    return [
        f"{name} is {new:#x} and was {old:#x}"
        for name, old, new in zip(NAMES, before, after, strict=True)
        if old != new
    ]  # fmt: skip
