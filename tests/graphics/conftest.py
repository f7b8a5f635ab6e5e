"""Lets the tests of this folder import the bare ARM of tests/primitives; one machine for all of them."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1]))

from .blit_machine import BlitMachine


@pytest.fixture(scope="session")
def machine() -> BlitMachine:
    return BlitMachine()
