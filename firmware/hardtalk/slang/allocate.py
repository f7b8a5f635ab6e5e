"""Register allocation: Chaitin and Briggs's colouring with conservative coalescing, words and doubles apart.

Pinned registers are live wherever a routine ends or calls. A routine that touches no pinned variable may use their
registers too, as callee-saved ones. Values that get no register live in words of the stack frame.
Source: P. Briggs, K. D. Cooper, L. Torczon, Improvements to Graph Coloring Register Allocation, TOPLAS 16(3), 1994.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hardtalk.slang.ir import TABLE, Reg
from hardtalk.slang.machine import KEEPS_PINNED, MACHINE_OPERATIONS, Machine, MachineBlock, MachineCode
from hardtalk.slang.select import PHYSICAL
from hardtalk.vm.constants import PINNED_REGISTERS

SCRATCH = (0, 1, 2, 3, 12, 14)
CALLEE_SAVED = (11,)
PINNED = tuple(number for number in sorted(PINNED_REGISTERS.values()) if number != TABLE)
"""Free for routines that touch no pinned variable; the tables' and the state's registers never are."""
DOUBLES = tuple(range(16))
FLOAT_PHYSICAL = tuple(Reg(-200 - n, fixed=n, is_float=True) for n in range(16))


def allocate(code: MachineCode) -> None:
    """Gives every register of the routine a machine register, in place."""
    colours = SCRATCH + CALLEE_SAVED if code.touches_pinned else SCRATCH + CALLEE_SAVED + PINNED
    for is_float in (True, False):
        if is_float and not any(r.is_float for b in code.blocks for i in b.insts for r in i.defs):
            continue
        while True:
            colouring = _Colouring(code, DOUBLES if is_float else colours, is_float)
            spilled = colouring.run()
            if not spilled:
                break
            _spill(code, spilled, colouring)
        _substitute(code, colouring)


@dataclass
class _Colouring:
    code: MachineCode
    colours: tuple[int, ...]
    is_float: bool
    adjacent: dict[Reg, set[Reg]] = field(default_factory=dict)
    cost: dict[Reg, float] = field(default_factory=dict)
    alias: dict[Reg, Reg] = field(default_factory=dict)
    colour: dict[Reg, int] = field(default_factory=dict)
    moves: list[tuple[float, int, Reg, Reg]] = field(default_factory=list)
    unspillable: set[Reg] = field(default_factory=set)

    def run(self) -> list[Reg]:
        """Colours; answers the registers that must be spilled first (then nothing is coloured)."""
        self.build()
        self.coalesce()
        return self.paint()

    def find(self, register: Reg) -> Reg:
        while register in self.alias:
            register = self.alias[register]
        return register

    def build(self) -> None:
        blocks = self.code.blocks
        bits: dict[Reg, int] = {}
        registers: list[Reg] = []

        def bit(register: Reg) -> int:
            found = bits.get(register)
            if found is None:
                found = bits[register] = 1 << len(registers)
                registers.append(register)
            return found

        def relevant(inst_registers: list[Reg]) -> list[Reg]:
            return [r for r in inst_registers if r.is_float == self.is_float]

        if not self.is_float:
            for number in self.colours:
                bit(PHYSICAL[number])
        moved_pinned = {
            r
            for b in blocks
            for i in b.insts
            if i.is_move
            for r in (*i.defs, *i.uses)
            if r.fixed is not None and not self.is_float and r.fixed not in self.colours
        }
        pinned_mask = 0
        pinned = sorted(moved_pinned, key=lambda r: r.fixed or 0)
        for register in pinned:
            pinned_mask |= bit(register)
        use: list[int] = []
        define: list[int] = []
        operands: list[list[tuple[list[Reg], list[Reg], int, int]]] = []
        for block in blocks:
            used = defined = 0
            operands.append([])
            for inst in block.insts:
                uses, defs = relevant(inst.uses), relevant(inst.defs)
                use_mask = def_mask = 0
                for register in uses:
                    use_mask |= bit(register)
                used |= use_mask & ~defined
                if inst.op in KEEPS_PINNED:
                    used |= pinned_mask & ~defined
                for register in defs:
                    def_mask |= bit(register)
                defined |= def_mask
                operands[-1].append((defs, uses, def_mask, use_mask))
            use.append(used)
            define.append(defined)
        position = {block: n for n, block in enumerate(blocks)}
        live_in = list(use)
        live_out = [0] * len(blocks)
        changed = True
        while changed:
            changed = False
            for n in range(len(blocks) - 1, -1, -1):
                out = 0
                for successor in blocks[n].successors():
                    out |= live_in[position[successor]]
                if out != live_out[n]:
                    live_out[n] = out
                    live_in[n] = use[n] | (out & ~define[n])
                    changed = True
        for register in registers:
            self.adjacent.setdefault(register, set())
        for n, block in enumerate(blocks):
            weight = 10.0**block.depth * (0.01 if block.cold else 1.0)
            live = live_out[n]
            for inst, (defs, uses, def_mask, use_mask) in zip(
                reversed(block.insts), reversed(operands[n]), strict=True
            ):
                excluded = 0
                if inst.is_move and defs:
                    self.moves.append((weight, len(self.moves), defs[0], uses[0]))
                    excluded = bit(uses[0])
                live |= def_mask
                for register in defs:
                    self.interfere(register, live & ~excluded & ~bit(register), registers)
                    if MACHINE_OPERATIONS[inst.op].is_apart:
                        self.interfere(register, bit(uses[0]) & ~bit(register), registers)
                if inst.op == "bl":
                    for register in pinned:
                        self.interfere(register, live & ~pinned_mask, registers)
                live = live & ~def_mask | use_mask
                if inst.op in KEEPS_PINNED:
                    live |= pinned_mask
                for register in (*defs, *uses):
                    self.cost[register] = self.cost.get(register, 0.0) + weight
                    if inst.detail == "spill":
                        self.unspillable.add(register)

    def interfere(self, register: Reg, mask: int, registers: list[Reg]) -> None:
        adjacent = self.adjacent
        mine = adjacent[register]
        while mask:
            low = mask & -mask
            mask ^= low
            other = registers[low.bit_length() - 1]
            if other not in mine:
                mine.add(other)
                adjacent[other].add(register)

    def coalesce(self) -> None:
        count = len(self.colours)
        pending = sorted(self.moves, key=lambda m: (-m[0], m[1]))
        changed = True
        while changed and pending:
            changed = False
            remaining = []
            for move in pending:
                left, right = self.find(move[2]), self.find(move[3])
                if left is right or (left.fixed is not None and right.fixed is not None):
                    continue
                if right in self.adjacent[left]:
                    continue
                if right.fixed is not None:
                    left, right = right, left
                if self.is_safe(left, right, count):
                    self.merge(left, right)
                    changed = True
                else:
                    remaining.append(move)
            pending = remaining

    def is_safe(self, left: Reg, right: Reg, count: int) -> bool:
        if left.fixed is not None:
            if left.fixed not in self.colours:
                return True
            return all(
                other.fixed is not None or len(self.adjacent[other]) < count or left in self.adjacent[other]
                for other in self.adjacent[right]
            )
        significant = sum(
            1
            for other in self.adjacent[left] | self.adjacent[right]
            if other.fixed is not None or len(self.adjacent[other]) >= count
        )
        return significant < count

    def merge(self, left: Reg, right: Reg) -> None:
        self.alias[right] = left
        self.cost[left] = self.cost.get(left, 0.0) + self.cost.get(right, 0.0)
        if right in self.unspillable:
            self.unspillable.add(left)
        for other in self.adjacent.pop(right):
            self.adjacent[other].discard(right)
            if other is not left:
                self.adjacent[other].add(left)
                self.adjacent[left].add(other)

    def paint(self) -> list[Reg]:
        count = len(self.colours)
        allowed = set(self.colours)
        work = {
            r: {o for o in near if o.fixed is None or o.fixed in allowed}
            for r, near in self.adjacent.items()
            if r.fixed is None
        }
        degree = {r: len(near) for r, near in work.items()}
        stack: list[Reg] = []
        removed: set[Reg] = set()
        low = [r for r in work if degree[r] < count]
        while len(stack) < len(work):
            if low:
                register = low.pop()
                if register in removed:
                    continue
            else:
                candidates = [r for r in work if r not in removed]
                register = min(
                    candidates, key=lambda r: (r in self.unspillable, self.cost.get(r, 0.0) / (degree[r] + 1), r.number)
                )
            removed.add(register)
            stack.append(register)
            for other in work[register]:
                if other.fixed is None and other not in removed:
                    degree[other] -= 1
                    if degree[other] == count - 1:
                        low.append(other)
        partners: dict[Reg, list[Reg]] = {}
        for _, _, left, right in self.moves:
            partners.setdefault(self.find(left), []).append(right)
            partners.setdefault(self.find(right), []).append(left)
        spilled: list[Reg] = []
        for register in reversed(stack):
            taken = {o.fixed if o.fixed is not None else self.colour.get(o) for o in work[register]}
            free = [c for c in self.colours if c not in taken]
            if not free:
                spilled.append(register)
                continue
            wanted = []
            for partner in partners.get(register, []):
                other = self.find(partner)
                preferred = other.fixed if other.fixed is not None else self.colour.get(other)
                if preferred is not None:
                    wanted.append(preferred)
            self.colour[register] = next((c for c in wanted if c in free), free[0])
        return spilled

    def assigned(self, register: Reg) -> Reg:
        register = self.find(register)
        number = register.fixed if register.fixed is not None else self.colour[register]
        return FLOAT_PHYSICAL[number] if self.is_float else PHYSICAL[number]


def _spill(code: MachineCode, spilled: list[Reg], colouring: _Colouring) -> None:
    """Puts the registers (and all coalesced with them) in frame words, loaded and stored around each use."""
    slots: dict[Reg, int] = {}
    for register in spilled:
        slots[register] = code.spill_words
        code.spill_words += 2 if colouring.is_float else 1
    counter = 1_000_000 + code.spill_words * 1000
    for block in code.blocks:
        result: list[Machine] = []
        for inst in block.insts:
            before: list[Machine] = []
            after: list[Machine] = []
            replaced: dict[Reg, Reg] = {}
            for register in dict.fromkeys((*inst.uses, *inst.defs)):
                slot = slots.get(colouring.find(register)) if register.is_float == colouring.is_float else None
                if slot is None:
                    continue
                counter += 1
                fresh = replaced[register] = Reg(counter, "spill", single=False, is_float=colouring.is_float)
                op = ("fld", "fst") if colouring.is_float else ("ld", "st")
                if register in inst.uses:
                    before.append(
                        Machine(op[0], [fresh], [PHYSICAL[13]], imm=slot * 4, detail="spill", place=inst.place)
                    )
                if register in inst.defs:
                    after.append(
                        Machine(op[1], [], [fresh, PHYSICAL[13]], imm=slot * 4, detail="spill", place=inst.place)
                    )
            inst.uses = [replaced.get(r, r) for r in inst.uses]
            inst.defs = [replaced.get(r, r) for r in inst.defs]
            result += [*before, inst, *after]
        block.insts = result


def _substitute(code: MachineCode, colouring: _Colouring) -> None:
    for block in code.blocks:
        for inst in block.insts:
            inst.uses = [
                colouring.assigned(r) if r.is_float == colouring.is_float and r.fixed is None else r for r in inst.uses
            ]
            inst.defs = [
                colouring.assigned(r) if r.is_float == colouring.is_float and r.fixed is None else r for r in inst.defs
            ]
        block.insts = [inst for inst in block.insts if not (inst.is_move and inst.defs[0] is inst.uses[0])]


def saved_registers(code: MachineCode) -> list[int]:
    """The callee-saved machine registers that the routine changes, lr when it must be kept, in order."""
    changed = {r.fixed for b in code.blocks for i in b.insts for r in i.defs if not r.is_float}
    kept = [n for n in (*PINNED, *CALLEE_SAVED) if n in changed and not (code.touches_pinned and n in PINNED)]
    if code.has_calls or 14 in changed:
        kept.append(14)
    return sorted(kept)


def reachable_blocks(code: MachineCode) -> list[MachineBlock]:
    """The blocks that some path reaches, in order."""
    reached: set[MachineBlock] = set()
    work = [code.blocks[0]]
    while work:
        block = work.pop()
        if block not in reached:
            reached.add(block)
            work.extend(block.successors())
    return [block for block in code.blocks if block in reached]
