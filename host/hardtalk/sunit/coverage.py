"""Which lines and methods of the user's classes were run, seen from outside: the firmware is the same and pays nothing.

A line is run when its first bytecode is. Primitives that succeed run no bytecode; native routines are not counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from hardtalk.bench import Bench
from hardtalk.board.pointer_watch import PointerWatch
from hardtalk.sunit.places import users_file
from hardtalk.sunit.runner import short_name
from hardtalk.symbols.bytecode_routines import bytecode_routines
from hardtalk.symbols.image_objects import IMAGE
from hardtalk.symbols.source_map import MethodLines
from hardtalk.vm.constants import PINNED_REGISTERS

NONE = "no coverage: the folders given hold no methods but those of tests"


@dataclass(frozen=True)
class MethodCoverage:
    """A method of the sources. `lines` tells for each line with a bytecode whether one was run."""

    name: str
    file: Path
    first: int
    lines: tuple[tuple[int, bool], ...]

    @property
    def is_run(self) -> bool:
        return any(run for _, run in self.lines)


@dataclass(frozen=True)
class FileCoverage:
    """The methods of one file, by line."""

    file: Path
    methods: tuple[MethodCoverage, ...]

    @property
    def methods_run(self) -> int:
        return sum(each.is_run for each in self.methods)

    @property
    def lines(self) -> dict[int, bool]:
        """By number, in order."""
        return dict(sorted(line for each in self.methods for line in each.lines))

    @property
    def lines_run(self) -> int:
        return sum(self.lines.values())

    @property
    def missing(self) -> str:
        """The lines that were not run; those without one that was between them are a range: `12, 15-17`."""
        lines = self.lines
        stretches = [
            [number for number, _ in group] for run, group in groupby(lines.items(), lambda e: e[1]) if not run
        ]
        return ", ".join(f"{each[0]}-{each[-1]}" if len(each) > 1 else f"{each[0]}" for each in stretches)


def bytecode_watch(bench: Bench) -> PointerWatch:
    """Marks the bytecodes of the image that are carried out while it is entered."""
    source_map = bench.source_map
    base = source_map.address_of("HeapBase") or 0
    size = source_map.section_sizes.get(IMAGE, 0)
    return PointerWatch(bench.board, bytecode_routines(source_map), PINNED_REGISTERS["ip"], base, size)


def coverage(bench: Bench, watch: PointerWatch, left_out: Iterable[Path] = ()) -> list[FileCoverage]:
    """Of the files in the user's folders, but for those `left_out`, by name."""
    run = frozenset(watch.addresses.tolist())
    skipped = {each.resolve() for each in left_out}
    found = []
    for method in bench.source_map.methods:
        file = users_file(bench, method.first.file)
        if file is not None and file not in skipped:
            found.append(MethodCoverage(method.name, file, method.first.line, tuple(_lines(method, run))))
    found.sort(key=lambda each: (str(each.file), each.first))
    return [FileCoverage(file, tuple(group)) for file, group in groupby(found, lambda each: each.file)]


def _lines(method: MethodLines, run: Set[int]) -> Iterator[tuple[int, bool]]:
    """Each line once, in order; `run` are the addresses of bytecodes that were run. The first bytecode of a line tells:
    what follows a block of several lines counts to its last one."""
    states: dict[int, bool] = {}
    for start, line in method.lines:
        states[line] = states.get(line, False) or start in run
    yield from sorted(states.items())


def merged(found: Iterable[FileCoverage]) -> list[FileCoverage]:
    """What several boards ran of the same files: each line that one of them did."""
    methods: dict[tuple[Path, int, str], dict[int, bool]] = {}
    for each in found:
        for method in each.methods:
            lines = methods.setdefault((each.file, method.first, method.name), {})
            for number, run in method.lines:
                lines[number] = lines.get(number, False) or run
    rows = sorted(methods.items(), key=lambda item: (str(item[0][0]), *item[0][1:]))
    whole = [MethodCoverage(name, file, first, tuple(sorted(lines.items()))) for (file, first, name), lines in rows]
    return [FileCoverage(file, tuple(group)) for file, group in groupby(whole, lambda each: each.file)]


def coverage_rows(files: Sequence[FileCoverage]) -> Iterator[tuple[str, str, str, str, str]]:
    """The heads of columns, a row for each file, and one for all if there are several."""
    yield "File", "Methods", "Lines", "Run", "Missing"
    for each in files:
        yield (short_name(each.file), *covered([each]), each.missing)
    if len(files) > 1:
        yield ("all", *covered(files), "")


def covered(files: Sequence[FileCoverage]) -> tuple[str, str, str]:
    """Methods and lines that were run, of how many, and the share of the lines."""
    methods, lines = sum(len(each.methods) for each in files), sum(len(each.lines) for each in files)
    methods_run, lines_run = sum(each.methods_run for each in files), sum(each.lines_run for each in files)
    share = f"{100 * lines_run // lines} %" if lines else "-"
    return f"{methods_run}/{methods}", f"{lines_run}/{lines}", share


def lcov(files: Sequence[FileCoverage]) -> str:
    """As LCOV's tracefile, which editors and servers read: a record for each file; a line's count is 0 or 1."""
    text = []
    for each in files:
        text.append(f"TN:\nSF:{each.file}\n")
        text += [f"FN:{method.first},{method.name}\n" for method in each.methods]
        text += [f"FNDA:{int(method.is_run)},{method.name}\n" for method in each.methods]
        text.append(f"FNF:{len(each.methods)}\nFNH:{each.methods_run}\n")
        text += [f"DA:{number},{int(run)}\n" for number, run in each.lines.items()]
        text.append(f"LF:{len(each.lines)}\nLH:{each.lines_run}\nend_of_record\n")
    return "".join(text)
