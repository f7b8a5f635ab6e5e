"""The dependency law of docs/packages.toml holds, and says no more than is used."""

from __future__ import annotations

import pytest

from hardtalk.pages.packages import Package, packages

from .dependency_law import (
    ROOT,
    Module,
    cycle,
    module_arrows,
    modules,
    violations,
)

LAW = packages()
FOLDERS = sorted({each.folder for each in LAW.values()})
MODULES = [module for folder in FOLDERS for module in modules(ROOT / folder)]


def package(name: str, *imports: str, others: tuple[str, ...] = ()) -> Package:
    return Package(name, "host", "", frozenset(imports), frozenset(others))


def told(name: str, source: str, allowed: Package, is_package: bool = False) -> list[str]:
    return list(violations([Module(name, source, is_package)], {allowed.name: allowed}))


def test_the_law_is_kept_and_no_permission_is_left_over() -> None:
    assert list(violations(MODULES, LAW)) == []


def test_every_package_lies_in_its_folder() -> None:
    found = {
        path.name: folder
        for folder in FOLDERS
        for path in (ROOT / folder / "hardtalk").iterdir()
        if path.is_dir() and any(path.rglob("*.py"))
    }
    assert found == {name: each.folder for name, each in LAW.items()}


def test_no_package_marker_breaks_the_namespace() -> None:
    assert not [folder for folder in FOLDERS if (ROOT / folder / "hardtalk" / "__init__.py").exists()]


def test_the_law_has_no_cycle() -> None:
    assert cycle({name: sorted(each.imports) for name, each in LAW.items()}) == []


def test_the_modules_have_no_cycle() -> None:
    assert cycle(module_arrows(MODULES)) == []


def test_text_that_becomes_firmware_is_not_in_packages() -> None:
    assert not [
        path
        for folder in FOLDERS
        for path in (ROOT / folder / "hardtalk").rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path.suffix != ".py"
    ]


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("hardtalk.devices.timer", "from .. import slang", "1: hardtalk.devices may not import hardtalk.slang"),
        ("hardtalk.devices.sub.timer", "from ... import slang", "1: hardtalk.devices may not import hardtalk.slang"),
        ("hardtalk.devices.timer", "from ..arm.x import y", "1: hardtalk.devices may not import hardtalk.arm"),
        ("hardtalk.devices.timer", "from hardtalk import slang", "1: hardtalk.devices may not import hardtalk.slang"),
        ("hardtalk.devices.timer", "import hardtalk.slang.ir", "1: hardtalk.devices may not import hardtalk.slang"),
        ("hardtalk.devices.timer", "def late():\n    import keystone", "2: hardtalk.devices may not import keystone"),
        ("hardtalk.devices.timer", "from keystone.arm import Ks", "1: hardtalk.devices may not import keystone"),
        ("hardtalk.devices.timer", "import_module('hardtalk.slang')", "1: imports what may be ours by name"),
        ("hardtalk.devices.timer", "importlib.import_module(f'hardtalk.{x}')", "1: imports what may be ours by name"),
        ("hardtalk.devices.timer", "__import__(name)", "1: imports what may be ours by name"),
        (
            "hardtalk.devices.timer",
            "from importlib import import_module as load\nload('hardtalk.slang')",
            "2: imports what may be ours by name",
        ),
        ("hardtalk.devices.timer", "util.find_spec('hardtalk.slang')", "1: imports what may be ours by name"),
        (
            "hardtalk.devices.timer",
            "import hardtalk\nhardtalk.slang.ir.run()",
            "2: hardtalk.devices may not import hardtalk.slang",
        ),
        (
            "hardtalk.devices.timer",
            "lazy = 'hardtalk.slang.ir:run'",
            "1: hardtalk.devices may not import hardtalk.slang",
        ),
        (
            "hardtalk.devices.timer",
            "import hardtalk as ht\nht.slang",
            "2: hardtalk.devices may not import hardtalk.slang",
        ),
    ],
)
def test_what_is_not_allowed_is_told(name: str, source: str, message: str) -> None:
    assert told(name, source, package("devices")) == [f"{name}:{message}"]


@pytest.mark.parametrize(
    ("name", "source", "is_package"),
    [
        ("hardtalk.devices.sub.timer", "from ..registers import Register", False),
        ("hardtalk.devices.sub.timer", "from . import counter", False),
        ("hardtalk.devices.sub", "from ..registers import Register\nfrom .timer import Timer", True),
        ("hardtalk.devices", "from .timer import Timer", True),
        ("hardtalk.devices.timer", "import json\nfrom collections import abc", False),
        ("hardtalk.devices.timer", "import_module('ray')", False),
        ("hardtalk.devices.timer", "import hardtalk\nhardtalk.__path__", False),
    ],
)
def test_what_is_allowed_is_not(name: str, source: str, is_package: bool) -> None:
    assert told(name, source, package("devices"), is_package) == []


def test_a_package_that_the_law_does_not_know_is_told() -> None:
    found = told("hardtalk.gadgets.one", "import os", package("devices"))
    assert found == ["hardtalk.gadgets.one: docs/packages.toml has no gadgets"]


def test_permissions_that_nobody_uses_are_told() -> None:
    allowed = package("devices", "chip", "board", others=("numpy",))
    assert told("hardtalk.devices.timer", "from hardtalk.chip import Chip", allowed) == [
        "hardtalk.devices may import board and does not",
        "hardtalk.devices may import numpy and does not",
    ]


def test_a_cycle_is_found_through_an_import_for_the_type_checker() -> None:
    first = Module("hardtalk.a.one", "if TYPE_CHECKING:\n    from hardtalk.a.two import Two")
    second = Module("hardtalk.a.two", "from hardtalk.a.one import One")
    assert cycle(module_arrows([first, second])) == ["hardtalk.a.one", "hardtalk.a.two", "hardtalk.a.one"]


def test_importing_from_a_package_runs_what_it_begins_with() -> None:
    front = Module("hardtalk.a", "from hardtalk.b.two import Two", is_package=True)
    first, second = Module("hardtalk.a.one", ""), Module("hardtalk.b.two", "from hardtalk.a.one import One")
    assert "hardtalk.a" in cycle(module_arrows([front, first, second]))
