"""How well memory is used: what blocks waste inside, and how free memory is cut up."""

from dataclasses import dataclass

import numpy as np

from hardtalk.memory.heap import Heap, Indices
from hardtalk.memory.machine import Machine
from hardtalk.memory.roots import root_indices
from hardtalk.vm import object_format as of


@dataclass(frozen=True)
class Usage:
    """Bytes at one cycle. `used_bytes` are headers and bodies, `block_bytes` the blocks that hold them,
    `live_bytes` the blocks of what can be reached (0 when that was not asked). `free_blocks` counts by order as memory
    is; `largest_free_bytes` is the largest block that a request gets, after merging what waits on quick lists;
    `largest_collected_bytes` (0 as well) what it would get had all garbage been collected: what live objects leave."""

    cycle: int
    objects: int
    used_bytes: int
    block_bytes: int
    free_bytes: int
    largest_free_bytes: int
    free_blocks: dict[int, int]
    live_bytes: int = 0
    largest_collected_bytes: int = 0

    @property
    def internal_permille(self) -> int:
        """The part of the objects' blocks that no object uses."""
        return 1000 * (self.block_bytes - self.used_bytes) // self.block_bytes if self.block_bytes else 0

    @property
    def external_permille(self) -> int:
        """The part of free memory that is not in its largest block."""
        return 1000 * (self.free_bytes - self.largest_free_bytes) // self.free_bytes if self.free_bytes else 0


def usage(machine: Machine, cycle: int, with_live: bool = False) -> Usage | None:
    """None where the blocks cannot be walked: the board is in the middle of making or freeing one."""
    heap = Heap(machine)
    if not heap.is_whole:
        return None
    sizes = np.left_shift(1, heap.orders)
    used = int((heap.body_bytes()[heap.is_object] + of.BODY_OFFSET).sum())
    free = heap.orders[~heap.is_taken]
    reached = heap.reachable(root_indices(heap)) if with_live else np.zeros(len(heap), np.bool_)
    idle = ~heap.is_taken | heap.is_object & ~reached
    orders, counts = np.unique(free, return_counts=True)
    return Usage(
        cycle,
        int(heap.is_object.sum()),
        used,
        int(sizes[heap.is_object].sum()),
        int(sizes[~heap.is_taken].sum()),
        1 << largest_merged_order(heap.addresses[~heap.is_taken], free) if len(free) else 0,
        dict(zip(orders.tolist(), counts.tolist(), strict=True)),
        int(sizes[reached].sum()),
        1 << largest_merged_order(heap.addresses[idle], heap.orders[idle]) if with_live and idle.any() else 0,
    )


def largest_merged_order(addresses: Indices, orders: Indices) -> int:
    """The largest order there is when every free block has been merged with its buddy as often as that is free."""
    merged = addresses[:0]
    largest = of.SMALLEST_ORDER
    for order in range(of.SMALLEST_ORDER, of.LARGEST_ORDER + 1):
        here = np.sort(np.concatenate([addresses[orders == order], merged]))
        if len(here):
            largest = order
        lower = here[here & 1 << order == 0]
        merged = lower[np.isin(lower + (1 << order), here)]
    return largest
