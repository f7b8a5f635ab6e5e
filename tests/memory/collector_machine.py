"""A small heap on which the VM's allocator and collector run twice: simulated on the host, and compiled on a bare ARM.

Every operation is done both ways from the same memory, and registers, heap and VM variables must come out the same. The
heap begins as an image does: classes, nil, an array of special objects that refers to the program's variables, and the
active context, whose stack the primitives work on.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from typing import Final

import numpy as np
from primitives.arm_machine import DISPATCHED, FAILED, INSTRUCTION_LIMIT, RETURNED, STACK_TOP, ArmMachine
from primitives.small_memory import BOARD
from unicorn.arm_const import UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_SP

from hardtalk.build.sources import read_classes, vm_paths
from hardtalk.memory.audit import Audit, audit_machine
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine
from hardtalk.slang.simulate import STATE_BASE, TABLE_BASE, Simulation
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.vm import object_format as of
from hardtalk.vm.constants import PINNED_REGISTERS, STATE_REGISTER, slang_constants

HEAP: Final = 0x00100000
HEAP_BYTES: Final = 1 << 16
ROOTS: Final = 16
SPECIAL_OBJECTS: Final = 64
FIRST_PINNED, LAST_PINNED = min(PINNED_REGISTERS.values()), max(PINNED_REGISTERS.values())
FAILURE: Final = "activateMethod:arguments:"
NEW, STORE, READ, AUDIT = 71, 61, 60, 677
"""Primitives: basicNew:, at:put:, at:, some steps of the board's own audit."""
PRIORITY: Final = 40 << 1 | 1
METACLASS_SLOTS: Final = 7
CHUNKS: Final = slang_constants()["ReserveChunks"]

CLASSES: Final = {
    "Array": ("FormatIndexable", 0, "classArray"),
    "Weak": ("FormatWeak", 1, ""),
    "String": ("FormatBytes", 0, "classString"),
    "UndefinedObject": ("FormatFixed", 0, ""),
    "MethodContext": ("FormatFixed", 0, "classMethodContext"),
    "Process": ("FormatFixed", len(of.SLOTS["Process"]), "classProcess"),
    "Metaclass": ("FormatFixed", METACLASS_SLOTS, "classMetaclass"),
}


class OutOfMemory(Exception):
    """The primitive that makes an object has failed."""


@cache
def vm_classes() -> tuple[ClassDefinition, ...]:
    return tuple(read_classes(vm_paths()))


@cache
def constants() -> dict[str, int]:
    return slang_constants(BOARD)


@cache
def compiled(symbols: tuple[tuple[str, int], ...]) -> ArmMachine:
    return ArmMachine(vm_classes(), constants(), dict(symbols), lambda _: None)


class CollectorMachine:
    def __init__(self, with_arm: bool = True) -> None:
        self.simulation = Simulation(vm_classes(), constants(), memory_base=HEAP, memory_size=HEAP_BYTES)
        self.memory, self.state = self.simulation.memory, self.simulation.state
        self.arm = compiled(tuple(sorted(self.simulation.symbols.items()))) if with_arm else None
        self.names = {name: STATE_BASE + offset for name, offset in self.simulation.program.state.items()}
        self.names["methodCache"] = self.simulation.symbols["methodCache"]
        self._make_image()
        self.calls = 0

    # The image

    def _make_image(self) -> None:
        oops: dict[str, int] = {}
        sizes = {"special": SPECIAL_OBJECTS, "roots": ROOTS, "context": of.context_slots(False)}
        sizes |= dict.fromkeys(("meta", "metaMeta"), METACLASS_SLOTS) | dict.fromkeys(CLASSES, 9) | {"nil": 0}
        sizes |= {"processor": 2, "scheduler": 2, "process": CLASSES["Process"][1]}
        orders = {name: of.order_for_bytes(4 * size) for name, size in sizes.items()}
        address = HEAP
        for name in sorted(sizes, key=lambda name: -orders[name]):
            oops[name] = address
            address += 1 << orders[name]
        self.oops, self.nil, self.context = oops, oops["nil"], oops["context"]
        for name, oop in oops.items():
            kind, class_name = "FormatFixed", "meta"
            if name in ("special", "roots", "processor", "scheduler"):
                kind, class_name = "FormatIndexable", "Array"
            elif name == "context":
                kind, class_name = "FormatEscapedContext", "MethodContext"
            elif name == "process":
                class_name = "Process"
            elif name == "nil":
                class_name = "UndefinedObject"
            elif name in ("meta", "metaMeta"):
                class_name = "Metaclass"
            elif name == "Metaclass":
                class_name = "metaMeta"
            header = of.header_word(of.FORMATS[kind], orders[name])
            self._write(oop + 8, oops[class_name], sizes[name], header, *[self.nil] * sizes[name])
        for name in ("meta", "metaMeta"):
            self._write(oops[name] + of.slot_offset(2), (9 * 16 + of.FORMATS["FormatFixed"]) << 1 | 1)
        for name, (kind, named, variable) in CLASSES.items():
            self._write(oops[name] + of.slot_offset(2), (named * 16 + of.FORMATS[kind]) << 1 | 1)
            if variable:
                self.state[variable] = oops[name]
        self._make_active_process()
        kept = [oops["roots"], oops["processor"], *(oops[name] for name in CLASSES)]
        self._write(oops["special"] + of.slot_offset(SPECIAL_OBJECTS - len(kept)), *kept)
        self._start(address)

    def _make_active_process(self) -> None:
        """Who opens the reserve is the active process, which the scheduler knows."""
        for owner, kind, slot, value in (
            ("processor", "Association", "Value", self.oops["scheduler"]),
            ("scheduler", "Scheduler", "ActiveProcess", self.oops["process"]),
            ("process", "Process", "Priority", PRIORITY),
        ):
            self._write(self.oops[owner] + of.slot_offset(of.SLOTS[kind].index(slot)), value)
        self.state["scheduler"] = self.oops["scheduler"]

    def _start(self, end: int) -> None:
        """As the VM does when it starts; the context is last on the ring, as contexts are."""
        ring = sorted(self.oops.values(), key=lambda oop: (oop == self.context, oop))
        for oop, following in zip(ring, ring[1:] + ring[:1], strict=True):
            self._write(oop, following)
            self._write(following + 4, oop)
        self.state["nilObject"] = self.state["vmMethod"] = self.state["selectorDoesNotUnderstand"] = self.nil
        self.state["specialObjectsArray"] = self.oops["special"]
        self.state["context"], self.state["sp"] = self.context, self.stack_floor
        self.state["receiver"] = self.state["method"] = self.nil
        self.state["regionStart"], self.state["regionEnd"] = HEAP, HEAP + HEAP_BYTES
        self.state["contextLimit"] = 1000
        self.state["bytecodeTable"] = self.simulation.symbols["dispatchTable"]
        self.state["lastHash"] = 1
        self.simulation.interrupt_pending = False
        for selector, *arguments in (
            ("setUpRings",), ("addFreeRegionFrom:to:", end, HEAP + HEAP_BYTES), ("setUpCollector:", end - HEAP),
            ("setUpChunks",),
        ):  # fmt: skip
            self.simulation.call(selector, *arguments)
        self.simulation.call("makeForwarderClass")
        self.oops["forwarder"] = self.state["classForwarder"]
        self.image_bytes = end - HEAP + (1 << self.order(self.oops["forwarder"]))

    def _write(self, address: int, *words: int) -> None:
        self.memory.write(address, struct.pack(f"<{len(words)}I", *words))

    @property
    def stack_floor(self) -> int:
        return self.context + of.slot_offset(of.SLOTS["Context"].index("Receiver"))

    # Running, both ways

    def call(self, selector: str, *arguments: int, is_interrupted: bool = False) -> int:
        """An ordinary routine."""
        self.simulation.interrupt_pending = is_interrupted
        outcome = self._on_arm(self._symbol(selector), arguments, (RETURNED,))
        result = int(self.simulation.call(selector, *arguments)) & 0xFFFFFFFF
        self._compare(outcome, selector)
        return result

    def primitive(self, number: int, *operands: int, is_interrupted: bool = False) -> int | None:
        """The result's oop; None when an interrupt stopped it and it is to be done again. Raises OutOfMemory."""
        for index, oop in enumerate(operands):
            self._write(self.stack_floor + 4 + 4 * index, oop)
        self.state["sp"] = self.stack_floor + 4 * len(operands)
        self.simulation.interrupt_pending = is_interrupted
        methods = self.simulation.program.methods
        selector = next(name for name, each in methods.items() if each.numbers == ("primitive", number, number))
        arguments: tuple[int, ...] = (self.nil, len(operands) - 1)
        self.state["ip"] = 0x01F20000
        outcome = self._on_arm(self._symbol(selector), arguments, (DISPATCHED, FAILED))
        while True:
            transfer = self.simulation.transfer(selector, *arguments)
            if transfer.target in ("next", "current", FAILURE):
                break
            selector, arguments = transfer.target, transfer.arguments
        if transfer.target == "next":
            self.state["ip"] += 1
        self._compare(outcome, selector)
        top = self.memory.word_at(self.state["sp"])
        if transfer.target == "current":
            if self.state["memoryAwaited"]:  # it is decided before the next bytecode: nobody is there to go before
                self.state["memoryAwaited"], self.state["refusedAsker"] = 0, self.state["asker"]
            return None
        self.state["sp"] = self.stack_floor
        if transfer.target == FAILURE:
            raise OutOfMemory
        return top

    def operands(self, count: int) -> list[int]:
        """What a primitive that is to be done again finds on the stack: an unfinished object instead of its size."""
        return [self.memory.word_at(self.stack_floor + 4 + 4 * index) for index in range(count)]

    def _symbol(self, selector: str) -> str:
        return self.simulation.program.methods[selector].symbol

    def _on_arm(self, symbol: str, arguments: tuple[int, ...], ends: tuple[int, ...]) -> list[int] | None:
        """The pinned registers afterwards; heap and variables stay in the CPU's memory."""
        if self.arm is None:
            return None
        cpu = self.arm.cpu
        for segment in self.memory.segments:
            cpu.mem_write(segment.base, bytes(segment.data))
        registers = self.simulation.registers
        for number in range(FIRST_PINNED, LAST_PINNED + 1):
            cpu.reg_write(UC_ARM_REG_R0 + number, registers[number])
        cpu.reg_write(UC_ARM_REG_R0 + STATE_REGISTER, STATE_BASE)
        cpu.reg_write(UC_ARM_REG_SP, STACK_TOP)
        cpu.reg_write(UC_ARM_REG_LR, RETURNED)
        for number, argument in enumerate(arguments):
            cpu.reg_write(UC_ARM_REG_R0 + number, argument & 0xFFFFFFFF)
        cpu.emu_start(self.arm.symbols[symbol], 0, count=INSTRUCTION_LIMIT)
        assert cpu.reg_read(UC_ARM_REG_PC) in ends, f"{symbol} ended at {cpu.reg_read(UC_ARM_REG_PC):#x}"
        return [cpu.reg_read(UC_ARM_REG_R0 + number) for number in range(FIRST_PINNED, LAST_PINNED + 1)]

    def _compare(self, outcome: list[int] | None, selector: str) -> None:
        self.calls += 1
        if self.arm is None or outcome is None:
            return
        assert outcome == self.simulation.registers[FIRST_PINNED : LAST_PINNED + 1], f"{selector}: registers differ"
        for segment in self.memory.segments:
            if segment.base != TABLE_BASE:
                assert self.arm.data_of(segment.base, segment.size) == segment.data, f"{selector}: memory differs"

    # Looking at it

    def machine(self) -> Machine:
        """For the auditor: it sees the simulation's memory as it sees a board's."""
        words = np.zeros((HEAP + HEAP_BYTES - STATE_BASE) >> 2, np.uint32)
        for segment in self.memory.segments:
            at = (segment.base - STATE_BASE) >> 2
            words[at : at + (segment.size >> 2)] = np.frombuffer(bytes(segment.data), np.uint32)
        pinned = ("ip", "sp", "context", "receiver", "method")
        registers = {name: self.state[name] & 0xFFFFFFFF for name in pinned}
        return Machine(words, STATE_BASE, self.names, registers)

    def audit(self) -> Audit:
        return audit_machine(self.machine())

    def heap(self) -> Heap:
        return Heap(self.machine())

    def held_back(self) -> Iterator[int]:
        """Bytes that count as taken but are no objects': of the reserve's chunks and the ready chain."""
        chunks = self.simulation.state_address("chunkBytes")
        assert chunks is not None
        for index in range(CHUNKS):
            yield (1 << self.state["chunkOrder"]) - self.memory.word_at(chunks + 4 * index)
        block = self.state["readyBlock"]
        while block:
            yield 1 << self.order(block)
            block = self.memory.word_at(block)

    def order(self, block: int) -> int:
        return self.memory.byte_at(block + 17) & of.ORDER_MASK

    def slot(self, oop: int, index: int) -> int:
        return self.memory.word_at(oop + of.slot_offset(index))
