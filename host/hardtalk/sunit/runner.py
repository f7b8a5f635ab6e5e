"""Runs SUnit tests on a booted board, a class at a time, each from the same state of the board.

The host chooses what is run (test methods of the sources, inherited ones too); the board runs `runCase` and answers a
record for each test with the stack trace of what failed. So nothing of SUnit is needed but `selector:` and `runCase`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hardtalk.bench import Bench, BenchError, UnfitRequest
from hardtalk.build.sources import class_paths, display_name, paths_in, read_classes
from hardtalk.serial import ConsoleText, Event, Failure, NotUnderstood, Refused, Result
from hardtalk.smalltalk.tonel import ClassDefinition

TEST_CASE = "TestCase"
RECORD_SEPARATOR, FIELD_SEPARATOR = "\x1e", "\x1f"
PATIENCE_CYCLES = 12_000_000_000


@dataclass(frozen=True)
class SUnitClass:
    """A concrete test class with the selectors of its tests, its own before inherited ones."""

    name: str
    selectors: tuple[str, ...]
    file: str


@dataclass(frozen=True)
class Outcome:
    """One test's: `trace` is empty when it passed. `is_failure` tells a broken assertion from any other error."""

    class_name: str
    selector: str
    trace: str = ""
    is_failure: bool = False

    @property
    def name(self) -> str:
        return f"{self.class_name}>>{self.selector}"

    @property
    def has_passed(self) -> bool:
        return not self.trace


def sunit_classes(definitions: Sequence[ClassDefinition]) -> list[SUnitClass]:
    """The classes below TestCase that have tests, in the order of their names; a superclass alone is not run."""
    by_name = {each.name: each for each in definitions if not each.is_extension}
    extended = {each.name: each.superclass for each in by_name.values() if each.superclass}
    superclasses = set(extended.values())
    found = []
    for name, definition in sorted(by_name.items()):
        chain = superclass_chain(definition, by_name)
        if chain[-1].superclass != TEST_CASE and not any(each.superclass == TEST_CASE for each in chain):
            continue
        selectors = tuple(
            dict.fromkeys(
                method.selector
                for each in chain
                for method in each.methods
                if method.selector.startswith("test") and ":" not in method.selector and not method.class_side
            )
        )
        is_abstract = name in superclasses and not any(m.selector.startswith("test") for m in definition.methods)
        if selectors and not is_abstract:
            found.append(SUnitClass(name, selectors, definition.file))
    return found


def classes_in(bench: Bench, folder: Path) -> list[SUnitClass]:
    """Those of a folder whose classes are in the firmware. UnfitRequest when it has none."""
    in_folder = {display_name(path) for path in paths_in(folder.resolve(), ".class.st")}
    definitions = read_classes(class_paths(bench.options))
    classes = [each for each in sunit_classes(definitions) if each.file in in_folder]
    if not classes:
        raise UnfitRequest(f"{folder}: no subclass of TestCase with a method test…", "Give a folder that has tests.")
    return classes


def superclass_chain(definition: ClassDefinition, by_name: dict[str, ClassDefinition]) -> list[ClassDefinition]:
    """The class and those of its superclasses that are among `by_name`, up to TestCase."""
    chain = [definition]
    while chain[-1].superclass in by_name and chain[-1].superclass != TEST_CASE:
        following = by_name[str(chain[-1].superclass)]
        if following in chain:
            break
        chain.append(following)
    return chain


def expression_for(test_class: SUnitClass) -> str:
    """What the board evaluates: a record for each test, its selector, its kind and its trace."""
    selectors = " ".join(f"#{selector}" for selector in test_class.selectors)
    return f"""
        String streamContents: [:stream |
            #({selectors}) do: [:each |
                stream nextPutAll: each; nextPut: (Character value: {ord(FIELD_SEPARATOR)}).
                [({test_class.name} selector: each) runCase]
                    on: Error
                    do: [:error |
                        stream nextPutAll: error class name; nextPut: (Character value: {ord(FIELD_SEPARATOR)}).
                        stream nextPutAll: error stackTrace].
                stream nextPut: (Character value: {ord(RECORD_SEPARATOR)})]]"""


def outcomes_in(test_class: SUnitClass, answer: str) -> list[Outcome]:
    """The outcomes in the printString that the board answered. BenchError when it is not what was asked for."""
    text = answer[1:-1].replace("''", "'")
    outcomes = []
    for record in text.split(RECORD_SEPARATOR)[:-1]:
        selector, kind, trace = (*record.split(FIELD_SEPARATOR, 2), "", "")[:3]
        outcomes.append(Outcome(test_class.name, selector, own_part(trace), kind == "AssertionFailure"))
    if [each.selector for each in outcomes] != list(test_class.selectors):
        raise BenchError(f"{test_class.name}: the board answered {answer!r}")
    return outcomes


def own_part(trace: str) -> str:
    """The stack trace without the contexts that run every test."""
    lines = trace.splitlines()
    end = next((index for index, line in enumerate(lines) if line.endswith(">>runCase")), len(lines))
    return "\n".join(lines[:end])


@dataclass
class ClassRun:
    """What one class gave: its outcomes and what the board printed meanwhile."""

    test_class: SUnitClass
    outcomes: list[Outcome]
    text: str


def run_classes(bench: Bench, classes: Sequence[SUnitClass]) -> Iterator[ClassRun]:
    booted = bench.board.snapshot()
    for each in classes:
        bench.board.restore(booted)
        yield run_class(bench, each)
    bench.board.restore(booted)


def run_class(bench: Bench, test_class: SUnitClass) -> ClassRun:
    """Run all tests of a class. When the board does not come back, all of them count as errors, with the reason."""
    text: list[str] = []
    try:
        bench.console.prompt.enter(expression_for(test_class))
        for event in bench.console.events(PATIENCE_CYCLES):
            if isinstance(event, ConsoleText):
                text.append(event.text)
            elif isinstance(event, Result):
                return ClassRun(test_class, outcomes_in(test_class, event.text), "".join(text))
            else:
                return ClassRun(test_class, all_failed(test_class, reason(event)), "".join(text))
    except BenchError as error:
        bench.console.prompt.abandon()
        return ClassRun(test_class, all_failed(test_class, str(error)), "".join(text))
    return ClassRun(test_class, all_failed(test_class, "the board gave no reply"), "".join(text))


def reason(event: Event) -> str:
    if isinstance(event, Failure):
        return event.trace
    if isinstance(event, NotUnderstood):
        return f"the board does not understand: {event.reason}"
    return str(event.error) if isinstance(event, Refused) else str(event)


def all_failed(test_class: SUnitClass, trace: str) -> list[Outcome]:
    return [Outcome(test_class.name, selector, trace) for selector in test_class.selectors]
