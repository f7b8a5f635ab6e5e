"""What became of a test, and the record in which the board tells it (TestRun>>record)."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hardtalk.bench import BenchError
from hardtalk.symbols.source_map import Place

PASSED, FAILED, ERROR, SKIPPED, EXPECTED = "passed", "failed", "error", "skipped", "expectedFailure"
MARKS = {PASSED: ".", FAILED: "F", ERROR: "E", SKIPPED: "s", EXPECTED: "x"}
WORDS = {PASSED: "PASSED", FAILED: "FAILED", ERROR: "ERROR", SKIPPED: "SKIPPED", EXPECTED: "XFAIL"}
COUNTED = {FAILED: "failed", PASSED: "passed", SKIPPED: "skipped", EXPECTED: "xfailed"}
"""What the closing line calls them; errors count as failed."""
FIELD_SEPARATOR, FRAME_SEPARATOR = "\x1e", "\x1f"


@dataclass(frozen=True)
class TracedContext:
    """A line of a stack trace: what the context prints as, its method, and where it is if that is known."""

    text: str
    method: str = ""
    place: Place | None = None

    def __str__(self) -> str:
        return f"{self.text} ({self.place})" if self.place is not None else self.text


@dataclass(frozen=True)
class Outcome:
    """One test's. `kind` is one of MARKS; `text` tells why, `contexts` from where, the innermost first.

    `place` and `source` are where to look first, `defined` is where the test method begins; `printed` is the console
    text meanwhile, `cycles` the board's time from asking to the answer.
    """

    class_name: str
    selector: str
    kind: str = PASSED
    text: str = ""
    contexts: tuple[TracedContext, ...] = ()
    place: Place | None = None
    source: str = ""
    printed: str = ""
    cycles: int = 0
    defined: Place | None = None

    @property
    def name(self) -> str:
        return f"{self.class_name}>>{self.selector}"

    @property
    def has_passed(self) -> bool:
        return self.kind == PASSED

    @property
    def has_failed(self) -> bool:
        return self.kind in (FAILED, ERROR)

    @property
    def first_line(self) -> str:
        return next(iter(self.text.strip().splitlines()), "")

    @property
    def trace(self) -> str:
        """The place with the source line there, why, and a line for each context; empty when it passed."""
        if self.has_passed:
            return ""
        head = f"{self.place}: {self.text}" if self.place is not None else self.text
        source = [f"    {self.source}"] if self.source else []
        return "\n".join([head, *source, *(str(each) for each in self.contexts)])


def outcome_in(class_name: str, selector: str, record: str, place_of: Callable[[str, int], Place | None]) -> Outcome:
    """What the board's record says. `place_of` answers where a method is for a program counter. BenchError when it is
    no record."""
    kind, separator, rest = record.partition(FIELD_SEPARATOR)
    frames, second, text = rest.partition(FIELD_SEPARATOR)
    if kind not in MARKS or not separator or not second:
        raise BenchError(f"{class_name}>>{selector}: the board answered {record!r}")
    contexts = []
    for frame in frames.split(FRAME_SEPARATOR) if frames else []:
        shown, method, counter = frame.split("\t")
        contexts.append(TracedContext(shown, method, place_of(method, int(counter))))
    return Outcome(class_name, selector, kind, text, tuple(contexts))


def with_place(outcome: Outcome, file: str, source_of: Callable[[Place], str]) -> Outcome:
    """Headed by the innermost context that is in the test's own file; by the innermost known one when none is."""
    placed = [each.place for each in outcome.contexts if each.place is not None]
    place = next((each for each in placed if each.file == file), next(iter(placed), None))
    return replace(outcome, place=place, source=source_of(place) if place is not None else "")
