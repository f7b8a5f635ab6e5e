"""The compiled hook that keeps the clock: called before each translated block, with no Python in its path.

It charges the block's cost, counts its instructions, and stops the engine *before* a block that would pass the next
alarm, that begins at or after a limit, whose cost is not known yet, or when an unmasked interrupt waits. The state it
shares with the host is an array of int64; the functions of the engine that it calls are addresses in that array, so
that the compiled code can be kept on disk.

A conditional branch at a block's end costs more when taken. Whether it was is known on entry to the next block, which
is where the difference is charged.
"""

from typing import Any

import numba
import numba.extending
import numpy as np
from llvmlite import ir

# The compiler's interface is untyped.
library: Any = numba
carray, cfunc, types, intrinsic = library.carray, library.cfunc, library.types, library.extending.intrinsic

(
    CLOCK,
    INSTRUCTIONS,
    THRESHOLD,  # no decision is needed while the clock stays at or below this
    ALARM,
    LIMIT,
    INSTRUCTION_LIMIT,
    PENDING,  # CPSR mask bits of the interrupts that wait: I, F or both
    ATTENTION,  # the host wants a stop at the next block
    STOP,  # why the engine was stopped; 0 when the hook did not
    FALL_THROUGH,  # where the last block continues when its branch is not taken
    TAKEN_EXTRA,  # what it costs more otherwise
    BLOCK,
    BLOCK_WORDS,
    MISSED_WORDS,  # the size of a block that is not in the table
    TABLE,
    TABLE_WORDS,
    STOP_FUNCTION,
    REGISTER_READ_FUNCTION,
    CPSR_NUMBER,
    CPSR,
    STATE_WORDS,
) = range(21)

NEVER = 1 << 62
MISS, ATTENDED, LIMITED, ALARMED, COUNTED, INTERRUPTED = range(1, 7)

WORDS_BITS = 12
EXTRA_BITS = 12
COST_SHIFT = WORDS_BITS + EXTRA_BITS
FIELD_MASK = (1 << WORDS_BITS) - 1


def table_entry(words: int, cycles: int, taken_extra: int) -> int:
    """A block's row in the cost table. The number of words tells it from another block at the same address."""
    return words | taken_extra << WORDS_BITS | cycles << COST_SHIFT


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


def charge_block(engine: Any, address: Any, size: Any, user: Any) -> None:
    """The block hook: void(uc_engine *, uint64 address, uint32 size, void *user)."""
    state = carray(as_pointer(user), STATE_WORDS)
    words = np.int64(size) >> 2
    index = address >> 2
    entry = np.int64(0)
    if index < state[TABLE_WORDS]:
        entry = carray(as_pointer(state[TABLE] + (index << 3)), 1)[0]
    if entry & FIELD_MASK != words:
        state[STOP] = MISS
        state[MISSED_WORDS] = words
        call_stop(state[STOP_FUNCTION], engine)
        return
    clock = state[CLOCK]
    if address != state[FALL_THROUGH]:
        clock += state[TAKEN_EXTRA]
    after = clock + (entry >> COST_SHIFT)
    if after > state[THRESHOLD]:
        reason = 0
        if state[ATTENTION] != 0:
            reason = ATTENDED
        elif state[CLOCK] >= state[LIMIT]:
            reason = LIMITED
        elif after > state[ALARM]:
            reason = ALARMED
        elif state[INSTRUCTIONS] + words > state[INSTRUCTION_LIMIT]:
            reason = COUNTED
        elif state[PENDING] != 0:
            call_register_read(state[REGISTER_READ_FUNCTION], engine, state[CPSR_NUMBER], user + (CPSR << 3))
            if state[PENDING] & ~state[CPSR] != 0:
                reason = INTERRUPTED
        if reason != 0:
            state[STOP] = reason
            call_stop(state[STOP_FUNCTION], engine)
            return
    state[CLOCK] = after
    state[INSTRUCTIONS] += words
    state[FALL_THROUGH] = address + (words << 2)
    state[TAKEN_EXTRA] = (entry >> WORDS_BITS) & FIELD_MASK
    state[BLOCK] = address
    state[BLOCK_WORDS] = words


SIGNATURE = "void(int64, int64, uint32, int64)"


def compile_hook() -> Any:
    """The hook as a C function; compiled once and kept on disk where a folder for that can be written."""
    try:
        return cfunc(SIGNATURE, cache=True)(charge_block)
    except RuntimeError:
        return cfunc(SIGNATURE)(charge_block)


HOOK = compile_hook()
HOOK_ADDRESS: int = HOOK.address
