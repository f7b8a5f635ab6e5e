"""Commands for the simulated devices: their registers with fields and meaning, and their Python methods."""

from __future__ import annotations

import ast
from traceback import extract_tb
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from hardtalk.board import Board, BoardError
from hardtalk.chip import Register
from hardtalk.debugger.device_registers import register_values, shown_value
from hardtalk.devices import Device
from hardtalk.shell.errors import BadCommand
from hardtalk.shell.session import Session

SHOWN_OF_ARRAY: Final = 4
ENTERED: Final = "<device>"


def registers(shell: Session, names: str) -> None:
    """All devices, those of one, or one with its fields; as the device has them now."""
    board = shell.bench.board
    name, _, register = names.partition(" ")
    if not name:
        for each in board.devices:
            shell.tell(
                f"{each.peripheral.name:<12} {each.peripheral.base:#010x}  {each.peripheral.description}".rstrip()
            )
        return
    device = device_named(board, name)
    if register:
        show_register(shell, device, register.strip())
    else:
        show_registers(shell, device)


def names_behind(board: Board, before: str) -> list[str] | None:
    """What can be completed behind `registers `: devices, and behind the name of one its registers; None elsewhere."""
    words = before.split()
    if words[:1] != ["registers"]:
        return None
    chosen = [each.peripheral for each in board.devices if words[1:] == [each.peripheral.name]]
    if chosen:
        return [each.name for each in chosen[0].registers]
    return [] if words[1:] else [each.peripheral.name for each in board.devices]


def show_registers(shell: Session, device: Device) -> None:
    shown = [each for each in device.peripheral.registers if not each.indices or each.indices[-1] < SHOWN_OF_ARRAY]
    values = register_values(shell.bench.board, device, shown)
    table = Table(box=None, pad_edge=False, header_style="")
    for head in ("offset", "register", "value", "fields", "meaning"):
        table.add_column(head)
    for each in shown:
        value = values[each.name]
        fields = "" if isinstance(value, str) else fields_in(each, value)
        table.add_row(f"{each.offset:#05x}", each.name, shown_value(each, value), Text(fields), Text(each.description))
    shell.console.print(table)
    hidden = len(device.peripheral.registers) - len(shown)
    if hidden:
        shell.tell(f"... and {hidden} more of arrays")
    if device.peripheral.lines:
        shell.tell(f"line {device.line.number} is {'high' if device.line.level else 'low'}")


def show_register(shell: Session, device: Device, name: str) -> None:
    """Field by field."""
    found = [each for each in device.peripheral.registers if each.name.lower() == name.lower()]
    if not found:
        there = ", ".join(each.name for each in device.peripheral.registers)
        raise BadCommand(f"{device.peripheral.name} has no register {name}; it has {there}")
    [register] = found
    value = register_values(shell.bench.board, device, found)[register.name]
    shell.tell(f"{register.name} = {shown_value(register, value)}  {register.description}".rstrip())
    for each in reversed(register.fields):
        bits = f"{each.lsb + each.width - 1}:{each.lsb}" if each.width > 1 else f"{each.lsb}"
        content = "" if isinstance(value, str) else f" = {(value & each.mask) >> each.lsb}"
        shell.tell(f"  [{bits}] {each.name}{content}  {each.description}".rstrip())


def fields_in(register: Register, value: int) -> str:
    """`READY=1 MODE=2`."""
    return " ".join(f"{each.name}={(value & each.mask) >> each.lsb}" for each in register.fields)


def device_named(board: Board, name: str) -> Device:
    try:
        return board.device(name.upper())
    except BoardError as error:
        raise BadCommand(str(error)) from error


def disturb(shell: Session, statement: str) -> None:
    """Python: an expression, whose value is shown, or an assignment. Devices have their peripherals' names."""
    board = shell.bench.board
    names = {each.peripheral.name: each for each in board.devices}
    if not statement:
        raise BadCommand("say what, in Python: device UART1.send(b'x'), device LAMP.STATUS.READY = 1")
    if statement in names:
        shell.tell(f"{statement} has {', '.join(public_names(names[statement]))}")
        return
    try:
        value = executed(statement, names)
    except Exception as error:  # the user's device's own
        is_misspelt = isinstance(error, NameError) and extract_tb(error.__traceback__)[-1].filename == ENTERED
        devices = f"; the board's devices are {', '.join(names)}" if is_misspelt else ""
        raise BadCommand(f"{type(error).__name__}: {error}{devices}") from error
    finally:
        board.touched.update(board.devices)
    if value is not None:
        shell.tell(repr(value))
    shell.let_time_pass(0)


def executed(statement: str, names: dict[str, Device]) -> Any:
    """The value of an expression; None of any other statement."""
    try:
        code = compile(statement, ENTERED, "eval")
    except SyntaxError:
        exec(compile(ast.parse(statement, ENTERED), ENTERED, "exec"), dict(names))
        return None
    return eval(code, dict(names))


def public_names(device: Device) -> list[str]:
    """Its own methods, then its registers."""
    methods = [name for name in vars(type(device)) if not name.startswith(("_", "on_", "after_"))]
    own = [f"{name}()" for name in methods if callable(getattr(type(device), name)) and name != "reset"]
    return own + [each.name for each in device.peripheral.registers]
