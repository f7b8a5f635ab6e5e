"""Blocks of code in the pages are code: Smalltalk and Slang are read and send what there is, Python runs.

The blocks of pages that add something are followed in `test_how_to`, the tutorial's files are those of the example.
"""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.docs.followed import ROOT, Block, blocks_of

from hardtalk.bench import Bench, BootOptions
from hardtalk.board import Board
from hardtalk.build import BuildOptions
from hardtalk.build.sources import class_paths, generated_classes, read_classes, slang_paths
from hardtalk.chip import chip_with, default_chip
from hardtalk.slang.fields import MESSAGES
from hardtalk.slang.operators import BLOCK_LOOPS, CONDITIONALS, COUNTED_LOOPS, INTRINSICS, JUNCTIONS, OPERATORS
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.parser import parse_expression
from hardtalk.smalltalk.tonel import read_class, read_class_file

PAGES = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs" / "decisions").glob("*.md"), *ROOT.glob("*/README.md")]
BLOCKS = [block for page in sorted(PAGES) for block in blocks_of(page)]
HEAD = re.compile(r"^(\w+)(?: class)? >> ", re.MULTILINE)
THERMOMETER = ROOT / "examples" / "thermometer" / "thermometer.svd"


def in_language(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


@cache
def implemented() -> frozenset[str]:
    """Every selector of the class library, the drivers, the examples and the virtual machine, and Slang's own."""
    folders = (
        ROOT / "examples",
        ROOT / "firmware" / "windows",
        *(ROOT / "drivers" / each for each in ("code", "input", "mediawire", "nodes")),
    )
    examples = [read_class_file(path) for folder in folders for path in sorted(folder.rglob("*.class.st"))]
    classes = [*read_classes(class_paths(BuildOptions())), *generated_classes(chip_with([THERMOMETER])), *examples]
    routines = read_classes(slang_paths())
    slang = {*INTRINSICS, *OPERATORS, *CONDITIONALS, *BLOCK_LOOPS, *COUNTED_LOOPS, *JUNCTIONS, *MESSAGES}
    variables = {name for each in routines for name in each.instance_variables}
    methods = {method.selector for each in (*classes, *routines) for method in each.methods}
    return frozenset({*slang, *methods, *variables, *(f"{name}:" for name in variables)})


def read(block: Block) -> list[ast.Method]:
    """The methods that it shows, or its statements as one."""
    if "Class {" in block.text:
        return [each.node for each in read_class(block.text, block.place).methods]
    heads = HEAD.findall(block.text)
    if not heads:
        return [parse_expression(block.text, file=block.page, line=block.line + 1)]
    parts = re.split(r"(?m)^(?=\w+(?: class)? >> )", block.text)
    definitions = [
        read_class(f"Extension {{ #name : #{name} }}\n{part}", block.place)
        for name, part in zip(heads, parts[1:], strict=True)
    ]
    return [method.node for each in definitions for method in each.methods]


def sent(node: ast.Method) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, (ast.Send, ast.Message)):
            yield each.selector


@pytest.mark.parametrize("block", in_language("smalltalk"), ids=lambda block: block.place)
def test_smalltalk_is_read_and_sends_what_there_is(block: Block) -> None:
    methods = read(block)
    assert methods
    own = {each.selector for each in methods}
    assert {selector for each in methods for selector in sent(each)} - implemented() - own == set()


@pytest.mark.parametrize("block", in_language("python"), ids=lambda block: block.place)
def test_python_runs(block: Block, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what the text around it takes for granted: a chip, an ELF, the example's device, a booted board."""
    for name in ("thermometer.py", "thermometer.svd"):
        text = (ROOT / "examples" / "thermometer" / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {
        "Path": Path,
        "BootOptions": BootOptions,
        "boot": lambda options: bench if isinstance(options, BootOptions) else None,
        "Board": Board,
        "default_chip": default_chip,
        "chip_with": chip_with,
        "elf": bench.firmware.elf,
        "address": bench.board.cpu.pc,
        "chip": default_chip(),
        "__name__": "thermometer",
    }
    exec("from hardtalk.devices import Device, milliseconds", names)
    if "Thermometer()" in block.text:
        exec("from thermometer import Thermometer", names)
        names["chip"] = chip_with([names["Thermometer"].svd_path()])
    if ">>>" in block.text:
        examples = doctest.DocTestParser().get_doctest(block.text, names, block.page, block.page, block.line)
        assert doctest.DocTestRunner(verbose=False).run(examples).failed == 0
    else:
        exec(compile(block.text, block.place, "exec"), names)
