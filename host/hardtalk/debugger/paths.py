"""Values in a frame of a board that stands still, by the path that leads to them: self.lamp, list[3]."""

from __future__ import annotations

import re
from typing import Final

from hardtalk.debugger.frames import Frame, Frames

PATH: Final = re.compile(r"\w+(\.\w+|\[\d+\])*")


class NoSuchValue(Exception):
    """The path leads to nothing; the text says what there is."""


def value_of(reader: Frames, frame: Frame, path: str) -> int:
    """The object. Raises NoSuchValue."""
    if not PATH.fullmatch(path):
        raise NoSuchValue(
            f"{path}: give a variable or a path, self.lamp or list[3]: nothing can be sent while the board stands still"
        )
    first, *more = re.findall(r"\w+", path)
    names = {"self": frame.receiver, **reader.fields(frame.receiver), **reader.variables(frame)}
    if first not in names:
        raise NoSuchValue(f"there is no variable {first} here; there are {', '.join(names)}")
    value = names[first]
    for each in more:
        fields = reader.fields(value)
        if each.isdecimal() and 0 < int(each) <= reader.objects.size(value) - len(fields):
            value = reader.objects.slot(value, len(fields) + int(each) - 1)
        elif each in fields:
            value = fields[each]
        else:
            what = reader.objects.describe(value)
            raise NoSuchValue(f"{what} has no {each}" + (f"; it has {', '.join(fields)}" if fields else ""))
    return value
