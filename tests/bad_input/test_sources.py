"""Sources that are wrong: one message with place, source line, caret and remedy, through the command a user types."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hardtalk.build import sources
from hardtalk.cli.main import run
from hardtalk.slang import compile as compile_module

HEAD = "Class {\n\t#name : #Lamp,\n\t#superclass : #Object,\n\t#category : #Tests\n}\n\n{ #category : #light }\n"

DRIVERS = {
    "syntax error": (
        "Lamp >> light [\n\t^ (3 +\n]\n",
        "Lamp.class.st:9:8: Expected an expression, but the text ends.\n\t^ (3 +\n\t      ^\n"
        "Write a variable, a literal, a block or a parenthesis here.\n",
    ),
    "undeclared variable": (
        "Lamp >> light [\n\t^ brightness\n]\n",
        "Lamp.class.st:9:4: `brightness` is not declared.\n\t^ brightness\n\t  ^\n",
    ),
    "unknown class": (
        "Lamp >> light [\n\t^ OrderedColection new\n]\n",
        "Lamp.class.st:9:4: `OrderedColection` is not declared.\n\t^ OrderedColection new\n\t  ^\n"
        "Did you mean OrderedCollection",
    ),
    "wrong primitive": (
        "Lamp >> light [\n\t<primitive: 60>\n\t^ 0\n]\n",
        "Lamp.class.st:9:2: Primitive 60 (Object>>at:) takes 1 argument, this method has 0.\n\t<primitive: 60>\n\t^\n"
        "Name a primitive of docs/primitives.md in a method with its number of arguments.\n",
    ),
    "no such primitive": (
        "Lamp >> light [\n\t<primitive: 19>\n\t^ 0\n]\n",
        "Lamp.class.st:9:2: There is no primitive 19.\n\t<primitive: 19>\n\t^\n",
    ),
}


@pytest.mark.parametrize(("methods", "message"), DRIVERS.values(), ids=DRIVERS.keys())
def test_a_driver(methods: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Lamp.class.st").write_text(HEAD + methods, encoding="utf-8")
    assert run(["build", "--driver", str(tmp_path), "--out", str(tmp_path / "firmware.elf")]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"hardtalk: {tmp_path}/{message}")
    assert not (tmp_path / "firmware.elf").exists()


SLANG = {
    "syntax error": (
        "Arithmetic >> wrong: x [\n\t^ (x +\n]\n",
        "2:8: Expected an expression, but the text ends.\n\t^ (x +\n\t      ^\n"
        "Write a variable, a literal, a block or a parenthesis here.\n",
    ),
    "unknown selector": (
        "Arithmetic >> wrong: m arguments: c [\n\t<threaded>\n\tself pushed: m.\n\t^ self nextBytecode\n]\n",
        "3:7: unknown selector pushed:\n\tself pushed: m.\n\t     ^\ndid you mean push:?\n",
    ),
    "type error": (
        "Arithmetic >> wrong: m arguments: c [\n\t<threaded>\n\t<var: #f type: #float64>\n\t| f |\n\tf := m.\n"
        "\t^ self nextBytecode\n]\n",
        "5:2: f is #float64, the value is #int32\n\tf := m.\n\t^\n"
        "convert with floatFromInteger: or integerFromFloat:, or declare another type\n",
    ),
    "recursive call": (
        "Arithmetic >> wrong: x [\n\t^ self wronger: x - 1\n]\n\nArithmetic >> wronger: x [\n\t^ self wrong: x\n]\n",
        "1:15: recursive call wrong: -> wronger: -> wrong:\nArithmetic >> wrong: x\n              ^\n"
        "a routine's stack must be bounded: use a loop, or state the greatest depth with <recursive: n>\n",
    ),
    "unbounded loop": (
        "Arithmetic >> wrong: m arguments: c [\n\t<threaded>\n\t[ c > 0 ] whileTrue: [ self wordAt: c put: m ].\n"
        "\t^ self nextBytecode\n]\n",
        "3:2: this loop has no stated bound\n\t[ c > 0 ] whileTrue: [ self wordAt: c put: m ].\n\t^\n"
        "begin its body with <bound: n>, the greatest number of iterations, or test isInterruptPending in it\n",
    ),
}


@pytest.fixture
def slang_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the virtual machine's sources that builds use."""
    folder = tmp_path / "vm"
    folder.mkdir()
    for path in sources.slang_paths():
        shutil.copy(path, folder)
    monkeypatch.setattr(sources, "slang_paths", lambda options=None: sources.paths_in(folder, ".class.st"))
    return folder


@pytest.mark.parametrize(("methods", "message"), SLANG.values(), ids=SLANG.keys())
def test_slang(methods: str, message: str, slang_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = slang_folder / "Arithmetic.class.st"
    text = path.read_text(encoding="utf-8") + "\n"
    path.write_text(text + methods, encoding="utf-8")
    line, _, rest = message.partition(":")
    assert run(["build", "--out", str(slang_folder / "firmware.elf")]) == 2
    assert capsys.readouterr().err == f"hardtalk: {path}:{text.count(chr(10)) + int(line)}:{rest}"


def test_a_bytecode_with_two_routines(slang_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names both methods and has the place of the one that comes later."""
    with (slang_folder / "Arithmetic.class.st").open("a", encoding="utf-8") as file:
        file.write("\nArithmetic >> wrong [\n\t<bytecode: #pop>\n\t^ self nextBytecode\n]\n")
    assert run(["build", "--out", str(slang_folder / "firmware.elf")]) == 2
    path = slang_folder / "Bytecodes.class.st"
    lines = path.read_text(encoding="utf-8").splitlines()
    (line,) = (n for n, each in enumerate(lines, 1) if each.startswith("Bytecodes >> bytecodePop ["))
    text = capsys.readouterr().err
    assert text.startswith(
        f"hardtalk: {path}:{line}:14: bytecode 135 has two routines: Arithmetic>>wrong and Bytecodes>>bytecodePop\n"
    )
    assert text.endswith("\ngive one another number\n")


def test_a_variable_of_two_classes(slang_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("Yak", "Zebra"):
        (slang_folder / f"{name}.class.st").write_text(
            f"Class {{ #name : #{name}, #superclass : #Object, #instVars : [ 'stripes' ], #category : #Test }}\n",
            encoding="utf-8",
        )
    assert run(["build", "--out", str(slang_folder / "firmware.elf")]) == 2
    assert capsys.readouterr().err == (
        f"hardtalk: {slang_folder / 'Zebra.class.st'}:1: Zebra declares the variable stripes, "
        "which another class of the program has; rename one\n"
    )


def test_a_defect_of_the_compiler_is_no_message_for_users(
    slang_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A `ValueError` out of the compiler comes out as it is, with its traceback."""

    def broken(*arguments: object) -> None:
        raise ValueError("no such register")

    monkeypatch.setattr(compile_module, "lower_method", broken)
    with (slang_folder / "Arithmetic.class.st").open("a", encoding="utf-8") as file:
        file.write("\n")  # so that no cache has it
    with pytest.raises(ValueError, match="no such register"):
        run(["build", "--out", str(slang_folder / "firmware.elf")])
