"""Long runs of the tests here: `python tests/graphics/campaign.py --blits 100000`, `--conversions`, `--warps`,
`--strings`, `--every-instruction`.

Each random blit is carried out whole and interrupted at random points; a mismatch says its seed. Every loop is
interrupted at each of its instructions.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from graphics.blit_machine import BlitMachine, compare
from graphics.random_blits import random_blit, random_conversion
from graphics.test_interrupts import LOOPS, points
from graphics.test_strings import Text
from graphics.test_strings import compare as compare_text
from graphics.test_warps import compare as compare_warp
from graphics.test_warps import random_warp


def main() -> None:
    parser = argparse.ArgumentParser(description="BitBLT against its reference, for long.")
    parser.add_argument("--blits", type=int, default=0, help="so many random blits, whole and interrupted")
    parser.add_argument("--conversions", type=int, default=0, help="so many that convert pixels, in wide rows")
    parser.add_argument("--warps", type=int, default=0, help="so many random warps")
    parser.add_argument("--strings", type=int, default=0, help="so many random strings")
    parser.add_argument("--first", type=int, default=0, help="the first of their seeds")
    parser.add_argument("--every-instruction", action="store_true", help="interrupt each loop at each instruction")
    options = parser.parse_args()
    machine = BlitMachine()
    kinds = (
        ("blits", options.blits, lambda seed, after: compare(machine, random_blit(seed), after)),
        ("conversions", options.conversions, lambda seed, after: compare(machine, random_conversion(seed), after)),
        ("warps", options.warps, lambda seed, after: compare_warp(machine, random_warp(seed), after)),
        ("strings", options.strings, lambda seed, after: compare_text(machine, Text(seed), after)),
    )
    for name, count, run in kinds:
        interrupted = 0
        for seed in range(options.first, options.first + count):
            chance = random.Random(-seed)
            try:
                run(seed, ())
                interrupted += run(seed, [chance.randrange(900) for _ in range(20)]).interrupted
            except AssertionError as error:
                raise SystemExit(f"{name}, seed {seed}: {error}") from error
        if count:
            print(f"{count:,} {name}, whole and with {interrupted:,} interrupts: as the reference", flush=True)
    if options.every_instruction:
        total = 0
        for name, make in LOOPS.items():
            count = points(machine, make(), 1)
            total += count
            print(f"{name}: {count:,} instructions", flush=True)
        print(f"{len(LOOPS)} loops, {total:,} points: as the reference")


if __name__ == "__main__":
    main()
