"""One small memory for all tests here, put back to its first state before each test."""

from __future__ import annotations

import pytest

from .small_memory import SmallMemory


@pytest.fixture(scope="session")
def shared_memory() -> SmallMemory:
    return SmallMemory()


@pytest.fixture
def memory(shared_memory: SmallMemory) -> SmallMemory:
    shared_memory.reset()
    return shared_memory
