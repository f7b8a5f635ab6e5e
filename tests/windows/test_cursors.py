"""Cursors: what they look like, where they point, and who is seen when."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from hardtalk.bench import Bench
from hardtalk.board.panel import panel_of
from windows.conftest import MILLISECOND, Hand

SIZE = 16


def seen(bench: Bench, hand: Hand, x: int, y: int) -> npt.NDArray[np.uint8]:
    """The panel when the pointer has come to that place."""
    hand.go(x, y)
    bench.board.run(cycles=150 * MILLISECOND)
    return panel_of(bench.board)


def kinds(picture: npt.NDArray[np.uint8], left: int, top: int) -> list[str]:
    """o white, # black, a blank for what is seen through."""
    part = picture[top : top + SIZE, left : left + SIZE].astype(int)
    return [
        "".join("o" if pixel.min() > 200 else "#" if pixel.max() < 60 else " " for pixel in row).rstrip()
        for row in part
    ]


@pytest.fixture
def plain(bench: Bench) -> Bench:
    """Nothing but the world, in red."""
    bench.console.evaluate("world defer: [ world subviews copy do: [ :each | each removeFromOwner ] ]. 0")
    bench.console.evaluate("world defer: [ world color: Color red ]. 0")
    bench.board.run(cycles=200 * MILLISECOND)
    return bench


def test_the_normal_one_points_with_its_corner(plain: Bench, hand: Hand) -> None:
    rows = kinds(seen(plain, hand, 200, 100), 200, 100)
    assert rows[:6] == ["o", "oo", "o#o", "o##o", "o###o", "o####o"]
    assert rows[9] == "o########o" and rows[13:] == ["o    o#o", "      oo", ""]


def test_one_of_ones_own_is_black_with_a_white_edge_and_has_its_place(plain: Bench, hand: Hand) -> None:
    plain.console.evaluate(
        "(Cursor extent: 16 @ 16 fromArray: #(0 0 2r0001000000000000 0 0 0 0 0 0 0 0 0 0 0 0 0) offset: -3 @ -2) show"
    )
    rows = kinds(seen(plain, hand, 200, 100), 197, 98)
    assert rows[:5] == ["", "  ooo", "  o#o", "  ooo", ""] and not any(rows[5:])
    plain.console.evaluate("Cursor normal show")
    assert kinds(seen(plain, hand, 200, 100), 200, 100)[0] == "o"


@pytest.mark.parametrize("name", ["wait", "crossHair", "write", "move"])
def test_named_ones_have_black_within_white(plain: Bench, hand: Hand, name: str) -> None:
    plain.console.evaluate(f"Cursor {name} show")
    x, y = (int(each) for each in plain.console.evaluate(f"Cursor {name} offset").split("@"))
    rows = kinds(seen(plain, hand, 200, 100), 200 + x, 100 + y)
    assert any("o#" in row for row in rows) and any("#o" in row for row in rows)
    assert plain.console.evaluate(f"Cursor {name} == Cursor {name}") == "true"


def test_it_is_seen_while_the_world_is_busy(plain: Bench, hand: Hand) -> None:
    hand.go(200, 100)
    plain.console.evaluate("Gate := Semaphore new. world defer: [ Cursor wait showWhile: [ Gate wait ] ]. 0")
    plain.board.run(cycles=150 * MILLISECOND)
    assert kinds(panel_of(plain.board), 193, 93)[0].startswith("o####")  # the hourglass, whose middle is at 200 @ 100
    assert plain.console.evaluate("Cursor currentCursor == Cursor wait") == "true"
    plain.console.evaluate("Gate signal")
    plain.board.run(cycles=150 * MILLISECOND)
    assert kinds(panel_of(plain.board), 200, 100)[:3] == ["o", "oo", "o#o"]


def test_the_one_before_comes_back_however_the_block_ends(plain: Bench) -> None:
    evaluate = plain.console.evaluate
    assert (
        evaluate("[ Cursor wait showWhile: [ 3 zork ] ] on: Error do: [ :error | Cursor currentCursor == Cursor wait ]")
        == "true"
    )
    assert evaluate("Cursor currentCursor == Cursor normal") == "true"
    assert evaluate("Cursor crossHair showWhile: [ 6 * 7 ]") == "42"


def test_only_cursors_are_shown(plain: Bench) -> None:
    entry = "[ Cursor currentCursor: 3 ] on: Error do: [ :error | error messageText ]"
    assert plain.console.evaluate(entry) == "'a Cursor is shown, not 3'"
