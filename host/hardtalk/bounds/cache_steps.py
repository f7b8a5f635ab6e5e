"""What the instructions of a block change of what the caches are known to hold, and what they miss on the way.

The rules are those of the emulator's caches (`hardtalk.board.hook`): a load that misses fills its line, a store that
misses goes to the write buffer, word by word, and fills none. The machine stack, the stacks of exceptions and what
else is locked are never missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hardtalk.arm.encode import PC, SP
from hardtalk.arm.flow import Access, Instruction, registers_in
from hardtalk.bounds.blocks import Block
from hardtalk.bounds.cache_states import ADDRESS_MASK, FRAME, State, Value
from hardtalk.chip import Chip
from hardtalk.vm.facts import Facts
from hardtalk.vm.object_format import WORD_BYTES

MULTIPLE = ("ldm", "stm")


@dataclass(slots=True)
class Misses:
    """Lines of code and of data that are filled, words stored that find no line, and words that find one because it is
    known to be there; all at most."""

    fetches: int = 0
    fills: int = 0
    stores: int = 0
    freed: int = 0


class CacheSteps:
    """Of a firmware with these facts, on a chip with these caches; `line` is one of data."""

    def __init__(self, facts: Facts, chip: Chip) -> None:
        code = chip.instruction_cache
        self.line = chip.data_cache.line
        self._code_line = code.line
        self._sets = code.size // (code.ways * code.line)
        self._offsets = dict(facts.object_offsets)
        (base,) = (each.start for each in facts.regions if each.name == "vmState")
        self._state = facts.pinned["vmState"], Value(address=base)
        self._locked_code = [(each.start, each.stop) for each in facts.locked if each.cache == "code"]
        self._locked_data = [(each.start, each.stop) for each in facts.locked if each.cache == "data"]
        self._lines: dict[tuple[int, int], frozenset[int]] = {}

    def empty(self, depth: int | None = None) -> State:
        """Nothing but the VM's base register is known."""
        state = State(depth=depth)
        state.put(*self._state)
        return state

    def follow(self, block: Block, state: State) -> Misses:
        """Changes the state to that behind the block."""
        misses = Misses()
        missing = self.code_lines(block) - state.code
        misses.fetches = len(missing)
        state.code = self.staying(state.code, missing) | missing
        for instruction in block.instructions:
            self._step(instruction, state, misses)
        return misses

    # Code

    def code_lines(self, block: Block) -> frozenset[int]:
        """The numbers of the block's lines that can be missed."""
        key = block.address, block.stop
        if key not in self._lines:
            line = self._code_line
            numbers = range(block.address // line, (block.stop - 1) // line + 1)
            self._lines[key] = frozenset(at for at in numbers if not _holds(self._locked_code, at * line))
        return self._lines[key]

    def staying(self, known: frozenset[int], filled: Iterable[int]) -> frozenset[int]:
        """Those of the known lines that are surely there when these may have been filled: no other in their set."""
        sets: dict[int, set[int]] = defaultdict(set)
        for each in filled:
            sets[each % self._sets].add(each)
        return frozenset(each for each in known if sets[each % self._sets] <= {each})

    # Instructions

    def _step(self, instruction: Instruction, state: State, misses: Misses) -> None:
        access = instruction.access
        if access is not None and access.base == SP:
            self._use_stack(instruction, access, state)
            return
        moved: int | None = None
        if access is not None:
            self._access(instruction, access, state, misses)
            if access.writes_back and access.offset is not None and not instruction.is_conditional:
                moved = access.base
                self._move(moved, moved, _step_of(instruction, access), state)
        self._write(instruction, state, instruction.writes - {PC, moved})

    def _write(self, instruction: Instruction, state: State, written: frozenset[int]) -> None:
        name, fields, distance = instruction.mnemonic, instruction.fields, _distance(instruction)
        if SP in written:
            if state.depth is None or distance is None or fields["n"] != SP or instruction.is_conditional:
                state.forget_frame()
            else:
                state.depth -= distance
        elif len(written) == 1 and not instruction.is_conditional:
            (register,) = written
            if name == "mov" and fields.get("m", PC) not in (PC, SP) and not any(fields.get(each) for each in "ikt"):
                state.share(register, fields["m"])
                return
            if distance is not None and fields["n"] not in (PC, SP):
                self._move(register, fields["n"], distance, state)
                return
        state.forget(written)

    def _move(self, register: int, base: int, distance: int, state: State) -> None:
        state.put(register, state.value(base).moved(distance, self.line))

    def _use_stack(self, instruction: Instruction, access: Access, state: State) -> None:
        """Words that are put on the stack and taken from it."""
        is_multiple = instruction.mnemonic in MULTIPLE
        if state.depth is None or access.offset is None or not (is_multiple or instruction.mnemonic in ("ldr", "str")):
            state.forget(instruction.writes)
            state.forget_frame()
            return
        registers = sorted(registers_in(instruction.fields)) if is_multiple else [instruction.fields["d"]]
        for number, register in enumerate(registers):
            place = (FRAME, state.depth - access.offset - WORD_BYTES * number)
            to, source = (place, register) if access.is_store else (register, place)
            if instruction.is_conditional or source not in state.at or register == PC:
                state.forget([to])
            else:
                state.share(to, source)
        if access.writes_back and not instruction.is_conditional:
            state.depth -= _step_of(instruction, access)
        elif access.writes_back and not access.is_load:
            state.forget_frame()

    # Accesses

    def _access(self, instruction: Instruction, access: Access, state: State, misses: Misses) -> None:
        is_sure = not instruction.is_conditional
        if access.base == PC and instruction.literal is not None:
            self._absolute(instruction.literal, access, state, misses, is_sure=is_sure)
            return
        if access.offset is None:
            misses.fills += access.is_load
            misses.stores += access.is_store * -(-access.size // WORD_BYTES)
            return
        number = state.number(access.base)
        value = state.values[number]
        if value.address is not None:
            self._absolute(value.address + access.offset, access, state, misses, is_sure=is_sure)
            return
        behind = self._offsets.get(instruction.address)
        if behind is not None and is_sure:
            value = value.at_start((behind - access.offset) % self.line, self.line)
        if access.is_store:
            width = min(access.size, WORD_BYTES)
            words = range(access.offset, access.offset + access.size, WORD_BYTES)
            held = sum(value.holds(each, width, self.line) for each in words)
            misses.freed += held
            misses.stores += len(words) - held
        if access.is_load:
            after, fills = value.loading(access.offset, access.size, self.line)
            misses.fills += fills
            value = after if is_sure else value
        state.values[number] = value

    def _absolute(self, address: int, access: Access, state: State, misses: Misses, *, is_sure: bool) -> None:
        for each in range(address, address + access.size, WORD_BYTES):
            number = (each & ADDRESS_MASK) // self.line
            if number in state.absolute:
                misses.freed += access.is_store
            elif not _holds(self._locked_data, each & ADDRESS_MASK):
                misses.fills += access.is_load
                misses.stores += access.is_store
                state.absolute |= {number} if access.is_load and is_sure else frozenset()


def _step_of(instruction: Instruction, access: Access) -> int:
    """By how much a write-back moves the base."""
    fields = instruction.fields
    if instruction.mnemonic in MULTIPLE:
        return access.size if fields["u"] else -access.size
    if instruction.mnemonic.startswith(("fld", "fst")):
        return -access.size if instruction.mnemonic.endswith("dbd") else access.size
    return fields["i"] if fields["u"] else -fields["i"]


def _distance(instruction: Instruction) -> int | None:
    """What an addition or a subtraction adds, when it is a constant."""
    if instruction.mnemonic not in ("add", "sub") or instruction.immediate is None:
        return None
    return instruction.immediate if instruction.mnemonic == "add" else -instruction.immediate


def _holds(ranges: Sequence[tuple[int, int]], address: int) -> bool:
    return any(start <= address < stop for start, stop in ranges)
