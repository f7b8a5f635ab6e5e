"""Variables of a stopped board as an editor shows them: a tree, whose nodes that have more below them have numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from hardtalk.debugger.frames import Frame, Frames
from hardtalk.debugger.paths import value_of

SHOWN_ELEMENTS: Final = 200
ARRAY: Final = "Array"


class Variables:
    """From one stop to the next; numbers begin with 1."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._nodes: list[dict[str, int]] = []

    def scopes(self, frame: Frame) -> list[dict[str, Any]]:
        """Parameters and temporaries with self, and the receiver's own variables."""
        local = {"self": frame.receiver, **self._frames.variables(frame)}
        found = [{"name": "Variables", "variablesReference": self._number(local), "expensive": False}]
        fields = dict(self._below(frame.receiver))
        if fields:
            found.append({"name": "Receiver", "variablesReference": self._number(fields), "expensive": False})
        return found

    def knows(self, reference: int) -> bool:
        return 0 < reference <= len(self._nodes)

    def below(self, reference: int) -> list[dict[str, Any]]:
        return [{"name": name, **self._told(value, "value")} for name, value in self._nodes[reference - 1].items()]

    def at(self, frame: Frame, path: str) -> dict[str, Any]:
        """Raises NoSuchValue."""
        return self._told(value_of(self._frames, frame, path), "result")

    def _told(self, value: int, key: str) -> dict[str, Any]:
        below = dict(self._below(value))
        objects = self._frames.objects
        return {
            key: objects.describe(value),
            "type": objects.class_name(value),
            "variablesReference": self._number(below) if below else 0,
        }

    def _below(self, value: int) -> Iterator[tuple[str, int]]:
        fields = self._frames.fields(value)
        yield from fields.items()
        objects = self._frames.objects
        if not value & 1 and objects.class_name(value) == ARRAY:
            for index in range(min(objects.size(value), SHOWN_ELEMENTS)):
                yield f"[{index + 1}]", objects.slot(value, index)

    def _number(self, node: dict[str, int]) -> int:
        self._nodes.append(node)
        return len(self._nodes)
