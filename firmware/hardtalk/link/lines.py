"""The line table of the firmware (`.hardtalk.lines`): which source line an address comes from.

zlib-compressed JSON, so that a reader needs nothing of ours:
`{"files": [...], "arm": [[start, stop, file index, line], ...],
"methods": [[address, size, name, file index, first line, [[bytecode address, line], ...]], ...]}`, in address order.
"""

from __future__ import annotations

import json
import zlib

from hardtalk.link.assembler import Assembly
from hardtalk.link.inputs import ImageLike, ProgramLike
from hardtalk.link.layout import Layout


def lines_section(boot: Assembly, layout: Layout, program: ProgramLike, image: ImageLike) -> bytes:
    """The section's bytes."""
    files: dict[str, int] = {}

    def index(file: str) -> int:
        return files.setdefault(file, len(files))

    arm: list[list[int]] = [[r.start, r.stop, index(r.file), r.line] for r in boot.lines]
    for routine in program.routines:
        address = layout.routines[routine.name]
        stops = [*(offset for offset, _, _ in routine.lines[1:]), len(routine.code)]
        for (offset, file, line), stop in zip(routine.lines, stops, strict=True):
            if stop > offset:
                arm.append([address + offset, address + stop, index(file), line])
    methods = [[m.address, m.size, m.name, index(m.file), m.line, [list(pair) for pair in m.lines]]
               for m in sorted(image.symbols, key=lambda m: m.address)]
    table = {"files": list(files), "arm": arm, "methods": methods}
    return zlib.compress(json.dumps(table, separators=(",", ":")).encode(), 6)
