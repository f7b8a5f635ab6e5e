"""Operands out of range: a right value or an error, no broken object; a sort block that fails changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hardtalk.bench import Bench

VALUES = {
    "(Fraction numerator: 2 denominator: 4) = (1/2)": "true",
    "Fraction numerator: 1 denominator: -2": "(-1/2)",
    "[ Fraction numerator: 1 denominator: 0 ] on: ZeroDivide do: [ :e | #refused ]": "#refused",
    "1.0 timesTwoPower: -100000000000000": "0.0",
    "-1.5 timesTwoPower: -100000000000000": "-0.0",
    "1.0 timesTwoPower: -1074": "5.0e-324",
    "| s | s := #(1 2 3) asSortedCollection. [ s add: nil ] on: Error do: [ :e | ]. s asArray": "#(1 2 3)",
    "| s | s := #(1 2 3) asSortedCollection. [ s addAll: #(0 nil) ] on: Error do: [ :e | ]. s asArray": "#(1 2 3)",
    "| s | s := #(3 1 2) asSortedCollection. s addAll: s; add: 2; add: 0. s asArray": "#(0 1 1 2 2 2 3 3)",
    "[ #(1 2 3) copyReplaceFrom: 3 to: 9 with: #() ] on: SubscriptOutOfBounds do: [ :e | #refused ]": "#refused",
    "[ #(1 2 3) copyReplaceFrom: 0 to: 1 with: #() ] on: SubscriptOutOfBounds do: [ :e | #refused ]": "#refused",
    "[ #(1 2 3) copyReplaceFrom: 3 to: 1 with: #() ] on: SubscriptOutOfBounds do: [ :e | #refused ]": "#refused",
    "#(1 2 3) copyReplaceFrom: 4 to: 3 with: #(4)": "#(1 2 3 4)",
    "[ (ReadStream on: 'abc') position: 1.5 ] on: Error do: [ :e | #refused ]": "#refused",
}


@pytest.mark.parametrize("expression", VALUES)
def test_value(bench: Bench, expression: str) -> None:
    assert bench.console.evaluate(expression) == VALUES[expression]
