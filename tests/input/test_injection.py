"""The drivers' handlers interrupted at every instruction of short windows; `hardtalk inject --drivers` takes all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hardtalk.injection.drivers import DRIVER_WINDOWS
from hardtalk.injection.forms import HANDLERS, SIGNALLING, SMALLTALK, FormSweep, Window
from hardtalk.injection.shared_forms import FormsRecipe, interrupt_window, prepared_by

POINTS = 50
PARTS = 6
"""Of a window, at whose beginnings so many points are interrupted."""


@pytest.mark.parametrize("window", DRIVER_WINDOWS, ids=lambda window: window.name)
def test_what_comes_is_what_it_was(window: Window) -> None:
    recipe = FormsRecipe(window, "arm926")
    length = prepared_by(recipe).instructions
    assert length > 5_000
    for part in range(PARTS):
        for handler in HANDLERS:
            found = interrupt_window(recipe, handler, part * length // PARTS, POINTS)
            assert found.violation == ""
            assert found.points == POINTS == found.along + found.interrupted.total()


@pytest.mark.parametrize("window", DRIVER_WINDOWS, ids=lambda window: window.name)
@pytest.mark.parametrize("handler", [SMALLTALK, SIGNALLING])
def test_what_is_another_is_found(window: Window, handler: str) -> None:
    prepared = prepared_by(FormsRecipe(window, "arm926"))
    assert next(iter(prepared.place.delivered.values())) == 1
    for word, change in prepared.place.delivered.items():
        place = replace(prepared.place, delivered={**prepared.place.delivered, word: change + 1})
        found = FormSweep(prepared.board, place, window, handler, prepared.start).run(0, 1)
        assert f"went up by {change:,} instead of {change + 1}" in found.violation
