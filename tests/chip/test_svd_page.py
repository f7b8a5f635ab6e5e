"""The page for authors of devices names everything that the SVD reader understands."""

from pathlib import Path

import pytest

from hardtalk.chip import ReadAction, WriteAction
from hardtalk.chip.svd_elements import ARRAY, BEHAVIOUR

PAGE = (Path(__file__).parents[2] / "docs" / "svd.md").read_text()


@pytest.mark.parametrize("word", [*WriteAction, *filter(None, ReadAction), *ARRAY, *BEHAVIOUR, "actsOn", "lineFollows"])
def test_the_page_has_it(word: str) -> None:
    assert f"`{word}`" in PAGE
