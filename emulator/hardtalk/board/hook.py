"""The compiled hooks that keep the clock: called before each translated block, with no Python in their path.

The block hook charges the block's cost, counts its instructions, and stops the engine *before* a block that would pass
the next alarm, that begins at or after a limit, whose cost is not known yet, or when an unmasked interrupt waits. The
state it shares with the host is an array of int64; the functions of the engine that it calls are addresses in that
array, so that the compiled code can be kept on disk. What each block needs lies in the first 64 bytes of the array.

A conditional branch at a block's end costs more when taken. Whether it was is known on entry to the next block, which
is where the difference is charged.

The translator also ends a block where a page of 1 KB ends, in the middle of a sequence. What the instructions after the
seam wait for those before it is charged on entry to the next block, when control falls into it.

With caches, the block hook also looks up the block's lines in the instruction cache, and a second hook looks up each
load and store in the data cache. Stalls are charged when they happen: an alarm may be passed by those of one block.
The rules err on the long side. A miss waits for the whole line, not only for the word that was wanted. A line that was
written goes to the write buffer when it is evicted, and the next line fill waits until the buffer is empty. A store
that misses goes to the buffer as one word (no line is allocated); it waits only when the buffer is full. Accesses to
devices wait for the bus. Replacement is round-robin among the ways that are not locked. Translation tables cost
nothing. Of the guest's cache operations those that lock, prefetch and invalidate are done, by the host (`cpu.py`).

All of it is in this one file: a compiled function kept on disk is compiled again only when its own file changes.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import numba
import numba.extending
import numpy as np
from llvmlite import ir

from hardtalk.board.interruption import interrupts_deferred

# The compiler's interface is untyped.
library: Any = numba
carray, cfunc, types, intrinsic = library.carray, library.cfunc, library.types, library.extending.intrinsic
Function = TypeVar("Function", bound=Callable[..., Any])


def inlined(function: Function) -> Function:
    """Put the function into the compiled code of whoever calls it."""
    compiled_function: Function = library.njit(inline="always")(function)
    return compiled_function


(
    CLOCK,
    INSTRUCTIONS,
    THRESHOLD,  # no decision is needed while the clock stays at or below this
    BLOCK_END,  # where the last block continues when its branch is not taken
    LAST_ENTRY,  # the last block's row of the cost table: how long it was, what its branch costs when taken
    TABLE,
    TABLE_WORDS,
    CPSR,
    ALARM,
    LIMIT,
    INSTRUCTION_LIMIT,
    PENDING,  # CPSR mask bits of the interrupts that wait: I, F or both
    ATTENTION,  # the host wants a stop at the next block
    STOP,  # why the engine was stopped; 0 when the hook did not
    MISSED_BYTES,  # the size of a block that is not in the table, or that follows an open seam
    STOP_FUNCTION,
    REGISTER_READ_FUNCTION,
    CPSR_NUMBER,
    WATCH_LOG,  # of each entry to a watched block: address, the cycle it begins in, the cycle it is done in
    WATCH_COUNT,
    RAM_END,
    LINE_SHIFT,
    INSTRUCTION_LINES,  # the caches: line number * 2 + is it dirty, by set and way; -1 when invalid
    INSTRUCTION_VICTIMS,  # the way to be replaced next, by set
    INSTRUCTION_SETS,
    INSTRUCTION_WAYS,
    INSTRUCTION_MISSES,
    DATA_LINES,
    DATA_VICTIMS,
    DATA_SETS,
    DATA_WAYS,
    DATA_MISSES,
    LINE_FILL_CYCLES,
    WORD_CYCLES,  # one access on the bus
    BUFFER_CYCLES,  # what the full write buffer takes to empty itself
    BUFFER_EMPTY,  # the cycle in which it will be empty
    SLEPT,  # cycles in which the CPU waited for an interrupt
    ENTERED_FROM,  # the cycle in which what the last exception interrupted was done
    INSTRUCTION_LOCKED,  # a bit for each way in which no line is replaced
    DATA_LOCKED,
    STATE_WORDS,
) = range(41)

NEVER = 1 << 62
MISS, ATTENDED, LIMITED, ALARMED, COUNTED, INTERRUPTED, WATCH_FULL, REACHED, SEAM = range(1, 10)
WATCH_CAPACITY, WATCH_WORDS = 1 << 14, 4
INVALID = -1
MEMORY_WRITE = 17  # UC_MEM_WRITE

# A row of the cost table. The number of bytes tells a block from another one at the same address.
BYTES_BITS, EXTRA_BITS = 14, 12
BYTES_MASK = (1 << BYTES_BITS) - 1
WATCHED = 1 << BYTES_BITS
OPEN_SEAM = 1 << BYTES_BITS + 1  # the block is cut off, and nobody knows yet what the next one waits for it
STOPPED = 1 << BYTES_BITS + 2  # the engine stops before the block
KEY_MASK = BYTES_MASK | WATCHED | OPEN_SEAM | STOPPED
EXTRA_SHIFT = BYTES_BITS + 3
EXTRA_MASK = (1 << EXTRA_BITS) - 1
SEAM_SHIFT = EXTRA_SHIFT + EXTRA_BITS
COST_SHIFT = SEAM_SHIFT + EXTRA_BITS


def table_entry(size: int, cycles: int, taken_extra: int, flags: int = 0) -> int:
    """A block's row: `size` bytes, `cycles`, `taken_extra` more when its last branch is taken."""
    return size | flags | taken_extra << EXTRA_SHIFT | cycles << COST_SHIFT


def closed_seam(entry: int, cycles: int) -> int:
    """The row of a block that was cut off, after which the next one waits so many `cycles`."""
    return (entry & ~OPEN_SEAM) | cycles << SEAM_SHIFT


def pointer_intrinsic(_typing: Any, _address: Any) -> Any:
    """An address as a pointer to int64."""
    signature = types.CPointer(types.int64)(types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return signature, generate


def stop_intrinsic(_typing: Any, _function: Any, _engine: Any) -> Any:
    """uc_emu_stop(engine)."""
    word = ir.IntType(64)

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        function_type = ir.FunctionType(ir.IntType(32), [word])
        return builder.call(builder.inttoptr(arguments[0], function_type.as_pointer()), [arguments[1]])

    return types.int32(types.int64, types.int64), generate


def register_read_intrinsic(_typing: Any, _function: Any, _engine: Any, _number: Any, _target: Any) -> Any:
    """uc_reg_read(engine, number, target)."""
    word = ir.IntType(64)

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        function_type = ir.FunctionType(ir.IntType(32), [word, ir.IntType(32), word])
        function = builder.inttoptr(arguments[0], function_type.as_pointer())
        number = builder.trunc(arguments[2], ir.IntType(32))
        return builder.call(function, [arguments[1], number, arguments[3]])

    return types.int32(types.int64, types.int64, types.int64, types.int64), generate


as_pointer: Any = intrinsic(pointer_intrinsic)
call_stop: Any = intrinsic(stop_intrinsic)
call_register_read: Any = intrinsic(register_read_intrinsic)


@inlined
def why_not(engine: Any, state: Any, entry: Any, after: Any, size: Any, user: Any) -> Any:
    """The reason to stop before a block that would end at cycle `after`; 0 when there is none after all."""
    if state[ATTENTION] != 0:
        return ATTENDED
    if state[CLOCK] >= state[LIMIT]:
        return LIMITED
    if after > state[ALARM]:
        return ALARMED
    if state[INSTRUCTIONS] + (size >> 2) > state[INSTRUCTION_LIMIT]:
        return COUNTED
    if state[PENDING] != 0:
        call_register_read(state[REGISTER_READ_FUNCTION], engine, state[CPSR_NUMBER], user + (CPSR << 3))
        if state[PENDING] & ~state[CPSR] != 0:
            return INTERRUPTED
    if entry & STOPPED != 0:
        return REACHED
    return 0


@inlined
def enter_block(engine: Any, state: Any, address: Any, size: Any, user: Any) -> Any:
    """Charge a block; its row in the table, or -1 when the engine stops before it."""
    index = address >> 2
    entry, stopped = np.int64(0), np.int64(0)
    if index < state[TABLE_WORDS]:
        entry = carray(as_pointer(state[TABLE] + (index << 3)), 1)[0]
    if entry & KEY_MASK != size:
        if entry & BYTES_MASK != size:
            state[STOP] = MISS
            state[MISSED_BYTES] = size
            call_stop(state[STOP_FUNCTION], engine)
            return np.int64(-1)
        if entry & WATCHED != 0 and state[WATCH_COUNT] == WATCH_CAPACITY:
            state[STOP] = WATCH_FULL
            call_stop(state[STOP_FUNCTION], engine)
            return np.int64(-1)
        if entry & OPEN_SEAM != 0:
            state[THRESHOLD] = -1  # look at the next block
        stopped = entry & STOPPED
    last = state[LAST_ENTRY]
    extra = (last >> (SEAM_SHIFT if address == state[BLOCK_END] else EXTRA_SHIFT)) & EXTRA_MASK
    after = state[CLOCK] + extra + (entry >> COST_SHIFT)
    if after > state[THRESHOLD] or stopped != 0:
        if last & OPEN_SEAM != 0 and address == state[BLOCK_END]:
            state[STOP] = SEAM
            state[MISSED_BYTES] = size
            call_stop(state[STOP_FUNCTION], engine)
            return np.int64(-1)
        reason = why_not(engine, state, entry, after, size, user)
        if reason != 0:
            state[STOP] = reason
            call_stop(state[STOP_FUNCTION], engine)
            return np.int64(-1)
    state[CLOCK] = after
    state[INSTRUCTIONS] += size >> 2
    state[BLOCK_END] = address + size
    state[LAST_ENTRY] = entry
    return entry


@inlined
def note_watched(state: Any, address: Any, entry: Any) -> None:
    count = state[WATCH_COUNT]
    log = carray(as_pointer(state[WATCH_LOG] + ((count * WATCH_WORDS) << 3)), WATCH_WORDS)
    log[0] = address
    log[1] = state[CLOCK] - (entry >> COST_SHIFT)
    log[2] = state[CLOCK]
    state[WATCH_COUNT] = count + 1


@inlined
def find_line(lines: Any, first: Any, ways: Any, line: Any) -> Any:
    """The index of a line in a cache's array; -1 when it is not there."""
    for index in range(first, first + ways):
        if lines[index] >> 1 == line:
            return index
    return np.int64(-1)


@inlined
def fill_line(state: Any, lines: Any, victims: Any, locked: Any, line_set: Any, ways: Any, line: Any) -> Any:
    """Replace the set's next victim in an open way; its index. Waits for the write buffer and for the whole line."""
    way = victims[line_set]
    for _ in range(ways - 1):
        if locked >> way & 1 == 0:
            break
        way = way + 1 if way + 1 < ways else 0
    index = line_set * ways + way
    victims[line_set] = way + 1 if way + 1 < ways else 0
    start = max(state[CLOCK], state[BUFFER_EMPTY])
    state[CLOCK] = start + state[LINE_FILL_CYCLES]
    if lines[index] != INVALID and lines[index] & 1 != 0:
        state[BUFFER_EMPTY] = state[CLOCK] + state[LINE_FILL_CYCLES]
    lines[index] = line << 1
    return index


@inlined
def fetch_lines(state: Any, address: Any, size: Any) -> None:
    """Look the lines of a block up in the instruction cache."""
    sets, ways = state[INSTRUCTION_SETS], state[INSTRUCTION_WAYS]
    lines = carray(as_pointer(state[INSTRUCTION_LINES]), 1)
    victims = carray(as_pointer(state[INSTRUCTION_VICTIMS]), 1)
    for line in range(address >> state[LINE_SHIFT], ((address + size - 1) >> state[LINE_SHIFT]) + 1):
        line_set = line & (sets - 1)
        if find_line(lines, line_set * ways, ways, line) < 0:
            state[INSTRUCTION_MISSES] += 1
            fill_line(state, lines, victims, state[INSTRUCTION_LOCKED], line_set, ways, line)


def charge_block(engine: Any, address: Any, size: Any, user: Any) -> None:
    """The block hook: void(uc_engine *, uint64 address, uint32 size, void *user)."""
    state = carray(as_pointer(user), STATE_WORDS)
    entry = enter_block(engine, state, address, np.int64(size), user)
    if entry & WATCHED != 0 and entry >= 0:
        note_watched(state, address, entry)


def charge_block_and_lines(engine: Any, address: Any, size: Any, user: Any) -> None:
    """The block hook with an instruction cache."""
    state = carray(as_pointer(user), STATE_WORDS)
    entry = enter_block(engine, state, address, np.int64(size), user)
    if entry >= 0:
        fetch_lines(state, address, np.int64(size))
        if entry & WATCHED != 0:
            note_watched(state, address, entry)


def charge_fetch(user: Any, address: Any, size: Any) -> None:
    """Only the instruction cache, for code that runs outside the block hook."""
    fetch_lines(carray(as_pointer(user), STATE_WORDS), address, size)


def charge_access(_engine: Any, kind: Any, address: Any, _size: Any, _value: Any, user: Any) -> None:
    """The hook of loads and stores: void(uc_engine *, uc_mem_type, uint64 address, int size, int64 value, void *)."""
    state = carray(as_pointer(user), STATE_WORDS)
    if address >= state[RAM_END]:
        state[CLOCK] += state[WORD_CYCLES]
        return
    line = address >> state[LINE_SHIFT]
    sets, ways = state[DATA_SETS], state[DATA_WAYS]
    lines = carray(as_pointer(state[DATA_LINES]), 1)
    line_set = line & (sets - 1)
    index = find_line(lines, line_set * ways, ways, line)
    if kind != MEMORY_WRITE:
        if index < 0:
            state[DATA_MISSES] += 1
            victims = carray(as_pointer(state[DATA_VICTIMS]), 1)
            fill_line(state, lines, victims, state[DATA_LOCKED], line_set, ways, line)
    elif index >= 0:
        lines[index] |= 1
    else:
        empty = max(state[CLOCK], state[BUFFER_EMPTY]) + state[WORD_CYCLES]
        state[BUFFER_EMPTY] = empty
        state[CLOCK] = max(state[CLOCK], empty - state[BUFFER_CYCLES])


BLOCK_SIGNATURE = "void(int64, int64, uint32, int64)"
FETCH_SIGNATURE = "void(int64, int64, int64)"
ACCESS_SIGNATURE = "void(int64, int32, int64, int32, int64, int64)"


def compiled(signature: str, function: Any) -> Any:
    """As a C function; compiled once and kept on disk where a folder for that can be written."""
    with interrupts_deferred():
        try:
            return cfunc(signature, cache=True)(function)
        except RuntimeError:
            return cfunc(signature)(function)


BLOCK_HOOK = compiled(BLOCK_SIGNATURE, charge_block)


@cache
def cached_block_hook() -> Any:
    return compiled(BLOCK_SIGNATURE, charge_block_and_lines)


@cache
def access_hook() -> Any:
    return compiled(ACCESS_SIGNATURE, charge_access)


@cache
def fetch_function() -> Any:
    return compiled(FETCH_SIGNATURE, charge_fetch).ctypes
