"""What commands print loses nothing, however narrow the terminal is."""

from __future__ import annotations

import pytest
from rich.table import Table

from hardtalk.cli import output


def test_no_table_is_cut_off(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither where it is written to a file nor on a narrow terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    table = Table(box=None, pad_edge=False)
    cells = [f"a figure, {number:,}" for number in range(1000, 1014)]
    for _ in cells:
        table.add_column("head", no_wrap=True)
    table.add_row(*cells)
    console = output.console()
    console.print(table, soft_wrap=True)
    shown = capsys.readouterr().out
    assert all(each in shown for each in cells) and "…" not in shown
    assert console.width == output.NARROWEST_COLUMNS
