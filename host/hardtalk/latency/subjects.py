"""The interrupts that can be measured: which device raises which line, which driver serves it in which form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from hardtalk.bench import Bench
from hardtalk.bench.errors import UnfitRequest
from hardtalk.board import Board
from hardtalk.devices import Sp804

SMALLTALK, NATIVE, BOTH = "smalltalk", "native", "both"
FORMS = (SMALLTALK, NATIVE)
CHARACTER = ord("U")


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


def chosen_forms(form: str) -> list[str]:
    if form == BOTH:
        return list(FORMS)
    if form not in FORMS:
        raise UnfitRequest(f"--form {form}: there is no such form", f"Choose one of {', '.join([*FORMS, BOTH])}.")
    return [form]


def subject_named(bench: Bench, name: str, form: str = SMALLTALK) -> Subject:
    """The line that ships under that name, or a peripheral of the user's with the driver that names it.

    Only the lines that ship have a handler in each form.
    """
    if name in SUBJECTS:
        subject = SUBJECTS[name]
        return subject if form == SMALLTALK else replace(subject, driver=NATIVE_DRIVERS[name], form=form)
    known = [
        each.name for each in bench.board.chip.peripherals if each.lines and each.base >= bench.board.chip.free_base
    ]
    if name not in known:
        raise UnfitRequest(f"--line {name}: there is no such line", f"Choose one of {', '.join([*SUBJECTS, *known])}.")
    driver = bench.console.evaluate(
        f"(Device allSubclasses detect: [:each | (each class includesSelector: #peripheral) and: "
        f"[each peripheral == #{name}]] ifNone: [nil])"
    )
    if driver == "nil":
        raise UnfitRequest(f"--line {name}: no class drives {name}", "Give --driver a folder with its Device subclass.")
    return Subject(name, driver)
