"""Lists in the pages have all that there is: pages, commands, folders, files, classes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.followed import ROOT

from hardtalk.bounds.budget import BUDGETS, RESPONSE
from hardtalk.bounds.proof import HITTING
from hardtalk.build.sources import paths_in
from hardtalk.cli.main import app
from hardtalk.latency.loads import known_loads
from hardtalk.smalltalk.tonel import read_class_file
from hardtalk.vm.primitives import PRIMITIVE_NAMED
from hardtalk.vm.slots import SLOT_TABLE

DOCS = ROOT / "docs"
NUMBERS = re.compile(r"(?:\(|primitives? )(?P<list>\d+(?: to \d+)?(?:(?:, | and )\d+(?: to \d+)?)*)\b")
OF_THE_LIBRARY = {
    "Class": "Class", "Dictionary": "MethodDictionary", "Closure": "BlockClosure", "List": "LinkedList",
    "Scheduler": "ProcessorScheduler", "Stream": "streams",
}  # fmt: skip
"""What the class library calls a record of the table of slots whose name it does not have."""
WITHOUT_VARIABLES = {"Context", "Method", "Float"}
"""Records that are read by primitives, not as instance variables."""


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def names_in(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern) if path.name not in ("README.md", "__pycache__"))


@pytest.mark.parametrize(
    ("page", "listed"),
    [
        (DOCS / "README.md", [f"]({name})" for name in names_in(DOCS, "*.md")]),
        (DOCS / "how-to" / "README.md", [f"]({name})" for name in names_in(DOCS / "how-to", "*.md")]),
        (ROOT / "boot" / "README.md", [f"`{name}`" for name in names_in(ROOT / "boot", "*.s")]),
        (
            ROOT / "firmware" / "README.md",
            [f"`{name}/`" for name in names_in(ROOT / "firmware" / "vm", "*") if "." not in name],
        ),
        (ROOT / "README.md", [f"`hardtalk {name}" for name in app if not name.startswith("-")]),
        (ROOT / "README.md", [f"`{name}/`" for name in ("boot", "drivers", "emulator", "firmware", "hal", "host")]),
    ],
    ids=lambda value: value.relative_to(ROOT).as_posix() if isinstance(value, Path) else "",
)
def test_nothing_is_left_out(page: Path, listed: list[str]) -> None:
    assert len(listed) > 4
    assert [name for name in listed if name not in text_of(page)] == []


def test_every_load_is_described() -> None:
    rows = [line for line in text_of(DOCS / "latency.md").splitlines() if line.startswith("| ")]
    described = {name.strip() for row in rows for name in row.split("|")[1].split(",")}
    assert set(known_loads()) - described == set()


def test_the_first_page_has_the_budget_of_the_way_to_the_handler() -> None:
    [budget] = [each for each in BUDGETS if (each.what, each.model) == (RESPONSE, HITTING)]
    assert f"at most {budget.limit:,} cycles from the line to the handler" in text_of(ROOT / "README.md")


def test_every_driver_has_its_row() -> None:
    page = text_of(ROOT / "drivers" / "README.md")
    classes = [name.removesuffix(".class.st") for name in names_in(ROOT / "drivers", "*.class.st")]
    assert [name for name in classes if f"`{name}`" not in page and not name.endswith("Slang")] == []


def test_the_class_library_says_whose_layout_is_the_virtual_machines() -> None:
    page = text_of(ROOT / "firmware" / "kernel" / "README.md")
    [agreement] = re.findall(r"\*\*Layouts\*\*:(.*?)is the virtual\s+machine's", page, re.DOTALL)
    names = [OF_THE_LIBRARY.get(name, name) for name in SLOT_TABLE if name not in WITHOUT_VARIABLES]
    assert [name for name in names if not re.search(rf"\b{name}\b", agreement)] == []


@pytest.mark.parametrize(
    "path", paths_in(ROOT / "firmware" / "vm" / "primitives", ".class.st"), ids=lambda path: path.stem
)
def test_a_component_says_the_numbers_of_its_primitives(path: Path) -> None:
    """All of them or none."""
    definition = read_class_file(path)
    pragmas = [pragma for method in definition.methods for pragma in method.node.pragmas]
    names = [str(pragma.values[0]) for pragma in pragmas if pragma.selector == "primitive:"]
    numbers = {number for name in names for number in PRIMITIVE_NAMED[name].numbers}
    said: set[int] = set()
    for found in NUMBERS.finditer(definition.comment.split("\n\n")[0]):
        for part in re.split(", | and ", found["list"]):
            first, _, last = part.partition(" to ")
            said |= set(range(int(first), int(last or first) + 1))
    assert said in (numbers, set())
