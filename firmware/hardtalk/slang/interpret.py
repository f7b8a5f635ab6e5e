"""The IR interpreter: runs a routine's graph on a flat little-endian memory, the second of the three ways.

It shares the meaning of operations with the optimiser's folding, and nothing with the host simulation or the ARM code.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hardtalk.slang.conditions import holds, holds_of_floats
from hardtalk.slang.ir import VM_BASE, Block, Graph, Inst, Operand, Reg, Shifted
from hardtalk.slang.operations import EXACT, OPERATIONS, SHIFTS, TERMINATORS, Operation
from hardtalk.slang.types import WORD_MASK

_LOADS = {"w": "<I", "h": "<H", "b": "<B", "sh": "<h", "sb": "<b"}
_STORES = {"w": ("<I", WORD_MASK), "h": ("<H", 0xFFFF), "b": ("<B", 0xFF)}
_SHIFTS = {row.machine: row for row in map(OPERATIONS.__getitem__, SHIFTS)}


@dataclass(frozen=True)
class Outcome:
    """How a routine ended: `ret` with its value, or a transfer (`next`, `current`, `tail`, `transfer`)."""

    kind: str
    values: tuple[int, ...]
    symbol: str = ""


@dataclass
class Interpreter:
    """Runs graphs by name. `memory` starts at address 0; `state_base` is the address of the VM state (r4)."""

    graphs: Mapping[str, Graph]
    memory: bytearray
    state_base: int = 0
    externals: Mapping[str, Callable[..., int]] = field(default_factory=dict)
    symbols: Mapping[str, int] = field(default_factory=dict)
    fixed: dict[int, int] = field(default_factory=dict)
    steps: int = 0

    def call(self, symbol: str, arguments: Sequence[int]) -> Outcome:
        """Runs the routine with word arguments."""
        if symbol in self.externals:
            return Outcome("ret", (self.externals[symbol](*arguments) & WORD_MASK,))
        graph = self.graphs[symbol]
        self.fixed[VM_BASE] = self.state_base
        words: dict[Reg, int] = {}
        floats: dict[Reg, float] = {}
        for parameter, argument in zip(graph.parameters, arguments, strict=True):
            words[parameter] = argument & WORD_MASK
        block: Block | None = graph.blocks[0]
        while block is not None:
            block, outcome = self.run_block(block, words, floats)
            if outcome is not None:
                return outcome
        raise AssertionError("a block without a way out")

    def run_block(
        self, block: Block, words: dict[Reg, int], floats: dict[Reg, float]
    ) -> tuple[Block | None, Outcome | None]:
        for inst in block.insts:
            self.steps += 1
            if inst.op == "jmp":
                return inst.targets[0], None
            if inst.op == "br":
                left, right = (self.read(argument, words) for argument in inst.args)
                return inst.targets[0 if holds(inst.detail, left, right) else 1], None
            if inst.op == "fbr":
                pair = [floats[argument] for argument in inst.args if isinstance(argument, Reg)]
                return inst.targets[0 if holds_of_floats(inst.detail, *pair) else 1], None
            if inst.op == "ovf":
                exact = EXACT[inst.detail](*(self.read(argument, words) for argument in inst.args))
                if not -(1 << 31) <= exact < 1 << 31:
                    return inst.targets[1], None
                self.write(inst.dest, exact, words)
                return inst.targets[0], None
            if inst.op in TERMINATORS:
                return None, Outcome(inst.op, tuple(self.read(a, words) for a in inst.args), inst.detail)
            self.step(inst, words, floats)
        raise AssertionError("a block without terminator")

    def read(self, operand: Operand, words: dict[Reg, int]) -> int:
        if isinstance(operand, int):
            return operand
        if isinstance(operand, Shifted):
            shifted: int = self.applied(_SHIFTS[operand.kind], [self.read(operand.reg, words), operand.amount])
            return shifted & WORD_MASK
        return self.fixed[operand.fixed] if operand.fixed is not None else words[operand]

    def write(self, dest: Reg | None, value: int, words: dict[Reg, int]) -> None:
        if dest is None:
            return
        if dest.fixed is not None:
            self.fixed[dest.fixed] = value & WORD_MASK
        else:
            words[dest] = value & WORD_MASK

    def applied(self, row: Operation, values: Sequence[float]) -> Any:
        assert row.meaning is not None, row.name
        return row.meaning(*values)

    def address(self, inst: Inst, words: dict[Reg, int]) -> int:
        base, offset = inst.args[-2:]
        return (self.read(base, words) + self.read(offset, words)) & WORD_MASK

    def step(self, inst: Inst, words: dict[Reg, int], floats: dict[Reg, float]) -> None:
        op, row = inst.op, OPERATIONS[inst.op]
        values: list[Any] = [
            floats[argument] if isinstance(argument, Reg) and argument.is_float else self.read(argument, words)
            for argument in inst.args
        ]
        result: Any = None
        if op in ("ld", "fld"):
            layout = _LOADS[inst.detail] if op == "ld" else "<d"
            (result,) = struct.unpack_from(layout, self.memory, self.address(inst, words))
        elif op == "st":
            layout, mask = _STORES[inst.detail]
            struct.pack_into(layout, self.memory, self.address(inst, words), values[0] & mask)
        elif op == "fst":
            struct.pack_into("<d", self.memory, self.address(inst, words), values[0])
        elif op == "call":
            outcome = self.call(inst.detail, values)
            result = outcome.values[0] if outcome.values else 0
        elif op == "sym":
            result = self.symbols[inst.detail]
        elif op == "set":
            result = int(holds(inst.detail, *values))
        elif op not in ("mask", "unmask"):
            result = self.applied(row, values)
        if inst.dest is not None and inst.dest.is_float:
            floats[inst.dest] = result
        else:
            self.write(inst.dest, result, words)
