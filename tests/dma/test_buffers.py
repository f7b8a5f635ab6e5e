"""Buffers of transfers stay where they are and alive, whatever the collector, become: and the end of processes do."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BenchError

UART1 = "(Peripheral named: #UART1)"
CHURN = """| kept |
Smalltalk at: #Churned put: nil.
kept := OrderedCollection new.
30 timesRepeat: [ kept addLast: ((Bitmap new: 1500) atAllPut: 1234567; yourself) ].
Smalltalk garbageCollect.
30 timesRepeat: [ kept addLast: ((Bitmap new: 1500) atAllPut: 1234567; yourself) ].
Smalltalk at: #Churned put: kept. nil"""
"""Whatever was free is somebody's now: 360 KB of two megabytes, before and after a collection."""
INTACT = "Churned allSatisfy: [ :each | (1 to: 1500) allSatisfy: [ :place | (each at: place) = 1234567 ] ]"


def test_what_only_a_transfer_knows_is_kept_while_it_is_moved(bench: Bench) -> None:
    """The device writes much later, where somebody else would be if the buffer had been freed."""
    evaluate = bench.console.evaluate
    evaluate(
        f"""| uart transfer buffer |
        uart := {UART1} registers.
        uart ibrd: 1. uart fbrd: 0. uart lcrh: 16r70. uart cr: 16r381. uart dmacr: 1.
        buffer := Bitmap new: 1500.
        transfer := DmaTransfer fromRegister: {UART1} address request: 12.
        transfer receive: 6000 bytesInto: buffer startingAt: 1; start.
        Smalltalk at: #Weak put: (WeakArray with: buffer with: transfer). nil"""
    )
    for _ in range(3):
        evaluate(CHURN)
    assert evaluate("{ (Weak at: 1) isNil. (Weak at: 2) isMoving }") == "#(false true)"
    bench.board.uart(1).send(bytes(range(1, 251)) * 24)
    evaluate("(Delay forMilliseconds: 60) wait")
    assert evaluate(INTACT) == "true"
    assert evaluate("{ (Weak at: 1) first. (Weak at: 1) last. (Weak at: 2) isMoving. dma transfers }") == (
        f"#({0x04030201} {250 << 24 | 249 << 16 | 248 << 8 | 247} false #())"
    )
    evaluate(CHURN)
    assert evaluate("{ Weak at: 1. Weak at: 2 }") == "#(nil nil)"
    assert evaluate("HeapAudit runPass") == "0"


def test_a_buffer_cannot_be_replaced(bench: Bench) -> None:
    with pytest.raises(BenchError, match="CannotBecome"):
        bench.console.evaluate(
            """| buffer |
            buffer := Bitmap new: 1000.
            DmaTransfer new copy: 500 wordsFrom: buffer startingAt: 1 to: buffer startingAt: 501; start.
            buffer become: (Bitmap new: 1000)"""
        )


def test_transfers_while_the_collector_works(bench: Bench) -> None:
    """Each into a buffer of its own, with garbage made and freed all the time."""
    answer = bench.console.evaluate(
        """| from wrong going |
        from := Bitmap new: 3000.
        1 to: 3000 do: [ :each | from at: each put: each * 77777 ].
        going := true.
        wrong := 0.
        [ [ going ] whileTrue: [ (1 to: 40) collect: [ :each | Array new: each * 7 ] ] ] forkAt: 20.
        60 timesRepeat: [ | to |
            to := Bitmap new: 3000.
            DmaTransfer new copy: 2900 wordsFrom: from startingAt: 51 to: to startingAt: 101; run.
            (Delay forMicroseconds: 700) wait.
            ((1 to: 2900 by: 13) allSatisfy: [ :each | (to at: each + 100) = (from at: each + 50) ])
                ifFalse: [ wrong := wrong + 1 ] ].
        going := false.
        { wrong. dma transfers size. dma failures }""",
        6_000_000_000,
    )
    assert answer == "#(0 0 0)"
    assert bench.console.evaluate("HeapAudit runPass") == "0"


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_a_process_is_ended_at_any_moment(bench: Bench, first: int) -> None:
    """One that starts its transfer, of 6 ms, and waits for it, stops it: nothing is moved afterwards, and no channel is
    lost. Some have not begun to move, most have."""
    answer = bench.console.evaluate(
        f"""| from to transfer dmac moving still finished |
        from := Bitmap new: 2000 withAll: 5.
        to := Bitmap new: 2000.
        transfer := DmaTransfer new.
        100 timesRepeat: [ transfer copy: 2000 wordsFrom: from startingAt: 1 to: to startingAt: 1 ].
        transfer run.
        dmac := DmaController current registers.
        moving := still := 0.
        finished := Semaphore new.
        [ {first} to: {first + 49} do: [ :moment | | victim |
            victim := [ transfer run ] forkAt: 41.
            (Delay forMicroseconds: moment + 1) wait.
            moving := moving + dmac enbldChns.
            victim terminate.
            (Delay forMilliseconds: 1) wait.
            (dmac enbldChns = 0 and: [ dma transfers isEmpty and: [ transfer isMoving not ] ]) ifFalse: [
                still := still + 1.
                transfer stop ] ].
        finished signal ] forkAt: 50.
        finished wait.
        {{ moving. still. (dma instVarNamed: 'assigning') isOwned }}""",
        6_000_000_000,
    )
    moving, still, is_owned = answer.strip("#()").split()
    assert (still, is_owned) == ("0", "false")
    assert int(moving) == 50 if first >= 200 else int(moving) < 50 or first > 0
    assert bench.console.evaluate("HeapAudit runPass") == "0"


def test_one_that_only_started_a_transfer_may_end(bench: Bench) -> None:
    answer = bench.console.evaluate(
        """| from to victim |
        from := Bitmap new: 4000 withAll: 5.
        to := Bitmap new: 4000.
        victim := [ DmaTransfer new copy: 4000 wordsFrom: from startingAt: 1 to: to startingAt: 1; start.
            Semaphore new wait ] forkAt: 41.
        (Delay forMicroseconds: 60) wait.
        victim terminate.
        (Delay forMilliseconds: 1) wait.
        { to occurrencesOf: 5. dma transfers size }"""
    )
    assert answer == "#(4000 0)"
