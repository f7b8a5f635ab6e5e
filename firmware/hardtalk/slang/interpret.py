"""The IR interpreter: runs a routine's graph on a flat little-endian memory, the second of the three ways.

It shares the meaning of operations with the optimiser's folding, and nothing with the host simulation or the ARM code.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hardtalk.slang.fold import CONDITIONS, EXACT, OPERATIONS
from hardtalk.slang.ir import VM_BASE, Block, Graph, Inst, Operand, Reg, Shifted
from hardtalk.slang.types import WORD_MASK, signed

_LOADS = {"w": "<I", "h": "<H", "b": "<B", "sh": "<h", "sb": "<b"}
_STORES = {"w": ("<I", WORD_MASK), "h": ("<H", 0xFFFF), "b": ("<B", 0xFF)}
_SHIFTS = {"lsl": "shl", "lsr": "shr", "asr": "sar"}
_FLOAT_CONDITIONS: dict[str, Callable[[float, float], bool]] = {
    "mi": lambda a, b: a < b,
    "ls": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


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
                return inst.targets[0 if CONDITIONS[inst.detail](left, right) else 1], None
            if inst.op == "fbr":
                pair = [floats[argument] for argument in inst.args if isinstance(argument, Reg)]
                return inst.targets[0 if _FLOAT_CONDITIONS[inst.detail](*pair) else 1], None
            if inst.op == "ovf":
                exact = EXACT[inst.detail](*(self.read(argument, words) for argument in inst.args))
                if not -(1 << 31) <= exact < 1 << 31:
                    return inst.targets[1], None
                self.write(inst.dest, exact, words)
                return inst.targets[0], None
            if inst.op in ("ret", "next", "current", "tail", "transfer"):
                return None, Outcome(inst.op, tuple(self.read(a, words) for a in inst.args), inst.detail)
            self.step(inst, words, floats)
        raise AssertionError("a block without terminator")

    def read(self, operand: Operand, words: dict[Reg, int]) -> int:
        if isinstance(operand, int):
            return operand
        if isinstance(operand, Shifted):
            return OPERATIONS[_SHIFTS[operand.kind]](self.read(operand.reg, words), operand.amount) & WORD_MASK
        return self.fixed[operand.fixed] if operand.fixed is not None else words[operand]

    def write(self, dest: Reg | None, value: int, words: dict[Reg, int]) -> None:
        if dest is None:
            return
        if dest.fixed is not None:
            self.fixed[dest.fixed] = value & WORD_MASK
        else:
            words[dest] = value & WORD_MASK

    def step(self, inst: Inst, words: dict[Reg, int], floats: dict[Reg, float]) -> None:
        op = inst.op
        if op == "ld":
            address = (self.read(inst.args[0], words) + self.read(inst.args[1], words)) & WORD_MASK
            (value,) = struct.unpack_from(_LOADS[inst.detail], self.memory, address)
            self.write(inst.dest, value, words)
        elif op == "st":
            value, base, offset = (self.read(argument, words) for argument in inst.args)
            layout, mask = _STORES[inst.detail]
            struct.pack_into(layout, self.memory, (base + offset) & WORD_MASK, value & mask)
        elif op == "call":
            outcome = self.call(inst.detail, [self.read(argument, words) for argument in inst.args])
            if inst.dest is not None:
                self.write(inst.dest, outcome.values[0] if outcome.values else 0, words)
        elif op == "sym":
            self.write(inst.dest, self.symbols[inst.detail], words)
        elif op == "set":
            left, right = (self.read(argument, words) for argument in inst.args)
            self.write(inst.dest, int(CONDITIONS[inst.detail](left, right)), words)
        elif op in ("bic", "rsb"):
            left, right = (self.read(argument, words) for argument in inst.args)
            self.write(inst.dest, left & ~right if op == "bic" else right - left, words)
        elif op in OPERATIONS:
            self.write(inst.dest, OPERATIONS[op](*(self.read(argument, words) for argument in inst.args)), words)
        elif op not in ("mask", "unmask"):
            self.float_step(inst, words, floats)

    def float_step(self, inst: Inst, words: dict[Reg, int], floats: dict[Reg, float]) -> None:
        op = inst.op
        if op == "fst":
            value, base, offset = inst.args
            assert isinstance(value, Reg)
            struct.pack_into(
                "<d", self.memory, self.read(base, words) + signed(self.read(offset, words)), floats[value]
            )
            return
        assert inst.dest is not None
        if op == "fld":
            address = self.read(inst.args[0], words) + signed(self.read(inst.args[1], words))
            (floats[inst.dest],) = struct.unpack_from("<d", self.memory, address)
        elif op == "itof":
            floats[inst.dest] = float(signed(self.read(inst.args[0], words)))
        elif op == "ftoi":
            argument = inst.args[0]
            assert isinstance(argument, Reg)
            self.write(inst.dest, _saturated(floats[argument]), words)
        else:
            values = [floats[argument] for argument in inst.args if isinstance(argument, Reg)]
            floats[inst.dest] = _FLOAT_OPERATIONS[op](*values)


def _saturated(value: float) -> int:
    """FTOSIZD: toward zero, saturating, 0 for NaN."""
    if math.isnan(value):
        return 0
    return int(max(-2147483648.0, min(2147483647.0, value)))


def _divide(a: float, b: float) -> float:
    if b == 0.0:
        if a == 0.0 or math.isnan(a):
            return math.nan
        return math.copysign(math.inf, a) * math.copysign(1.0, b)
    return a / b


_FLOAT_OPERATIONS: dict[str, Callable[..., float]] = {
    "fmov": lambda a: a,
    "fadd": lambda a, b: a + b,
    "fsub": lambda a, b: a - b,
    "fmul": lambda a, b: a * b,
    "fdiv": _divide,
    "fneg": lambda a: -a,
    "fsqrt": lambda a: math.sqrt(a) if a >= 0 else math.nan,
}
