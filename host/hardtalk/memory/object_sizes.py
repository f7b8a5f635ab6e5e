"""What objects cost: header, body and block, by class. Of the image as it was built, or of everything in the heap."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from hardtalk.bench import Bench
from hardtalk.memory.heap import Flags, Heap
from hardtalk.memory.machine import Machine
from hardtalk.report.figures import Report
from hardtalk.vm import object_format as of

IMAGE_END: Final = "imageEnd"
SQUEAK_MEAN_BYTES: Final = 41
"""The average size of an object in a Squeak image, its header (4 bytes for most) included."""


@dataclass(frozen=True)
class Sizes:
    """So many objects of a class and their bytes, without and with headers and what blocks waste."""

    name: str
    objects: int
    body_bytes: int
    block_bytes: int

    @property
    def header_bytes(self) -> int:
        return self.objects * of.BODY_OFFSET

    @property
    def wasted_bytes(self) -> int:
        return self.block_bytes - self.header_bytes - self.body_bytes


def image_objects(heap: Heap) -> Flags:
    """Those that lie where the image was: objects never move, and what has been made since lies behind."""
    return heap.is_object & (heap.addresses < heap.machine.addresses[IMAGE_END])


def sizes(heap: Heap, chosen: Flags, name: str = "all") -> Sizes:
    blocks = np.left_shift(1, heap.orders[chosen])
    return Sizes(name, int(chosen.sum()), int(heap.body_bytes()[chosen].sum()), int(blocks.sum()))


def sizes_by_class(heap: Heap, chosen: Flags) -> Iterator[Sizes]:
    """One for each class that has instances among the chosen, those that waste most first."""
    found = [
        sizes(heap, chosen & (heap.class_oops == oop), heap.machine.class_name(int(oop)))
        for oop in np.unique(heap.class_oops[chosen])
    ]
    yield from sorted(found, key=lambda each: (-each.wasted_bytes, each.name))


def sizes_by_order(heap: Heap, chosen: Flags) -> Iterator[tuple[int, Sizes]]:
    """For each order of block that is in use, the objects in such blocks."""
    for order in np.unique(heap.orders[chosen]).tolist():
        yield order, sizes(heap, chosen & (heap.orders == order), f"{1 << order:,} bytes")


def image_report(bench: Bench) -> Report:
    heap = Heap(Machine.of_board(bench.board))
    total = sizes(heap, image_objects(heap))
    report = Report("memory", bench.board.model, "image", 0, bench.firmware_hash)
    report.add("image.objects", total.objects, "objects")
    report.add("image.body.bytes", total.body_bytes, "bytes")
    report.add("image.header.bytes", total.header_bytes, "bytes")
    report.add("image.block.bytes", total.block_bytes, "bytes")
    report.add("image.waste.bytes", total.wasted_bytes, "bytes")
    return report
