"""The programs of MemoryWorkload: read from its Tonel file, so that adding one is adding a method there.

A method of the protocol `programs` is one; its pragma `<answers: n>` is what it must answer, whatever the heap, and
`<alone>` says that it needs the heap for itself, so that the soak's several processes leave it out.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from hardtalk.bench.firmware import study_folder
from hardtalk.smalltalk.tonel import read_class

WORKLOAD_CLASS: Final = "MemoryWorkload"
PROTOCOL: Final = "programs"


@dataclass(frozen=True)
class Program:
    """`purpose` is the first sentence of the method's comment."""

    name: str
    answer: int
    is_alone: bool
    purpose: str


@cache
def programs() -> dict[str, Program]:
    """All of them by name, in the order of the file. ValueError for one that does not say what it answers."""
    path = study_folder("memory") / f"{WORKLOAD_CLASS}.class.st"
    definition = read_class(path.read_text(encoding="utf-8"), str(path))
    found: dict[str, Program] = {}
    for method in definition.methods:
        if method.category != PROTOCOL or method.class_side:
            continue
        pragmas = {each.selector: each.values for each in method.node.pragmas}
        answers = pragmas.get("answers:", ())
        if len(answers) != 1 or not isinstance(answers[0], int):
            raise ValueError(f"{path.name}: {method.selector} does not say what it answers: <answers: 42>")
        comment = method.source.split('"')[1] if '"' in method.source else ""
        purpose = comment.split(". ")[0].rstrip(".") + "."
        found[method.selector] = Program(method.selector, answers[0], "alone" in pragmas, purpose)
    return found


def shared_programs() -> dict[str, int]:
    """Name and answer of those that several processes may run at once."""
    return {each.name: each.answer for each in programs().values() if not each.is_alone}
