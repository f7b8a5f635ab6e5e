"""The brackets of an entry, where they count: not in strings, comments and characters."""

from collections.abc import Iterator
from typing import Final

OPENING: Final = "([{"
CLOSING: Final = {")": "(", "]": "[", "}": "{"}
QUOTES: Final = "'\""


def brackets(entry: str) -> Iterator[tuple[int, str]]:
    """Each with its index; last of all the quote of a string or comment that is not closed."""
    index = 0
    while index < len(entry):
        character = entry[index]
        if character == "$":
            index += 1
        elif character in QUOTES:
            end = entry.find(character, index + 1)
            if end < 0:
                yield index, character
                return
            index = end
        elif character in OPENING or character in CLOSING:
            yield index, character
        index += 1


def is_complete(entry: str) -> bool:
    """Whether brackets, braces, parentheses, strings and comments of an entry are closed."""
    found = [character for _, character in brackets(entry)]
    opened = sum(character not in CLOSING for character in found)
    return not any(character in QUOTES for character in found) and opened <= len(found) - opened


def mismatch(entry: str) -> tuple[int, str] | None:
    """Where a bracket closes what was not opened, and why; None while all can still become right."""
    opened: list[str] = []
    for index, character in brackets(entry):
        if character not in CLOSING:
            opened.append(character)
        elif not opened:
            return index, f"{character} closes nothing"
        elif (last := opened.pop()) != CLOSING[character]:
            return index, f"{character} does not close {last}"
    return None
