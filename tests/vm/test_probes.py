"""The virtual machine on the board: every probe program writes what its comment says, disturbed or not."""

from __future__ import annotations

import pytest
from tests.vm.probe_board import disturbed, expectations, undisturbed


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return undisturbed()[0]


@pytest.mark.parametrize("program", sorted(expectations()))
def test_program_writes_what_its_comment_says(program: str, written: dict[str, str]) -> None:
    assert written.get(program) == expectations()[program]


def test_the_machine_stops_in_the_end(written: dict[str, str]) -> None:
    assert written[""] == "halted"


@pytest.mark.parametrize("seed", [1, 2])
def test_interruption_at_any_bytecode_changes_nothing(seed: int) -> None:
    """A send that looks at 32 places of a class's dictionary takes some 400 cycles, and begins again when it is
    disturbed before: without longer pauses it would never end."""
    written, count = disturbed(seed, longest_cycles=480, limit_cycles=38_000_000)
    assert count > 5_000
    expected = {program: text for program, text in expectations().items() if program in written}
    assert "runTerminate" in expected
    assert written == expected
