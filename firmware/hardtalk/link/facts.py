"""The firmware's section of facts, from what the compiler, the assembler's notes and the layout know: docs/facts.md."""

from __future__ import annotations

import ast
import operator
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from hardtalk.arm.flow import I_BIT, Flow, Instruction, decode
from hardtalk.link.assembler import Assembly, Note
from hardtalk.link.errors import did_you_mean
from hardtalk.link.inputs import ProgramLike, RoutineLike, Target
from hardtalk.link.layout import Layout
from hardtalk.link.locked_lines import LockedLines
from hardtalk.link.objects import NativeObject
from hardtalk.link.plan import HEAP_GRAIN_BYTES, LOCKED_WAYS
from hardtalk.link.prepared import PreparedProgram
from hardtalk.smalltalk.bytecodes import SPECIAL_SELECTORS
from hardtalk.vm import facts
from hardtalk.vm.codes import STATISTICS
from hardtalk.vm.constants import (
    BYTECODE_COUNT,
    METHOD_CACHE_ENTRIES,
    METHOD_CACHE_ENTRY_BYTES,
    PENDING_BIT,
    PRIMITIVE_TABLE_ENTRIES,
    SLOT_BYTES,
)
from hardtalk.vm.facts import Facts, Jump, Locked, Loop, LoopEdge, RoutineFact, Table
from hardtalk.vm.native import INTERRUPT_LINES, ROUTINE_LIMIT
from hardtalk.vm.object_format import WORD_BYTES
from hardtalk.vm.special_objects import SPECIAL_OBJECTS

OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.floordiv,
              ast.LShift: operator.lshift}  # fmt: skip
ALL_HANDLERS = "handlers"
DISPATCH_ROLES = {"dispatchTable": "normal", "interruptTable": "interrupt", "markingTable": "marking",
                  "forwardingTable": "forwarding"}  # fmt: skip
SIZES = {
    "bytecodes": BYTECODE_COUNT,
    "heap grain bytes": HEAP_GRAIN_BYTES,
    "interrupt lines": INTERRUPT_LINES,
    "method cache entries": METHOD_CACHE_ENTRIES,
    "method cache entry bytes": METHOD_CACHE_ENTRY_BYTES,
    "locked ways": LOCKED_WAYS,
    "native routines": ROUTINE_LIMIT,
    "pending bit": PENDING_BIT,
    "primitives": PRIMITIVE_TABLE_ENTRIES,
}
ADDRESS_TABLES = (*DISPATCH_ROLES, "primitiveTable", "codeTable", "nativeRoutineTable")


def facts_of(
    boot: Assembly,
    layout: Layout,
    program: PreparedProgram,
    lines: LockedLines,
    target: Target,
    addresses: Mapping[str, int],
    native_routines: Collection[str],
    file_names: Mapping[str, str],
) -> Facts:
    """All facts of a laid out firmware.

    `addresses` finds whatever a relocation can name; `file_names` has the files that are called otherwise here than in
    messages.
    """
    stub = _Stub(boot, {**target.symbols, **addresses})
    placed = [(layout.routines[routine.name], routine) for routine in program.routines]
    handlers = sorted({addresses[name] for name in native_routines})
    return Facts(
        pinned=dict(program.pinned),
        variables=_variables(program),
        counters=STATISTICS,
        special_objects=tuple((each.index, each.kind, each.name, each.variable) for each in SPECIAL_OBJECTS),
        special_selectors=SPECIAL_SELECTORS,
        sizes=SIZES,
        tables=tuple(_table(name, layout) for name in sorted(ADDRESS_TABLES, key=layout.symbols.__getitem__)),
        regions=tuple(layout.regions),
        locked=tuple(locked_ranges(layout, lines, target)),
        unlocked=lines.unlocked,
        routines=tuple(sorted([*stub.routines(), *_routines(placed, program, frozenset(handlers))], key=_address)),
        method_entries=tuple(sorted(_method_entries(placed, program, layout, addresses))),
        code_entries=tuple(sorted({layout.routines[name] for name in program.code_entries.values()})),
        handler_entries=tuple(handlers),
        loops=(*stub.loops(), *_loops(placed, file_names)),
        polls=tuple(at + offset for at, routine in placed for offset in routine.facts.polls),
        sleeps=tuple(note.address for note in boot.notes if note.name == "sleeps"),
        halts=tuple(note.address for note in boot.notes if note.name == "endless"),
        masks=(
            *stub.masks(),
            *((at + offset, change) for at, routine in placed for offset, change in routine.facts.masks),
            *(
                each
                for at, routine in placed
                if isinstance(routine, NativeObject)
                for each in object_masks(at, routine)
            ),
        ),
        jumps=(
            *stub.jumps(handlers),
            *(Jump(at + offset, kind) for at, routine in placed for offset, kind in routine.facts.jumps),
        ),
        object_offsets=tuple(
            (at + place, offset) for at, routine in placed for place, offset in routine.facts.object_offsets
        ),
    )


def _address(routine: RoutineFact) -> int:
    return routine.address


def _table(name: str, layout: Layout) -> Table:
    role = DISPATCH_ROLES.get(name, "")
    stride = SLOT_BYTES if role else WORD_BYTES
    return Table(name, layout.symbols[name], layout.sizes[name] // stride, role, stride)


def _variables(program: ProgramLike) -> dict[str, tuple[int, int]]:
    """Offset and words of each."""
    ordered = sorted(program.state.items(), key=lambda item: item[1])
    ends = [*(offset for _, offset in ordered[1:]), program.state_size]
    return {name: (offset, (end - offset) // 4) for (name, offset), end in zip(ordered, ends, strict=True)}


def _routines(
    placed: Sequence[tuple[int, RoutineLike]], program: ProgramLike, handlers: frozenset[int]
) -> Iterator[RoutineFact]:
    serves: dict[str, tuple[str, list[int]]] = {}
    for table, entries in (
        ("bytecode", program.bytecode_entries),
        ("markingBytecode", program.marking_entries),
        ("forwardingBytecode", program.forwarding_entries),
        ("primitive", program.primitive_entries),
        ("code", program.code_entries),
    ):
        for number, name in entries.items():
            serves.setdefault(name, (table, []))[1].append(number)
    for address, routine in placed:
        table, numbers = serves.get(routine.name, ("", [0]))
        yield RoutineFact(
            address,
            len(routine.code),
            routine.name,
            routine.class_name,
            routine.selector,
            table,
            min(numbers),
            max(numbers),
            routine.frame_bytes,
            routine.recursion_depth,
            routine.is_threaded,
            address in handlers,
        )


def _loops(placed: Sequence[tuple[int, RoutineLike]], file_names: Mapping[str, str]) -> Iterator[LoopEdge]:
    for address, routine in placed:
        for branch, target, loops in sorted(routine.facts.loops):
            named = tuple(replace(loop, file=file_names.get(loop.file, loop.file)) for loop in loops)
            yield LoopEdge(address + branch, address + target, named)


def _method_entries(
    placed: Sequence[tuple[int, RoutineLike]], program: ProgramLike, layout: Layout, addresses: Mapping[str, int]
) -> set[int]:
    """Where the entry of a method in the method cache may lead: primitives, routines whose address code takes, and the
    pieces of compiled methods that activate them, which take a method. The address of another piece is where a method
    that answers goes on, by a jump to code."""
    threaded = {address for address, routine in placed if routine.is_threaded}
    taken = {
        addresses[relocation.symbol]
        for _, routine in placed
        for relocation in routine.relocations
        if relocation.kind == "abs32" and relocation.symbol in addresses
    }
    starts = {routine.name for _, routine in placed if routine.selector.endswith(("arguments:", "resume:"))}
    entered = [*program.primitive_entries.values(), *(name for name in program.code_entries.values() if name in starts)]
    pieces = {layout.routines[name] for name in program.code_entries.values() if name not in starts}
    return {layout.routines[name] for name in entered} | (taken & threaded) - pieces


def object_masks(address: int, native: NativeObject) -> Iterator[tuple[int, str]]:
    """Instructions of an object that set or clear the I bit by a constant; nobody knows of its other code."""
    for offset in range(0, len(native.code) & ~3, 4):
        found = decode(int.from_bytes(native.code[offset : offset + 4], "little"), address + offset)
        if found is not None and found.status_bits is not None:
            yield found.address, facts.MASK if found.status_bits & I_BIT else facts.UNMASK


def locked_ranges(layout: Layout, lines: LockedLines, target: Target) -> Iterator[Locked]:
    """What `lockCaches` (boot/start.s) puts into ways 0 and 1 of both caches."""
    way = target.way_bytes
    yield from (Locked("code", start, stop) for start, stop in lines.ranges())
    data = layout.symbols["lockedDataStart"]
    yield Locked("data", data, data + LOCKED_WAYS * way)


class _Stub:
    """The boot stub's facts: what its instructions say themselves, and the notes in its comments for the rest."""

    def __init__(self, boot: Assembly, names: Mapping[str, int]) -> None:
        self.boot = boot
        self.names = names
        self.notes = {(note.address, note.name): note for note in boot.notes}
        self.instructions = [
            instruction
            for line in boot.lines
            if line.is_instruction
            for at in range(line.start, line.stop, 4)
            if (instruction := decode(self.word(at), at)) is not None
        ]

    def word(self, address: int) -> int:
        offset = address - self.boot.base
        return int.from_bytes(self.boot.code[offset : offset + 4], "little")

    def routines(self) -> Iterator[RoutineFact]:
        """From each label of code to the next label."""
        code = {instruction.address for instruction in self.instructions}
        labels = sorted(self.boot.labels.items(), key=lambda item: item[1])
        stops = [*(address for _, address in labels[1:]), self.boot.base + len(self.boot.code)]
        for (name, address), stop in zip(labels, stops, strict=True):
            if address in code:
                yield RoutineFact(address, stop - address, name)

    def loops(self) -> Iterator[LoopEdge]:
        for note in self.boot.notes:
            if note.name != "bound":
                continue
            branch = decode(self.word(note.address), note.address)
            if branch is None or branch.target is None:
                raise note.error(f"<{note.name}> at an instruction that is no branch", "write it at the one that loops")
            yield LoopEdge(note.address, branch.target, (Loop(note.file, note.line, self.value(note), False),))

    def masks(self) -> Iterator[tuple[int, str]]:
        for each in self.instructions:
            if each.status_bits is not None:
                yield each.address, facts.MASK if each.status_bits & I_BIT else facts.UNMASK
            elif each.writes_status:
                for name, change in (("masks", facts.MASK), ("unmasks", facts.UNMASK)):
                    if (each.address, name) in self.notes:
                        yield each.address, change

    def jumps(self, handlers: Sequence[int]) -> Iterator[Jump]:
        for each in self.instructions:
            if each.flow is Flow.RETURN or (each.address, "returns") in self.notes:
                yield Jump(each.address, facts.RETURN)
            elif each.flow is Flow.EXCEPTION_RETURN:
                yield Jump(each.address, facts.EXCEPTION_RETURN)
            elif each.flow in (Flow.JUMP_COMPUTED, Flow.CALL_COMPUTED):
                yield self.computed(each, handlers)

    def computed(self, instruction: Instruction, handlers: Sequence[int]) -> Jump:
        address = instruction.address
        note = self.notes.get((address, "calls"))
        if note is not None and note.argument == ALL_HANDLERS:
            return Jump(address, facts.HANDLERS, tuple(handlers))
        if note is not None:
            return Jump(address, facts.ROUTINES, tuple(self.named(note, name) for name in note.argument.split()))
        if instruction.literal is not None:
            return Jump(address, facts.LITERAL, (self.word(instruction.literal),))
        return Jump(address, facts.UNKNOWN)

    def named(self, note: Note, name: str) -> int:
        if name not in self.names:
            raise note.error(f"<{note.name}> names {name}, which nothing defines{did_you_mean(name, self.names)}",
                             "correct the name")  # fmt: skip
        return self.names[name]

    def value(self, note: Note) -> int:
        """The constant expression of a note."""

        def of(node: ast.expr) -> int:
            if isinstance(node, ast.Constant) and isinstance(node.value, int):
                return node.value
            if isinstance(node, ast.Name):
                return self.named(note, node.id)
            if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
                return int(OPERATIONS[type(node.op)](of(node.left), of(node.right)))
            raise note.error(f"<{note.name}: {note.argument}> is no expression of numbers and names", self.remedy)

        try:
            return of(ast.parse(note.argument, mode="eval").body)
        except (SyntaxError, ZeroDivisionError) as error:
            raise note.error(f"<{note.name}: {note.argument}>: {error.args[0]}", self.remedy) from None

    remedy = "write a number, or names with + - * / << and parentheses"
