"""docs/device-models.md names every test of the models that it has a table for, and no other."""

import re

import pytest
from tests.docs.followed import ROOT

PAGE = (ROOT / "docs" / "device-models.md").read_text(encoding="utf-8")
SECTIONS = PAGE.split("\n## ")[1:]


@pytest.mark.parametrize("section", SECTIONS, ids=[section.partition("\n")[0] for section in SECTIONS])
def test_each_behaviour_has_its_test(section: str) -> None:
    (file,) = re.findall(r"`(tests/devices/\w+\.py)`", section)
    tests = re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(re.findall(r"`(test_\w+)` \|$", section, re.MULTILINE)) == sorted(tests)


def test_the_page_has_its_tables() -> None:
    assert len(SECTIONS) == 7
