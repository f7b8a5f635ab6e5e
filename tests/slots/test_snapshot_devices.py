"""Devices in an image that was resumed from a snapshot: panel, keyboard and mouse, MediaWire, volume; large arrays."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import cast

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from snapshot_board import board_from_flash, restarted

from hardtalk.bench import Bench, BootOptions
from hardtalk.bench.booting import flash_of
from hardtalk.board.panel import panel_of
from hardtalk.build.sources import text_root
from hardtalk.devices import FlashCells, Pl050
from hardtalk.devices.cfi_flash import Operation
from hardtalk.flash import FIRST_SECTOR, Volume, check
from hardtalk.mediawire import MediaWire, Sink, identity_of

ROOT = text_root()
OPTIONS = BootOptions(
    tuple(ROOT / "drivers" / each for each in ("dma", "input", "mediawire")),
    device_files=(ROOT / "examples" / "mediawire" / "home.py",),
)
SINK = identity_of(0x10)
RED, WHITE = [255, 0, 0], [255, 255, 255]
MILLISECOND = 200_000
PATIENCE_CYCLES = 8_000_000_000
BEFORE = (
    """Smalltalk at: #Keys put: Keyboard start; at: #Hand put: (Mouse startInto: Keys events).
    Keys repeatAfter: 250 rate: 30. Hand samplesASecond: 200. nil""",
    """(DisplayScreen extent: 320 @ 200 depth: 8) beDisplay.
    DisplayScreen current fillColor: Color white; fill: (10 @ 10 corner: 100 @ 50) fillColor: Color red. nil""",
    """Smalltalk at: #Frames put: 0; at: #Arrays put: 0; at: #Missed put: 0; at: #Unsent put: 0; at: #Said put: nil.
    Smalltalk at: #HasLead put: false. nil""",
    """Smalltalk at: #Table put: ((1 to: 20000) collect: [ :each | each ]); at: #Noise put: (ByteArray new: 50000).
    [ [ (Array new: 100000 + (Arrays \\\\ 7)) size.
    (Delay forMilliseconds: 50) wait.
    Smalltalk at: #Arrays put: Arrays + 1 ] repeat ] forkAt: 11. nil""",
    "Smalltalk at: #Wire put: MediaWire start. Wire waitUntilLocked. Wire scan size",
    """Smalltalk at: #In put: (Wire readStreamOn: #(0)); at: #Out put: (Wire writeStreamOn: #(1)).
    [ | words count |
    words := Bitmap new: 480.
    [ HasLead ifFalse: [ Out nextPutAll: (In next: 960). Smalltalk at: #HasLead put: true ].
    count := In next: 480 into: words startingAt: 1.
    Smalltalk at: #Missed put: Missed + In missed; at: #Unsent put: Unsent + Out missed.
    Out next: count putAll: words startingAt: 1 ] repeat ] forkAt: 42. nil""",
    "FlashVolumeDevice mount. FileDirectory default fileNamed: 'before' do: [ :file | file nextPutAll: 'then' ]. nil",
    "(Delay forMilliseconds: 60) wait. { Missed. Unsent. Arrays > 0 }",
    """| lcd |
    lcd := LcdController current.
    [ [ lcd waitForFrame. Smalltalk at: #Frames put: Frames + 1 ] repeat ] forkAt: 30.
    (lcd instVarNamed: 'controller') mask: (lcd instVarNamed: 'lineMask'). Frames""",
    """Smalltalk at: #Fetched put: ((DmaTransfer fromRegister: (Peripheral named: #UART1) address request: 12)
        receive: 4 bytesInto: (Bitmap new: 1) startingAt: 1; start; yourself); at: #Failed put: nil.
    [ Smalltalk at: #Failed put: ([ Fetched wait ] on: DmaError do: [ :error | error messageText ]) ] forkAt: 44.
    nil""",
    """Smalltalk at: #Native put: NativeSemaphore new; at: #Numbers put: (NativeQueue new: 4).
    Native address.
    Numbers nextPut: 7.
    Smalltalk at: #Waiter put: ([ Native wait ] forkAt: 30). nil""",
    """[ (NorFlash current instVarNamed: 'operating') critical: [ (Delay forMilliseconds: 1500) wait ] ] forkAt: 45.
    [ Smalltalk at: #Said put: ([ FileDirectory default fileNamed: 'late' do: [ :file | file nextPutAll: 'late' ] ]
        on: Error do: [ :error | error messageText ]) ] forkAt: 44. nil""",
)
"""Each device at work, a process in the midst of it: one waits for a picture whose line is masked, one for flash."""


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    bench = board_from_flash(tmp_path_factory.mktemp("devices"), OPTIONS, has_volume=True)
    evaluate, wire = bench.console.evaluate, cast(MediaWire, bench.board.device("MEDIAWIRE"))
    answers = [evaluate(each) for each in BEFORE]
    assert answers[4] == "3" and answers[7] == "#(0 0 true)" and answers[8] == "0"
    wire.leave()  # the ring is not needed until the reset, and takes the host's time
    assert evaluate("Smalltalk snapshot", PATIENCE_CYCLES) == "false"
    assert evaluate("Said") == "'late'"
    evaluate("FileDirectory default fileNamed: 'after' do: [ :file | file nextPutAll: 'now' ]")
    assert (
        restarted(bench).splitlines()[2].startswith("drivers: a Timer on TIMER01 a SerialPort on UART0 a LcdController")
    )
    yield bench


def test_a_file_that_was_being_written_is_not_written_on(resumed: Bench) -> None:
    """The volume has gone on since: what the image of before knows of it is wrong, its blocks are others by now."""
    flash = flash_of(resumed.board)
    operations: list[tuple[int, FlashCells]] = []

    def note(operation: Operation) -> None:
        operations.append((operation.sector, deepcopy(flash.contents)))

    flash.finishing = note
    said = resumed.console.evaluate("(Delay forMilliseconds: 2500) wait. Said")
    flash.finishing = None
    assert [sector for sector, _ in operations if sector >= FIRST_SECTOR] == []
    assert said == "'there is no block 0'"


def test_the_volume_is_mounted_anew(resumed: Bench) -> None:
    evaluate = resumed.console.evaluate
    evaluate("FileDirectory default fileNamed: 'then' do: [ :file | file nextPutAll: 'written after the reset' ]")
    volume = Volume(flash_of(resumed.board).contents)
    files = {each.path: volume.read(each.path) for each in volume.rows()}
    assert files == {"before": b"then", "late": b"late", "after": b"now", "then": b"written after the reset"}
    assert check(flash_of(resumed.board).contents).damages == []


def test_the_panel_shows_what_it_showed_and_pictures_are_waited_for(resumed: Bench) -> None:
    before = int(resumed.console.evaluate("Frames"))
    after = int(resumed.console.evaluate("(Delay forMilliseconds: 200) wait. Frames"))
    assert 10 <= after - before <= 14
    picture = panel_of(resumed.board)
    assert picture.shape == (200, 320, 3)
    assert [picture[20, 20].tolist(), picture[5, 5].tolist()] == [RED, WHITE]


def test_keyboard_and_mouse_are_set_up_anew(resumed: Bench) -> None:
    """They were without power: the mouse says nothing until it is told to."""
    board, evaluate = resumed.board, resumed.console.evaluate
    evaluate("(Delay forSeconds: 1) wait. [ Keys events nextOrNil isNil ] whileFalse")
    board.keyboard.press("a")
    board.run(cycles=10 * MILLISECOND)
    board.keyboard.release("a")
    board.run(cycles=10 * MILLISECOND)
    board.mouse.move(5, -3)
    board.run(cycles=20 * MILLISECOND)
    events = "(1 to: 3) inject: '' into: [ :text :each | text , Keys events nextOrNil printString , '. ' ]"
    assert evaluate(events) == "'keyDown $a $a. keyUp $a. pointerMove 325@243. '"
    keys, hand = (cast(Pl050, board.device(each)) for each in ("KMI0", "KMI1"))
    assert (keys.keyboard.rate, hand.mouse.rate) == (0, 200)


def test_streams_go_on_and_say_that_they_missed_something(resumed: Bench) -> None:
    evaluate = resumed.console.evaluate
    ring = cast(MediaWire, resumed.board.device("MEDIAWIRE")).outside
    sink = cast(Sink, ring.named(SINK))
    assert evaluate("{ Wire isLocked. Wire scan size }") == "#(true 3)"
    evaluate("Smalltalk at: #HasLead put: false")  # the reset has taken it
    missed = evaluate("(Delay forMilliseconds: 100) wait. { Missed. Unsent }")
    assert sink.heard > 2_000
    sink.start, sink.heard, sink.wrong = None, 0, []  # what comes from here on is the source's, word for word
    assert evaluate("(Delay forMilliseconds: 100) wait. { Missed. Unsent }") == missed
    assert sink.heard > 4_500
    assert sink.wrong == []
    assert evaluate("Out close. In close. (Wire readStreamOn: #(0)) close. { In atEnd. Missed > 0. Unsent > 0 }") == (
        "#(true true true)"
    )


def test_what_was_moved_by_dma_has_ended(resumed: Bench) -> None:
    evaluate = resumed.console.evaluate
    assert evaluate("{ Fetched isMoving. Failed. DmaController current transfers }") == (
        "#(false 'a reset has ended the transfer' #())"
    )
    assert evaluate(
        """| to |
        to := Bitmap new: 1.
        DmaTransfer new copy: 1 wordsFrom: (Bitmap with: 7) startingAt: 1 to: to startingAt: 1; run. to first"""
    ) == ("7")


def test_what_was_shared_with_native_code_is_told_to_be_gone(resumed: Bench) -> None:
    """An old semaphore gives nobody's number up: others have it by now. Who waited for it can be ended."""
    evaluate = resumed.console.evaluate
    told = "'it was in a snapshot; make another one'"
    for each in ("Native signal", "Native wait", "Native address", "Numbers next", "Numbers nextPut: 1"):
        assert evaluate(f"[ {each} ] on: Error do: [ :error | error messageText ]") == told
    assert evaluate("NativeSemaphore known size") == "0"
    answer = evaluate(
        """| first second slots |
        first := NativeSemaphore new.
        Native release. Numbers release.
        second := NativeQueue new: 4.
        slots := { first. second } collect: [ :each | each instVarNamed: 'slot' ].
        first signal; wait.
        second nextPut: 5.
        Waiter terminate.
        { second next. slots first = slots last. Waiter isTerminated }"""
    )
    assert answer == "#(5 false true)"


def test_large_arrays_are_whole(resumed: Bench) -> None:
    evaluate = resumed.console.evaluate
    assert evaluate("{ Table size. (1 to: 20000) allSatisfy: [ :each | (Table at: each) = each ]. Noise size }") == (
        "#(20000 true 50000)"
    )
    before = int(evaluate("Arrays"))
    assert int(evaluate("(Delay forMilliseconds: 200) wait. Arrays")) > before
    assert evaluate("HeapAudit runPass") == "0"
