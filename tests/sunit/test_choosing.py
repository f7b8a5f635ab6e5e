"""Expressions of -k: which names they choose, and what is told of those that are none."""

from __future__ import annotations

import pytest

from hardtalk.bench import UnfitRequest
from hardtalk.sunit.choosing import MOST_WORDS, choice, chosen
from hardtalk.sunit.classes import SUnitClass

CLASSES = [SUnitClass("LampTest", ("testOn", "testOff"), "l"), SUnitClass("ClockTest", ("testTick", "testOnce"), "c")]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("on", "LampTest>>testOn ClockTest>>testOnce"),
        ("LAMP", "LampTest>>testOn LampTest>>testOff"),
        ("Lamp and not off", "LampTest>>testOn"),
        ("off or clock and once", "LampTest>>testOff ClockTest>>testOnce"),
        ("(off or clock) and (once)", "ClockTest>>testOnce"),
        ("not(lamp)and not not tick", "ClockTest>>testTick"),
        ("LampTest>>testOn", "LampTest>>testOn"),
    ],
)
def test_what_is_chosen(expression: str, names: str) -> None:
    found = [f"{each.name}>>{selector}" for each in chosen(CLASSES, expression) for selector in each.selectors]
    assert found == names.split()


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("", "a word is missing at the end"),
        ("on and", "a word is missing at the end"),
        ("or on", "a word is missing before `or`"),
        ("on off", "`off` is one too many"),
        ("(on", "`)` is missing"),
        ("on)", "`)` is one too many"),
    ],
)
def test_what_is_no_expression(expression: str, what: str) -> None:
    with pytest.raises(UnfitRequest) as caught:
        choice(expression)
    remedy = "Join words of the tests' names with and, or, not and parentheses."
    assert str(caught.value) == f"-k {expression!r}: {what}\n{remedy}"


def test_deep_expressions_are_refused() -> None:
    assert choice("(" * 49 + "on" + ")" * 49)("lamptest>>teston")
    with pytest.raises(UnfitRequest, match=f"more than {MOST_WORDS}"):
        choice("not " * MOST_WORDS + "on")


def test_none_chosen() -> None:
    with pytest.raises(UnfitRequest, match="chooses none of 4 tests"):
        chosen(CLASSES, "motor")
