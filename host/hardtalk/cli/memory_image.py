"""`hardtalk memory image`: what an object of the shipped image costs, by class and by size of block."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.bench import Bench
from hardtalk.cli.memory_table import table
from hardtalk.memory.heap import Heap
from hardtalk.memory.machine import Machine
from hardtalk.memory.object_sizes import SQUEAK_MEAN_BYTES, Sizes, image_objects, sizes, sizes_by_class, sizes_by_order
from hardtalk.vm import object_format as of

SHOWN_CLASSES: Final = 16
COLUMNS: Final = ("objects", "body", "header", "block", "waste", "waste in all")


def image_table(bench: Bench) -> Iterator[RenderableType]:
    heap = Heap(Machine.of_board(bench.board))
    chosen = image_objects(heap)
    total = sizes(heap, chosen)
    mean = (total.body_bytes + total.header_bytes) / total.objects
    yield Text(
        f"{total.objects:,} objects in the image, {mean:.1f} bytes each with their header of {of.BODY_OFFSET}; "
        f"{total.block_bytes / total.objects:.1f} in blocks; Squeak's: {SQUEAK_MEAN_BYTES}"
    )
    by_class = table("class", *COLUMNS)
    for each in (total, *islice(sizes_by_class(heap, chosen), SHOWN_CLASSES)):
        add_row(by_class, each)
    yield by_class
    by_order = table("block of", *COLUMNS)
    for _, each in sizes_by_order(heap, chosen):
        add_row(by_order, each)
    yield Text("")
    yield by_order
    yield Text("body, header, block and waste are an object's bytes on average; waste in all is that of all of them")
    yield Text(f"firmware {bench.firmware_hash}")


def add_row(made: Table, each: Sizes) -> None:
    count = each.objects
    made.add_row(
        each.name, f"{count:,}", f"{each.body_bytes / count:.1f}", str(of.BODY_OFFSET),
        f"{each.block_bytes / count:.1f}", f"{each.wasted_bytes / count:.1f}", f"{each.wasted_bytes:,}",
    )  # fmt: skip
