"""The interrupts that can be measured: which device raises which line, which driver serves it in which form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from hardtalk.bench import Bench
from hardtalk.bench.errors import UnfitRequest
from hardtalk.board import Board
from hardtalk.devices import Sp804

SMALLTALK, NATIVE, BOTH = "smalltalk", "native", "both"
OWN = "own"
"""The form that the driver has; Smalltalk for the lines that ship."""
FORMS = (SMALLTALK, NATIVE)
CHARACTER = ord("U")
PROVOKE = "provoke"
"""The method of a simulated device that raises its line, as soon as it can."""
DRIVERS = """String streamContents: [ :stream | Device allSubclasses do: [ :each | | peripheral |
    peripheral := [ each peripheral ] on: Error do: [ :error | nil ].
    peripheral == #{name} ifTrue: [
        stream nextPutAll: each name; space.
        stream nextPutAll: (each nativeHandler isNil ifTrue: ['smalltalk'] ifFalse: ['native']); space ] ] ]"""


@dataclass(frozen=True)
class Subject:
    """A line to measure: its peripheral, its driver and the driver's form, and how the line is raised.

    `raise_soon` is what the outside does in the ordinary way; `raise_now` raises the line in this very cycle. Both are
    None when the device does so by itself.
    """

    peripheral: str
    driver: str
    raise_soon: Callable[[Board], None] | None = None
    raise_now: Callable[[Board], None] | None = None
    form: str = SMALLTALK

    def injector(self, board: Board) -> Callable[[], None] | None:
        return None if self.raise_soon is None else partial(self.raise_soon, board)

    def immediate_injector(self, board: Board) -> Callable[[], None] | None:
        return None if self.raise_now is None else partial(self.raise_now, board)

    def line(self, board: Board) -> int:
        return board.chip.peripheral(self.peripheral).lines[0]


def expire(board: Board) -> None:
    """The second timer pair's first counter reaches zero now: its clock has, for once, this phase."""
    timers = board.device("TIMER23")
    assert isinstance(timers, Sp804)
    timers.counters[0].reach_zero()


def send_character(board: Board) -> None:
    """A character begins to arrive."""
    board.uart(1).send(bytes([CHARACTER]))


def finish_character(board: Board) -> None:
    """The last bit of a character is there now."""
    board.uart(1).receive_now(CHARACTER)


SUBJECTS = {
    "TIMER": Subject("TIMER23", "LatencyTimer", expire, expire),
    "UART": Subject("UART1", "LatencySerialPort", send_character, finish_character),
}
NATIVE_DRIVERS = {"TIMER": "LatencyNativeTimer", "UART": "LatencyNativeSerialPort"}


def provoke(name: str, board: Board) -> None:
    getattr(board.device(name), PROVOKE)()


def chosen_forms(form: str | None) -> list[str]:
    if form is None:
        return [OWN]
    if form == BOTH:
        return list(FORMS)
    if form not in FORMS:
        raise UnfitRequest(f"--form {form}: there is no such form", f"Choose one of {', '.join([*FORMS, BOTH])}.")
    return [form]


def subject_named(bench: Bench, name: str, form: str = OWN) -> Subject:
    """The line that ships under that name, or a peripheral of the user's with the driver that names it: `LAMP`, or
    `LAMP:Lamp` where several do. UnfitRequest when no driver has the form."""
    if name in SUBJECTS:
        subject = SUBJECTS[name]
        return replace(subject, driver=NATIVE_DRIVERS[name], form=form) if form == NATIVE else subject
    peripheral, _, wanted = name.partition(":")
    check_peripheral(bench, peripheral)
    driver, its_form = chosen_driver(name, peripheral, drivers_of(bench, peripheral), wanted, form)
    raises = partial(provoke, peripheral) if hasattr(bench.board.device(peripheral), PROVOKE) else None
    return Subject(peripheral, driver, raises, raises, its_form)


def drivers_of(bench: Bench, peripheral: str) -> dict[str, str]:
    """The classes that drive it, each with its form."""
    words = bench.console.evaluate(DRIVERS.format(name=peripheral)).strip("'").split()
    return dict(zip(words[::2], words[1::2], strict=True))


def chosen_driver(name: str, peripheral: str, drivers: dict[str, str], wanted: str, form: str) -> tuple[str, str]:
    """The one driver of that class, if one is `wanted`, and form. UnfitRequest when there is none, or more."""
    line = f"--line {name}"
    if not drivers:
        raise UnfitRequest(f"{line}: no class drives {peripheral}", "Give --driver a folder with its Device subclass.")
    there = ", ".join(f"{driver} ({its_form})" for driver, its_form in drivers.items())
    if wanted and wanted not in drivers:
        raise UnfitRequest(f"{line}: no driver of {peripheral} is called {wanted}", f"There is {there}.")
    fitting = [each for each in drivers.items() if wanted in ("", each[0]) and form in (OWN, each[1])]
    if not fitting:
        raise UnfitRequest(f"{line}: no driver of {peripheral} has the form {form}", f"There is {there}.")
    if len(fitting) > 1:
        remedy = f"Say which: --line {peripheral}:{fitting[0][0]}."
        raise UnfitRequest(f"{line}: several classes drive {peripheral}: {there}", remedy)
    return fitting[0]


def check_peripheral(bench: Bench, name: str) -> None:
    known = [
        each.name for each in bench.board.chip.peripherals if each.lines and each.base >= bench.board.chip.free_base
    ]
    if name not in known:
        raise UnfitRequest(f"--line {name}: there is no such line", f"Choose one of {', '.join([*SUBJECTS, *known])}.")
