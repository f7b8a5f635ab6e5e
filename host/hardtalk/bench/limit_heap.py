"""Another end for the heap of a firmware that is loaded and has not run yet; the linker puts it at the end of RAM."""

from typing import Final

from hardtalk.bench.errors import BenchError, UnfitRequest
from hardtalk.board import Board

START_ROUTINES: Final = "StartUp>>"
GRAIN_BYTES: Final = 1 << 12


def limit_heap(board: Board, heap_bytes: int) -> None:
    """Give the loaded firmware, which has not run yet, another address for the end of its heap."""
    ram_end = board.chip.ram.base + board.chip.ram.size
    base = board.firmware.address_of("HeapBase") if has_symbol(board, "HeapBase") else image_start(board)
    limit = base + heap_bytes // GRAIN_BYTES * GRAIN_BYTES
    image_end = max(segment.address + segment.size for segment in board.firmware.segments)
    if not image_end + GRAIN_BYTES <= limit <= ram_end:
        raise UnfitRequest(
            f"--heap {heap_bytes:,}: the image alone takes {image_end - base:,} bytes, RAM has {ram_end - base:,}",
            "Choose a size between the two.",
        )
    old, new = ram_end.to_bytes(4, "little"), limit.to_bytes(4, "little")
    changed = 0
    for symbol in board.firmware.symbols:
        if symbol.name.startswith(START_ROUTINES):
            for address in range(symbol.address, symbol.address + symbol.size, 4):
                if board.ram.read(address, 4) == old:
                    board.ram.write(address, new)
                    changed += 1
    if not changed:
        raise BenchError("--heap: the firmware does not say where its heap ends")


def has_symbol(board: Board, name: str) -> bool:
    return any(symbol.name == name for symbol in board.firmware.symbols)


def image_start(board: Board) -> int:
    """The last segment holds the image, which lies where the heap begins."""
    return max(segment.address for segment in board.firmware.segments)
