"""Long runs of the tests here: `python tests/graphics/campaign.py --blits 100000`, `--conversions`, `--paintings`,
`--colorings`, `--warps`, `--strings`, `--every-instruction`; `--jobs 2` shares them over two processes.

Each random blit is carried out whole and interrupted at random points; a mismatch says its seed. Every loop is
interrupted at each of its instructions.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from graphics.blit_machine import BlitMachine, Outcome, compare_all
from graphics.random_blits import random_blit, random_coloring, random_conversion, random_painting
from graphics.test_interrupts import LOOPS, points
from graphics.test_strings import Text
from graphics.test_strings import compare as compare_text
from graphics.test_warps import compare as compare_warp
from graphics.test_warps import random_warp

Ways = Sequence[Sequence[int]]
KINDS: dict[str, Callable[[BlitMachine, int, Ways], Sequence[Outcome]]] = {
    "blits": lambda machine, seed, ways: compare_all(machine, random_blit(seed), ways),
    "conversions": lambda machine, seed, ways: compare_all(machine, random_conversion(seed), ways),
    "paintings": lambda machine, seed, ways: compare_all(machine, random_painting(seed), ways),
    "colorings": lambda machine, seed, ways: compare_all(machine, random_coloring(seed), ways),
    "warps": lambda machine, seed, ways: [compare_warp(machine, random_warp(seed), after) for after in ways],
    "strings": lambda machine, seed, ways: [compare_text(machine, Text(seed), after) for after in ways],
}
SEEDS_IN_A_TASK = 500
TOLD_EACH = 5_000


@cache
def machine() -> BlitMachine:
    """One in each process."""
    return BlitMachine()


def try_seeds(kind: str, first: int, count: int) -> tuple[int, str]:
    """How many interrupts there were, and what is wrong with the first blit that is not as the reference's."""
    interrupted = 0
    for seed in range(first, first + count):
        chance = random.Random(-seed)
        try:
            ways = ((), [chance.randrange(900) for _ in range(20)])
            interrupted += sum(each.interrupted for each in KINDS[kind](machine(), seed, ways))
        except AssertionError as error:
            return interrupted, f"{kind}, seed {seed}: {error}"
    return interrupted, ""


def try_loop(name: str) -> int:
    """At each instruction; answers how many there were."""
    return points(machine(), LOOPS[name](), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description="BitBLT against its reference, for long.")
    parser.add_argument("--blits", type=int, default=0, help="so many random blits, whole and interrupted")
    parser.add_argument("--conversions", type=int, default=0, help="so many that convert pixels, in wide rows")
    parser.add_argument("--paintings", type=int, default=0, help="so many that paint bits or combine bytes")
    parser.add_argument("--colorings", type=int, default=0, help="so many that combine or mix colors, in wide rows")
    parser.add_argument("--warps", type=int, default=0, help="so many random warps")
    parser.add_argument("--strings", type=int, default=0, help="so many random strings")
    parser.add_argument("--first", type=int, default=0, help="the first of their seeds")
    parser.add_argument("--every-instruction", action="store_true", help="interrupt each loop at each instruction")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the work")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs) as pool:
        for kind in KINDS:
            count = getattr(options, kind)
            firsts = range(options.first, options.first + count, SEEDS_IN_A_TASK)
            sizes = [min(SEEDS_IN_A_TASK, options.first + count - first) for first in firsts]
            interrupted = done = 0
            for found, wrong in pool.map(try_seeds, [kind] * len(firsts), firsts, sizes):
                interrupted += found
                done += SEEDS_IN_A_TASK
                if wrong:
                    pool.shutdown(cancel_futures=True)
                    raise SystemExit(wrong)
                if done % TOLD_EACH == 0 and done < count:
                    print(f"{done:,} of {count:,} {kind}, {interrupted:,} interrupts", flush=True)
            if count:
                print(f"{count:,} {kind}, whole and with {interrupted:,} interrupts: as the reference", flush=True)
        if options.every_instruction:
            points_tried = 0
            for name, count in zip(LOOPS, pool.map(try_loop, LOOPS), strict=True):
                points_tried += count
                print(f"{name}: {count:,} instructions", flush=True)
            print(f"{len(LOOPS)} loops, {points_tried:,} points: as the reference")


if __name__ == "__main__":
    main()
