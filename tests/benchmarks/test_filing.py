"""Filing in: what it costs the board, how often the serial line interrupts, and that any bytecodes get there."""

from hardtalk.bench import Bench, BootOptions
from hardtalk.benchmarks.filing import fastest, file_in, filings, shipped_sources

FRAME_BYTES = """Class { #name : #Framed, #superclass : #Object, #instVars : [ 'a', 'b', 'c', 'd', 'e' ] }
Framed >> fill [ a := 1. b := 2. c := 3. d := 4. e := 5. ^ b * 100 + (e * 10) + a ]
"""
LITERALS = range(1001, 1011)


def test_filing_in_is_fast_and_interrupts_rarely(bench: Bench) -> None:
    filed = file_in(bench, shipped_sources())
    assert filed.source_bytes > 30_000
    assert filed.cycles < 5_500 * filed.source_bytes  # 36 KB in a second of the board
    assert filed.interrupts < filed.source_bytes // 15
    assert bench.console.evaluate("MemoryWorkload new respondsTo: #treeOfDepth:") == "true"


def test_bytecodes_that_are_a_quote_or_begin_or_end_a_frame_arrive(bench: Bench) -> None:
    """Pushing the eighth literal is byte 39, pushing the second and fifth variables are bytes 1 and 4."""
    assert bench.console.evaluate(" + ".join(map(str, LITERALS))) == str(sum(LITERALS))
    bench.console.evaluate(FRAME_BYTES)
    assert bench.console.evaluate("Framed new fill") == "251"


def test_each_turn_of_filing_in_is_the_same() -> None:
    one, other = found = list(filings(BootOptions(), shipped_sources()[:1], 2))
    assert one._replace(host_ns=0) == other._replace(host_ns=0)
    assert fastest(found).host_ns == min(one.host_ns, other.host_ns)
