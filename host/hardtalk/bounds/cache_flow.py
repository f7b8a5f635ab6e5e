"""What each block of a graph misses with empty caches, but for what is certainly loaded before it.

What is known where a block begins is what is known on every way that leads there (`hardtalk.bounds.cache_states`). At
roots, and behind a test for interrupts of a graph whose ways begin everywhere, nothing is. A routine begins with what
all its callers know; behind a call, what the routine has loaded on each of its ways is known as well. What a caller
knows and the routine does not, and loads on each of its ways, is taken off at the call (`known_at_call`). A way that
begins elsewhere has not loaded what is taken for loaded there (`data_lines`, `code_lines`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from hardtalk.arm.encode import LR, PC, SP
from hardtalk.arm.flow import registers_in
from hardtalk.bounds.blocks import Block, End
from hardtalk.bounds.cache_states import ENTRY, UNKNOWN, State
from hardtalk.bounds.cache_steps import CacheSteps, Misses
from hardtalk.bounds.graph import Graph, address_of

ARGUMENTS = range(4)
Calls = Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Known:
    """Numbers of lines."""

    code: int = 0
    data: int = 0


@dataclass(frozen=True)
class _Routine:
    """All blocks of a routine, the lines of code of these and of what it calls, and the registers that it changes."""

    blocks: frozenset[int]
    lines: frozenset[int]
    changes: frozenset[int]


class CacheFlow:
    """The analysis of a graph; all by the addresses of blocks."""

    def __init__(self, graph: Graph, steps: CacheSteps) -> None:
        self._blocks = graph.blocks
        self._steps = steps
        self._roots = frozenset(graph.roots)
        self._forgets = graph.begins_everywhere
        self._next: dict[int, set[int]] = defaultdict(set)
        self._callees: dict[int, set[int]] = defaultdict(set)
        self._callers: dict[int, set[int]] = defaultdict(set)
        for node, flow in graph.flows.items():
            at = address_of(node)
            self._next[at].update(map(address_of, graph.successors(node)))
            self._callees[at].update(flow.callees)
            for callee in flow.callees:
                self._callers[callee].add(at)
        self._routines: dict[int, _Routine] = {}
        for callee in self._callers:
            self._note_routine(callee)
        self._owners: dict[int, set[int]] = defaultdict(set)
        for callee, routine in self._routines.items():
            for at in routine.blocks:
                self._owners[at].add(callee)
        self._entries: dict[int, State] = {root: steps.empty() for root in self._roots}
        self._returns: dict[int, State] = {}
        self._solve()
        self.misses: dict[int, Misses] = {}
        self._known: dict[tuple[int, int], Known] = {}
        self._finish()

    # Asking

    def known_at(self, address: int) -> Known:
        """What is taken for loaded where a block begins."""
        state = self._entries.get(address)
        return Known() if state is None else Known(len(state.code), state.data_lines)

    def known_at_call(self, address: int, callee: int) -> Known:
        """What is taken off at a call: lines that the routine fills on each of its ways, and that are loaded here."""
        return self._known.get((address, callee), Known())

    def code_lines(self, block: Block) -> frozenset[int]:
        """The numbers of the block's lines of code that are not locked."""
        return self._steps.code_lines(block)

    # Solving

    def _solve(self) -> None:
        pending = sorted(self._roots)
        waiting = set(pending)
        while pending:
            at = pending.pop()
            waiting.discard(at)
            for changed in self._pass(at):
                if changed not in waiting:
                    waiting.add(changed)
                    pending.append(changed)

    def _pass(self, at: int) -> list[int]:
        """Hands on what is known behind a block; the blocks that have to do so anew."""
        state, block = self._entries[at].copy(), self._blocks[at]
        self._steps.follow(block, state)
        changed = []
        if block.polls and self._forgets:
            state = self._steps.empty()
        if self._callees[at]:
            inside = self._inside(state)
            changed += [callee for callee in self._callees[at] if self._enter(callee, inside)]
            if any(callee not in self._returns for callee in self._callees[at]):
                return changed
            ways = [self._behind(state, callee) for callee in sorted(self._callees[at])]
            state = reduce(lambda one, other: one.joined(other, self._steps.line), ways)
        if block.end in (End.RETURN, End.EXCEPTION_RETURN):
            back = state if block.end is End.RETURN else self._steps.empty()
            for callee in self._owners[at]:
                if self._note(self._returns, callee, back):
                    changed += [caller for caller in self._callers[callee] if caller in self._entries]
        return changed + [target for target in self._next[at] if self._enter(target, state)]

    def _enter(self, target: int, state: State) -> bool:
        return target not in self._roots and self._note(self._entries, target, state)

    def _note(self, states: dict[int, State], key: int, state: State) -> bool:
        """Whether less is known than before."""
        before = states.get(key)
        after = state.canonical() if before is None else before.joined(state, self._steps.line)
        states[key] = after
        return after != before

    # Calls

    def _inside(self, state: State) -> State:
        """What a routine knows that is called here."""
        inside = state.copy()
        inside.forget_frame()
        inside.depth = 0
        inside.forget([each for each in inside.at if isinstance(each, tuple)])
        inside.forget_loaded()
        for each in ARGUMENTS:
            inside.share((ENTRY, each), each)
        return inside.canonical()

    def _behind(self, state: State, callee: int) -> State:
        """What is known behind the call of a routine."""
        back, routine = self._returns[callee], self._routines[callee]
        if routine.changes >= frozenset(range(SP)):
            return self._steps.empty()
        after = state.copy()
        after.absolute |= back.absolute
        after.code = self._steps.staying(after.code, routine.lines) | back.code
        for each in ARGUMENTS:
            if (ENTRY, each) in back.at:
                number = after.number(each)
                after.values[number] = after.values[number].both(back.value((ENTRY, each)), self._steps.line)
        after.forget(routine.changes)
        if 0 in routine.changes and 0 in back.at:
            after.put(0, back.value(0))
        return after.canonical()

    def _note_routine(self, entry: int) -> _Routine:
        """A routine is all that is reached from its entry without a call. One that another process may run in between
        changes all registers, and what was known is known no more."""
        found = self._routines.get(entry)
        if found is not None:
            return found
        self._routines[entry] = _Routine(frozenset(), frozenset(), frozenset())  # were it called again by itself
        blocks, pending = set[int](), [entry]
        while pending:
            at = pending.pop()
            if at not in blocks:
                blocks.add(at)
                pending += self._next[at]
        lines, changes = set[int](), set[int]()
        for at in blocks:
            block = self._blocks[at]
            lines |= self._steps.code_lines(block)
            changes.update(*(each.writes for each in block.instructions))
            for callee in self._callees[at]:
                called = self._note_routine(callee)
                lines |= called.lines
                changes |= called.changes
            if block.end is End.EXCEPTION_RETURN:
                changes.update(range(SP))
        kept = set() if changes >= set(range(SP)) else _saved(self._blocks[entry])
        result = _Routine(frozenset(blocks), frozenset(lines), frozenset(changes - kept - {SP, PC}) | {LR})
        self._routines[entry] = result
        return result

    # What follows

    def _finish(self) -> None:
        for at, block in self._blocks.items():
            state = self._entries[at].copy() if at in self._entries else self._steps.empty()
            self.misses[at] = self._steps.follow(block, state)
            for callee in self._callees[at] if at in self._entries else ():
                if callee in self._returns:
                    self._known[at, callee] = self._taken_off(state, callee)

    def _taken_off(self, state: State, callee: int) -> Known:
        entry, back = self._entries[callee], self._returns[callee]
        code = (back.code - entry.code) & self._steps.staying(state.code, self._routines[callee].lines)
        data = len((back.absolute - entry.absolute) & state.absolute)
        # Registers that hold one value are one: its lines are filled once.
        one_each = {entry.at.get((ENTRY, each), -each - 1): each for each in ARGUMENTS}
        for each in one_each.values():
            loaded, mine = back.value((ENTRY, each)), state.value(each)
            if loaded.start is not None and loaded.start == mine.start:
                before = entry.value((ENTRY, each))
                known = before.loaded if before.start is not None or before == UNKNOWN else loaded.loaded
                data += len((loaded.loaded - known) & mine.loaded)
        return Known(len(code), data)


def _saved(block: Block) -> set[int]:
    """Registers that a routine puts on the stack as it begins; it takes them back as it returns."""
    first = block.instructions[0]
    is_push = first.mnemonic == "stm" and first.access is not None and first.access.base == SP
    return registers_in(first.fields) if is_push else set()
