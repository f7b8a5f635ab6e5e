"""Native and Smalltalk processes on one scale, against a model: each random trial runs in exactly the model's order."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench

from .trials import described, expected, expression, log_of, random_trial


@pytest.mark.parametrize("first", range(0, 120, 12))
def test_order_is_the_models(native_bench: Bench, first: int) -> None:
    for seed in range(first, first + 12):
        answer = native_bench.console.evaluate(expression(random_trial(seed)), 400_000_000)
        assert described(log_of(answer)) == described(expected(seed)), f"seed {seed}: {expression(random_trial(seed))}"
