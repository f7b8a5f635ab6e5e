"""The how-to pages, followed: a device, drivers, a load, a study, a bytecode and a primitive are added and work."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.docs.followed import ROOT, Block, Checkout, NotAsWritten, blocks_of, changed, commands_of

HOW_TO = ROOT / "docs" / "how-to"
ADDED = ("device", "driver", "media-node", "load", "study", "bytecode", "primitive")
PAGES = (*(f"add-a-{name}" for name in ADDED), "drive-a-bus", "run-tests-on-the-board", "run-several-boards",
         "debug-with-gdb", "debug-at-the-prompt", "describe-a-board",
         "use-dma", "serve-a-fifo")  # fmt: skip
"""In an order in which each has what it needs of those before it."""
NEEDED = {"debug-with-gdb": "gdb-multiarch"}
"""What a page needs that Python does not bring."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """With the changes of all pages, so that the firmware is built once."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    for name in PAGES:
        for block in blocks_of(HOW_TO / f"{name}.md"):
            if block.file:
                checkout.write(block)
    return checkout


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_says_works(checkout: Checkout, name: str) -> None:
    if name in NEEDED and shutil.which(NEEDED[name]) is None:
        pytest.skip(f"{NEEDED[name]} is not installed")
    entered = [block for block in blocks_of(HOW_TO / f"{name}.md") if block.language == "console"]
    assert entered
    for block in entered:
        checkout.enter(block)


def test_every_page_that_adds_something_is_followed() -> None:
    assert {path.stem for path in HOW_TO.glob("add-*.md")} == {name for name in PAGES if name.startswith("add-")}


def test_every_page_with_a_block_for_a_file_or_commands_with_output_is_followed() -> None:
    pages = {path.stem: blocks_of(path) for path in HOW_TO.glob("*.md")}
    assert {
        name for name, blocks in pages.items() if any(each.file or each.language == "console" for each in blocks)
    } == set(PAGES)


def block_of(text: str, language: str = "diff") -> Block:
    return Block("page.md", 7, language, "file.py", text)


def test_a_change_is_made_where_its_old_lines_are() -> None:
    assert changed("a\nb\nc\n", block_of(" a\n-b\n+d\n+e\n")) == "a\nd\ne\nc\n"


@pytest.mark.parametrize(("text", "times"), [("c\n", 0), ("a\nb\na\nb\n", 2)])
def test_a_change_of_lines_that_are_not_there_once_is_refused(text: str, times: int) -> None:
    with pytest.raises(NotAsWritten, match=rf"page\.md:7: file\.py has this {times} times:\na\nb\n"):
        changed(text, block_of(" a\n-b\n"))


def test_commands_have_what_they_print_below_them() -> None:
    block = block_of("$ one\na\nb\n$ two\n", "console")
    assert list(commands_of(block)) == [("one", ["a", "b"]), ("two", [])]


@pytest.mark.parametrize(
    ("command", "message"),
    [("$ false\n", "ends with 1"), ("$ echo one  two\none two\nthree\n", "does not print 'three'")],
)
def test_a_command_that_fails_or_prints_something_else_is_told(checkout: Checkout, command: str, message: str) -> None:
    with pytest.raises(NotAsWritten, match=message):
        checkout.enter(block_of(command, "console"))


def test_pages_are_read_to_their_blocks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n\n```python a/b.py\nx = 1\n```\ntext\n```console\n$ ls\n```\n")
    assert [(each.line, each.language, each.file, each.text) for each in blocks_of(page)] == [
        (3, "python", "a/b.py", "x = 1\n"), (7, "console", "", "$ ls\n"),
    ]  # fmt: skip
