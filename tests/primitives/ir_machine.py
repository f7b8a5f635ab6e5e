"""The primitives' intermediate code, interpreted: the third way beside simulation and ARM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hardtalk.slang.check import CheckedProgram
from hardtalk.slang.compile import lower_method
from hardtalk.slang.interpret import Interpreter
from hardtalk.slang.ir import TABLE, Graph
from hardtalk.slang.program import Program
from hardtalk.slang.simulate import STATE_BASE
from hardtalk.slang.simulate_memory import SimulatedMemory
from hardtalk.vm.constants import PINNED_REGISTERS

FAILURE: Final = "activateMethod:arguments:"
PINNED: Final = tuple(sorted(PINNED_REGISTERS.values()))


class LazyGraphs(dict[str, Graph]):
    """Graphs by routine name, lowered when first asked for."""

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.checked = CheckedProgram(program)
        self.methods = {method.symbol: method for method in program.methods.values()}

    def __missing__(self, symbol: str) -> Graph:
        self[symbol] = graph = lower_method(self.checked, self.methods[symbol])
        return graph


class IrMachine:
    """Runs one primitive on a flat copy of heap and VM state."""

    def __init__(self, program: Program, symbols: Mapping[str, int]) -> None:
        self.graphs = LazyGraphs(program)
        self.symbols = symbols
        self.symbol_of = {
            method.numbers[1]: method.symbol
            for method in program.methods.values()
            if method.numbers is not None and method.numbers[0] == "primitive"
        }
        self.failure = program.methods[FAILURE].symbol

    def run(
        self, number: int, memory: SimulatedMemory, registers: Sequence[int], arguments: tuple[int, int]
    ) -> tuple[str, int, bytearray]:
        """How it ended (`next`, `current` or `failed`), the stack pointer, and the memory afterwards."""
        flat = bytearray(max(segment.base + segment.size for segment in memory.segments))
        for segment in memory.segments:
            flat[segment.base : segment.base + segment.size] = segment.data
        interpreter = Interpreter(self.graphs, flat, STATE_BASE, symbols=self.symbols)
        interpreter.fixed = {register: registers[register] for register in PINNED}
        assert registers[8] == interpreter.fixed[TABLE]
        outcome = interpreter.call(self.symbol_of[number], arguments)
        while outcome.kind == "tail" and outcome.symbol != self.failure:
            outcome = interpreter.call(outcome.symbol, outcome.values)
        if outcome.kind == "tail":
            assert outcome.values == arguments
        return ("failed" if outcome.kind == "tail" else outcome.kind), interpreter.fixed[6], flat
