"""A small object memory in which the VM's primitives run, in simulation and as compiled ARM code side by side.

Objects that a test needs are laid out from the start of the heap; the rest is given to the VM's own allocator, so a
primitive that makes an object runs the real allocation. Every run starts from the same memory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

from hardtalk.build.sources import read_classes, vm_paths
from hardtalk.slang.simulate import DISPATCH_REGISTER, DeviceRange, Simulation
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.vm import object_format
from hardtalk.vm.constants import slang_constants
from hardtalk.vm.instruction_codes import instruction_codes
from hardtalk.vm.object_format import FORMATS
from hardtalk.vm.primitives import arity_codes
from hardtalk.vm.special_objects import SPECIAL_OBJECT_COUNT

from .arm_machine import ArmMachine

HEAP: Final = 0x00100000
HEAP_BYTES: Final = 1 << 18
OBJECTS_BYTES: Final = 1 << 17
STACK_WORDS: Final = 16
DEVICE: Final = 0x80000000
COUNTER: Final = DEVICE + 0x100
VIC: Final = DEVICE + 0x200
VIC_RAW, VIC_ENABLE = 8, 0x10
BOARD: Final = {
    "SystemBase": DEVICE,
    "SystemCounter24MHzOffset": COUNTER - DEVICE,
    "VicBase": VIC,
    "VicRawIntrOffset": VIC_RAW,
    "VicIntEnableOffset": VIC_ENABLE,
    "Timer01Line": 4,
    "Uart0Line": 12,
    "RamBase": 0,
    "RamSize": 1 << 27,
    "WidePeripheralsBase": 0x34000000,
}

CLASSES: Final = {
    "Array": ("FormatIndexable", 0),
    "String": ("FormatBytes", 0),
    "ByteArray": ("FormatBytes", 0),
    "Symbol": ("FormatBytes", 0),
    "Bitmap": ("FormatWords", 0),
    "Float": ("FormatWords", 0),
    "LargePositiveInteger": ("FormatBytes", 0),
    "LargeNegativeInteger": ("FormatBytes", 0),
    "Character": ("FormatFixed", 1),
    "Point": ("FormatFixed", 2),
    "CompiledMethod": ("FormatMethod", 0),
    "SmallInteger": ("FormatEmpty", 0),
    "Tail": ("FormatFixedAndIndexable", 2),
    "Stream": ("FormatFixed", 4),
    "UndefinedObject": ("FormatEmpty", 0),
    "Semaphore": ("FormatFixed", 3),
    "Association": ("FormatFixed", 2),
    "SystemBinding": ("FormatFixed", 2),
    "ProcessorScheduler": ("FormatFixed", 4),
}


@dataclass(frozen=True)
class Failed:
    """What `run` answers when the primitive fails: it went on to the Smalltalk method. `code` is primitiveFailure."""

    code: int


class Interrupted:
    """The primitive stopped at a safepoint: the same bytecode is to be executed again."""


@cache
def vm_classes() -> tuple[ClassDefinition, ...]:
    return tuple(read_classes(vm_paths()))


class SmallMemory:
    """See the module. Addresses of classes are in `classes`, of nil, true and false in `nil`, `true`, `false`."""

    def __init__(self) -> None:
        self.device_log: list[tuple[str, int, int]] = []
        self.device_words: dict[int, int] = {}
        self.console = bytearray()
        self._log_length = self._console_length = 0
        constants = slang_constants(BOARD)
        device = DeviceRange(DEVICE, 0x1000, self._read_device, self._write_device)
        self.simulation = Simulation(
            vm_classes(),
            constants,
            memory_base=HEAP,
            memory_size=HEAP_BYTES,
            symbols={"primitiveArities": HEAP, "instructionTable": HEAP + len(arity_codes())},
            devices=[device],
            externals={"offerCharacter": self._take_character, "haltMachine": lambda code: 0},
        )
        self.arm = ArmMachine(vm_classes(), constants, self.simulation.symbols, self._take_character)
        self.arm.map_device(device)
        self.memory = self.simulation.memory
        self.state = self.simulation.state
        tables = arity_codes() + instruction_codes()
        self.memory.write(HEAP, tables)
        self.next_object = HEAP + len(tables)
        self.classes: dict[str, int] = {}
        self._make_classes()
        self._make_values()
        assert self.simulation.call("setUpKnownClasses")
        self._start_allocator()
        self.method = self.array([])
        self.stack = self.take_bytes(4 * (STACK_WORDS + 8))
        self._saved = [bytes(segment.data) for segment in self.memory.segments]
        self._saved_next = self.next_object

    def _read_device(self, offset: int) -> int:
        self.device_log.append(("read", offset, 0))
        return self.device_words.get(offset, 0)

    def _write_device(self, offset: int, value: int) -> None:
        self.device_log.append(("write", offset, value))

    def _take_character(self, code: int) -> int:
        """As a UART that has always room."""
        self.console.append(code & 0xFF)
        return 1

    def _make_classes(self) -> None:
        for name, (kind, named) in CLASSES.items():
            self.classes[name] = self.make("FormatFixed", 0, [0] * 9)
            specification = named * object_format.CLASS_FORMAT_FACTOR + FORMATS[kind]
            self.memory.word_at_put(self.classes[name] + object_format.slot_offset(2), specification << 1 | 1)
            if f"class{name}" in self.state:
                self.state[f"class{name}"] = self.classes[name]

    def _make_values(self) -> None:
        undefined = self.classes["UndefinedObject"]
        self.nil, self.false, self.true = (self.make("FormatEmpty", undefined, []) for _ in range(3))
        for oop in self.classes.values():
            self.memory.word_at_put(oop + object_format.slot_offset(0), self.nil)
        self.state["nilObject"], self.state["falseObject"], self.state["trueObject"] = self.nil, self.false, self.true
        self.characters = [self.make("FormatFixed", self.classes["Character"], [code << 1 | 1]) for code in range(256)]
        self.state["characterTable"] = self.array(self.characters)
        self.symbol = self.make("FormatBytes", self.classes["Symbol"], b"doesNotUnderstand:")
        self.state["selectorDoesNotUnderstand"] = self.symbol
        self.state["lineSemaphoreArray"] = self.array([self.nil] * 32)
        self.state["specialObjectsArray"] = self.array([self.nil] * SPECIAL_OBJECT_COUNT)
        self.state["scheduler"] = self.make("FormatFixed", self.classes["ProcessorScheduler"], [self.nil] * 4)

    def _start_allocator(self) -> None:
        head = self.simulation.state_address("blackRing")
        assert head is not None
        self.state["blackRing"] = self.state["blackRingPrevious"] = head
        colours = object_format.COLOUR_ALLOCATED, object_format.COLOUR_OTHER
        self.state["blackColour"], self.state["whiteColour"] = colours
        self.state["nextPayment"] = 0x7FFFFFFF
        self.state["blackBits"] = object_format.COLOUR_ALLOCATED << object_format.COLOUR_SHIFT + 8
        self.state["regionStart"], self.state["regionEnd"] = HEAP + OBJECTS_BYTES, HEAP + HEAP_BYTES
        self.memory.write(HEAP + OBJECTS_BYTES, b"\xa5" * (HEAP_BYTES - OBJECTS_BYTES))  # new objects must clear it
        self.simulation.call("addFreeRegionFrom:to:", HEAP + OBJECTS_BYTES, HEAP + HEAP_BYTES)

    def reset(self) -> None:
        for segment, data in zip(self.memory.segments, self._saved, strict=True):
            segment.bytes[:] = data
        self.next_object = self._saved_next
        self.simulation.interrupt_pending = False
        self.device_log.clear()
        self.console.clear()
        self._log_length = self._console_length = 0

    def take_bytes(self, count: int) -> int:
        address = self.next_object
        self.next_object += max(32, 1 << (count - 1).bit_length())
        assert self.next_object <= HEAP + OBJECTS_BYTES, "the test's objects do not fit"
        return address

    # Making objects

    def make(self, kind: str, class_oop: int, elements: list[int] | bytes) -> int:
        """An object with these words, or bytes for the formats of bytes."""
        number = FORMATS[kind]
        body = elements if isinstance(elements, bytes) else struct.pack(f"<{len(elements)}I", *elements)
        order = object_format.order_for_bytes(len(body))
        size = 1 << order
        self.next_object = (self.next_object + size - 1) & -size
        oop = self.take_bytes(size)
        header = struct.pack("<IIIII", 0, 0, class_oop, len(elements), object_format.header_word(number, order))
        self.memory.write(oop, (header + body).ljust(size, b"\0"))
        return oop

    def array(self, oops: list[int]) -> int:
        return self.make("FormatIndexable", self.classes.get("Array", 0), oops)

    def string(self, data: bytes) -> int:
        return self.make("FormatBytes", self.classes["String"], data)

    def words(self, words: list[int]) -> int:
        return self.make("FormatWords", self.classes["Bitmap"], words)

    def float(self, value: float) -> int:
        return self.make("FormatWords", self.classes["Float"], list(struct.unpack("<II", struct.pack("<d", value))))

    def integer(self, value: int) -> int:
        if object_format.SMALL_INTEGER_MINIMUM <= value <= object_format.SMALL_INTEGER_MAXIMUM:
            return (value << 1 | 1) & 0xFFFFFFFF
        name = "LargeNegativeInteger" if value < 0 else "LargePositiveInteger"
        magnitude = abs(value)
        return self.make(
            "FormatBytes", self.classes[name], magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "little")
        )

    def number(self, value: int | float) -> int:
        return self.float(value) if isinstance(value, float) else self.integer(value)

    # Reading objects

    def class_of(self, oop: int) -> str:
        class_oop = self.memory.word_at(oop + 8)
        return next((name for name, address in self.classes.items() if address == class_oop), "?")

    def body(self, oop: int) -> bytes:
        size = self.memory.word_at(oop + 12)
        return self.memory.read(
            oop + object_format.BODY_OFFSET, object_format.body_bytes(self.memory.byte_at(oop + 16), size)
        )

    def value(self, oop: int) -> object:
        """Numbers, booleans and nil as Python's, strings as bytes, arrays as lists; anything else its oop."""
        if oop & 1:
            return (oop ^ 0x80000000) - 0x80000000 >> 1
        if oop in (self.nil, self.true, self.false):
            return {self.nil: None, self.true: True, self.false: False}[oop]
        name = self.class_of(oop)
        if name in ("LargePositiveInteger", "LargeNegativeInteger"):
            return self._large_value(oop, name)
        if name == "Float":
            return struct.unpack("<d", self.body(oop))[0]
        if name in ("String", "ByteArray"):
            return self.body(oop)
        if name == "Array":
            return list(struct.unpack(f"<{self.memory.word_at(oop + 12)}I", self.body(oop)))
        if name == "Bitmap":
            return list(struct.unpack(f"<{self.memory.word_at(oop + 12)}I", self.body(oop)))
        return oop

    def _large_value(self, oop: int, name: str) -> int:
        body = self.body(oop)
        padding = self.memory.read(oop + object_format.BODY_OFFSET + len(body), -len(body) % 4)
        assert not any(padding), "the bytes behind a large integer must be zero"
        assert body and body[-1], "a large integer must not begin with zero"
        magnitude = int.from_bytes(body, "little")
        value = -magnitude if name == "LargeNegativeInteger" else magnitude
        assert not -(1 << 30) <= value < 1 << 30, "a large integer must not be a SmallInteger's value"
        return value

    # Running

    def routine(self, number: int) -> tuple[str, tuple[int, ...]]:
        """The routine's selector, and of a range also the number's place in it."""
        for selector, method in self.simulation.program.methods.items():
            if method.numbers is not None and method.numbers[0] == "primitive":
                first, last = method.numbers[1:3]
                if first <= number <= last:
                    return selector, (number - first,) if method.is_ranged else ()
        raise KeyError(number)

    def run(self, number: int, *operands: int) -> int | Failed | Interrupted:
        """Run primitive `number` with receiver and arguments on the stack; the oop it answers, or how else it ended."""
        self.push(operands)
        return self.resume(number, len(operands) - 1)

    def push(self, operands: tuple[int, ...]) -> None:
        for index, oop in enumerate(operands):
            self.memory.word_at_put(self.stack + 4 * index, oop)
        self.state["sp"] = self.stack + 4 * (len(operands) - 1)
        self.state["primitiveFailure"] = 0

    def resume(self, number: int, arguments: int) -> int | Failed | Interrupted:
        """Run the primitive as ARM code, then in simulation, and compare memory and outcome."""
        compiled = self.arm.run(number, self.memory, self.simulation.registers, (self.method, arguments))
        effects = [list(self.device_log[self._log_length :]), bytes(self.console[self._console_length :])]
        del self.device_log[self._log_length :]
        del self.console[self._console_length :]
        result = self.simulated(number, arguments)
        kind = {Failed: "failed", Interrupted: "current"}.get(type(result), "next")
        assert (compiled.kind, compiled.sp) == (kind, self.state["sp"]), "ARM and simulation end differently"
        assert compiled.dispatch == self.simulation.registers[DISPATCH_REGISTER]
        assert kind != "failed" or compiled.arguments == (self.method, arguments)
        for segment in self.memory.segments[:2]:  # heap and VM state
            assert self.arm.data_of(segment.base, segment.size) == segment.data, "ARM and simulation differ in memory"
        assert effects == [self.device_log[self._log_length :], self.console[self._console_length :]]
        self._log_length, self._console_length = len(self.device_log), len(self.console)
        return result

    def simulated(self, number: int, arguments: int) -> int | Failed | Interrupted:
        top = self.state["sp"]
        before = self.memory.read(self.stack, 4 * STACK_WORDS)
        selector, place = self.routine(number)
        operands: tuple[int, ...] = (*place, self.method, arguments)
        while True:
            transfer = self.simulation.transfer(selector, *operands)
            if transfer.target == "next":
                assert self.state["sp"] == self.stack, "a primitive that succeeds leaves its result alone on the stack"
                return self.memory.word_at(self.stack)
            if transfer.target == "current":
                assert self.state["sp"] == top
                return Interrupted()
            if transfer.target == "activateMethod:arguments:":
                assert transfer.arguments == (self.method, arguments)
                assert self.state["sp"] == top and self.memory.read(self.stack, 4 * STACK_WORDS) == before
                return Failed(self.state["primitiveFailure"])
            selector, operands = transfer.target, transfer.arguments
