"""Transfers by the driver of the DMA controller: words between buffers, bytes to and from a UART, what goes wrong."""

from __future__ import annotations

import re

import pytest

from hardtalk.bench import Bench, BenchError

UART1_RECEIVE, UART1_SEND = 12, 13
NOBODY = 0x9FFF0000
NUMBERED = """| here there |
here := Bitmap new: 10000.
1 to: 10000 do: [ :each | here at: each put: each * 77777 ].
there := Bitmap new: 10000.
"""
LOOP_BACK = """| uart |
uart := (Peripheral named: #UART1) registers.
uart ibrd: 1. uart fbrd: 0. uart lcrh: 16r70. uart cr: 16r381.
"""
"""UART1 hears what it sends, at 1.5 Mbit/s."""


@pytest.mark.parametrize("count", [1, 2, 16, 17, 4095, 4096, 8191, 9000])
def test_words_are_copied(bench: Bench, count: int) -> None:
    """All of them, and no others."""
    answer = bench.console.evaluate(
        f"""{NUMBERED}
        DmaTransfer new copy: {count} wordsFrom: here startingAt: 5 to: there startingAt: 3; run.
        {{ (1 to: {count}) allSatisfy: [ :each | (there at: each + 2) = ((each + 4) * 77777) ].
        (there copyFrom: 1 to: 2) asArray. there at: {count} + 3. dma transfers size }}"""
    )
    assert answer == "#(true #(0 0) 0 0)"


def test_pieces_follow_each_other(bench: Bench) -> None:
    """The later one reads what the earlier one has written."""
    answer = bench.console.evaluate(
        f"""{NUMBERED}
        DmaTransfer new
            copy: 3 wordsFrom: here startingAt: 1 to: there startingAt: 1;
            copy: 2 wordsFrom: there startingAt: 2 to: there startingAt: 9000;
            copy: 5000 wordsFrom: here startingAt: 10 to: there startingAt: 100;
            run.
        {{ (there copyFrom: 1 to: 4) asArray. (there copyFrom: 9000 to: 9002) asArray.
        (1 to: 5000) allSatisfy: [ :each | (there at: each + 99) = (here at: each + 9) ] }}"""
    )
    assert answer == "#(#(77777 155554 233331 0) #(155554 233331 0) true)"


def test_programs_run_meanwhile_and_eight_transfers_are_moved_at_a_time(bench: Bench) -> None:
    answer = bench.console.evaluate(
        f"""{NUMBERED}
        Smalltalk at: #Finished put: 0; at: #Transfers put: ((1 to: 8) collect: [ :each | | one |
            one := DmaTransfer new.
            20 timesRepeat: [ one copy: 1000 wordsFrom: here startingAt: 1 to: there startingAt: each * 1000 + 1 ].
            one ]).
        Transfers do: [ :each | each run ].
        there atAllPut: 0.
        Transfers do: [ :each | each start ].
        Smalltalk at: #Begun put: dma transfers size.
        [ Transfers do: [ :each | each wait. Smalltalk at: #Finished put: Finished + 1 ] ] forkAt: 60.
        Smalltalk at: #Passes put: 0.
        [ Finished < 8 ] whileTrue: [ Smalltalk at: #Passes put: Passes + 1 ].
        {{ Begun. Passes > 40.
        (1001 to: 9000) allSatisfy: [ :each | (there at: each) = (each - 1 \\\\ 1000 + 1 * 77777) ] }}"""
    )
    assert answer == "#(8 true true)"


def test_a_transfer_may_be_started_again(bench: Bench) -> None:
    answer = bench.console.evaluate(
        f"""{NUMBERED.replace("| here there |", "| here there transfer |")}
        transfer := DmaTransfer new copy: 2 wordsFrom: here startingAt: 1 to: there startingAt: 1; run; yourself.
        here at: 1 put: 9.
        transfer run; wait.
        (there copyFrom: 1 to: 3) asArray"""
    )
    assert answer == "#(9 155554 0)"


@pytest.mark.parametrize("count", [1, 8, 300, 5000])
def test_bytes_go_to_a_uart_and_come_from_it(bench: Bench, count: int) -> None:
    """Both at once; each byte when the UART asks for it, so none is lost."""
    answer = bench.console.evaluate(
        LOOP_BACK.replace("| uart |", "| uart address out in here there start elapsed |")
        + f"""here := Bitmap new: 1250. there := Bitmap new: 1251.
        1 to: 1250 do: [ :each | here at: each put: each * 40503 * 977 \\\\ 16r40000000 ].
        address := (Peripheral named: #UART1) address.
        in := DmaTransfer fromRegister: address request: {UART1_RECEIVE}.
        in receive: {count} bytesInto: there startingAt: 3.
        out := DmaTransfer toRegister: address request: {UART1_SEND}.
        out send: {count} bytesFrom: here startingAt: 1.
        in start. uart dmacr: 3. start := Delay microseconds. out run. in wait.
        elapsed := Delay microseconds - start.
        {{ (1 to: {count}) allSatisfy: [ :each | | word |
            word := there at: each + 5 // 4.
            ((word bitShift: (each + 1 \\\\ 4) * -8) bitAnd: 255)
                = (((here at: each + 3 // 4) bitShift: (each - 1 \\\\ 4) * -8) bitAnd: 255) ].
        (there at: 1) bitAnd: 65535. there last bitShift: -16.
        elapsed between: 20 * {count} // 3 and: 20 * {count} // 3 + 600. uart rsr oe }}""",
    )
    assert answer == "#(true 0 0 true false)"


def test_where_nobody_answers_there_is_an_error(bench: Bench) -> None:
    with pytest.raises(BenchError, match="DmaError: nothing has answered"):
        bench.console.evaluate(
            f"""| uart | uart := DmaTransfer fromRegister: {NOBODY} request: 3.
            uart receive: 4 bytesInto: (Bitmap new: 1) startingAt: 1.
            [ (Delay forMilliseconds: 1) wait. DmaController current registers softSReq: 8 ] fork.
            uart run"""
        )
    assert bench.console.evaluate("{ dma transfers. dma failures. DmaController current isMasked }") == "#(#() 0 false)"
    assert bench.console.evaluate(
        """| to |
        to := Bitmap new: 1.
        DmaTransfer new copy: 1 wordsFrom: (Bitmap with: 7) startingAt: 1 to: to startingAt: 1; run. to first"""
    ) == ("7")


def test_what_is_stopped_is_not_written_to_any_more(bench: Bench) -> None:
    answer = bench.console.evaluate(
        f"""{NUMBERED.replace("| here there |", "| here there transfer done failed |")}
        transfer := DmaTransfer new copy: 9000 wordsFrom: here startingAt: 1 to: there startingAt: 1; start; yourself.
        (Delay forMicroseconds: 50) wait.
        transfer stop.
        done := (1 to: 9000) count: [ :each | (there at: each) > 0 ].
        failed := [ transfer wait. nil ] on: DmaError do: [ :error | error messageText ].
        (Delay forMilliseconds: 2) wait.
        {{ done between: 1 and: 8900. ((1 to: 9000) count: [ :each | (there at: each) > 0 ]) = done.
        failed. transfer isMoving. dma transfers }}"""
    )
    assert answer == "#(true true 'the transfer was stopped' false #())"


def test_stopping_what_has_ended_changes_nothing(bench: Bench) -> None:
    answer = bench.console.evaluate(
        """| from to transfer other |
        from := Bitmap new: 9000. to := Bitmap new: 9000.
        transfer := DmaTransfer new copy: 10 wordsFrom: from startingAt: 1 to: to startingAt: 1; run; yourself.
        other := DmaTransfer new copy: 9000 wordsFrom: from startingAt: 1 to: to startingAt: 1; start; yourself.
        transfer stop.
        other wait.
        { transfer failure. other failure }"""
    )
    assert answer == "#(nil nil)"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("dma stop", r"DmaController (DMAC, line 17) is not stopped: stop the transfers"),
        ("dma start", "has been started with the system"),
        ("dma startOn: #UART1", "has been started with the system"),
        ("DmaController start", "DMAC reaches all of memory"),
        ("(Peripheral named: #DMAC) registers", "DMAC reaches all of memory"),
        ("Registers at: 16r10130104", "DMAC reaches all of memory"),
        ("(Registers at: 16r1012F000) wordAt: 16r1104 put: 16r20000", "the primitive of Registers>>wordAt:put: failed"),
        ("DmaTransfer toRegister: 16r10130104 request: 1", "DMAC reaches all of memory"),
        ("DmaTransfer toRegister: 16r20000 request: 1", "no registers are at address 131072"),
        ("DmaTransfer new instVarAt: 2 put: (OrderedCollection with: #(16r20000 16r30000 4))", "variables are its own"),
    ],
)
def test_nobody_else_reaches_memory_by_the_controller(bench: Bench, source: str, reason: str) -> None:
    with pytest.raises(BenchError, match=re.escape(reason)):
        bench.console.evaluate(source)
    assert bench.console.evaluate("DmaController current isRunning") == "true"


def test_a_transfer_of_another_class_is_refused(bench: Bench) -> None:
    bench.console.evaluate(
        "DmaTransfer subclass: #Other instanceVariableNames: '' classVariableNames: '' package: 'Tests'"
    )
    with pytest.raises(BenchError, match="DmaTransfers are moved, not an Other"):
        bench.console.evaluate("Other new start")
