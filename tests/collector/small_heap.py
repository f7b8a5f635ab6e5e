"""Takes nearly all of a booted board's memory away, so that collections begin by themselves."""

from __future__ import annotations

from hardtalk.bench import Bench

# Bitmaps whose blocks are 64, 32, 16, 8 and 4 MB: an object's header has five words.
BALLAST = "Smalltalk at: #Ballast put: ((22 to: 26) collect: [:order | Bitmap new: (1 bitShift: order - 2) - 8])"


def fill_memory(bench: Bench) -> int:
    """The bytes left."""
    bench.console.evaluate(BALLAST + ". 0")
    bench.console.evaluate("Smalltalk garbageCollect")
    return int(bench.console.evaluate("Smalltalk bytesFree"))
