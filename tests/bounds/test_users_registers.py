"""The proof knows the registers of a user's device, whether --svd names their description or --device the device."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from hardtalk.bounds.handlers import words_of
from hardtalk.chip import Chip
from hardtalk.cli.main import run

FOLDER = Path(__file__).parents[2] / "examples" / "thermometer"
DRIVER = ["--driver", str(FOLDER)]
DEVICE = ["--device", str(FOLDER / "thermometer.py")]
SVD = ["--svd", str(FOLDER / "thermometer.svd")]


class Reached(Exception):
    """The proof was asked for."""


def chip_of_proof(monkeypatch: pytest.MonkeyPatch, place: str, arguments: list[str]) -> Chip:
    """The chip that the command hands to `place`, where it asks for the proof."""
    chips: list[Chip] = []

    def proof(*given: object) -> NoReturn:
        chips.extend(each for each in given if isinstance(each, Chip))
        raise Reached

    monkeypatch.setattr(place, proof)
    with pytest.raises(Reached):
        run(arguments)
    (chip,) = chips
    return chip


def greatest_words(chip: Chip) -> list[int | None]:
    """Of the thermometer's registers that have fields, which are a bit each."""
    return [each.high for name, each in words_of(chip).items() if name.startswith("THERMO")]


@pytest.mark.parametrize("parts", [DEVICE, SVD, SVD + DEVICE], ids=["device", "svd", "both"])
def test_bound_knows_them(monkeypatch: pytest.MonkeyPatch, parts: list[str]) -> None:
    chip = chip_of_proof(monkeypatch, "hardtalk.cli.bound.Proof", ["bound", *DRIVER, *parts])
    assert greatest_words(chip) == [1, 1]


def test_latency_knows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["latency", *DRIVER, *DEVICE, "--line", "THERMO", "--load", "idle", "--count", "2", "--workers", "1"]
    chip = chip_of_proof(monkeypatch, "hardtalk.cli.latency.proven", arguments)
    assert greatest_words(chip) == [1, 1]
