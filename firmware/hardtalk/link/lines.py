"""The line table of the firmware (`.hardtalk.lines`): which source line an address comes from.

zlib-compressed JSON, so that a reader needs nothing of ours:
`{"files": [...], "arm": [[start, stop, file index, line], ...],
"methods": [[address, size, name, file index, first line, [[bytecode address, line], ...]], ...]}`, in address order.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hardtalk.link.assembler import Assembly
from hardtalk.link.inputs import ImageLike, ProgramLike, placed_lines
from hardtalk.link.layout import Layout


@dataclass(frozen=True)
class Row:
    """The code [start, stop), or data in it, comes from one line."""

    start: int
    stop: int
    file: str
    line: int
    is_instruction: bool = True


def code_rows(
    boot: Assembly, layout: Layout, program: ProgramLike, file_names: Mapping[str, str] = MappingProxyType({})
) -> list[Row]:
    """All ARM code, by address; `file_names` has the files that are called otherwise here than in messages."""
    rows = [
        Row(each.start, each.stop, file_names.get(each.file, each.file), each.line, each.is_instruction)
        for each in boot.lines
    ]
    for routine in program.routines:
        address = layout.routines[routine.name]
        places = placed_lines(routine)
        if not places:
            continue
        stops = [*(offset for offset, _, _ in places[1:]), len(routine.code)]
        for (offset, file, line), stop in zip(places, stops, strict=True):
            if stop > offset:
                rows.append(Row(address + offset, address + stop, file_names.get(file, file), line))
    return rows


def lines_section(rows: Sequence[Row], image: ImageLike, file_names: Mapping[str, str]) -> bytes:
    """The section's bytes, for the rows of `code_rows` and the image's methods."""
    files: dict[str, int] = {}

    def index(file: str) -> int:
        return files.setdefault(file, len(files))

    arm = [[each.start, each.stop, index(each.file), each.line] for each in rows]
    methods = [
        [m.address, m.size, m.name, index(file_names.get(m.file, m.file)), m.line, [list(pair) for pair in m.lines]]
        for m in sorted(image.symbols, key=lambda m: m.address)
    ]
    table = {"files": list(files), "arm": arm, "methods": methods}
    return zlib.compress(json.dumps(table, separators=(",", ":")).encode(), 6)
