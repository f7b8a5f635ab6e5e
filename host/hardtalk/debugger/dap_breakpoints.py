"""Breakpoints as an editor sets them: all of a file at once, instead of those that it had there before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hardtalk.debugger.places import NoSuchPlace
from hardtalk.debugger.smalltalk import Breakpoint, SmalltalkDebugger
from hardtalk.symbols.sources import path_of

Told = list[dict[str, Any]]
"""A Breakpoint of the protocol for each place that was asked for."""


class EditorBreakpoints:
    """By whoever asked for them: a file, or the kind of request."""

    def __init__(self, debugger: SmalltalkDebugger) -> None:
        self._debugger = debugger
        self._of: dict[str, list[Breakpoint]] = {}

    def set_lines(self, path: str, lines: Sequence[int]) -> Told:
        file = self._file_at(path)
        if not file:
            self.set_places(path, [])
            return [_refused(f"the board has no code of {path}") for _ in lines]
        return self.set_places(path, [f"{file}:{line}" for line in lines])

    def set_places(self, whose: str, places: Sequence[str]) -> Told:
        """At methods and lines; each as the editor is told of it."""
        self._debugger.remove(each.number for each in self._of.pop(whose, []))
        made = self._of.setdefault(whose, [])
        told: Told = []
        for place in places:
            try:
                each = self._debugger.add(place)
            except NoSuchPlace as error:
                told.append(_refused(str(error)))
                continue
            made.append(each)
            method = self._debugger.code.method_at(each.point.address)
            where = method.place(each.point.address) if method is not None else None
            told.append({"id": each.number, "verified": True} | ({} if where is None else {"line": where.line}))
        return told

    def numbers_of(self, whose: str) -> set[int]:
        return {each.number for each in self._of.get(whose, [])}

    def _file_at(self, path: str) -> str:
        """As the board's line table calls it; empty when it has none of it."""
        wanted, folders = Path(path).resolve(), self._debugger.bench.source_map.folders
        for file in dict.fromkeys(each.first.file for each in self._debugger.code.methods):
            found = path_of(file, folders) if Path(file).name == wanted.name else None
            if found is not None and found.resolve() == wanted:
                return file
        return ""


def _refused(why: str) -> dict[str, Any]:
    return {"verified": False, "message": why}
