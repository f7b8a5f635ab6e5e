"""A booted board for measuring memory: with a heap of the size asked for, stopped where its memory can be read."""

import re
from typing import Final

from hardtalk.bench import Bench, BootOptions, UnfitRequest, boot
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
