"""The command line as a user meets it: help without heavy imports, one message and an exit code for mistakes."""

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hardtalk.chip import BOARD_VARIABLE
from hardtalk.cli.commands import all_commands
from hardtalk.cli.main import run

COMMANDS = tuple(all_commands())
SUBCOMMANDS = (
    "latency sweep", "latency masked", "memory compare", "memory image", "memory plan", "flash list", "flash check",
    "flash cuts",
)  # fmt: skip


def hardtalk(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from hardtalk.cli.main import main; sys.argv[0] = 'hardtalk'; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def test_help_names_every_command() -> None:
    shown = hardtalk("--help")
    assert shown.returncode == 0
    words = " ".join(shown.stdout.replace("│", " ").split())
    assert not [name for name, command in all_commands().items() if f"{name} {command.summary}" not in words]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_the_docstring_says(command: str) -> None:
    place, summary = all_commands()[command]
    module, _, name = place.partition(":")
    found = getattr(importlib.import_module(f"hardtalk.cli.{module}"), name)
    docstring = inspect.getdoc(found) if inspect.isfunction(found) else found.help
    assert " ".join(str(docstring).split()) == summary


@pytest.mark.parametrize("arguments", [["--board", "FILE", "explain", "0"], ["explain", "--board", "FILE", "0"]])
def test_every_command_takes_a_board_file(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(BOARD_VARIABLE, "")
    board = tmp_path / "board.toml"
    board.write_text("[clocks]\ncpu = 0\n")
    assert run([str(board) if each == "FILE" else each for each in arguments]) == 2
    assert capsys.readouterr().err == (
        f"hardtalk: {board}: clocks.cpu is not a positive integer\nremedy: give it in hertz\n"
    )


def test_help_imports_no_command() -> None:
    """So that it is there at once."""
    show = "print(sorted(sys.modules), file=sys.stderr)"
    program = f"import sys; from hardtalk.cli.main import run; run(['--help']); {show}"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert "'hardtalk.cli.main'" in shown.stderr
    heavy = ("hardtalk.board", "hardtalk.bench", "hardtalk.build", "numpy")
    assert not [name for name in heavy if f"'{name}'" in shown.stderr]


@pytest.mark.parametrize("command", (*COMMANDS, *SUBCOMMANDS))
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command.split(), "--help"]) == 0
    assert f"hardtalk {command}" in capsys.readouterr().out


def test_an_argument_with_a_byte_0_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "0x10000", "--elf", "a\0b"]) == 2
    assert capsys.readouterr().err == "hardtalk: an argument has a byte 0 in it; write it without\n"


def test_an_argument_of_brackets_is_one_message(capsys: pytest.CaptureFixture[str]) -> None:
    """cyclopts reads lists in brackets by recursion, without a limit."""
    assert run(["uart", "--load", "sends", "--baud", "[" * 5_000]) == 2
    message = f"hardtalk: an argument has more than 20 brackets, {'[' * 20}…; write a list as [1, 2]\n"
    assert capsys.readouterr().err == message


def test_unknown_command_is_one_message() -> None:
    shown = hardtalk("fly")
    assert shown.returncode != 0
    assert "fly" in shown.stdout + shown.stderr
    assert "Traceback" not in shown.stderr


def test_file_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    missing = tmp_path / "none.elf"
    shown = hardtalk("explain", "0x10000", "--elf", str(missing))
    assert (shown.returncode, shown.stderr) == (2, f"hardtalk: {missing}: No such file or directory\n")


def test_file_that_is_no_firmware_is_one_message(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.elf"
    wrong.write_bytes(b"not an ELF file at all")
    shown = hardtalk("explain", "0x10000", "--elf", str(wrong))
    assert shown.returncode == 2
    assert shown.stderr.startswith(f"hardtalk: {wrong}: not an ELF file")
    assert "Traceback" not in shown.stderr


def test_the_version_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert re.fullmatch(r"hardtalk \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_a_shell_can_complete_commands_and_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(["--install-completion", "--shell", "bash"]) == 0
    [script] = [each for each in tmp_path.rglob("*") if each.is_file()]
    text = script.read_text()
    for word in ("latency", "threadmetric", "--coverage", "--deadline"):
        assert word in text


def test_an_interrupt_while_a_class_is_made_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_arguments: object) -> None:
        class Field:
            def __set_name__(self, owner: type, name: str) -> None:
                raise KeyboardInterrupt

        type("Node", (), {"field": Field()})

    monkeypatch.setattr("hardtalk.cli.main.launcher", interrupted)
    assert run(["bench"]) == 130
