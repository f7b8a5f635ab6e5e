"""The ARM926EJ-S: an engine with the clock's hook, and a second one for single steps.

Both engines work on the same RAM and the same device callbacks. The runner keeps its translations and stops between
blocks; the stepper executes part of a block where an exact number of instructions is asked for (its instruction count
would throw away the runner's translations). Code is ARM state only, and mapped to its own address when the MMU is on.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np
import unicorn
from unicorn import arm_const as arm

from hardtalk.board import hook
from hardtalk.board.block_table import BlockTable
from hardtalk.board.cache_control import CacheControl
from hardtalk.board.caches import Caches
from hardtalk.board.cycle_counter import CycleCounter
from hardtalk.board.cycles import WAIT_FOR_INTERRUPT, WAIT_FOR_INTERRUPT_MASK, Model
from hardtalk.board.engine import (
    BLOCKS,
    REGISTER_READ_FUNCTION,
    REGISTERS,
    STOP_FUNCTION,
    STORES,
    Engine,
    Read,
    Words,
    Write,
)
from hardtalk.board.errors import BoardError
from hardtalk.board.exceptions import Exceptions
from hardtalk.board.memory import Ram
from hardtalk.board.stops import Stops

HOST_LINE_BYTES = 64
THUMB = 1 << 5
FARTHEST_BLOCK_CYCLES = 100_000  # no block of the host's translator costs as much

SavedCpu = tuple[Any, bytes]


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


def aligned_words(count: int) -> Words:
    """So many zeros that begin with a cache line of the host."""
    words = np.zeros(count + HOST_LINE_BYTES // 8, np.int64)
    start = -words.ctypes.data % HOST_LINE_BYTES // 8
    return words[start : start + count]


class Cpu:
    """The processor, run until something needs the board.

    What it consists of: `engine` (registers), `counter` (time), `stops` (when it comes back), `blocks` (what code
    costs), `exceptions`, and `cache_control`, None for a processor whose memory never waits. `words` are what they
    share with the hooks.
    """

    def __init__(self, ram: Ram, model: Model, caches: Caches | None = None) -> None:
        self.ram = ram
        self.words = aligned_words(hook.STATE_WORDS)
        self.engine, self._stepper = self.engines = Engine(ram), Engine(ram)
        self.counter = CycleCounter(self.words)
        self.stops = Stops(self.words)
        self.blocks = BlockTable(ram, model, self.words, self.engines)
        self.exceptions = Exceptions(self.engine, self.counter)
        for engine in self.engines:
            engine.note_exceptions()
        self._stored: list[tuple[int, int]] = []
        self._stepper.uc.hook_add(STORES, self._note_store)
        self.words[hook.STOP_FUNCTION] = STOP_FUNCTION
        self.words[hook.REGISTER_READ_FUNCTION] = REGISTER_READ_FUNCTION
        self.words[hook.CPSR_NUMBER] = arm.UC_ARM_REG_CPSR
        block_hook = hook.BLOCK_HOOK if caches is None else hook.cached_block_hook()
        self.engine.add_hook(BLOCKS, block_hook, self.words, "the clock")
        self.cache_control = CacheControl(caches, ram, self.words, self.engines) if caches is not None else None
        self._reset_context = self.engine.uc.context_save()
        self.reset()

    def map_device(self, base: int, size: int, read: Read, write: Write) -> None:
        """Let bus accesses to a range call `read(offset, size)` and `write(offset, size, value)`."""
        for engine in self.engines:
            engine.map_device(base, size, read, write)

    def reset(self) -> None:
        """As after power-on: supervisor mode, interrupts masked, MMU off, all counts zero. RAM is left alone."""
        self.engine.uc.context_restore(self._reset_context)
        self.words[hook.WATCH_COUNT] = 0
        if self.cache_control is not None:
            self.cache_control.reset()
        self.counter.reset()
        self.stops.reset()
        self.forget_code()

    # Registers and counts

    def register(self, number: int) -> int:
        """r0 to r15 of the current mode."""
        return self.engine.register(REGISTERS[number])

    def set_register(self, number: int, value: int) -> None:
        self.engine.uc.reg_write(REGISTERS[number], value)

    @property
    def pc(self) -> int:
        return self.register(15)

    @pc.setter
    def pc(self, address: int) -> None:
        self.set_register(15, address)

    @property
    def cpsr(self) -> int:
        return self.engine.register(arm.UC_ARM_REG_CPSR)

    @cpsr.setter
    def cpsr(self, value: int) -> None:
        self.engine.uc.reg_write(arm.UC_ARM_REG_CPSR, value)

    @property
    def spsr(self) -> int:
        return self.engine.register(arm.UC_ARM_REG_SPSR)

    @property
    def cycles(self) -> int:
        return self.counter.cycles

    @property
    def model(self) -> Model:
        """What instructions cost."""
        return self.blocks.model

    @property
    def runner(self) -> Any:
        """Unicorn's own object, for who reads many registers at once."""
        return self.engine.uc

    # Running

    def run(self) -> Pause:
        """Go on from the PC until something needs the board."""
        words = self.words
        self.stops.begin()
        while True:
            words[hook.STOP] = 0
            error = self.engine.start(self.pc)
            if error is not None or self.engine.exception_number is not None:
                return self._exception_pause(self.engine, error)
            reason = int(words[hook.STOP])
            if reason == hook.MISS:
                self._learn_block()
            elif reason == hook.SEAM:
                self.blocks.close_seam(self.counter.block, self.counter.block_bytes, int(words[hook.MISSED_BYTES]))
                self.stops.set_threshold()
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
        start, size = self.pc, 4 * count
        self.counter.leave_for(start)
        self._stepper.take_state_of(self.engine)
        self._stepper.uc.ctl_remove_cache(start, start + size)
        self._stored.clear()
        # Charged before, as a block is: device accesses see the same time.
        cost = self.blocks.cost_of_part(start, count)
        self.counter.charge(cost.cycles + cost.taken_extra, count)
        self.counter.enter_part(start, size)
        if self.cache_control is not None:
            self.cache_control.fetch(start, size)
        error = self._stepper.start(start, count)
        self.engine.take_state_of(self._stepper)
        for address, stored in self._stored:
            if self.blocks.holds_code(address):
                self.engine.uc.ctl_remove_cache(address, address + stored)
        if error is not None or self._stepper.exception_number is not None:
            return self._exception_pause(self._stepper, error)
        return Pause.COUNTED

    def must_step(self, count: int) -> bool:
        """Whether the block at the PC is known to be longer than `count` instructions, and nothing else comes first."""
        if self.stops.wants_attention or self.cycles + FARTHEST_BLOCK_CYCLES > self.stops.alarm:
            return False
        return self.blocks.is_longer(self.pc, count)

    def _learn_block(self) -> None:
        """The hook met the block at the PC for the first time or in another size."""
        address, size = self.pc, int(self.words[hook.MISSED_BYTES])
        if self.cpsr & THUMB:
            raise BoardError(f"the firmware switched to Thumb state at {address:#x}", "compile it for ARM state only")
        self.blocks.learn(address, size)
        if self.cache_control is not None:
            self.cache_control.hook_operations(address, size)

    def _is_wait(self, address: int) -> bool:
        if not self.ram.contains(address, 4):
            return False
        word = self.ram.word(address)
        return word & WAIT_FOR_INTERRUPT_MASK == WAIT_FOR_INTERRUPT

    def _note_store(self, _engine: Any, _access: int, address: int, size: int, _value: int, _user: Any) -> None:
        self._stored.append((address, size))

    def _exception_pause(self, ran: Engine, error: int | None) -> Pause:
        self.exceptions.find(ran, error)
        self._uncharge_rest()
        return Pause.EXCEPTION

    def _uncharge_rest(self) -> None:
        """The block was charged whole; when it faulted inside, take back what was not executed."""
        start, size = self.counter.block, self.counter.block_bytes
        executed = self.pc - start + 4
        if not 0 < executed < size:
            return
        whole, part = self.blocks.cost(start, size), self.blocks.cost(start, executed)
        self.counter.charge(part.cycles + part.taken_extra - whole.cycles, (executed - size) // 4)
        self.counter.forget_branch()

    # Looking on

    def on_store(self, address: int, listener: Callable[[int], None]) -> Callable[[], None]:
        """Tell `listener` each value that the guest stores in the word at `address`; answers what ends that.

        For looking at a run: the guest neither sees it nor pays, but emulation is slower meanwhile.
        """

        def stored(_engine: Any, _access: int, _address: int, _size: int, value: int, _user: Any) -> None:
            listener(value & 0xFFFFFFFF)

        handles = [
            (each, each.uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, stored, begin=address, end=address + 3))
            for each in self.engines
        ]
        self.forget_code()

        def remove() -> None:
            for engine, handle in handles:
                engine.uc.hook_del(handle)
            self.forget_code()

        return remove

    def forget_code(self, pages: list[int] | None = None) -> None:
        """Drop what is known of code when RAM was changed by the host: all, or if one of `pages` holds code."""
        self.blocks.forget(pages)

    def translate_anew(self) -> None:
        """Let hooks that were added or removed be heard; what blocks cost stays known."""
        self.engine.uc.ctl_flush_tb()

    # Snapshots

    def save(self) -> SavedCpu:
        """Registers and counts; RAM is saved by its owner."""
        contents = b"" if self.cache_control is None else self.cache_control.save()
        return self.engine.uc.context_save(), self.words.tobytes() + contents

    def restore(self, saved: SavedCpu) -> None:
        self.engine.uc.context_restore(saved[0])
        size = self.words.nbytes
        self.words[:] = np.frombuffer(saved[1][:size], np.int64)
        self.words[hook.WATCH_COUNT] = 0
        if self.cache_control is not None:
            self.cache_control.restore(saved[1][size:])
        self.stops.set_threshold()
