"""What the documentation shows of tables, sources and compiled code is what these say."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.cli.main import run
from hardtalk.pages import SECTIONS, PageError, documentation_folder, made_pages, writing
from hardtalk.pages.components import first_sentence
from hardtalk.pages.costs import usual
from hardtalk.pages.machine import counters_section
from hardtalk.pages.markdown import table
from hardtalk.pages.writing import made_anew
from hardtalk.vm.codes import STATISTICS

NUMBERS = {"numbers": lambda: table(("n", "name"), [(1, "a|b")])}
MADE = "head\n<!-- made: numbers -->\n| n | name |\n| --- | --- |\n| 1 | a\\|b |\n<!-- end: numbers -->\ntail\n"


def test_every_page_is_what_is_made() -> None:
    pages = list(made_pages(documentation_folder(), SECTIONS))
    assert len(pages) > 6
    assert [page.path.name for page in pages if page.is_stale] == [], "run hardtalk docs"


def test_every_section_has_a_page() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in documentation_folder().rglob("*.md"))
    assert [name for name in SECTIONS if f"<!-- made: {name} -->" not in text] == []


@pytest.mark.parametrize("old", ["", "| 0 | old |\n"])
def test_a_section_is_made_between_its_marks(old: str) -> None:
    text = f"head\n<!-- made: numbers -->\n{old}<!-- end: numbers -->\ntail\n"
    assert made_anew(Path("page.md"), text, NUMBERS) == MADE
    assert made_anew(Path("page.md"), MADE, NUMBERS) == MADE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n<!-- made: letters -->\n", "page.md:2: there is no section letters\nThere are numbers."),
        ("<!-- made: numbers -->\n", "page.md:1: the section numbers does not end"),
    ],
)
def test_a_mark_that_cannot_be_is_an_error_with_its_place(text: str, message: str) -> None:
    with pytest.raises(PageError) as caught:
        made_anew(Path("page.md"), text, NUMBERS)
    assert message in str(caught.value)


def test_the_command_makes_stale_pages_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    page.write_text("<!-- made: object-header -->\n| old |\n<!-- end: object-header -->\n")
    monkeypatch.setattr("hardtalk.cli.docs.documentation_folder", lambda: page.parent)
    assert run(["docs", "--check"]) == 1
    assert capsys.readouterr().out == "docs/page.md is stale\n"
    assert run(["docs"]) == 0
    assert "| 8 | 4 | class oop | `ClassOffset` |" in page.read_text()
    assert run(["docs", "--check"]) == 0


def test_without_a_checkout_there_are_no_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "text_root", lambda: tmp_path)
    with pytest.raises(PageError, match="there is no documentation here"):
        documentation_folder()


def test_each_counter_has_a_meaning_of_its_own() -> None:
    meanings = [row.split(" | ")[2] for row in counters_section().splitlines()[2:]]
    assert len(set(meanings)) == len(STATISTICS)
    assert not [meaning for meaning in meanings if len(meaning) < 12]


def test_a_component_is_its_comments_first_sentence() -> None:
    assert first_sentence("\nI divide memory: by 2.5 at a time. I do more.\n\n\tname\tmeaning\n") == (
        "I divide memory: by 2.5 at a time."
    )
    assert first_sentence("I have no end") == "I have no end"


def test_the_longest_of_what_is_usual_is_a_paths_cost() -> None:
    assert usual([4] * 99 + [30]) == 4
    assert usual([14, 18, 14, 18, 90, 14, 18, 14, 18, 14]) == 18
