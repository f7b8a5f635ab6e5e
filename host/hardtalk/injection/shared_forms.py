"""The boards and processes that share the windows of all forms."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from hardtalk.bench import Bench
from hardtalk.bench.firmware import firmware_hash, study_folder
from hardtalk.board import Board, Snapshot
from hardtalk.injection.drivers import HANDS, Kit, handling_of_driver, start_kit, with_kit
from hardtalk.injection.forms import (
    HANDLERS,
    PATTERN,
    WINDOWS,
    FormResult,
    FormSweep,
    Place,
    Window,
    handling_of,
    turn_of_program,
)
from hardtalk.injection.shared_collection import injection_options, parts
from hardtalk.injection.trial import Violated
from hardtalk.link.assembler import AssemblySource, assemble
from hardtalk.memory.boards import boot_settled
from hardtalk.report.figures import Report
from hardtalk.tasks.side_by_side import CutShort, shared_out
from hardtalk.vm.native import PROCESS_FIELDS
from hardtalk.vm.object_format import WORD_BYTES

POINTS_IN_A_TASK: Final = 2_000
HEAP_BYTES: Final = 4 << 20
PATTERN_CYCLES, PATTERN_POINTS = 300_000, 3_000


@dataclass(frozen=True)
class FormsRecipe:
    """The options that make a board for a window, the same in every process."""

    window: Window
    model: str

    def __call__(self) -> "PreparedForms":
        first = self.window.first
        prepared = running(self.window.over, self.model, HANDS[first].kit if first in HANDS else None)
        if not first:
            return prepared
        if first in HANDS:
            place, start, length = handling_of_driver(prepared.board, prepared.place, first, prepared.start)
            return replace(prepared, place=place, start=start, instructions=length)
        start, length = handling_of(prepared.board, prepared.place, first, prepared.start)
        return replace(prepared, start=start, instructions=length)


@dataclass(frozen=True)
class PreparedForms:
    """A board at the beginning of a window of so many instructions."""

    board: Board
    place: Place
    start: Snapshot
    instructions: int
    firmware: str


@lru_cache(maxsize=2)
def running(over: str, model: str, kit: Kit | None = None) -> PreparedForms:
    """A board that runs the program or the native code; the beginning of a turn and its length."""
    options = injection_options(HEAP_BYTES, model)
    bench = boot_settled(with_kit(options, kit) if kit else options)
    board = bench.board
    counts, *places = numbers_in(bench, "InjectionForms prepare")
    lines, counted, computed = places[0::3], places[1::3], places[2::3]
    place = Place(counts, dict(zip(lines, counted, strict=True)), dict(zip(lines, computed, strict=True)))
    if kit:
        start_kit(bench, kit)
        buffers = numbers_in(bench, kit.buffers)
        place = replace(place, buffers=tuple(zip(buffers[0::2], buffers[1::2], strict=True)))
    if over == PATTERN:
        place = start_pattern(bench, place)
        board.run(PATTERN_CYCLES)
        start, length = board.snapshot(), PATTERN_POINTS
    else:
        bench.console.evaluate("InjectionForms startProgram")
        start, length = turn_of_program(board, place)
    return PreparedForms(board, place, start, length, firmware_hash(bench.firmware.elf))


@dataclass
class FormRow:
    """What one window and one kind of handler gave; `is_whole` unless Control-C came."""

    window: Window
    handler: str
    firmware: str
    found: FormResult = field(default_factory=FormResult)
    is_whole: bool = True

    def take(self, _number: int, found: FormResult, _is_whole: bool) -> None:
        self.found.add(found)


def start_pattern(bench: Bench, place: Place) -> Place:
    """Put the pattern's code where the process that stands for it will go on."""
    text = pattern_path().read_text(encoding="utf-8")
    size = len(assemble([AssemblySource("pattern.s", text)], 0, {}).code)
    address, record = numbers_in(bench, f"InjectionForms preparePattern: {size // WORD_BYTES}")
    code = assemble([AssemblySource("pattern.s", text)], address, {}).code
    ram = bench.board.ram
    ram.write(address, code)
    ram.write(record + PROCESS_FIELDS["Place"], address.to_bytes(WORD_BYTES, "little"))
    bench.console.evaluate("InjectionForms startPattern")
    return replace(place, code=(address, address + len(code)), record=record)


def pattern_path() -> Path:
    return study_folder("injection") / "pattern.s"


def numbers_in(bench: Bench, expression: str) -> list[int]:
    """The numbers of the Array that an expression answers."""
    return [int(word) for word in bench.console.evaluate(expression).removeprefix("#(").removesuffix(")").split()]


@lru_cache(maxsize=1)
def prepared_by(recipe: FormsRecipe) -> PreparedForms:
    return recipe()


def interrupt_window(recipe: FormsRecipe, handler: str, first: int, count: int) -> FormResult:
    """In whatever process: `count` instructions of the window, from `first` on."""
    prepared = prepared_by(recipe)
    sweep = FormSweep(prepared.board, prepared.place, recipe.window, handler, prepared.start)
    return sweep.run(first, count)


def interrupt_forms(
    executor: Executor,
    model: str,
    windows: Sequence[Window] = WINDOWS,
    handlers: Sequence[str] = HANDLERS,
    first: int = 0,
    count: int | None = None,
    finished: Callable[[FormRow], None] = lambda _: None,
) -> tuple[list[FormRow], float]:
    """Every window with every kind of handler; the seconds that it took. Raises CutShort, with the rows that there are,
    when Control-C comes; `finished` has heard of them."""
    began, rows = time.monotonic(), list[FormRow]()

    def finish(row: FormRow) -> None:
        rows.append(row)
        finished(row)

    try:
        interrupt_windows(executor, model, windows, handlers, first, count, finish)
    except KeyboardInterrupt:
        raise CutShort(rows) from None
    return rows, time.monotonic() - began


def interrupt_windows(
    executor: Executor, model: str, windows: Sequence[Window], handlers: Sequence[str], first: int, count: int | None,
    finish: Callable[[FormRow], None],
) -> None:  # fmt: skip
    """As `interrupt_forms`; `finish` hears of each row."""
    for window in windows:
        recipe = FormsRecipe(window, model)
        try:
            prepared = prepared_by(recipe)
        except Violated as violated:
            result = FormResult(violation=f"{window.name} cannot be interrupted: {violated}")
            finish(FormRow(window, "any", "", result))
            continue
        length = prepared.instructions - first
        length = length if count is None else min(count, length)
        for handler in handlers:
            row = FormRow(window, handler, prepared.firmware)
            tasks = [(recipe, handler, start, size) for start, size in parts(first, length, POINTS_IN_A_TASK)]
            try:
                shared_out(executor, interrupt_window, tasks, row.take)
            except CutShort:
                row.is_whole = False
                if row.found.points:
                    finish(row)
                raise
            finish(row)


def add_forms(report: Report, rows: Sequence[FormRow]) -> None:
    report.load = ",".join(each for each in (report.load, "forms") if each)
    for row in rows:
        report.firmware = row.firmware or report.firmware
        name = f"{row.window.name}.{row.handler}".replace(" ", "_")
        report.add(f"{name}.points", row.found.points, "points")
        report.add(f"{name}.outcomes", row.found.outcomes, "outcomes")
        report.add(f"{name}.violations", int(bool(row.found.violation)), "violations")
