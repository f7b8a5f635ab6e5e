"""A bound that does not hold is told all three ways: by the simulation, and by code that is compiled to count turns."""

from __future__ import annotations

import struct

import pytest
from unicorn import UcError

from hardtalk.slang.simulate_memory import SlangFault
from hardtalk.smalltalk.tonel import read_class

from .three_ways import DATA_SIZE, HEAD, ThreeWays

LOOPS = {
    "while": "[ left > 0 ] whileTrue: [ {} left := left - 1. sum := sum + 3 ]",
    "until, tested behind": "[ {} sum := sum + 3. left := left - 1. left > 0 ] whileTrue",
    "repeat": "[ {} left = 0 ifTrue: [ ^ sum ]. left := left - 1. sum := sum + 3 ] repeat",
    "counted": "1 to: left do: [ :each | {} sum := sum + 3 ]",
    "times": "left timesRepeat: [ {} sum := sum + 3 ]",
    "in another": (
        "1 to: 2 do: [ :each | left := count. [ left > 0 ] whileTrue: [ {} left := left - 1. sum := sum + 3 ] ]"
    ),
}


@pytest.mark.parametrize("kind", LOOPS)
def test_one_turn_more_is_told(kind: str) -> None:
    bound = 5
    ends = f"<bound: {bound}> <limitedBy: #'Sample>>run:'>"
    loop = LOOPS[kind].format(ends)
    head = "Sample >> run: count [\n\t<limits: 5>\n\t| left sum |\n\tsum := 0.\n\tleft := count."
    text = f"{HEAD}{head}\n\t{loop}.\n\t^ sum\n]\n"
    ways = ThreeWays([read_class(text, "Sample.class.st")], {}, traps_bounds=True)
    most = bound - 1 if kind == "repeat" else bound
    results = ways.call("run:", most)
    assert results[0] == results[1] == results[2]
    for way, problem in (
        (ways.simulated, SlangFault),
        (ways.interpreted, struct.error),
        (ways.executed, UcError),
    ):
        with pytest.raises(problem):
            way("run:", [most + 1], bytes(DATA_SIZE))
