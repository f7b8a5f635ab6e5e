"""Runs the VM's probe programs on the board and gives what each wrote beside what its comment says it writes."""

from __future__ import annotations

import random
from functools import cache
from io import BytesIO
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from hardtalk.board import Board
from hardtalk.build import BuildOptions, build
from hardtalk.chip import default_chip
from hardtalk.image import Entry
from hardtalk.smalltalk.tonel import read_class_file
from hardtalk.vm.constants import PINNED_REGISTERS

PROBE_FOLDER = Path(__file__).parent / "firmware"
PROBE_CLASS = "VirtualMachineProbe"
CYCLE_LIMIT = 5_000_000_000
DISPATCH_REGISTER = PINNED_REGISTERS["dispatchBase"]
IRQ_MASKED = 0x80


@cache
def probe_elf() -> bytes:
    options = BuildOptions(class_folders=(PROBE_FOLDER,), entry=Entry(PROBE_CLASS, "start"))
    return build(options).elf


@cache
def probe_symbols() -> dict[str, int]:
    table = ELFFile(BytesIO(probe_elf())).get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    return {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}


@cache
def expectations() -> dict[str, str]:
    """Program selector: what it should write, its comment."""
    definition = read_class_file(PROBE_FOLDER / f"{PROBE_CLASS}.class.st")
    methods = [method for method in definition.methods if method.selector.startswith("run")]
    return {method.selector: method.source.split('"')[1] for method in methods if ":" not in method.selector}


def undisturbed() -> tuple[dict[str, str], int]:
    """What the programs write, and the cycles they take."""
    board = Board(probe_elf(), default_chip())
    stop = board.run(cycles=CYCLE_LIMIT)
    return _lines(board.uart(0).take()) | {"": str(stop.reason)}, stop.cycles


def disturbed(seed: int, longest_cycles: int, limit_cycles: int) -> tuple[dict[str, str], int]:
    """The same while the second dispatch table is switched on again and again, as the interrupt entry does.

    Every safepoint, every restart and every pre-emption between two bytecodes is thereby taken somewhere. Answers what
    was written and how often the VM was disturbed.
    """
    phase = random.Random(seed)
    board = Board(probe_elf(), default_chip())
    symbols = probe_symbols()
    tables = symbols["dispatchTable"], symbols["interruptTable"]
    count = 0
    while board.clock.cycles < limit_cycles:
        stop = board.run(cycles=phase.randint(1, longest_cycles))
        if str(stop.reason) == "halted":
            break
        if not board.cpu.cpsr & IRQ_MASKED and board.cpu.register(DISPATCH_REGISTER) == tables[0]:
            board.cpu.set_register(DISPATCH_REGISTER, tables[1])
            count += 1
    return _lines(board.uart(0).take()), count


def _lines(output: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in output.decode().splitlines())
    return {name: text.strip() for name, _, text in lines}
