"""Names, numbers, links and commands in the pages are those of the sources."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from cyclopts import CycloptsError, MissingArgumentError

from hardtalk.build.board_constants import board_constants
from hardtalk.chip import default_chip
from hardtalk.cli.main import app
from hardtalk.vm.constants import slang_constants

ROOT = Path(__file__).parents[2]
FOLDERS = ("boot", "drivers", "emulator", "examples", "firmware", "hal", "host", "tests")
SOURCES = (".py", ".st", ".s", ".toml", ".svd")
READMES = ("README.md", "[!.]*/README.md", "firmware/*/README.md")
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *(path for each in READMES for path in ROOT.glob(each))])
FENCED = re.compile(r"^ *```(?P<info>[^\n]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[A-Za-z_]\w{2,}")
CONSTANT = re.compile(r"`(?P<name>[A-Z]\w+)`,? (?:of |\()?(?P<value>\d[\d,]*)\b(?P<unit> KB)?")
MADE = re.compile(r"<!-- made: (?P<name>[\w-]+) -->.*?<!-- end: (?P=name) -->", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)(?P<target>[^)#\s]+)(?:#[^)]*)?\)")
EXAMPLES = frozenset(
    {
        "Namespace",
        "StackTop",
        "aLamp",
        "aList",
        "addressOfMyList",
        "anotherThreadedMethod",
        "pflash_cfi01",
        "pts",
        "alternateRegister",
        "r1101e",
        "rows1At",
        "rows2At",
        "writeOnce",
    }
)
"""Words of examples, and those of others' formats that a page says are not read."""


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def constants() -> dict[str, int]:
    return slang_constants(board_constants(default_chip()))


@cache
def words() -> frozenset[str]:
    """All that occur in sources, in names of files, and in the pages' own blocks of code."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in SOURCES]
    texts = [
        text_of(path) for path in (*files, ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / "docs/packages.toml")
    ]
    texts += [each["text"] for page in PAGES for each in FENCED.finditer(text_of(page))]
    names = [" ".join(path.relative_to(ROOT).with_suffix("").parts) for path in files]
    return frozenset(word for text in (*texts, *names, *constants()) for word in WORD.findall(text))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_name_in_a_page_is_one_of_the_sources(page: Path) -> None:
    spans = INLINE.findall(FENCED.sub("", MADE.sub("", text_of(page))))
    said = {word for each in spans for word in WORD.findall(re.sub(r"\w+\*", "", each))}
    assert said - words() - EXAMPLES == set(), "spell them as the sources do; EXAMPLES has what is no name of ours"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = [each["target"] for each in LINK.finditer(text_of(page))]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_constant_has_the_value_that_a_page_says() -> None:
    """Beside the tables that are made from them."""
    said = [(named(page), each) for page in PAGES for each in CONSTANT.finditer(MADE.sub("", text_of(page)))]
    found = [(page, each["name"], number(each)) for page, each in said if each["name"] in constants()]
    assert len(found) > 8
    assert [each for each in found if constants()[each[1]] != each[2]] == []


def number(said: re.Match[str]) -> int:
    return int(said["value"].replace(",", "")) << (10 if said["unit"] else 0)


def commands(page: Path) -> Iterator[str]:
    """`hardtalk` with its words, as a page has them in blocks and in lines; not those that leave something out."""
    text = text_of(page)
    blocks = [line for each in FENCED.finditer(text) if not each["info"].strip() for line in each["text"].splitlines()]
    for line in (*blocks, *INLINE.findall(FENCED.sub("", text))):
        if line.startswith("hardtalk ") and not set("…[|<") & set(line) and "  " not in line:
            yield line


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_in_a_page_is_one(page: Path) -> None:
    for line in commands(page):
        try:
            app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)
        except MissingArgumentError:
            continue  # a command or its last option is named without what it takes
        except CycloptsError as error:
            pytest.fail(f"{line}: {error}")


def test_there_are_commands_in_the_pages() -> None:
    assert sum(1 for page in PAGES for _ in commands(page)) > 30


def imported(page: Path) -> Iterator[tuple[str, str]]:
    """Module and name of what the page's blocks of Python take from ours."""
    for each in FENCED.finditer(text_of(page)):
        if each["info"].startswith("python"):
            text = "\n".join(line for line in each["text"].splitlines() if not line.startswith(">>>"))
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hardtalk."):
                    yield from ((str(node.module), alias.name) for alias in node.names)


OWN_PACKAGES = ("hardtalk.switching",)
"""Of a study that a page adds."""


def test_what_pages_import_is_there() -> None:
    names = {each for page in PAGES for each in imported(page) if not each[0].startswith(OWN_PACKAGES)}
    assert len(names) > 15
    assert [(module, name) for module, name in sorted(names) if not hasattr(import_module(module), name)] == []
