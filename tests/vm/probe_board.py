"""Runs the VM's probe programs on the board and gives what each wrote beside what its comment says it writes."""

from __future__ import annotations


from functools import cache
from pathlib import Path

from hardtalk.board import Board
from hardtalk.build import BuildOptions, build
from hardtalk.chip import default_chip
from hardtalk.image import Entry
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.tonel import read_class_file

PROBE_FOLDER = Path(__file__).parent / "firmware"
PROBE_CLASS = "VirtualMachineProbe"
CYCLE_LIMIT = 400_000_000


@cache
def probe_elf() -> bytes:
    options = BuildOptions(class_folders=(PROBE_FOLDER,), entry=Entry(PROBE_CLASS, "start"), cache_folder=None)
    return build(options).elf


@cache
def expectations() -> dict[str, str]:
    """Program selector: what it should write, the last string in quotes of its comment."""
    definition = read_class_file(PROBE_FOLDER / f"{PROBE_CLASS}.class.st")
    expected = {}
    for method in definition.methods:
        if method.selector.startswith("run") and ":" not in method.selector:
            expected[method.selector] = method.source.split('"')[1]
    return expected


def lines_of(output: bytes) -> dict[str, str]:
    lines = (line.partition(":") for line in output.decode().splitlines())
    return {name: text.strip() for name, _, text in lines}


@cache
def undisturbed() -> dict[str, str]:
    board = Board(probe_elf(), default_chip())
    stop = board.run(cycles=CYCLE_LIMIT)
    return lines_of(board.uart(0).take()) | {"": str(stop.reason)}
