"""The way from a bus address to a register of a device: its cell, what its bits do, and the device's own handlers.

A handler is found by the register's name; one for all registers of an array by the name without the index, with the
places in the array (from 0) as its first arguments: `on_write_VECTCNTL(slot, value)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hardtalk.chip import ReadAction, Register
from hardtalk.devices.bits import BitBehaviour
from hardtalk.devices.registers import RegisterCell

OWN_CODE = (ReadAction.MODIFY, ReadAction.MODIFY_EXTERNAL)


@dataclass(frozen=True)
class Port:
    """`target` is the cell whose bits a write changes: the register's own, but for one that acts on another.

    A plain read is of the whole register, and nothing has to be told of it.
    """

    cell: RegisterCell
    target: RegisterCell
    behaviour: BitBehaviour
    on_read: Callable[[], int] | None
    on_write: Callable[[int], None] | None
    is_plain_read: bool = False
    limit: int = 1 << 32
    unnamed: int = 0

    def store(self, value: int) -> None:
        target = self.target
        target.value = self.behaviour.after_write(target.value, value) & ((1 << target.description.width) - 1)


def ports_of(device: Any, cells: Mapping[str, RegisterCell]) -> dict[int, Port]:
    """By offset. TypeError when a handler is missing or for no register."""
    check_handlers(device, cells)
    ports = {}
    for cell in cells.values():
        register = cell.description
        on_read, on_write = handler(device, "read", register, cells), handler(device, "write", register, cells)
        if on_read is None and any(register.read_bits(action) for action in OWN_CODE):
            raise TypeError(
                f"{type(device).__name__} has no on_read_{register.name}: its SVD says that a read modifies "
                f"{register.name}, but not how; define it, or say clear or set in <readAction>"
            )
        target = cells[register.acts_on] if register.acts_on is not None else cell
        behaviour = BitBehaviour(register)
        is_plain = register.is_readable and device.unmodelled.get(register.name) != () and not behaviour.changes_on_read
        ports[register.offset] = Port(
            cell, target, behaviour, on_read, on_write, is_plain, 1 << register.width, ~register.modelled_mask
        )
    return ports


def arrays_of(cells: Mapping[str, RegisterCell]) -> dict[str, tuple[RegisterCell, ...]]:
    """The registers of each array in the order of their places, by the name without the index."""
    families: dict[str, list[RegisterCell]] = {}
    for cell in cells.values():
        if cell.description.indices:
            families.setdefault(cell.description.family, []).append(cell)
    return {name: tuple(sorted(found, key=lambda cell: cell.description.indices)) for name, found in families.items()}


def handler(device: Any, kind: str, register: Register, cells: Mapping[str, RegisterCell]) -> Any:
    """The device's own method for a register, or for the array it is in."""
    own = type(device)
    name = f"on_{kind}_{register.name}"
    if hasattr(own, name):
        return getattr(device, name)
    name = f"on_{kind}_{register.family}"
    if register.indices and register.family not in cells and hasattr(own, name):
        return partial(getattr(device, name), *register.indices)
    return None


def check_handlers(device: Any, cells: Mapping[str, RegisterCell]) -> None:
    """A handler for a register that does not exist would never run, and nobody would be told."""
    arrays = arrays_of(cells)
    for name in dir(type(device)):
        kind, _, register = name.partition("_")[2].partition("_") if name.startswith("on_") else ("", "", "")
        if kind in ("read", "write") and register not in cells and register not in arrays:
            raise TypeError(
                f"{type(device).__name__}.{name}: {device.peripheral.name} has no register {register}; "
                f"its registers are {', '.join(cells)}"
            )
