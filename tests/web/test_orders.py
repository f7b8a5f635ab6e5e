"""What a page sends is an order, or is refused with a reason."""

from __future__ import annotations

import json

import pytest

from hardtalk.web.orders import LONGEST_ENTRY, Enter, Garbage, Key, Point, Run, Shown, Step, order_of

GARBAGE = [
    ("", "the message is no JSON"),
    ("[" * 100_000, "the message is no JSON"),
    ("[]", "the message is no JSON object"),
    ("{}", "kind is none of enter, "),
    ('{"kind": ["enter"]}', "kind is none of enter, "),
    ('{"kind": "reboot"}', "kind is none of enter, "),
    ('{"kind": "enter"}', "text is no text of at most 65,536 characters"),
    (json.dumps({"kind": "enter", "text": "x" * (LONGEST_ENTRY + 1)}), "text is no text of at most 65,536 characters"),
    ('{"kind": "run", "paced": 1}', "paced is neither true nor false"),
    ('{"kind": "step", "unit": "year"}', "unit is none of instruction, millisecond, frame"),
    ('{"kind": "step", "unit": {}}', "unit is none of instruction, millisecond, frame"),
    ('{"kind": "point", "x": 5, "y": 4096, "buttons": 0}', "y is no whole number from 0 to 4,095"),
    ('{"kind": "point", "x": 5, "y": 5, "buttons": 8}', "buttons is no whole number from 0 to 7"),
    ('{"kind": "key", "code": "MetaLeft", "down": true}', "code is no key that the board's keyboard has"),
    ('{"kind": "key", "code": "KeyA", "down": "yes"}', "down is neither true nor false"),
    ('{"kind": "shown", "number": -1}', "number is no whole number from 0 to 4,294,967,295"),
    ('{"kind": "shown", "number": true}', "number is no whole number from 0 to 4,294,967,295"),
    ('{"kind": "shown", "number": 1e300}', "number is no whole number from 0 to 4,294,967,295"),
]


@pytest.mark.parametrize(("message", "why"), GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_refused_with_its_reason(message: str, why: str) -> None:
    with pytest.raises(Garbage) as refused:
        order_of(message)
    assert str(refused.value).startswith(why)


def test_orders_are_what_they_say() -> None:
    assert order_of('{"kind": "enter", "text": "3 + 4"}') == Enter("3 + 4")
    assert order_of('{"kind": "run", "paced": false}') == Run(False)
    assert order_of('{"kind": "step", "unit": "frame"}') == Step("frame")
    assert order_of('{"kind": "point", "x": 5, "y": 6, "buttons": 1}') == Point(5, 6, 1)
    assert order_of('{"kind": "key", "code": "ArrowUp", "down": false}') == Key("up", False)
    assert order_of('{"kind": "shown", "number": 7, "more": []}') == Shown(7)
