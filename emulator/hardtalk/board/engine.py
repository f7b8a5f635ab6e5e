"""One CPU engine: Unicorn as an ARM926EJ-S on the board's RAM, with fast ways to its registers and compiled hooks.

Its interface in Python is untyped and slow for what is asked all the time, so registers are read by its C function.
A hook is a C function whose user data is an array of int64; the engine's own hooks tell what went wrong inside it.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import MMIO_READ_CFUNC, MMIO_WRITE_CFUNC, uclib

from hardtalk.board.errors import BoardError
from hardtalk.board.memory import Ram

# The engine's interface is untyped.
Uc: Any = vars(unicorn)["Uc"]
UcError: Any = vars(unicorn)["UcError"]

NOWHERE = 0xFFFFFFFF  # an odd address: never reached in ARM state
REGISTERS = tuple(getattr(arm, f"UC_ARM_REG_R{number}") for number in range(16))
BLOCKS: int = unicorn.UC_HOOK_BLOCK
LOADS: int = unicorn.UC_HOOK_MEM_READ
STORES: int = unicorn.UC_HOOK_MEM_WRITE

Words = NDArray[np.int64]
Handle = ctypes.c_size_t
Read = Callable[[int, int], int]
Write = Callable[[int, int, int], None]


def address_of(function: Any) -> int:
    """Where a C function of the engine lies."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address


STOP_FUNCTION = address_of(uclib.uc_emu_stop)
REGISTER_READ_FUNCTION = address_of(uclib.uc_reg_read)


class Engine:
    """Registers, mapping and hooks of one Unicorn. `uc` is Unicorn's own object.

    After `start`, `exception_number` tells an exception that the engine leaves to the host, and `faulting_address`
    the last access that nothing answered.
    """

    def __init__(self, ram: Ram) -> None:
        self.uc: Any = Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        self.uc.ctl_set_cpu_model(arm.UC_CPU_ARM_926)
        self.uc.mem_map_ptr(ram.base, ram.size, unicorn.UC_PROT_ALL, ram.host_address)
        self._accessors: list[Any] = []
        self._word = ctypes.c_uint32()
        self._reference = ctypes.byref(self._word)
        self.exception_number: int | None = None
        self.faulting_address = 0

    def note_exceptions(self) -> None:
        """Let `start` tell exceptions and faults. An engine that is only timed does without."""
        self.uc.hook_add(unicorn.UC_HOOK_INTR, self._note_exception)
        self.uc.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._note_fault)

    def map_device(self, base: int, size: int, read: Read, write: Write) -> None:
        """Let accesses to a range call `read(offset, size)` and `write(offset, size, value)`, which must not raise."""

        def on_read(_engine: int, offset: int, width: int, _user: int) -> int:
            return read(offset, width)

        def on_write(_engine: int, offset: int, width: int, value: int, _user: int) -> None:
            write(offset, width, value)

        accessors = MMIO_READ_CFUNC(on_read), MMIO_WRITE_CFUNC(on_write)
        self._accessors += accessors
        status = uclib.uc_mmio_map(self.uc._uch, base, size, accessors[0], 0, accessors[1], 0)
        if status != unicorn.UC_ERR_OK:
            raise BoardError(f"the CPU engine refuses a device at {base:#010x} ({status})", "install unicorn 2.1.4")

    def start(self, address: int, count: int = 0) -> int | None:
        """Run from `address`, `count` instructions or until something stops it; the error's number when it fails."""
        self.exception_number = None
        try:
            self.uc.emu_start(address, NOWHERE, count=count)
        except UcError as error:
            return int(error.errno)
        return None

    def register(self, number: int) -> int:
        """A register of 32 bits by the engine's number."""
        uclib.uc_reg_read(self.uc._uch, number, self._reference)
        return self._word.value

    def coprocessor(self, register: int, opcode: int = 0) -> int:
        """A register of the system control coprocessor: CRn, and opcode 2; CRm and opcode 1 are 0."""
        value: int = self.uc.cpr_read(15, 0, register, 0, opcode, 0, False)
        return value

    def set_coprocessor(self, register: int, value: int, opcode: int = 0) -> None:
        self.uc.cpr_write(15, 0, register, 0, opcode, 0, False, value)

    def add_hook(self, kinds: int, function: Any, state: Words, of_what: str) -> Handle:
        """Call a compiled function at each event of these kinds; `of_what` names the hook when it is refused."""
        handle = Handle()
        status = uclib.uc_hook_add(
            self.uc._uch, ctypes.byref(handle), kinds, ctypes.c_void_p(function.address),
            ctypes.c_void_p(state.ctypes.data), ctypes.c_uint64(1), ctypes.c_uint64(0),
        )  # fmt: skip
        if status != unicorn.UC_ERR_OK:
            raise BoardError(f"the CPU engine refuses the hook of {of_what} ({status})", "install unicorn 2.1.4")
        return handle

    def remove_hook(self, handle: Handle) -> None:
        uclib.uc_hook_del(self.uc._uch, handle)

    def take_state_of(self, other: "Engine") -> None:
        """All registers; RAM is shared."""
        self.uc.context_restore(other.uc.context_save())

    def _note_exception(self, engine: Any, number: int, _user: Any) -> None:
        self.exception_number = number
        engine.emu_stop()

    def _note_fault(self, _engine: Any, _access: int, address: int, _size: int, _value: int, _user: Any) -> bool:
        self.faulting_address = address
        return False
