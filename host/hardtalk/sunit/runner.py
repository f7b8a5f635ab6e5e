"""Runs SUnit tests on a booted board, each in a process of its own and from the same state of the board.

The host chooses what is run (test methods of the sources, inherited ones too); `TestRun` on the board runs one test
within its time limit and answers a record. The board is put back before each test, so that nothing a test leaves behind
reaches another, and one that takes the whole board with it fails alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from hardtalk.bench import Bench, BenchError, BoardEnded, KeptBoard
from hardtalk.bench.console import FILE_IN_BAUD
from hardtalk.serial import ConsoleText, Event, Failure, NotUnderstood, Refused, Result
from hardtalk.sunit.classes import SUnitClass
from hardtalk.sunit.outcomes import ERROR, EXPECTED, Outcome, TracedContext, outcome_in, with_place
from hardtalk.sunit.places import users_file
from hardtalk.symbols.source_map import MethodLines, Place
from hardtalk.symbols.sources import source_line
from hardtalk.vm.constants import PINNED_REGISTERS

GRACE_SECONDS = 4
"""Of the board's time beyond a test's limit: the board itself needs some to end the test and to tell."""


@dataclass(frozen=True)
class Allowance:
    """How long a test may take on the board, and whether it is expected to fail."""

    milliseconds: int
    is_expected_failure: bool


class Runner:
    """Runs tests on `bench`, each from `state`. Tests that say nothing of their own may take `timeout_seconds` of the
    board's time, the board's default for None. `state` is the board as it is now when it is None, but for its line to
    the host, which is made as fast as for a file-in."""

    def __init__(self, bench: Bench, timeout_seconds: float | None = None, state: KeptBoard | None = None) -> None:
        self.bench = bench
        self.timeout_milliseconds = None if timeout_seconds is None else max(round(timeout_seconds * 1000), 1)
        if state is None:
            bench.console.set_baud(FILE_IN_BAUD)
            state = bench.console.keep()
        self.state = state

    def run(self, test_class: SUnitClass) -> Iterator[Outcome]:
        """The outcomes of the tests of a class in the order of its selectors."""
        try:
            allowances = self.allowances(test_class)
        except BenchError as error:
            yield from (Outcome(test_class.name, each, ERROR, str(error)) for each in test_class.selectors)
            return
        for selector, allowance in zip(test_class.selectors, allowances, strict=True):
            yield self.run_test(test_class, selector, allowance)

    def put_back(self) -> None:
        self.bench.console.put_back(self.state)

    def allowances(self, test_class: SUnitClass) -> list[Allowance]:
        """What the class says of its tests. BenchError when it cannot say."""
        self.put_back()
        selectors = " ".join(f"#{each}" for each in test_class.selectors)
        answer = self.bench.console.evaluate(f"""
            {self._set_limit()}
            #({selectors}) collect: [:each | | test |
                test := {test_class.name} selector: each.
                test timeLimitMilliseconds * 2 + (test isExpectedFailure ifTrue: [1] ifFalse: [0])]""")
        numbers = [int(each) for each in answer.strip("#(){}").replace(".", " ").split()]
        return [Allowance(each >> 1, bool(each & 1)) for each in numbers]

    def _set_limit(self) -> str:
        if self.timeout_milliseconds is None:
            return ""
        return f"TestCase defaultTimeLimit: (Duration milliSeconds: {self.timeout_milliseconds})."

    def run_test(self, test_class: SUnitClass, selector: str, allowance: Allowance) -> Outcome:
        self.put_back()
        board, console = self.bench.board, self.bench.console
        started = board.clock.cycles
        known_failures, notify = console.device_failures, console.notify
        console.device_failures, console.notify = [], lambda _: None
        printed: list[str] = []
        try:
            outcome = self._answered(test_class, selector, allowance, printed)
        finally:
            console.notify = notify
        if console.device_failures:
            told = "\n".join(console.device_failures)
            rest = outcome.text.replace(f"{told}\n", "")
            text = f"a device failed: {told}\n{rest}".rstrip()
            outcome = replace(outcome, kind=ERROR, text=text)
        console.device_failures = known_failures + [e for e in console.device_failures if e not in known_failures]
        outcome = with_place(outcome, self._file_of(test_class), self._source_of)
        defined = self._opened(test_class.places.get(selector))
        return replace(outcome, printed="".join(printed), cycles=board.clock.cycles - started, defined=defined)

    def _answered(self, test_class: SUnitClass, selector: str, allowance: Allowance, printed: list[str]) -> Outcome:
        """What the board says of the test, or why it says nothing."""
        console = self.bench.console
        wrecked = Outcome(
            test_class.name, selector, EXPECTED if allowance.is_expected_failure else ERROR, "the board gave no reply"
        )
        seconds = allowance.milliseconds / 1000 + GRACE_SECONDS
        expression = f"{self._set_limit()} (TestRun of: ({test_class.name} selector: #{selector})) record"
        try:
            console.prompt.enter(expression)
            for event in console.events(round(seconds * self.bench.board.chip.cpu_hertz)):
                if isinstance(event, ConsoleText):
                    printed.append(event.text)
                elif isinstance(event, Result):
                    record = event.text[1:-1].replace("''", "'")
                    return outcome_in(test_class.name, selector, record, self._place_of)
                else:
                    return replace(wrecked, text=reason(event))
        except BenchError as error:
            place = self._place_now()
            why = str(error) if isinstance(error, BoardEnded) else f"{why_silent(allowance)}\n{error}"
            return replace(wrecked, text=why, contexts=(place,) if place is not None else ())
        return wrecked

    def _place_now(self) -> TracedContext | None:
        """The method that the virtual machine is in."""
        cpu = self.bench.board.cpu
        address = cpu.register(PINNED_REGISTERS["ip"])
        method = self.bench.source_map.method_at(address)
        return None if method is None else TracedContext(method.name, method.name, self._named(method.place(address)))

    @cached_property
    def _methods(self) -> dict[str, MethodLines]:
        return {each.name: each for each in self.bench.source_map.methods}

    def _place_of(self, method: str, counter: int) -> Place | None:
        found = self._methods.get(method)
        return None if found is None else self._named(found.place(found.address + counter))

    def _named(self, place: Place) -> Place:
        """The place with a file name that can be opened from here."""
        path = users_file(self.bench, place.file)
        return place if path is None else Place(short_name(path), place.line)

    def _opened(self, place: Place | None) -> Place | None:
        """The place of a method of the sources, with a file name that can be opened from here."""
        if place is None or not Path(place.file).is_absolute():
            return place
        return Place(short_name(Path(place.file)), place.line)

    def _file_of(self, test_class: SUnitClass) -> str:
        path = Path(test_class.file)
        return short_name(path) if path.is_absolute() else test_class.file

    def _source_of(self, place: Place) -> str:
        return (source_line(place) or "").strip()


def why_silent(allowance: Allowance) -> str:
    return (
        f"no end after {allowance.milliseconds} ms, and the board cannot be asked: the test keeps a priority above "
        "the prompt's, or all of the board stands still"
    )


def short_name(path: Path) -> str:
    """Relative to the current folder if it lies there."""
    resolved, here = path.resolve(), Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)


@dataclass
class ClassRun:
    """What one class gave: its outcomes and what the board printed meanwhile."""

    test_class: SUnitClass
    outcomes: list[Outcome]

    @property
    def text(self) -> str:
        return "".join(each.printed for each in self.outcomes)


def run_class(bench: Bench, test_class: SUnitClass) -> ClassRun:
    """Run all tests of a class, each from the state in which the board is now."""
    return ClassRun(test_class, list(Runner(bench).run(test_class)))


def reason(event: Event) -> str:
    if isinstance(event, Failure):
        return event.trace
    if isinstance(event, NotUnderstood):
        return f"the board does not understand: {event.reason}"
    return str(event.error) if isinstance(event, Refused) else str(event)
