"""Long runs of the tests here: `python tests/graphics/campaign.py --blits 100000`, `--every-instruction`.

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
from graphics.random_blits import random_blit
from graphics.test_interrupts import LOOPS, points


def main() -> None:
    parser = argparse.ArgumentParser(description="BitBLT against its reference, for long.")
    parser.add_argument("--blits", type=int, default=0, help="so many random blits, whole and interrupted")
    parser.add_argument("--first", type=int, default=0, help="the first of their seeds")
    parser.add_argument("--every-instruction", action="store_true", help="interrupt each loop at each instruction")
    options = parser.parse_args()
    machine = BlitMachine()
    interrupted = 0
    for seed in range(options.first, options.first + options.blits):
        chance = random.Random(-seed)
        try:
            compare(machine, random_blit(seed))
            after = [chance.randrange(900) for _ in range(20)]
            interrupted += compare(machine, random_blit(seed), after).interrupted
        except AssertionError as error:
            raise SystemExit(f"seed {seed}: {error}") from error
    if options.blits:
        print(f"{options.blits:,} blits, whole and with {interrupted:,} interrupts: as the reference")
    if options.every_instruction:
        total = 0
        for name, make in LOOPS.items():
            count = points(machine, make(), 1)
            total += count
            print(f"{name}: {count:,} instructions", flush=True)
        print(f"{len(LOOPS)} loops, {total:,} points: as the reference")


if __name__ == "__main__":
    main()
