"""The chip as data: peripherals, registers, fields, memory, lines, clocks.

Everything that knows an address, an offset or a line derives it from these classes: the emulator's register decoders,
the Slang compiler's constants, the Smalltalk register classes. They are made by `hardtalk.chip.load_chip` only, which
checks them; a Chip that exists is consistent.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


def camel_name(name: str) -> str:
    """NAME_OF_THING as NameOfThing; a name that already has lower-case letters keeps its capitals."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", name) if word]
    return "".join(word[0].upper() + (word[1:] if word != word.upper() else word[1:].lower()) for word in words)


PAGE_BYTES = 4096


class WriteAction(StrEnum):
    """What a bus write does to bits (SVD's modifiedWriteValues)."""

    MODIFY = "modify"  # they become what is written
    ONE_TO_CLEAR = "oneToClear"
    ONE_TO_SET = "oneToSet"
    ONE_TO_TOGGLE = "oneToToggle"
    ZERO_TO_CLEAR = "zeroToClear"
    ZERO_TO_SET = "zeroToSet"
    ZERO_TO_TOGGLE = "zeroToToggle"
    CLEAR = "clear"  # whatever is written
    SET = "set"


class ReadAction(StrEnum):
    """What a bus read does to bits, after it was answered (SVD's readAction)."""

    NONE = ""
    CLEAR = "clear"
    SET = "set"
    MODIFY = "modify"  # the device's own code says how
    MODIFY_EXTERNAL = "modifyExternal"  # it changes something else, which is the device's own code, too


@dataclass(frozen=True)
class Field:
    """Some bits of a register. `name` is the manual's."""

    name: str
    lsb: int
    width: int
    access: str
    description: str = ""
    write_action: WriteAction = WriteAction.MODIFY
    read_action: ReadAction = ReadAction.NONE

    @property
    def mask(self) -> int:
        """The field's bits in place."""
        return ((1 << self.width) - 1) << self.lsb

    @property
    def camel_name(self) -> str:
        return camel_name(self.name)


@dataclass(frozen=True)
class Register:
    """One register: `offset` in bytes, `width` in bits; `access` is read-only, write-only or read-write.

    `acts_on` names the register whose bits a write changes, when that is another one. Of an array, `family` is the name
    without the index and `indices` counts from 0, once for each array around it. The actions are those of all bits when
    the register has no fields.
    """

    name: str
    display_name: str
    offset: int
    width: int
    access: str
    reset: int
    fields: tuple[Field, ...]
    description: str = ""
    write_action: WriteAction = WriteAction.MODIFY
    read_action: ReadAction = ReadAction.NONE
    acts_on: str | None = None
    family: str = ""
    indices: tuple[int, ...] = ()

    @property
    def camel_name(self) -> str:
        """The name for code: from SVD's displayName where it gives word breaks that the manual's capitals hide."""
        return camel_name(self.display_name)

    @property
    def is_readable(self) -> bool:
        return self.access != "write-only"

    @property
    def is_writable(self) -> bool:
        return self.access != "read-only"

    @property
    def modelled_mask(self) -> int:
        """The bits that some field names; all of them when the register has no fields."""
        if not self.fields:
            return (1 << self.width) - 1
        mask = 0
        for each in self.fields:
            mask |= each.mask
        return mask

    def written_bits(self, action: WriteAction) -> int:
        """The bits that a write changes in this way; none of those that can only be read."""
        if not self.fields:
            return (1 << self.width) - 1 if self.write_action is action else 0
        return sum(each.mask for each in self.fields if each.write_action is action and each.access != "read-only")

    def read_bits(self, action: ReadAction) -> int:
        """The bits to which a read does this."""
        if not self.fields:
            return (1 << self.width) - 1 if self.read_action is action else 0
        return sum(each.mask for each in self.fields if each.read_action is action)

    def field(self, name: str) -> Field:
        for each in self.fields:
            if each.name == name:
                return each
        raise KeyError(f"register {self.name} has no field {name}; it has {', '.join(f.name for f in self.fields)}")


@dataclass(frozen=True)
class Peripheral:
    """A block of registers at an address. Peripherals of one `type_name` have the same registers.

    `line_follows` names the register and field whose value is the level of the (only) interrupt line, or is None when
    the device's own code drives the line.
    """

    name: str
    type_name: str
    base: int
    size: int
    lines: tuple[int, ...]
    registers: tuple[Register, ...]
    line_follows: tuple[str, str] | None = None
    description: str = ""
    file: Path | None = None

    @property
    def camel_name(self) -> str:
        return camel_name(self.name)

    @property
    def end(self) -> int:
        return self.base + self.size

    def register(self, name: str) -> Register:
        for each in self.registers:
            if each.name == name:
                return each
        raise KeyError(
            f"peripheral {self.name} has no register {name}; it has {', '.join(r.name for r in self.registers)}"
        )


@dataclass(frozen=True)
class Memory:
    """A range of addresses that answers as memory. `kind` is ram or flash."""

    name: str
    base: int
    size: int
    kind: str

    @property
    def end(self) -> int:
        return self.base + self.size


@dataclass(frozen=True)
class Cache:
    """Geometry of one cache; sizes in bytes."""

    size: int
    ways: int
    line: int


@dataclass(frozen=True)
class Bus:
    """What a miss costs, in CPU cycles."""

    critical_word_cycles: int
    line_fill_cycles: int
    write_buffer_words: int


@dataclass(frozen=True)
class Chip:
    """Everything the tools know of the machine. `clocks` are in hertz by name; cpu is always there.

    Lines from `line_count` on are inputs of the secondary interrupt controller, `secondary_line_count` of them.
    """

    name: str
    peripherals: tuple[Peripheral, ...]
    memories: tuple[Memory, ...]
    clocks: Mapping[str, int]
    line_count: int
    free_lines: tuple[int, ...]
    free_base: int
    instruction_cache: Cache
    data_cache: Cache
    bus: Bus
    secondary_line_count: int = 0
    files: tuple[Path, ...] = field(default=())

    @property
    def cpu_hertz(self) -> int:
        return self.clocks["cpu"]

    @property
    def ram(self) -> Memory:
        return next(memory for memory in self.memories if memory.kind == "ram")

    def peripheral(self, name: str) -> Peripheral:
        for each in self.peripherals:
            if each.name == name:
                return each
        raise KeyError(f"the chip has no peripheral {name}; it has {', '.join(p.name for p in self.peripherals)}")

    def peripheral_of_line(self, line: int) -> Peripheral | None:
        return next((each for each in self.peripherals if line in each.lines), None)

    def peripheral_at(self, address: int) -> Peripheral | None:
        return next((each for each in self.peripherals if each.base <= address < each.end), None)

    def types(self) -> tuple[Peripheral, ...]:
        """One peripheral of each type, in the order of the description: what register classes are made from."""
        first: dict[str, Peripheral] = {}
        for each in self.peripherals:
            first.setdefault(each.type_name, each)
        return tuple(first.values())

    def constants(self) -> dict[str, int]:
        """Names and values for the Slang compiler.

        VicBase, Uart0Base, Uart0Line; VicIntEnableOffset; UartFrTxffMask, UartFrTxffShift; CpuHertz; RamBase, RamSize.
        WidePeripheralsBase: below it each peripheral has one page, and registers are reached from their own page alone.
        A register whose name begins with its type's is not named twice: Timer1LoadOffset.
        """
        return dict(self._constants())

    def _constants(self) -> Iterator[tuple[str, int]]:
        for memory in self.memories:
            yield f"{camel_name(memory.name)}Base", memory.base
            yield f"{camel_name(memory.name)}Size", memory.size
        for name, hertz in self.clocks.items():
            yield f"{camel_name(name)}Hertz", hertz
        wide = (each.base for each in self.peripherals if each.end - each.base > PAGE_BYTES)
        yield "WidePeripheralsBase", min(wide, default=self.free_base)
        for peripheral in self.peripherals:
            yield f"{peripheral.camel_name}Base", peripheral.base
            if len(peripheral.lines) == 1:
                yield f"{peripheral.camel_name}Line", peripheral.lines[0]
        for peripheral in self.types():
            prefix = camel_name(peripheral.type_name)
            for register in peripheral.registers:
                name = register.camel_name
                name = name if name.startswith(prefix) else prefix + name
                yield f"{name}Offset", register.offset
                for each in register.fields:
                    yield f"{name}{each.camel_name}Mask", each.mask
                    yield f"{name}{each.camel_name}Shift", each.lsb
