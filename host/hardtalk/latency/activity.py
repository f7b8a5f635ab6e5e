"""What the machine was doing when a line was raised: ARM routine and line, bytecode, Smalltalk method and line."""

from dataclasses import dataclass

from hardtalk.board import Board
from hardtalk.latency.interrupt import Interrupt
from hardtalk.smalltalk.bytecodes import BY_OPCODE
from hardtalk.symbols.source_map import SourceMap
from hardtalk.symbols.sources import source_line


@dataclass(frozen=True)
class Activity:
    """Texts; empty where nothing is known. `routine_place` and `method_place` are file:line."""

    routine: str
    routine_place: str
    bytecode: str
    method: str
    method_place: str
    source: str

    def __str__(self) -> str:
        text = f"{self.routine} ({self.routine_place})" if self.routine_place else self.routine
        if self.bytecode:
            text += f", bytecode {self.bytecode}"
        if self.method:
            text += f", for {self.method} ({self.method_place})"
        return f"{text}: {self.source}" if self.source else text


def activity_at(source_map: SourceMap, board: Board, interrupt: Interrupt) -> Activity:
    return activity_of(source_map, board, interrupt.program_counter, interrupt.bytecode_pointer)


def activity_of(source_map: SourceMap, board: Board, address: int, bytecode_pointer: int) -> Activity:
    """Of a machine that is about to execute the instruction at an address, with the VM's `ip`."""
    symbol = source_map.symbol_at(address)
    place = source_map.arm_place(address)
    routine = symbol.name if symbol is not None else f"{address:#x}"
    routine_place = str(place) if place is not None else ""
    method = source_map.method_at(bytecode_pointer)
    if method is None:
        return Activity(routine, routine_place, "", "", "", "")
    opcode = board.ram.read(bytecode_pointer, 1)[0]
    smalltalk = method.place(bytecode_pointer)
    line = source_line(smalltalk, source_map.folders) or ""
    name = BY_OPCODE[opcode].name or f"{opcode}"
    return Activity(routine, routine_place, name, method.name, str(smalltalk), line.strip())
