"""Emission: allocated machine code to words, with relocations, literal pool and a line for every word."""

from __future__ import annotations

from dataclasses import dataclass, field

from hardtalk.arm import encode as arm
from hardtalk.slang.allocate import saved_registers
from hardtalk.slang.conditions import CONDITIONS
from hardtalk.slang.ir import TABLE
from hardtalk.slang.loops import Closed, check
from hardtalk.slang.machine import MACHINE_OPERATIONS, Machine, MachineBlock, MachineCode
from hardtalk.vm.constants import PENDING_BIT, PINNED_REGISTERS, SLOT_SHIFT
from hardtalk.vm.facts import BYTECODE, CODE, DISPATCH, METHOD, RETURN, UNKNOWN, CodeFacts, Loop

WIDTH = {"w": "word", "b": "byte", "h": "half", "sb": "signed_byte", "sh": "signed_half", "spill": "word"}
PIPELINE = 8  # a branch of this displacement has a zero field, for the linker to fill
INTERRUPT_BIT = 0x80
IP, SP, LR = PINNED_REGISTERS["ip"], arm.SP, arm.LR


class RoutineTooLong(Exception):
    """A routine whose constants do not lie within reach behind it."""


@dataclass(frozen=True)
class Relocation:
    """A word to be completed by the linker: `kind` branch24 or abs32, at `offset` bytes."""

    offset: int
    kind: str
    symbol: str
    addend: int = 0


TRANSFERS = (BYTECODE, CODE, METHOD, UNKNOWN)
"""What a transfer leads to, by the number of words it hands over: a bytecode's routine takes none, a method's two."""


@dataclass
class Routine:
    """One compiled routine. `lines` are (offset, file, line), each holding until the next; `locked` its place among
    those that the caches hold for good."""

    name: str
    code: bytes
    relocations: list[Relocation]
    lines: list[tuple[int, str, int]]
    class_name: str = ""
    selector: str = ""
    frame_bytes: int = 0
    recursion_depth: int = 0
    is_threaded: bool = False
    locked: int | None = None
    facts: CodeFacts = field(default_factory=CodeFacts)


@dataclass
class Emitter:
    """The words of one routine so far; each `form` of the table of machine operations has its `emit_` method."""

    code: MachineCode
    words: list[int] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)
    branches: list[tuple[int, MachineBlock, int]] = field(default_factory=list)
    pool: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    relocations: list[Relocation] = field(default_factory=list)
    place: tuple[str, int] = ("", 0)
    polls: list[int] = field(default_factory=list)
    object_offsets: list[tuple[int, int]] = field(default_factory=list)
    masks: list[tuple[int, str]] = field(default_factory=list)
    jumps: list[tuple[int, str]] = field(default_factory=list)
    closing: list[tuple[int, MachineBlock, Closed]] = field(default_factory=list)
    restarts: list[tuple[int, Loop]] = field(default_factory=list)

    def run(self) -> None:
        code = self.code
        self.saved = [] if code.is_threaded else saved_registers(code)
        self.frame = code.spill_words * 4
        order = [b for b in code.blocks if not b.cold] + [b for b in code.blocks if b.cold]
        self.place = order[0].insts[0].place
        self.prologue()
        starts: dict[MachineBlock, int] = {}
        usual_end = 0
        for position, block in enumerate(order):
            starts[block] = len(self.words)
            if block.cold and not usual_end:
                usual_end = self.here
            following = order[position + 1] if position + 1 < len(order) else None
            for inst in block.insts:
                if inst.place[1]:
                    self.place = inst.place
                self.instruction(inst, following)
        for position, target, cond in self.branches:
            self.words[position] = arm.branch((starts[target] - position) * 4, cond=cond)
        self.facts = CodeFacts(
            (
                *((at, 4 * starts[target], tuple(sorted(closed, key=repr))) for at, target, closed in self.closing),
                *((at, 0, (loop,)) for at, loop in self.restarts),
            ),
            tuple(self.polls),
            tuple(self.masks),
            tuple(self.jumps),
            usual_end or self.here,
            tuple(self.object_offsets),
        )
        for (symbol, value), users in self.pool.items():
            for user in users:
                self.words[user] |= self.pool_distance(user)
            if symbol:
                self.relocations.append(Relocation(len(self.words) * 4, "abs32", symbol))
            self.word(value)

    def pool_distance(self, user: int) -> int:
        distance = (len(self.words) - user - 2) * 4
        if not 0 <= distance < 4096:
            raise RoutineTooLong(f"this routine is too long: a constant would lie {distance} bytes from its use")
        return distance

    @property
    def here(self) -> int:
        """The offset of the word that comes next."""
        return 4 * len(self.words)

    def word(self, word: int) -> None:
        self.words.append(word)
        self.places.append(self.place)

    def prologue(self) -> None:
        if self.saved:
            self.word(arm.store_multiple(SP, self.saved, "db", writeback=True))
        if self.frame:
            self.adjust_frame("sub")

    def adjust_frame(self, op: str) -> None:
        self.word(arm.data(op, SP, SP, arm.Immediate(self.frame)))

    def from_pool(self, register: int, symbol: str, value: int, cond: int) -> None:
        self.pool.setdefault((symbol, value), []).append(len(self.words))
        self.word(arm.load(register, arm.PC, 0, cond=cond))

    def instruction(self, inst: Machine, following: MachineBlock | None) -> None:
        row = MACHINE_OPERATIONS[inst.op]
        if row.form == "branch":
            self.branch(inst, following)
            return
        defs = [r.fixed or 0 for r in inst.defs]
        uses = [r.fixed or 0 for r in inst.uses]
        getattr(self, f"emit_{row.form}")(inst, defs, uses, condition_code(inst.cond))

    def emit_move(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.data(inst.op, defs[0], 0, self.operand2(inst, uses), inst.sets_flags, cond))

    def emit_compare(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        if is_poll(inst):
            self.polls.append(self.here)
        self.word(arm.data(inst.op, 0, uses[0], self.operand2(inst, uses[1:]), cond=cond))

    def emit_data(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.data(inst.op, defs[0], uses[0], self.operand2(inst, uses[1:]), inst.sets_flags, cond))

    def emit_multiply(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        first, second = (uses[1], uses[0]) if defs[0] == uses[0] else (uses[0], uses[1])
        self.word(arm.multiply(defs[0], first, second, cond=cond))

    def emit_multiply_long(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.multiply_long(inst.op, defs[0], defs[1], uses[0], uses[1], cond=cond))

    def emit_count_zeros(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.encode("clz", d=defs[0], m=uses[0], cond=cond))

    def emit_pooled(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.from_pool(defs[0], inst.detail, inst.imm or 0, cond)

    def emit_truth(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.data("mov", defs[0], 0, arm.Immediate(0)))
        self.word(arm.data("mov", defs[0], 0, arm.Immediate(1), cond=cond))

    def emit_call(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        if inst.op == "tail":
            self.leave_frame()
            self.note_restart(inst)
        self.relocations.append(Relocation(self.here, "branch24", inst.detail))
        self.word(arm.branch(PIPELINE, link=inst.op == "bl", cond=cond))

    def emit_dispatch(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.leave_frame()
        distance, index = (1, "pre") if inst.op == "next" else (0, "offset")
        self.word(arm.load(0, IP, distance, width="byte", index=index, cond=cond))
        self.jumps.append((self.here, DISPATCH))
        self.word(arm.data("add", arm.PC, TABLE, arm.Shifted(0, "lsl", SLOT_SHIFT), cond=cond))

    def emit_go(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.jumps.append((self.here, DISPATCH))
        self.word(arm.data("add", arm.PC, TABLE, arm.Shifted(uses[0], "lsl", SLOT_SHIFT), cond=cond))

    def emit_go_to(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.jumps.append((self.here, TRANSFERS[len(uses) - 1]))
        self.word(arm.load(arm.PC, uses[0], inst.imm or 0, cond=cond))

    def emit_transfer(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.leave_frame()
        self.jumps.append((self.here, TRANSFERS[len(uses) - 1]))
        self.word(arm.data("mov", arm.PC, 0, uses[0], cond=cond))

    def emit_return(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.epilogue()

    def emit_mask(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        change = "orr" if inst.op == "mask" else "bic"
        self.word(arm.encode("mrs", d=defs[0], r=0))
        self.word(arm.data(change, defs[0], defs[0], arm.Immediate(INTERRUPT_BIT)))
        self.masks.append((self.here, inst.op))
        self.word(arm.encode("msr", m=defs[0], r=0, f=1))

    def operand2(self, inst: Machine, rest: list[int]) -> arm.Operand2:
        if inst.imm is not None:
            return arm.Immediate(inst.imm)
        if inst.shift is None:
            return rest[0]
        kind, amount = inst.shift
        if amount is None:
            return arm.ShiftedBy(rest[0], kind, rest[1])
        return arm.Shifted(rest[0], kind, amount) if amount else rest[0]

    def emit_access(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        is_load = inst.op == "ld"
        register, base = (defs[0], uses[0]) if is_load else (uses[0], uses[1])
        rest = uses[1:] if is_load else uses[2:]
        kind, amount = inst.shift or ("lsl", 0)
        offset = inst.imm if inst.imm is not None else arm.Shifted(rest[0], kind, amount or 0)
        transfer = arm.load if is_load else arm.store
        if inst.object_offset is not None:
            self.object_offsets.append((self.here, inst.object_offset))
        self.word(transfer(register, base, offset, width=WIDTH[inst.detail], index=inst.index, cond=cond))

    def branch(self, inst: Machine, following: MachineBlock | None) -> None:
        if inst.op == "b":
            if inst.targets[0] is not following:
                self.branch_to(inst, inst.targets[0], "")
            return
        if_true, if_false = inst.targets
        if if_true is following:
            self.branch_to(inst, if_false, CONDITIONS[inst.cond].inverse)
        else:
            self.branch_to(inst, if_true, inst.cond)
            if if_false is not following:
                self.branch_to(inst, if_false, "")

    def branch_to(self, inst: Machine, target: MachineBlock, cond: str) -> None:
        """A branch; straight to another routine when the block only jumps there."""
        only = target.insts[0]
        if len(target.insts) == 1 and only.op == "tail" and not self.frame:
            self.note_restart(only)
            self.relocations.append(Relocation(self.here, "branch24", only.detail))
            self.word(arm.branch(PIPELINE, cond=condition_code(cond)))
            return
        if closed := inst.closes.get(target):
            self.closing.append((self.here, target, closed))
        self.branches.append((len(self.words), target, condition_code(cond)))
        self.word(0)

    def note_restart(self, tail: Machine) -> None:
        """A routine that goes on in itself is a loop. Each turn looks for interrupts, or nothing ends it."""
        if tail.detail == self.code.name:
            self.restarts.append((self.here, Loop(*tail.place, None, self.always_polls(tail))))

    def always_polls(self, tail: Machine) -> bool:
        """Whether no way leads from the routine's start to there without a test for interrupts."""
        seen, pending = set[str](), [self.code.blocks[0]]
        while pending:
            block = pending.pop()
            if block.name in seen or any(is_poll(inst) for inst in block.insts):
                continue
            if any(inst is tail for inst in block.insts):
                return False
            seen.add(block.name)
            pending += block.successors()
        return True

    def leave_frame(self) -> None:
        if self.frame:
            self.adjust_frame("add")

    def epilogue(self) -> None:
        self.leave_frame()
        if arm.LR in self.saved:
            self.jumps.append((self.here, RETURN))
            self.word(arm.load_multiple(SP, [*self.saved[:-1], arm.PC], "ia", writeback=True))
            return
        if self.saved:
            self.word(arm.load_multiple(SP, self.saved, "ia", writeback=True))
        self.jumps.append((self.here, RETURN))
        self.word(arm.encode("bx", m=LR))

    def emit_float_load(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp_load(defs[0], uses[0], inst.imm or 0))

    def emit_float_store(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp_store(uses[0], uses[1], inst.imm or 0))

    def emit_float_data(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp(inst.op + "d", defs[0], uses[0], uses[1]))

    def emit_float_unary(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp_unary(inst.op + "d", defs[0], uses[0]))

    def emit_float_move(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp_unary("fcpyd", defs[0], uses[0]))

    def emit_float_compare(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp_unary("fcmpd", uses[0], uses[1]))
        self.word(arm.vfp_status_to_flags())

    def emit_float_from_word(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp_from_register(2 * defs[0], uses[0]))
        self.word(arm.vfp_to_double("fsitod", defs[0], 2 * defs[0]))

    def emit_word_from_float(self, inst: Machine, defs: list[int], uses: list[int], cond: int) -> None:
        self.word(arm.vfp_from_double("ftosizd", 2 * defs[1], uses[0]))
        self.word(arm.vfp_to_register(defs[0], 2 * defs[1]))


def is_poll(inst: Machine) -> bool:
    """A test for waiting interrupts."""
    return inst.op == "tst" and inst.uses[0].fixed == TABLE and inst.imm == PENDING_BIT


def _end(block: MachineBlock) -> Machine:
    return block.insts[-1]


def emit(code: MachineCode) -> Routine:
    """The routine's bytes, relocations and lines."""
    check(code.name, code.blocks, _end)
    emitter = Emitter(code)
    emitter.run()
    lines: list[tuple[int, str, int]] = []
    for position, place in enumerate(emitter.places):
        if not lines or lines[-1][1:] != place:
            lines.append((position * 4, *place))
    data = b"".join(word.to_bytes(4, "little") for word in emitter.words)
    frame_bytes = emitter.frame + 4 * len(emitter.saved)
    return Routine(code.name, data, emitter.relocations, lines, frame_bytes=frame_bytes, facts=emitter.facts)


def condition_code(name: str) -> int:
    """The field of an instruction that runs under the condition; always, when none is named."""
    return CONDITIONS[name].code if name else arm.AL
