"""Which tests an expression of `-k` chooses: words in their names, joined with and, or, not and parentheses.

    conversion and not (slow or Overflow)

A word stands for the tests that have it anywhere in `Class>>selector`, in capitals or not.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from re import findall
from typing import TypeAlias

from hardtalk.bench import UnfitRequest
from hardtalk.sunit.classes import SUnitClass

Choice: TypeAlias = Callable[[str], bool]
"""Whether the test of that name, in small letters, is chosen."""
MOST_WORDS = 100
REMEDY = "Join words of the tests' names with and, or, not and parentheses."


def choice(expression: str) -> Choice:
    """What the expression says of a name. UnfitRequest when it is none."""
    return _Reader(expression).all()


def chosen(classes: Sequence[SUnitClass], expression: str) -> list[SUnitClass]:
    """The classes with those of their tests that the expression chooses. UnfitRequest when there is none."""
    is_chosen = choice(expression)
    left = [
        replace(each, selectors=tuple(s for s in each.selectors if is_chosen(f"{each.name}>>{s}".lower())))
        for each in classes
    ]
    found = [each for each in left if each.selectors]
    if not found:
        count = sum(len(each.selectors) for each in classes)
        raise UnfitRequest(f"-k {expression!r}: chooses none of {count} tests", "Give a word that a test's name has.")
    return found


class _Reader:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._words: list[str] = findall(r"[()]|[^\s()]+", expression)
        self._next = 0
        if len(self._words) > MOST_WORDS:
            raise UnfitRequest(f"-k: more than {MOST_WORDS} words and parentheses", "Give -k fewer.")

    def all(self) -> Choice:
        found = self._alternatives()
        if self._peek():
            raise self._error(f"`{self._peek()}` is one too many")
        return found

    def _peek(self) -> str:
        """The next word; empty at the end."""
        return self._words[self._next] if self._next < len(self._words) else ""

    def _took(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._next += 1
        return True

    def _alternatives(self) -> Choice:
        parts = [self._conjunction()]
        while self._took("or"):
            parts.append(self._conjunction())
        return lambda name: any(part(name) for part in parts)

    def _conjunction(self) -> Choice:
        parts = [self._term()]
        while self._took("and"):
            parts.append(self._term())
        return lambda name: all(part(name) for part in parts)

    def _term(self) -> Choice:
        if self._took("not"):
            term = self._term()
            return lambda name: not term(name)
        if self._took("("):
            found = self._alternatives()
            if not self._took(")"):
                raise self._error("`)` is missing")
            return found
        word = self._peek()
        if word in ("", ")", "and", "or"):
            raise self._error(f"a word is missing before `{word}`" if word else "a word is missing at the end")
        self._next += 1
        lowered = word.lower()
        return lambda name: lowered in name

    def _error(self, what: str) -> UnfitRequest:
        return UnfitRequest(f"-k {self._expression!r}: {what}", REMEDY)
