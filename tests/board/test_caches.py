"""The caches against a plain model of them, the costs of a miss one by one, snapshots, and what `cold` empties."""

import random

import pytest
from board_guests import HALT, guest, ticking

from hardtalk.board import Board, BoardError, LineRaised, StopReason
from hardtalk.board.caches import Caches
from hardtalk.chip import Bus, Cache, default_chip

CHIP = default_chip()
FILL, WORD = CHIP.bus.line_fill_cycles, CHIP.bus.critical_word_cycles
LINE = CHIP.data_cache.line
SETS = CHIP.data_cache.size // (CHIP.data_cache.ways * LINE)
TABLE, DATA = 0x200000, 0x300000

WALK = f"""
    ldr r5, ={TABLE}
    ldr r6, [r5], #4
again:
    ldr r1, [r5], #4
    tst r1, #1
    ldreq r2, [r1]
    bicne r1, r1, #1
    strne r2, [r1]
    subs r6, r6, #1
    bne again
"""


class PlainCache:
    """Four ways a set, round-robin, a store allocates nothing."""

    def __init__(self) -> None:
        self.sets: list[list[int]] = [[-1] * CHIP.data_cache.ways for _ in range(SETS)]
        self.victims = [0] * SETS
        self.misses = 0

    def access(self, address: int, is_write: bool) -> None:
        line = address // LINE
        ways = self.sets[line % SETS]
        if line in ways or is_write:
            return
        self.misses += 1
        ways[self.victims[line % SETS]] = line
        self.victims[line % SETS] = (self.victims[line % SETS] + 1) % len(ways)


def run(source: str, model: str, words: list[int] | None = None) -> Board:
    board = Board(guest(source + HALT), model=model)
    for number, word in enumerate(words or []):
        board.ram.write(TABLE + 4 * number, word.to_bytes(4, "little"))
    assert board.run(10_000_000).reason is StopReason.HALTED
    return board


def misses_of(board: Board) -> tuple[int, int]:
    """Of instruction and data lines."""
    assert board.cpu.cache_control is not None
    return board.cpu.cache_control.misses


def extra_cycles(source: str, words: list[int] | None = None) -> int:
    """What the caches add, beyond the two misses of the guest's end: its store to the VIC costs a word."""
    cycles = run(source, "arm926-warm", words).clock.cycles - run(source, "arm926", words).clock.cycles
    return cycles - WORD


@pytest.mark.parametrize("seed", range(4))
def test_random_accesses_miss_where_a_plain_model_does(seed: int) -> None:
    generator = random.Random(seed)
    lines = [DATA + LINE * generator.randrange(4 * SETS * 6) for _ in range(300)]
    targets = [generator.choice(lines) + 4 * generator.randrange(8) + generator.randrange(2) for _ in range(3000)]
    words = [len(targets), *targets]
    board = run(WALK, "arm926-warm", words)
    plain = PlainCache()
    for number, target in enumerate(targets):
        plain.access(TABLE + 4 * (number + 1), is_write=False)
        plain.access(target & ~1, is_write=bool(target & 1))
    plain.access(TABLE, is_write=False)
    literals = 1
    assert abs(misses_of(board)[1] - plain.misses - literals) <= 2  # the guest's literals share the cache
    assert plain.misses > 300


def test_a_line_is_filled_once() -> None:
    load = f"ldr r0, ={DATA}; ldr r1, [r0]; ldr r1, [r0, #28]; ldr r1, [r0]"
    longer = load + "; ldr r1, [r0, #32]; nop"
    board, more = run(load, "arm926-warm"), run(longer, "arm926-warm")
    assert misses_of(more)[1] == misses_of(board)[1] + 1


def test_extra_cycles_are_the_misses() -> None:
    source = f"ldr r0, ={DATA}; ldr r1, [r0]"
    instruction, data = misses_of(run(source, "arm926-warm"))
    assert extra_cycles(source) == FILL * (instruction + data)


def test_instruction_lines_are_fetched_once_while_they_fit() -> None:
    source = "mov r0, #100; again: " + "mov r2, r3; " * 64 + "subs r0, r0, #1; bne again"
    board = run(source, "arm926-warm")
    assert 9 <= misses_of(board)[0] <= 13


def test_code_beyond_the_cache_misses_again_and_again() -> None:
    words = CHIP.instruction_cache.size // 4 + 64 * 8
    source = "mov r0, #3; again: " + "mov r2, r3; " * words + "subs r0, r0, #1; beq out; ldr pc, =again; out:"
    misses = misses_of(run(source, "arm926-warm"))[0]
    assert misses > 2 * words * 4 // LINE


def evictions(store: str) -> str:
    """Four further lines of the set push the first one out, then one more line of another set is wanted."""
    stride = SETS * LINE
    loads = "; ".join(f"add r0, r0, #{stride}; ldr r1, [r0]" for _ in range(5))
    return f"ldr r0, ={DATA}; ldr r1, [r0]; {store}; {loads}"


def test_a_dirty_line_is_written_back_before_the_next_fill() -> None:
    clean = extra_cycles(evictions("mov r7, r7"))
    assert extra_cycles(evictions("str r1, [r0]")) - clean > FILL // 2


def test_a_store_that_misses_waits_only_for_a_full_buffer() -> None:
    few = CHIP.bus.write_buffer_words
    source = f"ldr r0, ={DATA}; " + "str r1, [r0]; " * few
    instruction, data = misses_of(run(source, "arm926-warm"))
    assert 0 <= extra_cycles(source) - FILL * (instruction + data) <= few * WORD
    many = f"ldr r0, ={DATA}; " + "str r1, [r0]; " * 100
    instruction, data = misses_of(run(many, "arm926-warm"))
    assert extra_cycles(many) > FILL * (instruction + data) + (100 - few - 5) * (WORD - 1) - few * WORD


def test_warm_is_slower_than_none_and_cold_slower_than_warm() -> None:
    body = "mov r7, #0; again: add r7, r7, #1; cmp r7, #0x8000; bne again" + HALT
    cycles = []
    for model in ("arm926", "arm926-warm", "arm926-cold"):
        board = Board(ticking(body), model=model)
        board.run(10_000_000)
        cycles.append(board.clock.cycles)
        assert any(isinstance(event, LineRaised) for event in board.trace)
    assert cycles[0] < cycles[1] < cycles[2]


def test_only_the_cold_line_empties_the_caches() -> None:
    misses = []
    for line in (None, 4, 18):
        board = Board(ticking("again: b again"), model="arm926-cold")
        board.cold_line = line
        board.run(200_000)
        misses.append(misses_of(board))
    assert misses[0] == misses[1]
    assert misses[0][0] > 4 * misses[2][0]


@pytest.mark.parametrize("model", ["arm926-warm", "arm926-cold"])
def test_slices_and_snapshots_change_nothing(model: str) -> None:
    body = f"ldr r6, ={DATA}; again: ldr r7, [r6], #12; str r7, [r6, #-4]; bic r6, r6, #0x10000; b again"
    whole = Board(ticking(body), model=model)
    whole.run(300_000)
    sliced = Board(ticking(body), model=model)
    while sliced.clock.cycles < 150_000:
        sliced.run(777)
    saved = sliced.snapshot()
    sliced.run(50_000)
    sliced.restore(saved)
    sliced.run(300_000 - sliced.clock.cycles)
    assert sliced.trace.digest() == whole.trace.digest()
    assert (sliced.clock.cycles, sliced.instructions, misses_of(sliced)) == (
        whole.clock.cycles, whole.instructions, misses_of(whole),
    )  # fmt: skip


def test_stepping_charges_the_caches_too() -> None:
    source = f"ldr r0, ={DATA}; ldr r1, [r0]; add r1, r1, #1; add r1, r1, #1"
    board = Board(guest(source + HALT), model="arm926-warm")
    board.step(2)
    assert board.clock.cycles >= 3 * FILL
    assert misses_of(board) == (1, 2)


def locking(loads: str) -> str:
    """Load a line each into ways 0 and 1 of the data cache and lock them; then do other loads; load the two again."""
    stride = SETS * LINE
    return f"""
        ldr r0, ={DATA}
        ldr r6, ={DATA + 16 * stride}
        mov r2, #0b1110
        mcr p15, 0, r2, c9, c0, 0
        ldr r1, [r0]
        mov r2, #0b1101
        mcr p15, 0, r2, c9, c0, 0
        ldr r1, [r0, #{LINE}]
        mov r2, #0b0011
        mcr p15, 0, r2, c9, c0, 0
        mov r5, #{stride}
        {loads}
        ldr r3, [r0]
        ldr r3, [r0, #{LINE}]
    """


def test_locked_data_is_not_replaced() -> None:
    others = "ldr r1, [r6]; ldr r1, [r6, #32]; add r6, r6, r5; " * 9
    alone, crowded = run(locking(""), "arm926-warm"), run(locking(others), "arm926-warm")
    assert misses_of(crowded)[1] == misses_of(alone)[1] + 18
    unlocked = locking(others).replace("mcr p15, 0, r2, c9, c0, 0", "mov r7, r7")
    assert misses_of(run(unlocked, "arm926-warm"))[1] > misses_of(crowded)[1]


def test_unlocked_ways_are_replaced_in_turn() -> None:
    """Two ways are left: two lines of a set stay, a third one pushes out the first."""
    two = "ldr r1, [r6]; ldr r1, [r6, r5]; " * 5
    assert misses_of(run(locking(two), "arm926-warm"))[1] == misses_of(run(locking(""), "arm926-warm"))[1] + 2
    three = "ldr r1, [r6]; ldr r1, [r6, r5]; ldr r1, [r6, r5, lsl #1]; " * 5
    assert misses_of(run(locking(three), "arm926-warm"))[1] == misses_of(run(locking(""), "arm926-warm"))[1] + 15


def test_prefetched_code_does_not_miss() -> None:
    code = "mov r7, r7; " * 64
    source = "{prefetch} b far; .ltorg; .balign 32; far: " + code
    prefetch = "ldr r0, =far; " + "mcr p15, 0, r0, c7, c13, 1; add r0, r0, #32; " * 8
    plain = misses_of(run(source.format(prefetch=""), "arm926-warm"))[0]
    fetched = misses_of(run(source.format(prefetch=prefetch), "arm926-warm"))[0]
    assert 0 <= fetched - plain <= 5  # the lines of the prefetching code; those of the other are counted once


def test_invalidated_lines_miss_again() -> None:
    source = f"ldr r0, ={DATA}; ldr r1, [r0]; {{}}; b on; on: ldr r1, [r0]"
    before = misses_of(run(source.format("mov r7, r7"), "arm926-warm"))
    for operation, instructions, data in (("c5, 0", True, False), ("c6, 0", False, True), ("c7, 0", True, True)):
        misses = misses_of(run(source.format(f"mcr p15, 0, r0, c7, {operation}"), "arm926-warm"))
        assert (misses[0] > before[0], misses[1] > before[1]) == (instructions, data), operation


def test_the_cold_line_leaves_locked_lines() -> None:
    """A loop of one line, and data of one line: neither is fetched again when they are locked."""
    misses = []
    for lock in ("mov r3, r3", "mcr p15, 0, r2, c9, c0, 0"):
        body = f"ldr r6, ={DATA}; ldr r7, [r6]; mov r2, #0b1111; {lock}; again: ldr r7, [r6]; b again"
        board = Board(ticking(body), model="arm926-cold")
        board.run(300_000)
        misses.append(misses_of(board)[1])
    assert misses[1] < misses[0]


def test_a_geometry_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(BoardError, match="a cache has 3 sets"):
        Caches(Cache(384, 4, 32), Cache(16384, 4, 32), Bus(22, 42, 16))
