"""What a simulated device is: registers, a clock, a line. It never knows the board or the CPU.

To write one: subclass Device, name the SVD file that describes it (a path beside the Python file), set alarms in
`reset`, assign to registers by their manual names. What bits do when they are read or written stands in the SVD file;
define `on_read_NAME()` or `on_write_NAME(value)` where an access does something else, and `after_write(register)` where
it does something more. The line follows a register field when the SVD says so; otherwise the device sets
`self.line.level`. Tests construct the device, move `device.clock` and use `read` and `write`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from hardtalk.chip import Peripheral, Register, default_chip, read_svd
from hardtalk.devices.clock import Clock
from hardtalk.devices.errors import DeviceMistake
from hardtalk.devices.ports import Port, arrays_of, ports_of
from hardtalk.devices.registers import RegisterCell, set_value


class BusError(Exception):
    """The device does not answer at this address: the guest takes an external abort."""


@dataclass
class Line:
    """An interrupt output. `listener` hears each change of level."""

    number: int | None
    listener: Callable[["Line"], None] | None = None
    _level: bool = False

    @property
    def level(self) -> bool:
        return self._level

    @level.setter
    def level(self, level: bool | int) -> None:
        if not isinstance(level, int):
            raise DeviceMistake(f"line.level = {level!r}: a line is active or not", "assign True or False")
        if bool(level) != self._level:
            self._level = bool(level)
            if self.listener is not None:
                self.listener(self)


class Device:
    """Base of all simulated devices.

    `svd` and `peripheral_name` say which peripheral this is; the name may be left out when the file has only one.
    `unmodelled` lists what the SVD describes and the model ignores, by register: the fields, or () for all of it.
    Touching these, reserved bits, or registers in a direction they do not have is told once to `notice`.
    `wiring` names the attributes that belong to the surroundings and not to the state that a snapshot keeps.
    """

    svd: ClassVar[str | None] = None
    peripheral_name: ClassVar[str | None] = None
    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    wiring: ClassVar[frozenset[str]] = frozenset({"peripheral", "clock", "line", "notice"})

    def __init__(self, peripheral: Peripheral | None = None, clock: Clock | None = None) -> None:
        self.peripheral = peripheral or self.described_peripheral()
        self.line = Line(self.peripheral.lines[0] if self.peripheral.lines else None)
        self.notice: Callable[[str], None] = ignore
        self._noticed: set[str] = set()
        follows = self.peripheral.line_follows
        self._cells = {
            each.name: RegisterCell(each, self._move_line if follows is not None and follows[0] == each.name else None)
            for each in self.peripheral.registers
        }
        self._by_offset = ports_of(self, self._cells)
        self._arrays = arrays_of(self._cells)
        for name, cell in self._cells.items():
            if not hasattr(type(self), name):
                self.__dict__.setdefault(name, cell)  # found without __getattr__
        self.clock = clock or Clock(default_chip().clocks)
        self.power_on()

    @classmethod
    def svd_path(cls) -> Path | None:
        """The file that describes this device; relative to the file the class is in."""
        if cls.svd is None:
            return None
        return Path(inspect.getfile(cls)).resolve().parent / cls.svd

    @classmethod
    def described_peripheral(cls) -> Peripheral:
        """The peripheral of `svd` and `peripheral_name`."""
        path = cls.svd_path()
        if path is None:
            raise TypeError(f'{cls.__name__} names no SVD file: give the class svd = "FILE.svd", or pass a peripheral')
        peripherals = read_svd(path)
        if cls.peripheral_name is None:
            if len(peripherals) != 1:
                names = ", ".join(each.name for each in peripherals)
                raise TypeError(f"{path} describes {names}: say which with peripheral_name in {cls.__name__}")
            return peripherals[0]
        for each in peripherals:
            if each.name == cls.peripheral_name:
                return each
        raise TypeError(f"{path} has no peripheral {cls.peripheral_name}, which {cls.__name__} names")

    # Life

    def reset(self) -> None:
        """The device's own part of power-on: set alarms and first values. Registers have their reset values already."""

    def power_on(self) -> None:
        """Everything as after power-on, on the clock as it is now."""
        self._noticed.clear()
        self.line.level = False
        for cell in self._cells.values():
            cell.value = cell.description.reset
        self.reset()

    def connect(self, clock: Clock, listener: Callable[[Line], None], notice: Callable[[str], None]) -> None:
        """Join a board: its clock, its interrupt controller, its trace. The board then calls `power_on`."""
        self.line.level = False
        self.clock = clock
        self.line.listener = listener
        self.notice = notice

    # The bus

    def read(self, register: str) -> int:
        """A bus read by register name."""
        return self.read_at(self.peripheral.register(register).offset)

    def write(self, register: str, value: int) -> None:
        """A bus write by register name."""
        self.write_at(self.peripheral.register(register).offset, value)

    def read_at(self, offset: int, size: int = 4) -> int:
        """A bus read of `size` bytes; BusError where nothing answers."""
        port = self._by_offset.get(offset)
        if port is not None and size == 4 and port.is_plain_read:
            if port.on_read is None:
                return port.cell.value
            value = port.on_read()
            if type(value) is int and 0 <= value < port.limit:
                return value
            return self._word_of(value, port.cell.description)
        port = self._port_at(offset, size)
        register = port.cell.description
        if not register.is_readable:
            self._touch(f"read of write-only register {register.name}")
            return 0
        if self.unmodelled.get(register.name) == ():
            self._touch(f"read of register {register.name}, which is not modelled")
        value = port.cell.value if port.on_read is None else self._word_of(port.on_read(), register)
        if port.behaviour.changes_on_read:
            port.cell.value = port.behaviour.after_read(port.cell.value)
        return (value >> 8 * (offset - register.offset)) & ((1 << 8 * size) - 1)

    def write_at(self, offset: int, value: int, size: int = 4) -> None:
        """A bus write of `size` bytes. A narrow one goes to the register's low bits, the others become 0."""
        port = self._port_at(offset, size)
        register = port.cell.description
        if offset != register.offset:
            raise BusError(f"write of {size} bytes inside register {register.name}, at offset {offset:#x}")
        value &= port.limit - 1
        if not register.is_writable:
            self._touch(f"write of read-only register {register.name}")
            return
        if value & port.unnamed or register.name in self.unmodelled:
            self._touch_bits(port.cell, value)
        if port.on_write is not None:
            port.on_write(value)
        else:
            port.store(value)
        self.after_write(register.name)

    def after_write(self, register: str) -> None:
        """A bus write of the register has taken effect, by the register's own bits or by `on_write_NAME`."""

    def _word_of(self, value: int, register: Register) -> int:
        """What a handler answered, when it is one."""
        if not isinstance(value, int) or not 0 <= value < 1 << register.width:
            raise ValueError(f"on_read_{register.name} answered {value!r}, which is no word of {register.width} bits")
        return int(value)

    def register_at(self, offset: int) -> str:
        """The name of the register at an offset."""
        return self._port_at(offset, 1).cell.description.name

    def _port_at(self, offset: int, size: int) -> Port:
        port = self._by_offset.get(offset) or self._by_offset.get(offset & ~3)
        if port is None or offset + size > port.cell.description.offset + 4:
            raise BusError(f"{self.peripheral.name} has no register at offset {offset:#x}")
        return port

    def _touch_bits(self, cell: RegisterCell, value: int) -> None:
        register = cell.description
        ignored = self.unmodelled.get(register.name)
        if ignored == ():
            self._touch(f"write of register {register.name}, which is not modelled")
        reserved = value & ~register.modelled_mask
        if reserved:
            self._touch(f"reserved bits {reserved:#x} of {register.name} set")
        for name in ignored or ():
            field = register.field(name)
            if (value ^ register.reset) & field.mask:
                self._touch(f"{register.name}.{name} written, which is not modelled")

    def _touch(self, text: str) -> None:
        if text not in self._noticed:
            self._noticed.add(text)
            self.notice(text)

    # Registers by name

    def _move_line(self, cell: RegisterCell) -> None:
        follows = self.peripheral.line_follows
        assert follows is not None
        self.line.level = getattr(cell, follows[1]) != 0

    def __getattr__(self, name: str) -> RegisterCell:
        cells: dict[str, RegisterCell] = self.__dict__.get("_cells", {})
        if name in cells:
            return cells[name]
        known = f"; its registers are {', '.join(cells)}" if cells else ""
        raise AttributeError(f"{type(self).__name__} has no attribute {name}{known}")

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.__dict__.get("_cells", ()):
            raise AttributeError(f"{name} is a register: assign to self.{name}.value or to one of its fields")
        if name in METHODS:
            raise DeviceMistake(f"self.{name} would hide the method {name} of every Device", "call it something else")
        super().__setattr__(name, value)

    def array(self, name: str) -> tuple[RegisterCell, ...]:
        """The registers of an array, by the name without the index, as they are described."""
        if name not in self._arrays:
            known = ", ".join(self._arrays) or "none"
            raise KeyError(f"{self.peripheral.name} has no array of registers {name}; it has {known}")
        return self._arrays[name]

    # Snapshots

    @property
    def cells(self) -> tuple[RegisterCell, ...]:
        return tuple(self._cells.values())

    def state(self) -> dict[str, Any]:
        """Everything that makes the device go on as it would have; not yet a copy (see `hardtalk.devices.state`)."""
        return {
            "attributes": {name: value for name, value in vars(self).items() if self._is_state(name)},
            "registers": {name: cell._value for name, cell in self._cells.items()},
            "level": self.line.level,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        for name in [name for name in vars(self) if self._is_state(name)]:
            del self.__dict__[name]
        self.__dict__.update(state["attributes"])
        for name, value in state["registers"].items():
            set_value(self._cells[name], value)
        self.line._level = state["level"]

    def _is_state(self, name: str) -> bool:
        return name not in self.wiring and name not in self._cells and name not in ("_cells", "_by_offset", "_arrays")


METHODS = frozenset(name for name, value in vars(Device).items() if callable(value))


def ignore(_text: str) -> None:
    """The notice of a device that stands alone."""
