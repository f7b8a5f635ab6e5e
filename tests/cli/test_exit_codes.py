"""The command line alone knows exit codes: 1 when what was asked for failed, 2 for what nobody could have done."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from hardtalk.bench import BenchError, BoardEnded, UnfitRequest
from hardtalk.board import BoardError
from hardtalk.cli.errors import UserError, exit_code, message
from hardtalk.cli.main import run
from hardtalk.report.errors import ReportedError
from hardtalk.symbols.errors import SymbolError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BenchError("it failed"), 1),
        (BoardEnded("it halted"), 1),
        (UnfitRequest("there is none"), 2),
        (SymbolError("no such symbol"), 2),
        (UserError("--count 0"), 2),
        (BoardError("no such model", "Choose one."), 2),
        (FileNotFoundError(2, "No such file", "a.elf"), 2),
        (OSError("without a file"), None),
        (ValueError("a defect"), None),
    ],
)
def test_each_kind_of_error(error: Exception, code: int | None) -> None:
    assert exit_code(error) == code


def test_a_message_has_its_remedy_and_its_file() -> None:
    assert message(UnfitRequest("--load x: there is no such load", "Choose one.")).endswith("load\nChoose one.")
    assert message(FileNotFoundError(2, "No such file", "a.elf")) == "a.elf: No such file"


@pytest.mark.parametrize("kind", [BenchError, BoardEnded, UnfitRequest, SymbolError])
def test_an_error_comes_back_from_another_process(kind: type[ReportedError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what", "remedy")))
    assert (type(error), str(error)) == (kind, "what\nremedy")


@pytest.mark.parametrize("words", [["bench", "--json"], ["latency", "--csv"], ["trace", "--vcd"], ["memory", "--plot"]])
def test_what_cannot_be_written_is_told_before_anything_is_measured(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, str(tmp_path / "none" / "file.txt")]) == 2
    assert f"{tmp_path}/none/file.txt: there is no folder {tmp_path}/none\nMake it, or give" in capsys.readouterr().err
    assert run([*words, str(tmp_path)]) == 2
    assert f"{tmp_path}: this is a folder\nGive a file in it." in capsys.readouterr().err
