"""A board on the bench: firmware built as asked, devices plugged in, the host at the other end of its serial line.

    bench = boot(BootOptions(drivers=(Path("my-driver"),), device_files=(Path("thermometer.py"),)))
    bench.console.evaluate("3 + 4")         the printString; BenchError when it fails on the board

What goes wrong is a BenchError, or one of the build's and the board's own errors; see `hardtalk.bench.errors`.
"""

from hardtalk.bench.booting import Bench, BootOptions, boot, build_options, chip_of
from hardtalk.bench.console import BoardConsole, KeptBoard
from hardtalk.bench.errors import BenchError, BoardAsksForReset, BoardEnded, UnfitRequest

__all__ = [
    "Bench", "BenchError", "BoardAsksForReset", "BoardConsole", "BoardEnded", "BootOptions", "KeptBoard",
    "UnfitRequest", "boot", "build_options", "chip_of",
]  # fmt: skip
