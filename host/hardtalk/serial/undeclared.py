"""Names in methods that nobody has declared: found here, decided on the board, which alone knows all of its globals.

What is typed is refused before the method is installed. A script may use a name before it declares it, so what is
still missing is told when its last entry is done; by then the methods are there, and the names are globals with the
value nil.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import islice
from typing import Final

from hardtalk.serial.class_model import ClassModel
from hardtalk.serial.code_text import literal_text
from hardtalk.smalltalk.ast import Assignment, Literal, Method, Send, Variable, walk
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec, GlobalRef
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.literals import Symbol

IS_NIL: Final = "(Smalltalk at: each ifAbsent: [ nil ]) isNil"
"""Also one that is there: to use a name, in an expression or a script's method, makes it a global variable."""
NAMES_AT_ONCE: Final = 50
"""A question and its answer fit into a message each."""


@dataclass(frozen=True)
class Question:
    """An expression whose printString says for each name, in order, whether it is undeclared."""

    expression: str
    complaints: Callable[[str], list[SourceError]]


def unknown_names(
    spec: CompiledMethodSpec, node: Method, model: ClassModel, variables: Iterable[str] = ()
) -> dict[str, SourceError]:
    """The globals of a method that the host knows nothing of, each with the complaint about its first use. What could
    have been meant are classes, and the variables that the method sees."""
    names = [each.name for each in spec.literals if isinstance(each, GlobalRef) and not model.is_declared(each.name)]
    if not names:
        return {}
    candidates = [*variables, *model.names()]
    places = {each.name: each for each in reversed(list(walk(node))) if isinstance(each, Variable)}
    return {name: node.error(places[name], f"`{name}` is not declared.", _remedy(name, candidates)) for name in names}


def _remedy(name: str, candidates: Sequence[str]) -> str:
    near = get_close_matches(name, candidates, 1)
    declare = f"Define the class, or declare a global: `Smalltalk at: #{name} put: nil`."
    return f"Did you mean `{near[0]}`? {declare}" if near else declare


def questions(names: Mapping[str, SourceError]) -> Iterator[Question]:
    rest = iter(names.items())
    while some := list(islice(rest, NAMES_AT_ONCE)):
        array = literal_text(tuple(Symbol(name) for name, _ in some))
        expression = f"{array} collect: [ :each | ({IS_NIL}) ifTrue: [ 1 ] ifFalse: [ 0 ] ]"
        yield Question(expression, partial(_complaints, tuple(error for _, error in some)))


def _complaints(errors: Sequence[SourceError], answer: str) -> list[SourceError]:
    return [error for error, digit in zip(errors, re.findall("[01]", answer), strict=False) if digit == "1"]


def declared_by(node: Method) -> Iterator[str]:
    """The names that statements assign to or put into Smalltalk, `Smalltalk at: #Name put: nil`."""
    for each in walk(node):
        match each:
            case Assignment(Variable(name)):
                yield name
            case Send(Variable("Smalltalk"), "at:put:", (Literal(str() as name), _)):
                yield str(name)
