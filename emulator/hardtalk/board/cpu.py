"""The ARM926EJ-S: Unicorn with the clock's hook, exceptions entered by the host, and a second engine for single steps.

Both engines work on the same RAM and the same device callbacks. The runner keeps its translations and stops between
blocks; the stepper executes part of a block where an exact number of instructions is asked for (its instruction count
would throw away the runner's translations). Code is ARM state only, and mapped to its own address when the MMU is on.
"""

import ctypes
import time
from collections.abc import Callable, Collection
from enum import Enum
from typing import Any

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn import arm_const as arm
from unicorn.unicorn_py3.unicorn import uclib

from hardtalk.board import hook
from hardtalk.board.caches import Caches
from hardtalk.board.cycles import (
    EXCEPTION_ENTRY_CYCLES,
    WAIT_FOR_INTERRUPT,
    WAIT_FOR_INTERRUPT_MASK,
    BlockCost,
    CacheOperation,
    Model,
    cache_operation,
)
from hardtalk.board.errors import BoardError
from hardtalk.board.memory import PAGE, Ram

# The engine's interface is untyped.
Uc: Any = vars(unicorn)["Uc"]
UcError: Any = vars(unicorn)["UcError"]

HOST_LINE_BYTES = 64
NOWHERE = 0xFFFFFFFF  # an odd address: never reached in ARM state
THUMB = 1 << 5
IRQ_MASK, FIQ_MASK = 0x80, 0x40
HIGH_VECTORS = 1 << 13
FARTHEST_BLOCK_CYCLES = 100_000  # no block of the host's translator costs as much
REGISTERS = tuple(getattr(arm, f"UC_ARM_REG_R{number}") for number in range(16))
FETCH_ERRORS = (unicorn.UC_ERR_FETCH_UNMAPPED, unicorn.UC_ERR_FETCH_PROT)
READ_ERRORS = (unicorn.UC_ERR_READ_UNMAPPED, unicorn.UC_ERR_READ_PROT, unicorn.UC_ERR_READ_UNALIGNED)
WRITE_ERRORS = (unicorn.UC_ERR_WRITE_UNMAPPED, unicorn.UC_ERR_WRITE_PROT, unicorn.UC_ERR_WRITE_UNALIGNED)
UNDEFINED_ERRORS = (unicorn.UC_ERR_INSN_INVALID, unicorn.UC_ERR_EXCEPTION)
EXTERNAL_ABORT_STATUS = 0x08


class GuestExceptionKind(Enum):
    """The exceptions of the architecture: name, vector offset, mode, mask bits set, what LR holds beyond the PC."""

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


class Pause(Enum):
    """Why the CPU came back to the board."""

    ALARM = hook.ALARMED
    LIMIT = hook.LIMITED
    ATTENTION = hook.ATTENDED
    COUNTED = hook.COUNTED
    INTERRUPT = hook.INTERRUPTED
    WATCH_FULL = hook.WATCH_FULL
    REACHED = hook.REACHED
    WAITING = 100
    EXCEPTION = 101


def address_of(function: Any) -> int:
    """Where a C function of the engine lies."""
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address


def aligned_words(count: int) -> NDArray[np.int64]:
    """So many zeros that begin with a cache line of the host."""
    words = np.zeros(count + HOST_LINE_BYTES // 8, np.int64)
    start = -words.ctypes.data % HOST_LINE_BYTES // 8
    return words[start : start + count]


class Cpu:
    """Registers, time and instruction count of the processor, and running it.

    `caches` is None for a processor whose memory never waits.
    """

    def __init__(self, ram: Ram, model: Model, caches: Caches | None = None) -> None:
        self.ram = ram
        self.model = model
        self.caches = caches
        self._table = np.zeros((ram.base + ram.size) >> 2, np.int64)
        self._filled: set[int] = set()
        self._code_pages: set[int] = set()
        self._cache_operations: set[int] = set()
        self._state = aligned_words(hook.STATE_WORDS)
        self._register_word = ctypes.c_uint32()
        self._register_reference = ctypes.byref(self._register_word)
        self._single_costs: dict[bytes, BlockCost] = {}
        self.watched: set[int] = set()
        self._watch_log = np.zeros((hook.WATCH_CAPACITY, hook.WATCH_WORDS), np.int64)
        self._devices: list[tuple[int, int, Any, Any]] = []
        self._bare: Any = None
        self._is_bare_done: Callable[[], bool] = bool
        self.exception: tuple[GuestExceptionKind, int] = (GuestExceptionKind.UNDEFINED, 0)
        self._faulting_address = 0
        self._number: int | None = None
        self.runner = self._engine()
        self.stepper = self._engine()
        self.stepper.hook_add(unicorn.UC_HOOK_MEM_WRITE, self._note_store)
        self._stored: list[tuple[int, int]] = []
        self._install_hook()
        self._reset_context = self.runner.context_save()
        self.reset()

    def _engine(self, is_bare: bool = False) -> Any:
        engine = Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
        engine.ctl_set_cpu_model(arm.UC_CPU_ARM_926)
        engine.mem_map_ptr(self.ram.base, self.ram.size, unicorn.UC_PROT_ALL, self.ram.host_address)
        if not is_bare:
            engine.hook_add(unicorn.UC_HOOK_INTR, self._note_exception)
            engine.hook_add(unicorn.UC_HOOK_MEM_INVALID, self._note_fault)
        return engine

    def _install_hook(self) -> None:
        state = self._state
        state[hook.TABLE] = self._table.ctypes.data
        state[hook.TABLE_WORDS] = len(self._table)
        state[hook.STOP_FUNCTION] = address_of(uclib.uc_emu_stop)
        state[hook.REGISTER_READ_FUNCTION] = address_of(uclib.uc_reg_read)
        state[hook.CPSR_NUMBER] = arm.UC_ARM_REG_CPSR
        state[hook.WATCH_LOG] = self._watch_log.ctypes.data
        if self.caches is None:
            self._add_compiled_hook(self.runner, unicorn.UC_HOOK_BLOCK, hook.BLOCK_HOOK)
            return
        self.caches.connect(state, self.ram.base + self.ram.size)
        self._add_compiled_hook(self.runner, unicorn.UC_HOOK_BLOCK, hook.cached_block_hook())
        for engine in (self.runner, self.stepper):
            self._add_compiled_hook(engine, unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, hook.access_hook())

    def _add_compiled_hook(self, engine: Any, kinds: int, function: Any) -> None:
        handle = ctypes.c_size_t()
        status = uclib.uc_hook_add(
            engine._uch, ctypes.byref(handle), kinds, ctypes.c_void_p(function.address),
            ctypes.c_void_p(self._state.ctypes.data), ctypes.c_uint64(1), ctypes.c_uint64(0),
        )  # fmt: skip
        if status != unicorn.UC_ERR_OK:
            raise BoardError(f"the CPU engine refuses the clock's hook ({status})", "install unicorn 2.1.4")

    def map_device(
        self, base: int, size: int, read: Callable[[int, int], int], write: Callable[[int, int, int], None]
    ) -> None:
        """Let bus accesses to a range call `read(offset, size)` and `write(offset, size, value)`."""

        def on_read(_engine: Any, offset: int, width: int, _user: Any) -> int:
            return read(offset, width)

        def on_write(_engine: Any, offset: int, width: int, value: int, _user: Any) -> None:
            write(offset, width, value)

        self._devices.append((base, size, on_read, on_write))
        for engine in (self.runner, self.stepper):
            engine.mmio_map(base, size, on_read, None, on_write, None)

    def reset(self) -> None:
        """As after power-on: supervisor mode, interrupts masked, MMU off, all counts zero. RAM is left alone."""
        self.runner.context_restore(self._reset_context)
        for word in (hook.CLOCK, hook.INSTRUCTIONS, hook.PENDING, hook.ATTENTION, hook.WATCH_COUNT, hook.SLEPT):
            self._state[word] = 0
        self._state[hook.INSTRUCTION_LOCKED] = self._state[hook.DATA_LOCKED] = 0
        self.flush_caches()
        self._state[hook.ALARM] = self._state[hook.LIMIT] = self._state[hook.INSTRUCTION_LIMIT] = hook.NEVER
        self._state[hook.STOP_AT] = hook.NOWHERE
        self._forget_block()
        self.forget_code()

    # Time

    @property
    def cycles(self) -> int:
        return int(self._state[hook.CLOCK])

    @cycles.setter
    def cycles(self, cycles: int) -> None:
        self._state[hook.CLOCK] = cycles

    def sleep_until(self, cycle: int) -> None:
        """Nothing is executed until then."""
        self._state[hook.SLEPT] += cycle - self.cycles
        self.cycles = cycle

    @property
    def slept_cycles(self) -> int:
        """Since reset, waiting for an interrupt."""
        return int(self._state[hook.SLEPT])

    @property
    def instructions(self) -> int:
        return int(self._state[hook.INSTRUCTIONS])

    @property
    def block(self) -> int:
        """The address of the block that was entered last."""
        return int(self._state[hook.BLOCK_END]) - self._block_size

    @property
    def _block_size(self) -> int:
        return int(self._state[hook.LAST_ENTRY]) & hook.BYTES_MASK

    def flush_caches(self) -> None:
        """Make both caches empty, as if everything was written back long ago and replaced that can be replaced.

        Lines in locked ways stay.
        """
        if self.caches is not None:
            self.caches.flush(int(self._state[hook.INSTRUCTION_LOCKED]), int(self._state[hook.DATA_LOCKED]))
            self._state[hook.BUFFER_EMPTY] = 0

    @property
    def misses(self) -> tuple[int, int]:
        """Of instruction and data lines since power-on."""
        return int(self._state[hook.INSTRUCTION_MISSES]), int(self._state[hook.DATA_MISSES])

    def set_alarm(self, cycle: int | None) -> None:
        self._state[hook.ALARM] = hook.NEVER if cycle is None else cycle
        self._set_threshold()

    def set_limit(self, cycle: int | None, instructions: int | None = None) -> None:
        """Run no block that begins at `cycle` or later, or that ends beyond the count of `instructions`."""
        self._state[hook.LIMIT] = hook.NEVER if cycle is None else cycle
        self._state[hook.INSTRUCTION_LIMIT] = hook.NEVER if instructions is None else instructions
        self._set_threshold()

    def stop_at(self, address: int | None) -> None:
        """Run no block that begins at `address`."""
        self._state[hook.STOP_AT] = hook.NOWHERE if address is None else address
        self._set_threshold()

    def set_pending(self, irq: bool, fiq: bool) -> None:
        """The two interrupt inputs."""
        self._state[hook.PENDING] = (IRQ_MASK if irq else 0) | (FIQ_MASK if fiq else 0)
        self._set_threshold()

    def request_attention(self) -> None:
        """Come back to the board before the next block."""
        self._state[hook.ATTENTION] = 1
        self._set_threshold()

    def watch(self, addresses: Collection[int]) -> None:
        """From now on note each entry to a block at one of these addresses, instead of those watched before."""
        changed = np.fromiter(self.watched.symmetric_difference(addresses), np.int64)
        self._table[changed >> 2] = 0
        self.watched = set(addresses)

    def take_watched(self) -> NDArray[np.int64]:
        """The watched blocks entered since the last time: address, the cycle it begins in, the cycle it is done in."""
        count = int(self._state[hook.WATCH_COUNT])
        self._state[hook.WATCH_COUNT] = 0
        return self._watch_log[:count, :3].copy()

    def on_store(self, address: int, listener: Callable[[int], None]) -> Callable[[], None]:
        """Tell `listener` each value that the guest stores in the word at `address`; answers what ends that.

        For looking at a run: the guest neither sees it nor pays, but emulation is slower meanwhile.
        """

        def stored(_engine: Any, _access: int, _address: int, _size: int, value: int, _user: Any) -> None:
            listener(value & 0xFFFFFFFF)

        engines = (self.runner, self.stepper)
        handles = [
            engine.hook_add(unicorn.UC_HOOK_MEM_WRITE, stored, begin=address, end=address + 3) for engine in engines
        ]
        self.forget_code()

        def remove() -> None:
            for engine, handle in zip(engines, handles, strict=True):
                engine.hook_del(handle)
            self.forget_code()

        return remove

    def _set_threshold(self) -> None:
        state = self._state
        is_counting = state[hook.INSTRUCTION_LIMIT] != hook.NEVER
        if state[hook.PENDING] or state[hook.ATTENTION] or is_counting or state[hook.STOP_AT] != hook.NOWHERE:
            state[hook.THRESHOLD] = -1
        else:
            state[hook.THRESHOLD] = min(state[hook.ALARM], state[hook.LIMIT])

    # Registers

    def register(self, number: int) -> int:
        """r0 to r15 of the current mode."""
        return self._read(REGISTERS[number])

    def set_register(self, number: int, value: int) -> None:
        self.runner.reg_write(REGISTERS[number], value)

    @property
    def pc(self) -> int:
        return self.register(15)

    @pc.setter
    def pc(self, address: int) -> None:
        self.set_register(15, address)

    @property
    def cpsr(self) -> int:
        return self._read(arm.UC_ARM_REG_CPSR)

    @property
    def spsr(self) -> int:
        return self._read(arm.UC_ARM_REG_SPSR)

    def _read(self, number: int) -> int:
        """A register of 32 bits, without the way through the engine's interface, which takes longer than the rest."""
        uclib.uc_reg_read(self.runner._uch, number, self._register_reference)
        return self._register_word.value

    def system_control(self) -> int:
        value: int = self.runner.cpr_read(15, 0, 1, 0, 0, 0, False)
        return value

    # Running

    def run(self) -> Pause:
        """Go on from the PC until something needs the board."""
        state = self._state
        state[hook.ATTENTION] = 0
        self._set_threshold()
        while True:
            state[hook.STOP] = 0
            self._number = None
            error = self._start(self.runner, self.pc, 0)
            if error is not None or self._number is not None:
                return self._exception_pause(error)
            reason = int(state[hook.STOP])
            if reason == hook.MISS:
                self._learn_block()
            elif reason:
                return Pause(reason)
            elif self._is_wait(self.pc - 4):
                return Pause.WAITING
            else:
                raise BoardError(
                    f"the CPU stopped at {self.pc:#x} for no reason known", "report this with the firmware"
                )

    def step_in_block(self, count: int) -> Pause:
        """Execute exactly `count` instructions, fewer than the block at the PC has; COUNTED when they are done."""
        start = self.pc
        self._charge_branch(start)
        self.stepper.context_restore(self.runner.context_save())
        self.stepper.ctl_remove_cache(start, start + 4 * count)
        self._stored.clear()
        self._number = None
        # Charged before, as a block is: device accesses see the same time.
        cost = self._cost_of_part(start, count)
        state = self._state
        state[hook.CLOCK] += cost.cycles + cost.taken_extra
        state[hook.INSTRUCTIONS] += count
        state[hook.BLOCK_END], state[hook.LAST_ENTRY] = start + 4 * count, hook.table_entry(4 * count, 0, 0)
        if self.caches is not None:
            hook.fetch_function()(state.ctypes.data, start, 4 * count)
        error = self._start(self.stepper, start, count)
        self.runner.context_restore(self.stepper.context_save())
        for address, size in self._stored:
            if address & -PAGE in self._code_pages:
                self.runner.ctl_remove_cache(address, address + size)
        if error is not None or self._number is not None:
            return self._exception_pause(error)
        return Pause.COUNTED

    def must_step(self, count: int) -> bool:
        """Whether the block at the PC is known to be longer than `count` instructions, and nothing else comes first."""
        state = self._state
        pc = self.pc
        if state[hook.ATTENTION] or state[hook.CLOCK] + FARTHEST_BLOCK_CYCLES > state[hook.ALARM]:
            return False
        return pc >> 2 < len(self._table) and int(self._table[pc >> 2]) & hook.BYTES_MASK > 4 * count

    def _cost_of_part(self, start: int, count: int) -> BlockCost:
        code = self.ram.read(start, 4 * count)
        if count > 1:
            return self.model.cost(code, start)
        found = self._single_costs.get(code)
        if found is None:
            found = self._single_costs[code] = self.model.cost(code, start)
        return found

    def run_bare(self, is_done: Callable[[], bool]) -> int:
        """Run from here on an engine without any hook until a device write makes `is_done()` true.

        Answers the nanoseconds of the host's processor that it took.

        For comparison only: no time passes, no interrupt comes, and what it did to RAM and devices is to be undone.
        """
        engine = self._bare or self._engine(is_bare=True)
        if self._bare is None:
            self._bare = engine
            for base, size, read, write in self._devices:

                def write_and_ask(uc: Any, offset: int, width: int, value: int, user: Any, write: Any = write) -> None:
                    write(uc, offset, width, value, user)
                    if self._is_bare_done():
                        uc.emu_stop()

                engine.mmio_map(base, size, read, None, write_and_ask, None)
        self._is_bare_done = is_done
        engine.context_restore(self.runner.context_save())
        pc = self.pc
        began = time.thread_time_ns()
        engine.emu_start(pc, NOWHERE)
        return time.thread_time_ns() - began

    def _start(self, engine: Any, address: int, count: int) -> int | None:
        """Run an engine; its error number when it fails."""
        try:
            engine.emu_start(address, NOWHERE, count=count)
        except UcError as error:
            return int(error.errno)
        return None

    def _learn_block(self) -> None:
        """Enter the cost of the block at the PC, which the hook met for the first time or in another size."""
        address, words = self.pc, int(self._state[hook.MISSED_BYTES]) >> 2
        if self.cpsr & THUMB:
            raise BoardError(f"the firmware switched to Thumb state at {address:#x}", "compile it for ARM state only")
        if not self.ram.contains(address, 4 * words):
            raise BoardError(f"the firmware runs code at {address:#x}, outside RAM", "link all code into RAM")
        cost = self.model.cost(self.ram.read(address, 4 * words), address)
        self._table[address >> 2] = hook.table_entry(4 * words, cost.cycles, cost.taken_extra, address in self.watched)
        if self.caches is not None:
            self._hook_cache_operations(address, words)
        self._filled.add(address >> 2)
        self._code_pages.update(range(address & -PAGE, address + 4 * words, PAGE))

    def _hook_cache_operations(self, address: int, words: int) -> None:
        """Let the host carry out a new block's cache operations, each at its instruction."""
        for place in range(address, address + 4 * words, 4):
            if place in self._cache_operations or cache_operation(self._word(place)) is None:
                continue
            self._cache_operations.add(place)
            for engine in (self.runner, self.stepper):
                engine.hook_add(unicorn.UC_HOOK_CODE, self._operate_on_cache, begin=place, end=place)
                engine.ctl_remove_cache(address, address + 4 * words)

    def _operate_on_cache(self, engine: Any, place: int, _size: int, _user: Any) -> None:
        word = self._word(place)
        operation = cache_operation(word)
        assert self.caches is not None
        if operation is None:
            return
        value: int = engine.reg_read(REGISTERS[word >> 12 & 15])
        match operation:
            case CacheOperation.LOCK_INSTRUCTIONS:
                self._state[hook.INSTRUCTION_LOCKED] = value & (1 << self.caches.instruction.ways) - 1
            case CacheOperation.LOCK_DATA:
                self._state[hook.DATA_LOCKED] = value & (1 << self.caches.data.ways) - 1
            case CacheOperation.PREFETCH_INSTRUCTIONS:
                hook.fetch_function()(self._state.ctypes.data, value, 4)
            case CacheOperation.INVALIDATE_INSTRUCTIONS:
                self.caches.flush_instructions()
            case CacheOperation.INVALIDATE_DATA:
                self.caches.flush_data()
            case CacheOperation.INVALIDATE_BOTH:
                self.caches.flush()

    def _word(self, address: int) -> int:
        return int.from_bytes(self.ram.read(address, 4), "little")

    def forget_code(self, pages: list[int] | None = None) -> None:
        """Drop translations and costs when RAM was changed by the host: all, or if one of `pages` holds code."""
        if pages is not None and self._code_pages.isdisjoint(pages):
            return
        for index in self._filled:
            self._table[index] = 0
        self._filled.clear()
        self._code_pages.clear()
        self.runner.ctl_flush_tb()
        self.stepper.ctl_flush_tb()

    def _is_wait(self, address: int) -> bool:
        if not self.ram.contains(address, 4):
            return False
        word = int.from_bytes(self.ram.read(address, 4), "little")
        return word & WAIT_FOR_INTERRUPT_MASK == WAIT_FOR_INTERRUPT

    # Exceptions

    def _note_exception(self, engine: Any, number: int, _user: Any) -> None:
        self._number = number
        engine.emu_stop()

    def _note_fault(self, _engine: Any, _access: int, address: int, _size: int, _value: int, _user: Any) -> bool:
        self._faulting_address = address
        return False

    def _note_store(self, _engine: Any, _access: int, address: int, size: int, _value: int, _user: Any) -> None:
        self._stored.append((address, size))

    def _exception_pause(self, error: int | None) -> Pause:
        if error is None:
            assert self._number is not None
            kind = EXCEPTION_NUMBERS.get(self._number)
            if kind is None:
                raise BoardError(
                    f"the CPU raised exception {self._number} at {self.pc:#x}", "report this with the firmware"
                )
            self.exception = (kind, 0 if kind is GuestExceptionKind.UNDEFINED else self._fault_address(kind))
        elif error in FETCH_ERRORS:
            self.exception = (GuestExceptionKind.PREFETCH_ABORT, self.pc)
        elif error in READ_ERRORS or error in WRITE_ERRORS:
            self.exception = (GuestExceptionKind.DATA_ABORT, self._faulting_address)
        elif error in UNDEFINED_ERRORS:
            self.exception = (GuestExceptionKind.UNDEFINED, self.pc)
        else:
            raise BoardError(f"the CPU failed with error {error} at {self.pc:#x}", "report this with the firmware")
        self._uncharge_rest()
        return Pause.EXCEPTION

    def _fault_address(self, kind: GuestExceptionKind) -> int:
        if kind is GuestExceptionKind.DATA_ABORT:
            address: int = self.runner.cpr_read(15, 0, 6, 0, 0, 0, False)
            return address
        return self.pc

    def _uncharge_rest(self) -> None:
        """The block was charged whole; when it faulted inside, take back what was not executed."""
        state = self._state
        start, words = self.block, self._block_size >> 2
        executed = (self.pc - start) // 4 + 1
        if not 0 < executed < words:
            return
        whole = self.model.cost(self.ram.read(start, 4 * words), start)
        part = self.model.cost(self.ram.read(start, 4 * executed), start)
        state[hook.CLOCK] += part.cycles + part.taken_extra - whole.cycles
        state[hook.INSTRUCTIONS] -= words - executed
        self._forget_branch()

    def enter(self, kind: GuestExceptionKind, not_before: int = 0) -> None:
        """Go to a vector as the architecture says; the clock is at least `not_before` first."""
        pc, cpsr = self.pc, self.cpsr
        self._charge_branch(pc)
        state = self._state
        state[hook.ENTERED_FROM] = self.cycles
        state[hook.CLOCK] = max(self.cycles, not_before) + EXCEPTION_ENTRY_CYCLES
        engine = self.runner
        engine.reg_write(arm.UC_ARM_REG_CPSR, (cpsr & ~0x3F) | kind.masked | (cpsr & FIQ_MASK) | kind.mode)
        engine.reg_write(arm.UC_ARM_REG_SPSR, cpsr)
        engine.reg_write(arm.UC_ARM_REG_LR, (pc + kind.return_offset) & 0xFFFFFFFF)
        base = 0xFFFF0000 if self.system_control() & HIGH_VECTORS else 0
        self.pc = base + kind.vector

    def set_fault_registers(self, kind: GuestExceptionKind, address: int) -> None:
        """Fault status (external abort) and address, as the coprocessor would hold them."""
        if kind is GuestExceptionKind.DATA_ABORT:
            self.runner.cpr_write(15, 0, 5, 0, 0, 0, False, EXTERNAL_ABORT_STATUS)
            self.runner.cpr_write(15, 0, 6, 0, 0, 0, False, address)
        else:
            self.runner.cpr_write(15, 0, 5, 0, 1, 0, False, EXTERNAL_ABORT_STATUS)

    def _charge_branch(self, target: int) -> None:
        """The last block ended in a branch to `target`: charge it here when no block hook will."""
        if target != self._state[hook.BLOCK_END]:
            self._state[hook.CLOCK] += (int(self._state[hook.LAST_ENTRY]) >> hook.EXTRA_SHIFT) & hook.EXTRA_MASK
        self._forget_branch()

    def _forget_branch(self) -> None:
        self._state[hook.LAST_ENTRY] &= hook.BYTES_MASK

    def _forget_block(self) -> None:
        self._state[hook.BLOCK_END] = self._state[hook.LAST_ENTRY] = 0

    # Snapshots

    def save(self) -> tuple[Any, bytes]:
        """Registers and counts; RAM is saved by its owner."""
        contents = b"" if self.caches is None else self.caches.save()
        return self.runner.context_save(), self._state.tobytes() + contents

    def restore(self, saved: tuple[Any, bytes]) -> None:
        self.runner.context_restore(saved[0])
        size = self._state.nbytes
        self._state[:] = np.frombuffer(saved[1][:size], np.int64)
        self._state[hook.WATCH_COUNT] = 0
        if self.caches is not None:
            self.caches.restore(saved[1][size:])
        self._set_threshold()
