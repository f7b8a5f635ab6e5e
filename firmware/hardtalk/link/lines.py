"""The line table of the firmware (`.hardtalk.lines`): which source line an address comes from.

zlib-compressed JSON, so that a reader needs nothing of ours:
`{"files": [...], "arm": [[start, stop, file index, line], ...],
"methods": [[address, size, name, file index, first line, [[bytecode address, line], ...]], ...]}`, in address order.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping

from hardtalk.link.assembler import Assembly
from hardtalk.link.inputs import ImageLike, ProgramLike, RoutineLike
from hardtalk.link.layout import Layout


def placed_lines(routine: RoutineLike) -> list[tuple[int, str, int]]:
    """The routine's lines without those that the compiler has no place for: that code belongs to what is before it.

    At the start of a routine (parameters put where they are wanted) it belongs to the first place there is.
    """
    places = [(offset, file, line) for offset, file, line in routine.lines if file and line]
    if places and routine.lines[0] != places[0]:
        places[0] = (routine.lines[0][0], *places[0][1:])
    return places


def lines_section(
    boot: Assembly, layout: Layout, program: ProgramLike, image: ImageLike, file_names: Mapping[str, str]
) -> bytes:
    """The section's bytes; `file_names` has the files that are called otherwise here than in messages."""
    files: dict[str, int] = {}

    def index(file: str) -> int:
        return files.setdefault(file_names.get(file, file), len(files))

    arm: list[list[int]] = [[r.start, r.stop, index(r.file), r.line] for r in boot.lines]
    for routine in program.routines:
        address = layout.routines[routine.name]
        places = placed_lines(routine)
        stops = [*(offset for offset, _, _ in places[1:]), len(routine.code)]
        for (offset, file, line), stop in zip(places, stops, strict=True):
            if stop > offset:
                arm.append([address + offset, address + stop, index(file), line])
    methods = [
        [m.address, m.size, m.name, index(m.file), m.line, [list(pair) for pair in m.lines]]
        for m in sorted(image.symbols, key=lambda m: m.address)
    ]
    table = {"files": list(files), "arm": arm, "methods": methods}
    return zlib.compress(json.dumps(table, separators=(",", ":")).encode(), 6)
