"""Loops on their way from the source to machine code: which edges close them, and how often that may happen.

Lowering says of each edge that leads back into a loop's body that it closes the loop. Edges keep that while jumps are
threaded, blocks joined and arms made conditional, so that the emitted branch still has it; and code in which a cycle
is left without such an edge is a defect of the compiler (`check`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from hardtalk.vm.facts import Loop

Closed = frozenset[Loop]
NONE: Closed = frozenset()

Place = TypeVar("Place")


class Terminator(Protocol[Place]):
    """An instruction that ends a block: where it leads, and what its edges close."""

    targets: tuple[Place, ...]
    closes: Mapping[Place, Closed]


def thread(end: Terminator[Place], jump_of: Callable[[Place], Terminator[Place] | None]) -> None:
    """Leads the edges straight through blocks that only jump on (`jump_of` answers that jump, or None)."""
    targets: list[Place] = []
    closes: dict[Place, Closed] = {}
    for target in end.targets:
        closed = end.closes.get(target, NONE)
        seen: set[Place] = set()
        while target not in seen and (jump := jump_of(target)) is not None:
            seen.add(target)
            closed |= jump.closes.get(jump.targets[0], NONE)
            target = jump.targets[0]
        targets.append(target)
        closes[target] = closes.get(target, NONE) | closed
    end.targets, end.closes = tuple(targets), closes


def joined(ends: Iterable[Terminator[Place]], target: Place) -> dict[Place, Closed]:
    """What the one edge closes that takes the place of all edges of these to the target."""
    return {target: NONE.union(*(end.closes.get(target, NONE) for end in ends))}


def check(name: str, blocks: Sequence[Place], end_of: Callable[[Place], Terminator[Place]]) -> None:
    """Raises ValueError when some way round leads over no edge that closes a loop."""
    state: dict[Any, int] = {}
    for first in blocks:
        if first in state:
            continue
        work = [(first, iter(_open_ways(end_of(first))))]
        state[first] = 1
        while work:
            block, rest = work[-1]
            target = next(rest, None)
            if target is None:
                state[block] = 2
                work.pop()
            elif state.get(target) == 1:
                raise ValueError(f"{name}: the way from {block} to {target} closes no loop of the source")
            elif target not in state:
                state[target] = 1
                work.append((target, iter(_open_ways(end_of(target)))))


def _open_ways(end: Terminator[Place]) -> list[Place]:
    return [target for target in end.targets if not end.closes.get(target)]
