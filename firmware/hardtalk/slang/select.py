"""Instruction selection: the IR to machine instructions on virtual registers."""

from __future__ import annotations

from hardtalk.arm.encode import rotated_immediate
from hardtalk.slang.ir import Block, Graph, Inst, Operand, Reg, Shifted
from hardtalk.slang.loops import NONE
from hardtalk.slang.machine import Machine, MachineBlock, MachineCode
from hardtalk.slang.operations import OPERATIONS
from hardtalk.slang.types import WORD_BITS, WORD_MASK, signed

PHYSICAL = tuple(Reg(-100 - n, fixed=n) for n in range(16))
# the operation that does the same with the negated or inverted constant
NEGATED = {"add": "sub", "sub": "add", "cmp": "cmn"}
INVERTED = {"and": "bic", "bic": "and", "mov": "mvn"}
SPLIT_LIMIT = 4096  # additions below this may keep a constant that `polish` makes two of
OFFSET_LIMIT = {"w": 4095, "b": 4095, "h": 255, "sh": 255, "sb": 255}


class Selector:
    """Selects one routine."""

    def __init__(self, graph: Graph, touches_pinned: bool) -> None:
        self.graph = graph
        self.blocks = {block: MachineBlock(block.name, block.depth, block.cold) for block in graph.blocks}
        self.code = MachineCode(graph.name, list(self.blocks.values()), graph.is_threaded, touches_pinned)
        self.out: list[Machine] = []
        self.place = ("", 0)
        self.volatile = False
        self.object_offset: int | None = None

    def run(self) -> MachineCode:
        for position, block in enumerate(self.graph.blocks):
            self.out = self.blocks[block].insts
            if position == 0:
                for number, parameter in enumerate(self.graph.parameters):
                    self.move(parameter, PHYSICAL[number])
            for inst in block.insts:
                self.place, self.volatile, self.object_offset = inst.place, inst.volatile, inst.object_offset
                self.select(inst)
        return self.code

    def emit(
        self,
        op: str,
        defs: list[Reg] | None = None,
        uses: list[Reg] | None = None,
        *,
        imm: int | None = None,
        shift: tuple[str, int | None] | None = None,
        detail: str = "",
        cond: str = "",
        sets_flags: bool = False,
        targets: tuple[MachineBlock, ...] = (),
    ) -> None:
        self.out.append(
            Machine(
                op,
                defs or [],
                uses or [],
                imm,
                shift,
                detail,
                cond,
                sets_flags,
                "offset",
                targets,
                self.place,
                self.volatile,
                self.object_offset,
            )
        )

    def physical(self, register: Reg) -> Reg:
        return PHYSICAL[register.fixed] if register.fixed is not None else register

    def register(self, operand: Operand) -> Reg:
        """The operand in a register."""
        if isinstance(operand, Reg):
            return self.physical(operand)
        result = self.graph.new_reg()
        if isinstance(operand, int):
            self.constant(result, operand)
        else:
            self.emit("mov", [result], [self.physical(operand.reg)], shift=(operand.kind, operand.amount))
        return result

    def constant(self, dest: Reg, value: int) -> None:
        if rotated_immediate(value) is not None:
            self.emit("mov", [dest], imm=value)
        elif rotated_immediate(~value & WORD_MASK) is not None:
            self.emit("mvn", [dest], imm=~value & WORD_MASK)
        else:
            self.emit("const", [dest], imm=value)

    def move(self, dest: Reg, source: Reg) -> None:
        self.emit("fmov" if dest.is_float else "mov", [dest], [source])

    def data(self, op: str, defs: list[Reg], first: Reg | None, second: Operand, sets_flags: bool = False) -> None:
        """A data operation or comparison with any second operand."""
        uses = [] if first is None else [first]
        if isinstance(second, int):
            if rotated_immediate(second) is not None:
                self.emit(op, defs, uses, imm=second, sets_flags=sets_flags)
                return
            for table, changed in ((NEGATED, -second & WORD_MASK), (INVERTED, ~second & WORD_MASK)):
                if op in table and rotated_immediate(changed) is not None:
                    self.emit(table[op], defs, uses, imm=changed, sets_flags=sets_flags)
                    return
            distance = signed(second) if op == "add" else -signed(second)
            if op in ("add", "sub") and not sets_flags and abs(distance) < SPLIT_LIMIT:
                self.emit("add" if distance > 0 else "sub", defs, uses, imm=abs(distance))
                return
            self.emit(op, defs, [*uses, self.register(second)], sets_flags=sets_flags)
        elif isinstance(second, Shifted):
            self.emit(
                op, defs, [*uses, self.physical(second.reg)], shift=(second.kind, second.amount), sets_flags=sets_flags
            )
        else:
            self.emit(op, defs, [*uses, self.physical(second)], sets_flags=sets_flags)

    def select(self, inst: Inst) -> None:
        dest = None if inst.dest is None else self.physical(inst.dest)
        row = OPERATIONS[inst.op]
        getattr(self, f"on_{row.form}")(inst, dest, row.machine)
        if inst.closes:
            self.out[-1].closes = {self.blocks[target]: inst.closes.get(target, NONE) for target in inst.targets}

    def on_data(self, inst: Inst, dest: Reg, machine: str) -> None:
        left, right = inst.args
        if isinstance(left, int) and machine == "sub":
            self.data("rsb", [dest], self.register(right), left)
        else:
            self.data(machine, [dest], self.register(left), right)

    def on_shift(self, inst: Inst, dest: Reg, machine: str) -> None:
        value, amount = self.register(inst.args[0]), inst.args[1]
        if not isinstance(amount, int):
            self.emit("mov", [dest], [value, self.register(amount)], shift=(machine, None))
        elif amount & 255 >= WORD_BITS and machine != "asr":
            self.constant(dest, 0)
        elif amount & 255:
            self.emit("mov", [dest], [value], shift=(machine, min(amount & 255, WORD_BITS - 1)))
        else:
            self.move(dest, value)

    def on_registers(self, inst: Inst, dest: Reg, machine: str) -> None:
        self.emit(machine, [dest], [self.register(argument) for argument in inst.args])

    def on_move(self, inst: Inst, dest: Reg, machine: str) -> None:
        source = inst.args[0]
        if isinstance(source, int):
            self.constant(dest, source)
        elif isinstance(source, Shifted):
            self.emit(machine, [dest], [self.physical(source.reg)], shift=(source.kind, source.amount))
        else:
            self.move(dest, self.physical(source))

    def on_inverted(self, inst: Inst, dest: Reg, machine: str) -> None:
        self.data(machine, [dest], None, inst.args[0])

    def on_high_product(self, inst: Inst, dest: Reg, machine: str) -> None:
        low = self.graph.new_reg()
        self.emit(machine, [low, dest], [self.register(inst.args[0]), self.register(inst.args[1])])

    def on_symbol(self, inst: Inst, dest: Reg, machine: str) -> None:
        self.emit(machine, [dest], detail=inst.detail)

    def compare(self, detail: str, left: Operand, right: Operand) -> str:
        """Emits the flag-setting comparison; answers the condition under which it holds."""
        if detail in ("tz", "tn"):
            self.data("tst", [], self.register(left), right)
            return "eq" if detail == "tz" else "ne"
        self.data("cmp", [], self.register(left), right)
        return detail

    def on_set(self, inst: Inst, dest: Reg, machine: str) -> None:
        cond = self.compare(inst.detail, inst.args[0], inst.args[1])
        self.emit("set", [dest], cond=cond)

    def on_branch(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        cond = self.compare(inst.detail, inst.args[0], inst.args[1])
        self.emit("bc", cond=cond, targets=self.targets(inst))

    def on_float_branch(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        self.emit("fcmp", [], [self.register(inst.args[0]), self.register(inst.args[1])])
        self.emit("bc", cond=inst.detail, targets=self.targets(inst))

    def on_jump(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        self.emit("b", targets=self.targets(inst))

    def on_overflow(self, inst: Inst, dest: Reg, machine: str) -> None:
        proceed, overflow = self.targets(inst)
        left, right = inst.args
        if inst.detail == "mul":
            low = self.graph.new_reg()
            high = self.graph.new_reg()
            self.emit("smull", [low, high], [self.register(left), self.register(right)])
            self.emit("cmp", [], [high, low], shift=("asr", 31))
            self.move(dest, low)
            self.emit("bc", cond="ne", targets=(overflow, proceed))
            return
        if inst.detail == "sub" and isinstance(left, int):
            self.data("rsb", [dest], self.register(right), left, sets_flags=True)
        elif right == 1 << 31 and isinstance(right, int):
            self.emit(inst.detail, [dest], [self.register(left), self.register(right)], sets_flags=True)
        else:
            self.data(inst.detail, [dest], self.register(left), right, sets_flags=True)
        self.emit("bc", cond="vs", targets=(overflow, proceed))

    def targets(self, inst: Inst) -> tuple[MachineBlock, ...]:
        return tuple(self.blocks[target] for target in inst.targets)

    def address(
        self, base: Operand, offset: Operand, detail: str
    ) -> tuple[list[Reg], int | None, tuple[str, int | None] | None]:
        """Base and index registers, offset and shift of an access."""
        if isinstance(base, int):
            whole = (base + offset) & WORD_MASK if isinstance(offset, int) else base
            low = whole & 0xFFF if detail in ("w", "b") and isinstance(offset, int) else 0
            register = self.register((whole - low) & WORD_MASK)
            return ([register], low, None) if isinstance(offset, int) else self.address(register, offset, detail)
        register = self.register(base)
        if isinstance(offset, int):
            distance = signed(offset)
            if abs(distance) <= OFFSET_LIMIT[detail]:
                return [register], distance, None
            return [register, self.register(offset)], None, None
        if isinstance(offset, Shifted):
            return [register, self.physical(offset.reg)], None, (offset.kind, offset.amount)
        return [register, self.physical(offset)], None, None

    def on_load(self, inst: Inst, dest: Reg, machine: str) -> None:
        uses, imm, shift = self.address(inst.args[0], inst.args[1], inst.detail)
        self.emit("ld", [dest], uses, imm=imm, shift=shift, detail=inst.detail)

    def on_store(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        value = self.register(inst.args[0])
        uses, imm, shift = self.address(inst.args[1], inst.args[2], inst.detail)
        self.emit("st", [], [value, *uses], imm=imm, shift=shift, detail=inst.detail)

    def float_address(self, base: Operand, offset: Operand) -> tuple[Reg, int]:
        distance = signed(offset) if isinstance(offset, int) else 0
        if isinstance(offset, int) and abs(distance) <= 1020 and distance % 4 == 0:
            return self.register(base), distance
        total = self.graph.new_reg()
        self.data("add", [total], self.register(base), offset)
        return total, 0

    def on_float_load(self, inst: Inst, dest: Reg, machine: str) -> None:
        base, distance = self.float_address(inst.args[0], inst.args[1])
        self.emit("fld", [dest], [base], imm=distance)

    def on_float_store(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        base, distance = self.float_address(inst.args[1], inst.args[2])
        self.emit("fst", [], [self.register(inst.args[0]), base], imm=distance)

    def on_truncated(self, inst: Inst, dest: Reg, machine: str) -> None:
        scratch = self.graph.new_reg(is_float=True)
        self.emit("ftoi", [dest, scratch], [self.register(inst.args[0])])

    def on_mask(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        self.emit(inst.op, [self.graph.new_reg()])

    def arguments(self, args: list[Operand]) -> list[Reg]:
        values = [self.register(argument) for argument in args]
        for number, value in enumerate(values):
            self.move(PHYSICAL[number], value)
        return list(PHYSICAL[: len(values)])

    def on_call(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        self.code.has_calls = True
        uses = self.arguments(inst.args)
        self.emit("bl", [PHYSICAL[n] for n in (0, 1, 2, 3, 12, 14)], uses, detail=inst.detail)
        if dest is not None:
            self.move(dest, PHYSICAL[0])

    def on_tail(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        self.emit("tail", [], self.arguments(inst.args), detail=inst.detail)

    def on_transfer(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        address = self.register(inst.args[0])
        if address.fixed is None:
            copy = self.graph.new_reg()
            self.move(copy, address)
            address = copy
        uses = self.arguments(inst.args[1:])
        self.emit("transfer", [], [address, *uses])

    def on_dispatch(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        self.emit(inst.op, [], [])

    def on_return(self, inst: Inst, dest: Reg | None, machine: str) -> None:
        uses = self.arguments(inst.args[:1])
        self.emit("ret", [], uses)


def select(graph: Graph, touches_pinned: bool) -> MachineCode:
    """The graph in machine instructions on virtual registers."""
    return Selector(graph, touches_pinned).run()


def ordered(blocks: list[Block]) -> list[Block]:
    """Hot blocks in their order, then the cold ones."""
    return [b for b in blocks if not b.cold] + [b for b in blocks if b.cold]
