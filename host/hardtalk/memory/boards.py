"""A booted board for measuring memory: with a heap of the size asked for, stopped where its memory can be read."""

import re
from dataclasses import replace
from typing import Final

from hardtalk.bench import Bench, BootOptions, UnfitRequest, boot, build_options
from hardtalk.build import build
from hardtalk.link.plan import HEAP_GRAIN_BYTES
from hardtalk.memory.safepoints import settle

UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20}


def bytes_from(text: str, option: str) -> int:
    """1500000, 64K or 4M as bytes. UnfitRequest for anything else."""
    match = re.fullmatch(r"(\d+)\s*([KM]?)i?B?", text.strip(), re.IGNORECASE)
    if match is None:
        raise UnfitRequest(f"{option} {text}: is no size", "Write for example 4M, 512K or 1500000.")
    return int(match[1]) * UNITS[match[2].upper()]


def boot_settled(options: BootOptions) -> Bench:
    """A booted board at a safepoint."""
    bench = boot(options)
    settle(bench.board)
    return bench


def with_free(options: BootOptions, free_bytes: int) -> BootOptions:
    """These options with a heap that has so much beside the image, however large that is."""
    image_bytes = build(build_options(options)).sizes[".image"]
    return replace(options, heap_bytes=-(-(image_bytes + free_bytes) // HEAP_GRAIN_BYTES) * HEAP_GRAIN_BYTES)
