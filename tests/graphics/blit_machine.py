"""Primitives 96, 147 and 682 as ARM code on a small object memory, interrupted after any number of instructions.

An interrupt is what the boot stub makes of one: the dispatch table's register changes, and the code goes on to its next
look. What the bytecode that the virtual machine dispatches then would lead to, the machine starts itself: the internal
method's, by which an interrupted blit goes on, possibly after another blit.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from primitives.arm_machine import BYTECODES, DISPATCHED, FAILED, STACK_TOP, STUBS
from primitives.small_memory import SmallMemory
from unicorn.arm_const import (
    UC_ARM_REG_LR,
    UC_ARM_REG_PC,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_ARM_REG_R4,
    UC_ARM_REG_R5,
    UC_ARM_REG_R6,
    UC_ARM_REG_R7,
    UC_ARM_REG_R8,
    UC_ARM_REG_SP,
)

from hardtalk.slang.simulate import STATE_BASE
from hardtalk.vm import object_format as of
from hardtalk.vm.codes import INTERNAL_OPERANDS

from .reference import Bits, Blit, ColorMap, Fails, Form

COPY_BITS: Final = 96
WARP_BITS: Final = 147
DISPLAY_STRING: Final = 682
INTERNAL: Final = "Unwinding>>bytecodeInternal"
INTERNAL_CODE: Final = 126
STEP_LIMIT: Final = 300_000_000
"""A warp of 8,000 pixels a row that mixes 4 by 4 takes some sixty million."""
FREE_CONTEXTS: Final = 4


@dataclass
class Outcome:
    """What the primitive answered, or `failed`; how often it was interrupted."""

    result: int
    failed: bool
    interrupted: int


class BlitMachine:
    """Objects are made anew for each blit; `run` carries it out and reads its forms back."""

    def __init__(self) -> None:
        self.memory = SmallMemory()
        self.memory.reset()
        self.oops: dict[int, int] = {}
        self.made: list[int] = []

    def reset(self) -> None:
        self.memory.reset()
        self.oops, self.made = {}, []
        self._make_contexts()

    def _make_contexts(self) -> None:
        memory = self.memory
        self.method_oop = memory.make("FormatMethod", memory.classes["CompiledMethod"], bytes(28))
        for name in ("InternalBlit", "InternalText", "InternalWarp"):
            operand = INTERNAL_OPERANDS[name]
            code = self.method_oop + of.BODY_OFFSET + 14 + 2 * operand
            memory.memory.write(code, bytes((INTERNAL_CODE, operand)))
        memory.state["vmMethod"] = self.method_oop
        nothing = [memory.nil] * of.context_slots(False)
        self.home = memory.make("FormatEscapedContext", memory.classes["Point"], nothing)
        free = [memory.make("FormatContext", memory.classes["Point"], nothing) for _ in range(FREE_CONTEXTS)]
        sender = of.BODY_OFFSET
        for oop, following in zip(free, [*free[1:], 0], strict=True):
            memory.memory.word_at_put(oop + sender, following)
            memory.memory.byte_at_put(oop + 17, memory.memory.byte_at(oop + 17) & 31 | 4 << 5)
        memory.state["freeSmallContexts"] = free[0]
        large = memory.make("FormatLargeContext", memory.classes["Point"], [memory.nil] * of.context_slots(True))
        memory.memory.word_at_put(large + sender, 0)
        memory.state["freeLargeContexts"] = large
        memory.state["context"] = self.home
        memory.state["receiver"] = memory.state["method"] = memory.nil

    # Objects

    def words(self, words: Sequence[int]) -> int:
        oop = self.memory.words(list(words))
        self.made.append(oop)
        return oop

    def bits(self, bits: Bits) -> int:
        if id(bits) not in self.oops:
            self.oops[id(bits)] = self.words(bits.words)
        return self.oops[id(bits)]

    def integer(self, value: int | None) -> int:
        return self.memory.nil if value is None else self.memory.integer(value)

    def object(self, *slots: int) -> int:
        return self.memory.make("FormatFixed", self.memory.classes["Point"], list(slots))

    def form(self, form: Form) -> int:
        if id(form) not in self.oops:
            numbers = (self.integer(each) for each in (form.width, form.height, form.depth))
            self.oops[id(form)] = self.object(self.bits(form.bits), *numbers, self.memory.nil)
        return self.oops[id(form)]

    def color_map(self, given: Bits | ColorMap | None) -> int:
        nil = self.memory.nil
        if given is None:
            return nil
        if isinstance(given, Bits):
            return self.bits(given)
        parts = (
            nil if each is None else self.words([value & 0xFFFFFFFF for value in each])
            for each in (given.shifts, given.masks)
        )
        return self.object(*parts, nil if given.colors is None else self.bits(given.colors))

    def blit(self, blit: Blit) -> int:
        return self.warp(blit, [])

    def warp(self, blit: Blit, more: list[int]) -> int:
        """A BitBlt with more slots behind its own."""
        nil = self.memory.nil
        numbers = (
            blit.rule, blit.target_x, blit.target_y, blit.width, blit.height, blit.source_x, blit.source_y,
            blit.clip_x, blit.clip_y, blit.clip_width, blit.clip_height,
        )  # fmt: skip
        return self.object(
            self.form(blit.target),
            nil if blit.source is None else self.form(blit.source),
            nil if blit.halftone is None else self.words(blit.halftone),
            *(self.integer(each) for each in numbers),
            self.color_map(blit.color_map),
            *more,
        )

    # Running

    def prepare(self) -> None:
        """Copy the object memory to the CPU."""
        cpu, memory = self.memory.arm.cpu, self.memory
        for segment in memory.memory.segments:
            cpu.mem_write(segment.base, bytes(segment.data))
        cpu.reg_write(UC_ARM_REG_R4, STATE_BASE)
        cpu.reg_write(UC_ARM_REG_R5, BYTECODES)
        cpu.reg_write(UC_ARM_REG_R6, memory.stack - 4)
        cpu.reg_write(UC_ARM_REG_R7, self.home)
        cpu.reg_write(UC_ARM_REG_SP, STACK_TOP)
        for number in (9, 10):
            cpu.reg_write(UC_ARM_REG_R0 + number, memory.nil)

    def run(
        self,
        bit_blt: int,
        alpha: int | None = None,
        after: Iterable[int] = (),
        between: Callable[[], None] | None = None,
    ) -> Outcome:
        """Send copyBits to the object. An interrupt comes after each of these numbers of instructions, counted from
        where the blit begins or goes on; `between` is called while it waits to go on."""
        operands = [bit_blt] if alpha is None else [bit_blt, self.memory.integer(alpha)]
        return self.send(COPY_BITS, operands, after, between)

    def send(
        self,
        primitive: int,
        operands: Sequence[int],
        after: Iterable[int] = (),
        between: Callable[[], None] | None = None,
    ) -> Outcome:
        """The same with any of the primitives: receiver and arguments."""
        cpu, memory = self.memory.arm.cpu, self.memory
        sp = cpu.reg_read(UC_ARM_REG_R6)
        context, ip = cpu.reg_read(UC_ARM_REG_R7), cpu.reg_read(UC_ARM_REG_R5)
        cpu.mem_write(sp + 4, struct.pack(f"<{len(operands)}I", *operands))
        cpu.reg_write(UC_ARM_REG_R6, sp + 4 * len(operands))
        address = self._begin(primitive, len(operands))
        interrupted = 0
        counts = iter(after)
        while True:
            address = self._stretch(address, next(counts, None))
            assert cpu.reg_read(UC_ARM_REG_SP) == STACK_TOP
            if address == FAILED:
                assert cpu.reg_read(UC_ARM_REG_R6) == sp + 4 * len(operands)
                assert cpu.reg_read(UC_ARM_REG_R7) == context
                cpu.reg_write(UC_ARM_REG_R6, sp)
                return Outcome(0, True, interrupted)
            if cpu.reg_read(UC_ARM_REG_R7) == context and cpu.reg_read(UC_ARM_REG_R5) == ip:
                assert cpu.reg_read(UC_ARM_REG_R6) == sp + 4 * len(operands), "the same send once more"
                interrupted += 1
                address = self._begin(primitive, len(operands))
                continue
            if cpu.reg_read(UC_ARM_REG_R7) == context:
                assert cpu.reg_read(UC_ARM_REG_R5) == ip + 1, "the next bytecode follows"
                assert cpu.reg_read(UC_ARM_REG_R6) == sp + 4
                cpu.reg_write(UC_ARM_REG_R6, sp)
                cpu.reg_write(UC_ARM_REG_R5, ip)
                return Outcome(self.word(sp + 4), False, interrupted)
            interrupted += 1
            if between is not None:
                saved = [cpu.reg_read(UC_ARM_REG_R0 + number) for number in range(13)]
                between()
                for number, value in enumerate(saved):
                    cpu.reg_write(UC_ARM_REG_R0 + number, value)
            cpu.reg_write(UC_ARM_REG_R8, memory.simulation.symbols["dispatchTable"])
            address = memory.arm.symbols[INTERNAL]

    def _begin(self, primitive: int, operands: int) -> int:
        """What a send of the primitive's method finds; answers the routine's address."""
        cpu, memory = self.memory.arm.cpu, self.memory
        cpu.reg_write(UC_ARM_REG_R0, memory.method)
        cpu.reg_write(UC_ARM_REG_R1, operands - 1)
        cpu.reg_write(UC_ARM_REG_R8, memory.simulation.symbols["dispatchTable"])
        cpu.reg_write(UC_ARM_REG_LR, STUBS + 32)
        return memory.arm.symbols[memory.arm.entries[primitive]]

    def _stretch(self, address: int, count: int | None) -> int:
        """Run to the end of a routine; answers the stub that was reached."""
        cpu = self.memory.arm.cpu
        if count is not None:
            if count:
                cpu.emu_start(address, 0, count=count)
                address = cpu.reg_read(UC_ARM_REG_PC)
            if address in (DISPATCHED, FAILED):
                return address
            cpu.reg_write(UC_ARM_REG_R8, self.memory.simulation.symbols["interruptTable"])
        cpu.emu_start(address, 0, count=STEP_LIMIT)
        reached = cpu.reg_read(UC_ARM_REG_PC)
        assert reached in (DISPATCHED, FAILED), f"the routine ended at {reached:#x}"
        return int(reached)

    def leave_context(self) -> None:
        """The active context gives way to the home context, with room on its stack: another process's send follows."""
        cpu = self.memory.arm.cpu
        cpu.reg_write(UC_ARM_REG_R7, self.home)
        cpu.reg_write(UC_ARM_REG_R6, self.memory.stack + 28)
        cpu.reg_write(UC_ARM_REG_R5, BYTECODES)

    def word(self, address: int) -> int:
        return int.from_bytes(self.memory.arm.cpu.mem_read(address, 4), "little")

    def words_of(self, bits: Bits) -> list[int]:
        data = self.memory.arm.cpu.mem_read(self.oops[id(bits)] + of.BODY_OFFSET, 4 * len(bits.words))
        return list(struct.unpack(f"<{len(bits.words)}I", data))

    def heap(self) -> bytes:
        """All of the heap as the CPU has it."""
        segment = self.memory.memory.segments[0]
        return bytes(self.memory.arm.cpu.mem_read(segment.base, segment.size))

    def without_stacks(self, heap: bytes) -> bytes:
        """The heap without the stack and the contexts, which any send writes to."""
        memory = self.memory
        base = memory.memory.segments[0].base
        result = bytearray(heap)
        result[memory.stack - base : memory.stack - base + 96] = bytes(96)
        result[self.home - base : self.home - base + (FREE_CONTEXTS + 1 << 7)] = bytes(FREE_CONTEXTS + 1 << 7)
        return bytes(result)

    def word_bodies(self) -> list[slice]:
        """Where in the heap the elements of the objects of words made since `reset` are."""
        memory, base = self.memory.memory, self.memory.memory.segments[0].base
        found = []
        for oop in self.made:
            start = oop + of.BODY_OFFSET - base
            found.append(slice(start, start + 4 * memory.word_at(oop + 12)))
        return found


def compare(machine: BlitMachine, blit: Blit, after: Sequence[int] = ()) -> Outcome:
    """Carry out the blit both ways; all bits must come out the same, and what must fail fails and changes nothing."""
    return compare_all(machine, blit, [after])[0]


def compare_all(machine: BlitMachine, blit: Blit, ways: Sequence[Sequence[int]]) -> list[Outcome]:
    """The same with several ways of interrupting it, each from the same objects, and the reference once."""
    machine.reset()
    oop = machine.blit(blit)
    outcomes, heaps = [], []
    for after in ways:
        machine.prepare()
        before = machine.heap()
        outcomes.append(machine.run(oop, blit.alpha, after))
        heaps.append(machine.without_stacks(machine.heap()))
    every = [blit.target.bits]
    if blit.source is not None:
        every.append(blit.source.bits)
    if isinstance(blit.color_map, ColorMap):
        every += [blit.color_map.colors] if blit.color_map.colors is not None else []
    elif blit.color_map is not None:
        every.append(blit.color_map)
    expected = bytearray(before)
    fails = False
    try:
        blit.copy_bits()
    except Fails:
        fails = True
    result = machine.memory.integer(blit.count) if blit.rule == 32 else oop
    places = [machine.oops[id(bits)] + of.BODY_OFFSET - machine.memory.memory.segments[0].base for bits in every]
    if not fails:
        for start, bits in zip(places, every, strict=True):
            expected[start : start + 4 * len(bits.words)] = struct.pack(f"<{len(bits.words)}I", *bits.words)
    whole = machine.without_stacks(bytes(expected))
    for outcome, heap in zip(outcomes, heaps, strict=True):
        assert outcome.failed == fails
        assert fails or outcome.result == result
        for start, bits in zip(places, every, strict=True):
            assert heap[start : start + 4 * len(bits.words)] == whole[start : start + 4 * len(bits.words)]
        assert heap == whole, "something outside was touched"
    return outcomes
