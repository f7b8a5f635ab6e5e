"""The hash of strings and other bytes, as primitive 610 computes it: for whoever lays out hashed collections on the
host.

FNV-1a of 32 bits, folded to the 30 bits of a positive SmallInteger. Of more than 256 bytes only the first and last
128 count, so that the primitive's time is bounded.
"""

from __future__ import annotations

from typing import Final

OFFSET_BASIS: Final = 2166136261
PRIME: Final = 16777619
LIMIT_BYTES: Final = 256


def string_hash(data: bytes) -> int:
    """The hash, from 0 to 2**30 - 1."""
    half = LIMIT_BYTES // 2
    chosen = data if len(data) <= LIMIT_BYTES else data[:half] + data[-half:]
    result = OFFSET_BASIS
    for byte in chosen:
        result = (result ^ byte) * PRIME & 0xFFFFFFFF
    return (result ^ result >> 30) & 0x3FFFFFFF
