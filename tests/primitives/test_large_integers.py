"""Integer primitives of any length against Python's integers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hardtalk.slang.simulate import DISPATCH_REGISTER
from hardtalk.vm.constants import VM_CONSTANTS
from hardtalk.vm.object_format import BODY_OFFSET

from .small_memory import Failed, Interrupted, SmallMemory
from .test_digits import product as digits_product
from .test_digits import quotient as digits_quotient
from .test_digits import words_of

EDGES = [0, 1, -1, 2, 255, 256, 65535, 65536, 65537, 2**30 - 1, 2**30, -(2**30), -(2**30) - 1, 2**31, -(2**31),
         2**32 - 1, 2**32,
         2**32 + 1, 2**48, 2**63, 2**64 - 1, -(2**64), 2**96 - 2**32, 2**128 - 1, 10**30]  # fmt: skip
INTEGERS = st.one_of(st.sampled_from(EDGES), st.integers(-(2**40), 2**40), st.integers(-(2**511), 2**511))
CONTEXT = 0x140000
"""Where no object is; contexts are only compared."""
CHECKED = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def quotient(a: int, b: int) -> int:
    magnitude = abs(a) // abs(b)
    return magnitude if (a < 0) == (b < 0) else -magnitude


ALWAYS: dict[int, Callable[[int, int], int | bool]] = {
    21: lambda a, b: a + b,
    22: lambda a, b: a - b,
    23: lambda a, b: a < b,
    24: lambda a, b: a > b,
    25: lambda a, b: a <= b,
    26: lambda a, b: a >= b,
    27: lambda a, b: a == b,
    28: lambda a, b: a != b,
    34: lambda a, b: a & b,
    35: lambda a, b: a | b,
    36: lambda a, b: a ^ b,
}
DIVISIONS: dict[int, Callable[[int, int], int]] = {
    31: lambda a, b: a % b,
    32: lambda a, b: a // b,
    33: quotient,
    20: lambda a, b: a - b * quotient(a, b),
}


def answer(memory: SmallMemory, number: int, a: int, b: int) -> object:
    memory.reset()
    result = memory.run(number, memory.integer(a), memory.integer(b))
    return result if not isinstance(result, int) else memory.value(result)


@pytest.mark.parametrize("number", ALWAYS)
@CHECKED
@given(a=INTEGERS, b=INTEGERS)
@example(a=2**64 - 1, b=1)
@example(a=-(2**64), b=2**64)
@example(a=-(2**32), b=-1)
def test_operations_that_are_always_done(memory: SmallMemory, number: int, a: int, b: int) -> None:
    result, expected = answer(memory, number, a, b), ALWAYS[number](a, b)
    assert result == expected and isinstance(result, bool) == isinstance(expected, bool)


@CHECKED
@given(a=st.integers(-(2**350), 2**350), b=st.integers(-(2**350), 2**350))
def test_products_of_up_to_eleven_words_each(memory: SmallMemory, a: int, b: int) -> None:
    """Those of more than four rows are for the digits' primitive."""
    result = answer(memory, 29, a, b)
    if isinstance(result, Failed):
        assert min(words_of(a), words_of(b)) > VM_CONSTANTS["ProductRows"]
        memory.reset()
        assert digits_product(memory, a, b)[0] == abs(a * b)
    else:
        assert result == a * b


@CHECKED
@given(a=st.integers(0, 2**512 - 1), b=st.integers(-(2**128) + 1, 2**128 - 1))
def test_products_of_sixteen_words_with_four(memory: SmallMemory, a: int, b: int) -> None:
    assert answer(memory, 29, a, b) == a * b


@pytest.mark.parametrize("number", DIVISIONS)
@CHECKED
@given(a=INTEGERS, b=INTEGERS.filter(bool))
@example(a=-(2**30), b=-1)
@example(a=2**95, b=2**64 - 1)
@example(a=0x7FFF_8000_0000_0000_0000, b=0x8000_0000_0001)
@example(a=(2**64 - 1) * 2**64, b=2**64 - 1)
@example(a=0x8000_0000_0000_0000_0000_0003, b=0x2000_0000_0000_0000_0001)
def test_divisions(memory: SmallMemory, number: int, a: int, b: int) -> None:
    result = answer(memory, number, a, b)
    if isinstance(result, Failed):
        words = words_of(a), words_of(b)
        assert words[1] > VM_CONSTANTS["DivisorWords"] or words[0] + 1 - words[1] > VM_CONSTANTS["QuotientWords"]
        memory.reset()
        magnitude, rest, _ = digits_quotient(memory, abs(a), abs(b))
        assert (magnitude, rest) == divmod(abs(a), abs(b))
    else:
        assert result == DIVISIONS[number](a, b)


@CHECKED
@given(a=st.integers(-(2**512) + 1, 2**512 - 1), b=st.integers(1, 2**32 - 1))
@example(a=2**512 - 1, b=1)
@example(a=2**512 - 1, b=65535)
@example(a=2**512 - 1, b=32768)
@example(a=2**512 - 1, b=2**32 - 1)
@example(a=2**512 - 1, b=2**31)
@example(a=2**512 - 2**32, b=2**31 + 1)
def test_division_by_a_word(memory: SmallMemory, a: int, b: int) -> None:
    assert answer(memory, 32, a, b) == a // b
    assert answer(memory, 31, a, b) == a % b


@CHECKED
@given(quotient=st.integers(0, 2**64 - 1), divisor=st.integers(1, 2**128 - 1), rest=st.integers(0, 2))
@example(quotient=2**64 - 1, divisor=2**64 - 1, rest=0)
@example(quotient=2**32, divisor=2**127, rest=1)
def test_quotients_at_the_edge_of_their_estimate(memory: SmallMemory, quotient: int, divisor: int, rest: int) -> None:
    dividend = quotient * divisor + divisor - 1 - min(rest, divisor - 1)
    assert answer(memory, 32, dividend, divisor) == dividend // divisor
    assert answer(memory, 31, dividend, divisor) == dividend % divisor


@CHECKED
@given(a=INTEGERS, b=INTEGERS.filter(bool))
def test_exact_division(memory: SmallMemory, a: int, b: int) -> None:
    result = answer(memory, 30, a, b)
    if isinstance(result, Failed):
        result_of_quotient = answer(memory, 33, a, b)
        assert a % b or isinstance(result_of_quotient, Failed)
    else:
        assert a % b == 0 and result == a // b


@CHECKED
@given(a=INTEGERS, shift=st.integers(-800, 480))
@example(a=-1, shift=-1)
@example(a=-(2**32), shift=-32)
@example(a=-(2**32) - 1, shift=-32)
@example(a=1, shift=511)
def test_shifts(memory: SmallMemory, a: int, shift: int) -> None:
    result = answer(memory, 37, a, shift)
    if isinstance(result, Failed):
        assert words_of(a) + (shift >> 5) > VM_CONSTANTS["LargeIntegerWords"]
    else:
        assert result == (a << shift if shift >= 0 else a >> -shift)


@pytest.mark.parametrize("number", [20, 30, 31, 32, 33])
def test_division_by_zero_fails(memory: SmallMemory, number: int) -> None:
    assert isinstance(answer(memory, number, 10**20, 0), Failed)


@pytest.mark.parametrize("number", [*ALWAYS, *DIVISIONS, 29, 30, 37])
def test_other_objects_fail(memory: SmallMemory, number: int) -> None:
    for operands in [(memory.integer(2**40), memory.string(b"four")), (memory.float(1.5), memory.integer(1))]:
        assert isinstance(memory.run(number, *operands), Failed)


@pytest.mark.parametrize("number", [*ALWAYS, *DIVISIONS, 29, 30])
def test_operands_beyond_16_words_fail(memory: SmallMemory, number: int) -> None:
    assert isinstance(answer(memory, number, 2**512, 3), Failed)


def test_work_beyond_the_limits_fails(memory: SmallMemory) -> None:
    assert isinstance(answer(memory, 29, 2**128, 2**128), Failed)
    assert isinstance(answer(memory, 29, 2**511, 2**128), Failed)
    assert isinstance(answer(memory, 32, 2**400, 2**128), Failed)
    assert isinstance(answer(memory, 32, 2**160, 2**63), Failed)
    assert isinstance(answer(memory, 37, 1, 512), Failed)


def test_a_large_integer_with_leading_zeros_counts_by_its_value(memory: SmallMemory) -> None:
    padded = memory.make("FormatBytes", memory.classes["LargePositiveInteger"], b"\x05" + bytes(11))
    result = memory.run(21, padded, memory.integer(2**40))
    assert isinstance(result, int) and memory.value(result) == 2**40 + 5


def test_no_memory_fails_and_says_why(memory: SmallMemory) -> None:
    memory.state["nonEmptyOrders"] = 0
    memory.state["bumpNext"] = memory.state["bumpLimit"] = 0
    for order in range(28):
        memory.memory.word_at_put(memory.simulation.state_address("freeLists") + 4 * order, 0)
    result = answer_without_reset(memory, 21, 2**40, 1)
    assert isinstance(result, Failed) and result.code == memory.simulation.constants["OutOfMemory"]


def answer_without_reset(memory: SmallMemory, number: int, a: int, b: int) -> object:
    return memory.run(number, memory.integer(a), memory.integer(b))


class PendingLater(int):
    """The table of dispatch, in which an interrupt shows from the third look on."""

    looks = 0

    def __and__(self, bit: int) -> int:
        self.looks += 1
        return bit if self.looks > 2 else 0


@pytest.mark.parametrize("number", DIVISIONS)
def test_a_division_that_was_interrupted_is_kept_for_the_same_send_once(
    memory: SmallMemory, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed digits show what was computed anew: the kept result is that of the digits at the interrupt."""
    a, b, other = 2**90 + 12345, 2**40 + 7, 2**91 + 999
    memory.reset()
    memory.state["context"] = CONTEXT
    left, right = memory.integer(a), memory.integer(b)

    def divided() -> object:
        result = memory.run(number, left, right)
        return memory.value(result) if isinstance(result, int) else result

    def interrupted_late() -> object:
        """It comes when the quotient is there: not at the first two looks, before which nothing has been done. In
        simulation alone: the compiled code cannot be told when."""
        memory.simulation.registers[DISPATCH_REGISTER] = PendingLater(memory.simulation.symbols["interruptTable"])
        with monkeypatch.context() as patched:
            patched.setattr(memory, "resume", memory.simulated)
            result = divided()
        memory.simulation.interrupt_pending = False
        return result

    def change(value: int) -> None:
        memory.memory.write(left + BODY_OFFSET, value.to_bytes(12, "little"))

    assert isinstance(interrupted_late(), Interrupted)
    change(other)
    assert divided() == DIVISIONS[number](a, b)
    assert divided() == DIVISIONS[number](other, b), "kept once"
    assert isinstance(interrupted_late(), Interrupted)
    change(a)
    assert memory.run(21, left, right) not in (left, right), "another operation takes the buffers"
    assert divided() == DIVISIONS[number](a, b)
    assert isinstance(interrupted_late(), Interrupted)
    change(other)
    memory.state["context"] = CONTEXT + 64
    assert divided() == DIVISIONS[number](other, b), "another context"
