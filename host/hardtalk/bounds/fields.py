"""What the instance variables of handlers' objects can hold."""

from __future__ import annotations

from typing import Final

from hardtalk.bounds.frames import joined_and_widened
from hardtalk.bounds.image import Image, Oop
from hardtalk.bounds.values import (
    Unset,
    Value,
    only,
)

FARTHEST: Final = 3


class Fields:
    """What instance variables can hold: everything that any method seen so far stores into them.

    Those that handlers ask for are `FARTHEST` levels away from those that are taken to hold anything: what is stored
    into one may depend on others, and so on. `level` is that of whoever asks.
    """

    def __init__(self, image: Image) -> None:
        self.values: dict[tuple[Oop, int], Value] = {}
        self.levels: dict[tuple[Oop, int], int] = {}
        self.level = 0
        self.has_changed = False

    def value(self, class_oop: Oop, index: int) -> Value:
        key = class_oop, index
        if key not in self.values:
            if self.level > FARTHEST:
                return None
            self.values[key] = only(Unset())
        if self.levels.get(key, FARTHEST + 1) > self.level:
            self.levels[key] = self.level
            self.has_changed = True
        return self.values[key]

    def store(self, class_oop: Oop, index: int, value: Value) -> None:
        key = class_oop, index
        if key in self.values:
            new = joined_and_widened(self.values[key], value)
            self.has_changed |= new != self.values[key]
            self.values[key] = new
