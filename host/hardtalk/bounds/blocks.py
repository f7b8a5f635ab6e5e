"""Blocks of a firmware's code: straight pieces that end where control may go elsewhere, comes in, or looks.

Found from given entries through the firmware's facts (docs/facts.md). What the facts do not tell is refused with
`Unprovable`: a word that is no instruction, a jump whose targets nobody lists. Besides branches a block ends behind a
test for waiting interrupts, a change of the I bit, and the instruction at which the CPU sleeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from hardtalk.arm.flow import Flow, Instruction, decode
from hardtalk.vm import facts as kinds
from hardtalk.vm.facts import Facts, Jump

ALWAYS, EQUAL, NOT_EQUAL = 14, 0, 1
PLAIN_ROLES = ("normal", "marking")
"""Dispatch tables whose entries `transferTo:` may name."""


class Unprovable(Exception):
    """The code does something at `address` whose end cannot be shown."""

    def __init__(self, address: int, problem: str) -> None:
        self.address = address
        self.problem = problem
        super().__init__(f"{address:#x}: {problem}")


class End(Enum):
    """How a block ends, when its last instruction's condition holds."""

    ON = "on"
    JUMP = "jump"
    CALL = "call"
    RETURN = "return"
    DISPATCH = "dispatch"
    EXCEPTION_RETURN = "exception return"
    HALT = "halt"


@dataclass(frozen=True)
class Block:
    """The instructions from `address` up to but not including `stop`; `targets` of a jump or a call."""

    address: int
    stop: int
    end: End
    targets: tuple[int, ...]
    condition: int
    polls: bool
    mask: str
    instructions: tuple[Instruction, ...]

    @property
    def goes_on(self) -> bool:
        """Whether control can come to `stop`: after a call, or when the last instruction is not executed."""
        return self.end in (End.ON, End.CALL) or self.condition != ALWAYS

    @cached_property
    def sets_flags(self) -> bool:
        return any(each.sets_flags for each in self.instructions)


ENDS = {
    Flow.JUMP: End.JUMP,
    Flow.CALL: End.CALL,
    Flow.CALL_COMPUTED: End.CALL,
    Flow.JUMP_COMPUTED: End.JUMP,
    Flow.RETURN: End.RETURN,
    Flow.EXCEPTION_RETURN: End.EXCEPTION_RETURN,
}


class Code:
    """Blocks of the code that `entries` reach. `read` answers the bytes at an address, as loaded."""

    def __init__(self, facts: Facts, read: Callable[[int, int], bytes]) -> None:
        self.facts = facts
        self.read = read
        self._polls = frozenset(facts.polls)
        self._sleeps = frozenset(facts.sleeps)
        self._halts = frozenset(facts.halts)
        self._ends: dict[int, tuple[End, tuple[int, ...]] | None] = {}
        self._instructions: dict[int, Instruction] = {}

    def with_facts(self, facts: Facts) -> Code:
        """The same code, of which other things are known."""
        other = Code(facts, self.read)
        other._instructions = self._instructions
        return other

    def word(self, address: int) -> int:
        return int.from_bytes(self.read(address, 4), "little")

    def table(self, role: str) -> tuple[int, ...]:
        """Where bytecodes are entered through the dispatch table of that role."""
        (table,) = (each for each in self.facts.dispatch_tables if each.role == role)
        return tuple(table.places)

    def instruction(self, address: int) -> Instruction:
        if address not in self._instructions:
            data = self.read(address, 4)
            found = decode(int.from_bytes(data, "little"), address) if len(data) == 4 else None
            if found is None:
                raise Unprovable(address, "no instruction that the table of encodings has")
            self._instructions[address] = found
        return self._instructions[address]

    # How an instruction ends its block

    def end(self, instruction: Instruction) -> tuple[End, tuple[int, ...]] | None:
        """How it ends its block and where it leads to; None when it does not."""
        address = instruction.address
        if address not in self._ends:
            self._ends[address] = self._end(instruction)
        return self._ends[address]

    def _end(self, instruction: Instruction) -> tuple[End, tuple[int, ...]] | None:
        address, flow = instruction.address, instruction.flow
        if address in self._halts:
            return End.HALT, ()
        if instruction.writes_status and address not in self.facts.mask_at:
            raise Unprovable(address, "a change of the I bit that the firmware's facts do not have")
        if flow in (Flow.NEXT, Flow.TRAP):
            is_cut = address in self._polls or address in self._sleeps or instruction.writes_status
            return (End.ON, ()) if is_cut else None
        if flow in (Flow.JUMP, Flow.CALL):
            assert instruction.target is not None
            return ENDS[flow], (instruction.target,)
        jump = self.facts.jump_at.get(address)
        if jump is None:
            raise Unprovable(address, f"a {flow.value} that the firmware's facts do not have")
        if jump.kind == kinds.RETURN:
            return End.RETURN, ()
        if jump.kind == kinds.EXCEPTION_RETURN:
            return End.EXCEPTION_RETURN, ()
        if jump.kind == kinds.DISPATCH:
            return End.DISPATCH, ()
        targets = tuple(sorted(set(self._targets(jump))))
        if not targets and jump.kind != kinds.HANDLERS:
            raise Unprovable(address, f"a {flow.value} of kind {jump.kind} without targets")
        return ENDS[flow], targets

    def _targets(self, jump: Jump) -> Iterable[int]:
        if jump.kind == kinds.METHOD:
            return self.facts.method_entries
        if jump.kind == kinds.CODE:
            return self.facts.code_entries
        if jump.kind == kinds.BYTECODE:
            return (target for role in PLAIN_ROLES for target in self.table(role))
        if jump.kind in (kinds.ROUTINES, kinds.HANDLERS, kinds.LITERAL):
            return jump.targets
        raise Unprovable(jump.address, f"a jump of kind {jump.kind!r}")

    # Blocks

    def blocks(self, entries: Iterable[int]) -> Mapping[int, Block]:
        """The blocks that can be reached from the entries, those of called routines among them, by address."""
        pending = sorted(set(entries))
        leaders, seen = set(pending), set[int]()
        while pending:
            address = pending.pop()
            while address not in seen:
                seen.add(address)
                instruction = self.instruction(address)
                address += 4
                found = self.end(instruction)
                if found is None:
                    continue
                end, targets = found
                new = [target for target in targets if target not in leaders]
                leaders.update(new)
                pending += new
                if end not in (End.ON, End.CALL) and instruction.condition == ALWAYS:
                    break
                leaders.add(address)
        return {address: self._block(address, leaders) for address in sorted(leaders)}

    def _block(self, address: int, leaders: set[int]) -> Block:
        instructions = []
        at = address
        while True:
            instruction = self.instruction(at)
            instructions.append(instruction)
            at += 4
            found = self.end(instruction)
            if found is not None or at in leaders:
                break
        end, targets = found or (End.ON, ())
        condition = instruction.condition if found is not None and end is not End.ON else ALWAYS
        return Block(
            address,
            at,
            end,
            targets,
            condition,
            instruction.address in self._polls,
            self.facts.mask_at.get(instruction.address, ""),
            tuple(instructions),
        )
