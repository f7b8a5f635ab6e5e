"""Views react to hand and keys, are drawn where they are damaged and nowhere else, and cost what of them is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hardtalk.bench import Bench, BenchError
from hardtalk.board.panel import panel_of
from hardtalk.serial import Result
from windows.conftest import DESK, FOLDERS, MILLISECOND, START, Hand

if TYPE_CHECKING:
    from conftest import QemuMachine


def differing(bench: Bench) -> int:
    """How many pixels of the panel are not those of a picture drawn as a whole, the cursor's aside."""
    bench.console.evaluate("world defer: [ world moveCursor: #(). ]. 0")
    bench.board.run(cycles=60 * MILLISECOND)
    seen = panel_of(bench.board).astype(int)
    bench.console.evaluate("world defer: [ world invalidate; redraw ]. 0")
    bench.board.run(cycles=200 * MILLISECOND)
    return int((panel_of(bench.board).astype(int) != seen).any(axis=2).sum())


def test_buttons_fields_and_lists(bench: Bench, hand: Hand) -> None:
    value = bench.console.evaluate
    hand.click(40, 210)
    assert value("label text") == "'pressed'"
    hand.click(120, 207)
    hand.strike("h", "o", "x", "backspace", "t", "enter")
    assert value("{ label text. field text }") == "#('hot' 'hot')"
    hand.click(30, 50)
    assert value("{ numbers content selection. label text }") == "#(3 '3')"
    hand.strike("down", "page-down", "end", "up")
    assert value("{ numbers content selection. numbers content topRow. label text }") == "#(99999 99992 '99999')"
    hand.strike("home")
    hand.drag((104, 30), (104, 70), (104, 200))
    assert value("numbers content topRow") == "99992"
    hand.click(104, 40)
    assert value("numbers content topRow") == "99984"


def test_a_button_acts_only_when_it_is_let_go_on_it(bench: Bench, hand: Hand) -> None:
    hand.go(40, 210)
    hand.press()
    assert bench.console.evaluate("{ button isDown. label text }") == "#(true 'nothing')"
    hand.go(40, 150)
    assert bench.console.evaluate("button isDown") == "false"
    hand.release()
    assert bench.console.evaluate("label text") == "'nothing'"


def test_windows_are_moved_and_come_to_the_front(bench: Bench, hand: Hand) -> None:
    assert bench.console.evaluate("world subviews indexOf: numbers") == "1"
    hand.drag((40, 15), (70, 45), (130, 95), (120, 85))
    assert (
        bench.console.evaluate("{ numbers bounds. world subviews last == numbers }") == "{90@80 corner: 190@180. true}"
    )
    assert differing(bench) == 0
    hand.drag((85, 65), (5, 235))
    assert bench.console.evaluate("letters bounds") == "0@230 corner: 140@330"
    assert differing(bench) == 0
    assert bench.console.evaluate("world failures") == "0"


def test_text_is_typed(bench: Bench, hand: Hand) -> None:
    text = "letters content text"
    hand.click(200, 140)
    hand.strike("end", "x", "enter", "y")
    assert bench.console.evaluate(text) == "'A line that is longer than its window is wide\nnextx\ny'".replace(
        "\n", "\r"
    )
    hand.strike("up", "home", "left", "backspace", "delete", "1", "up", "left", "right", "2")
    assert bench.console.evaluate(text) == "'A line that is lo2nger than its window is wid1nextx\ry'"
    assert differing(bench) == 0


@pytest.mark.parametrize("width", [30, 80])
def test_editing_is_that_of_a_string(bench: Bench, width: int) -> None:
    """Random edits, against one string without lines."""
    source = f"""| view model random place char key ok |
    view := TextView new. view bounds: (0 @ 0 corner: {width} @ 50).
    model := ''. random := Random seed: {width}. ok := 0.
    1 to: 40 do: [ :turn |
        place := random nextInteger: model size + 1.
        view caretPlace: place - 1.
        key := random nextInteger: 10.
        key <= 2 ifTrue: [ view deleteBackwards. place > 1 ifTrue: [
            model := (model copyFrom: 1 to: place - 2) , (model copyFrom: place to: model size) ] ].
        key = 3 ifTrue: [ view deleteForwards. place <= model size ifTrue: [
            model := (model copyFrom: 1 to: place - 1) , (model copyFrom: place + 1 to: model size) ] ].
        key > 3 ifTrue: [
            char := (#('a' 'word and more ' 'W') at: key \\\\ 3 + 1).
            key = 10 ifTrue: [ char := String with: Character cr ].
            view insert: char.
            model := (model copyFrom: 1 to: place - 1) , char , (model copyFrom: place to: model size) ].
        view text = model ifTrue: [ ok := ok + 1 ] ].
    ok"""
    assert bench.console.evaluate(source) == "40"


def test_damage_is_drawn_and_only_there(bench: Bench) -> None:
    """Windows of a world that is stepped, moved at random: the buffer is what a whole new picture would be."""
    source = """| queue form other random wrong views |
    queue := InputQueue new. form := Form extent: 160 @ 120 depth: 8. random := Random seed: 5.
    other := World on: form events: queue. views := OrderedCollection new.
    1 to: 5 do: [ :each |
        views add: (other add: (Window title: each printString content: (ListView items: (1 to: each * 9) action: nil))
            at: ((each * 9 @ (each * 7)) extent: 50 @ 40)) ].
    views add: (other add: (Label text: 'one sees through me') at: (30 @ 30 extent: 90 @ 12)).
    other step. wrong := 0.
    1 to: 8 do: [ :turn | | view fresh |
        view := views at: (random nextInteger: views size).
        (turn \\\\ 3 = 0) ifTrue: [ view beInFront ].
        view moveBy: (random nextInteger: 41) - 21 @ ((random nextInteger: 31) - 16).
        view isWindow ifTrue: [ view content topRow: (random nextInteger: 20) ].
        turn = 4 ifTrue: [ (views removeFirst) removeFromOwner ].
        other redraw.
        fresh := Form extent: 160 @ 120 depth: 8.
        other displayOn: (Canvas on: fresh clip: fresh boundingBox).
        fresh bits = other buffer bits ifFalse: [ wrong := wrong + 1 ] ].
    { wrong. other failures }"""
    assert bench.console.evaluate(source) == "#(0 0)"


def test_damage_is_few_rectangles_that_cover_all(bench: Bench) -> None:
    source = """| list random all areas |
    random := Random seed: 3. list := DamageList new.
    all := (1 to: 300) asArray collect: [ :each |
        (random nextInteger: 600) @ (random nextInteger: 400) extent: (random nextInteger: 30) @ (each \\\\ 20 + 1) ].
    all do: [ :each | list add: each ]. list add: (5 @ 5 corner: 5 @ 9).
    areas := list takeAll.
    { areas size <= 8.
 list isEmpty. all allSatisfy: [ :each | areas anySatisfy: [ :area | area containsRectangle: each ] ] }"""
    assert bench.console.evaluate(source) == "#(true true true)"


def cost(bench: Bench, prepare: str, action: str) -> int:
    """Microseconds that the action and a redraw take in a world that is stepped, at a process's highest priority."""
    source = f"""| other view start |
    other := World on: (Form extent: 160 @ 120 depth: 8) events: InputQueue new.
    {prepare}
    other step. {action}. other redraw.
    start := Timer current microseconds. {action}. other redraw. Timer current microseconds - start"""
    return int(bench.console.evaluate(source))


@pytest.mark.parametrize(
    ("prepare", "action"),
    [
        (
            "view := other add: (ListView items: (1 to: {many}) action: nil) at: (0 @ 0 corner: 160 @ 120).",
            "view topRow: 40 - view topRow",
        ),
        (
            "view := other add: (TextView text: (String new: {many} withAll: $x)) at: (0 @ 0 corner: 160 @ 120).",
            "view caretPlace: 40; insert: 'y'; deleteBackwards",
        ),
        (
            "view := other add: (Label text: (String new: {many} withAll: $x)) at: (0 @ 0 corner: 160 @ 120).",
            "view invalidate",
        ),
        (
            "(1 to: {many} // 10) do: [ :each | other add: View new at: (each \\\\ 100 @ 0 extent: 20 @ 20) ]. "
            "view := other add: View new at: (20 @ 20 corner: 150 @ 110).",
            "view invalidate",
        ),
    ],
    ids=["list", "text", "label", "views"],
)
def test_what_is_not_seen_costs_nothing(bench: Bench, prepare: str, action: str) -> None:
    few, many = (cost(bench, prepare.replace("{many}", str(number)), action) for number in (1_000, 5_000))
    assert many < 1.25 * few + 100


def test_a_view_that_fails_is_told_and_the_others_go_on(bench: Bench, hand: Hand) -> None:
    bench.console.evaluate("button action: [ 1 / 0 ]. 0")
    hand.click(40, 210)
    hand.click(30, 50)
    assert bench.console.evaluate("{ world failures. label text }") == "#(1 '3')"
    bench.console.evaluate("world startStepping: field; startStepping: field. field removeFromOwner. 0")
    hand.strike("a")
    assert bench.console.evaluate("{ world focus == numbers content. world isRunning }") == "#(true true)"


def test_a_world_is_never_above_a_handler(bench: Bench) -> None:
    for priority in ("Processor lowIOPriority", "Processor highIOPriority", "Processor timingPriority"):
        with pytest.raises(BenchError, match="a world runs at a user's priority, at most 50"):
            bench.console.evaluate(f"world startAt: {priority}")
    assert bench.console.evaluate("world isRunning") == "true"
    bench.console.evaluate("world startAt: Processor userBackgroundPriority. world stop. 0")
    assert bench.console.evaluate("world isRunning") == "false"


def test_the_cursor_leaves_no_trace(bench: Bench, hand: Hand) -> None:
    before = panel_of(bench.board)
    for point in ((10, 10), (315, 235), (100, 100), (160, 120)):
        hand.go(*point)
    assert np.array_equal(panel_of(bench.board), before)
    hand.go(300, 20)
    assert not np.array_equal(panel_of(bench.board), before)


def test_the_same_on_qemu(start_qemu: Callable[..., QemuMachine]) -> None:
    machine = start_qemu(list(FOLDERS))
    machine.boot_text()
    for source in (START, DESK):
        assert machine.enter(source)[-1] == Result("0")
    for step in ("mouse_move -60 45", "mouse_move -60 45", "mouse_button 1"):
        machine.monitor(step)
        machine.enter("(Delay forMilliseconds: 100) wait")
    assert machine.enter("{ world position. button isDown }")[-1] == Result("{40@210. true}")
    machine.monitor("mouse_button 0")
    machine.enter("(Delay forMilliseconds: 100) wait")
    assert machine.enter("label text")[-1] == Result("'pressed'")
