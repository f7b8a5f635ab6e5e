"""`hardtalk threadmetric`: every test runs in both forms and gives figures in their usual range."""

from __future__ import annotations

import json
from pathlib import Path

from hardtalk.cli.main import run
from hardtalk.cli.threadmetric import FORMS, TESTS


def test_eight_tests_in_both_forms(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert run(["threadmetric", "--json", str(file)]) == 0
    figures = {figure["name"]: figure["value"] for figure in json.loads(file.read_text())["figures"]}
    assert len(TESTS) == 8
    for form in FORMS:
        for test in TESTS:
            name = f"{form}.{test.selector}"
            assert figures[f"{name}.operations"] >= 200
            assert figures[f"{name}.instructions"] > 20 * figures[f"{name}.operations"]
    for test in TESTS:
        if test.threadx is not None:
            native = figures[f"native.{test.selector}.instructions"] / figures[f"native.{test.selector}.operations"]
            assert native < 4 * test.threadx
