"""A user's device file: what is found in it, and the one message each kind of mistake gives."""

import sys
from pathlib import Path

import pytest

from hardtalk.bench import UnfitRequest
from hardtalk.bench.device_files import device_classes, svd_file
from hardtalk.cli.main import run

GOOD = """
from hardtalk.devices import Device, Sp804

class Lamp(Device):
    svd = "lamp.svd"
"""

FAILING = """from hardtalk.devices import Device, milliseconds

class Lamp(Device):
    svd = "lamp.svd"
    def reset(self):
        self.clock.every(milliseconds(1), self.burn)
    def burn(self):
        raise RuntimeError("no oil")
"""
SVD = """<device>
  <name>Lamp</name>
  <peripherals>
    <peripheral>
      <name>LAMP</name>
      <baseAddress>0x80001000</baseAddress>
      <addressBlock><offset>0x0</offset><size>0x1000</size><usage>registers</usage></addressBlock>
      <registers>
        <register><name>OIL</name><addressOffset>0x0</addressOffset></register>
      </registers>
    </peripheral>
  </peripherals>
</device>
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "lamp.py"
    path.write_text(text, encoding="utf-8")
    return path


def message(path: Path) -> str:
    with pytest.raises(UnfitRequest) as caught:
        for each in device_classes(path):
            svd_file(path, each)
    return str(caught.value)


def test_only_the_file_s_own_classes_are_found(tmp_path: Path) -> None:
    assert [each.__name__ for each in device_classes(written(tmp_path, GOOD))] == ["Lamp"]


def test_svd_lies_beside_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    (tmp_path / "lamp.svd").write_text("", encoding="utf-8")
    assert [svd_file(path, each) for each in device_classes(path)] == [tmp_path / "lamp.svd"]


def test_svd_that_is_not_there(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert message(path) == (f"{path}: Lamp names lamp.svd, which is not there\nPut it at {tmp_path / 'lamp.svd'}.")


def test_class_without_svd(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace('svd = "lamp.svd"', "pass"))
    assert message(path) == f'{path}: Lamp names no SVD file\nGive the class svd = "lamp.svd".'


def test_no_such_file(tmp_path: Path) -> None:
    path = tmp_path / "none.py"
    assert message(path) == f"{path}: there is no such device file\nGive --device a Python file with a Device subclass."


def test_no_device_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "x = 1\n")
    assert message(path).startswith(f"{path}: defines no device\n")


def test_syntax_error_is_placed(tmp_path: Path) -> None:
    path = written(tmp_path, "x = 1\ndef f(:\n    pass\n")
    assert message(path) == f"{path}:2: SyntaxError: invalid syntax\n    def f(:"


def test_file_that_raises_is_placed_in_that_file(tmp_path: Path) -> None:
    path = written(tmp_path, "import json\n\ndef start():\n    json.loads('{')\n\nstart()\n")
    assert message(path) == (
        f"{path}:4: JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)\n"
        "    json.loads('{')"
    )


def test_a_file_imports_its_neighbours(tmp_path: Path) -> None:
    """Each folder's own, also when another folder has one of the same name."""
    for number, folder in enumerate((tmp_path / "one", tmp_path / "two")):
        (folder / "parts").mkdir(parents=True)
        (folder / "oil.py").write_text(f"from parts.burner import KIND\nNUMBER = {number}\n", encoding="utf-8")
        (folder / "parts" / "burner.py").write_text(f"KIND = 'burner {number}'\n", encoding="utf-8")
        text = "import oil\n" + GOOD + "    number, kind = oil.NUMBER, oil.KIND\n"
        (found,) = device_classes(written(folder, text))
        assert (found.number, found.kind) == (number, f"burner {number}")
        assert found.svd_path() == folder / "lamp.svd"
    assert "oil" not in sys.modules and "parts.burner" not in sys.modules
    assert not [each for each in sys.path if each.startswith(str(tmp_path))]


def test_what_fails_in_a_neighbour_is_placed_there(tmp_path: Path) -> None:
    path = written(tmp_path, "import oil\n" + GOOD)
    neighbour = tmp_path / "oil.py"
    neighbour.write_text("price = 1\nprice / 0\n", encoding="utf-8")
    assert message(path) == f"{neighbour}:2: ZeroDivisionError: division by zero\n    price / 0"
    neighbour.write_text("price = (\n", encoding="utf-8")
    assert message(path).startswith(f"{neighbour}:1: SyntaxError: '(' was never closed\n")


def test_devices_of_several_files_with_one_name(tmp_path: Path) -> None:
    """Each knows its own file, for messages and for what lies beside it."""
    paths = [tmp_path / "one", tmp_path / "two"]
    for folder in paths:
        folder.mkdir()
        written(folder, GOOD)
    found = [each for folder in paths for each in device_classes(folder / "lamp.py")]
    assert [each.svd_path() for each in found] == [folder / "lamp.svd" for folder in paths]


def test_device_that_raises_on_the_board_is_told_once_and_the_board_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, FAILING)
    (tmp_path / "lamp.svd").write_text(SVD, encoding="utf-8")
    script = tmp_path / "script.st"
    script.write_text("(Delay forMilliseconds: 5) wait!\n6 * 7!\n", encoding="utf-8")
    assert run(["repl", "--device", str(path), "--script", str(script)]) == 0
    shown = capsys.readouterr().out
    assert shown.count(f"{path}:8: Lamp failed in an alarm: RuntimeError: no oil\n    raise RuntimeError") == 1
    assert "42\n" in shown
