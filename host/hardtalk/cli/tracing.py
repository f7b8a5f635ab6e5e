"""`hardtalk trace`: what the board did while interrupts came, for Perfetto and viewers of waves; one as a picture."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from hardtalk.bench import Bench, boot
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED, UserError
from hardtalk.cli.files import out_file
from hardtalk.cli.latency_table import circumstances
from hardtalk.cli.options import ARM926, NO_PARTS, CycleModel, Parts
from hardtalk.latency.interrupt import sum_of_parts
from hardtalk.latency.loaded_board import boot_latency_bench
from hardtalk.latency.loads import chosen_loads, known_loads
from hardtalk.latency.subjects import SMALLTALK, chosen_forms, subject_named
from hardtalk.trace.perfetto_file import perfetto_bytes
from hardtalk.trace.recording import Recording
from hardtalk.trace.under_load import interrupt_picture, record, record_program
from hardtalk.trace.vcd_file import vcd_text


@Parameter(name="*")
@dataclass(frozen=True)
class Own:
    """A program or a test of the user's, instead of a load."""

    program: Annotated[str | None, Parameter(help="Record while this expression is evaluated, no load.")] = None
    test: Annotated[str | None, Parameter(help="Record this test, CLASS or CLASS>>SELECTOR, no load.")] = None
    limit: Annotated[int, Parameter(help="Milliseconds of board time that the program or test may take.")] = 1000

    def expression(self) -> str | None:
        """What the board is to evaluate; None for a load."""
        if self.program is not None and self.test is not None:
            raise UserError("--program and --test: a trace is of one thing", "Give one of them.")
        if self.limit < 1:
            raise UserError(f"--limit {self.limit}: at least one millisecond must be recorded")
        if self.test is None:
            return self.program
        name, _, selector = self.test.partition(">>")
        return f"(TestRun of: ({name} selector: #{selector})) record" if selector else f"{name} suite run"

    def check(self, bench: Bench) -> None:
        """UserError when the board has no such test."""
        if self.test is None:
            return
        name, _, selector = self.test.partition(">>")
        if not all(each.isidentifier() for each in (name, selector or "all")):
            raise UserError(f"--test {self.test}: this is no test", "Give CLASS or CLASS>>SELECTOR.")
        there = bench.console.evaluate(
            f"((Smalltalk at: #{name} ifAbsent: [ nil ]) isKindOf: Class) and: [ (Smalltalk at: #{name}) inheritsFrom: "
            f"TestCase ]"
        )
        if there != "true":
            raise UserError(
                f"--test {self.test}: there is no test class {name}", "Give --driver the folder that has it."
            )
        if selector and bench.console.evaluate(f"({name} lookupSelector: #{selector}) notNil") != "true":
            raise UserError(f"--test {self.test}: {name} has no test {selector}", "Give one of its methods test….")

    def cycles(self, hertz: int) -> int:
        return self.limit * hertz // 1000


NOTHING_OF_ONES_OWN = Own()


def trace(
    *,
    perfetto: Annotated[Path | None, out_file("Write a trace that ui.perfetto.dev opens.")] = None,
    vcd: Annotated[Path | None, out_file("Write a value change dump, for GTKWave and others.")] = None,
    svg: Annotated[Path | None, out_file("Write a picture of the way of the longest interrupt.")] = None,
    count: Annotated[int, Parameter(help="Interrupts to record.")] = 50,
    seed: Annotated[int, Parameter(help="Seed of the cycles at which interrupts are raised.")] = 1,
    load: Annotated[str, Parameter(help="A load of hardtalk latency.")] = "mixed",
    line: Annotated[str, Parameter(help="TIMER, UART, or the peripheral of a device of your own.")] = "TIMER",
    form: Annotated[str, Parameter(help="The handler's form: smalltalk or native.")] = SMALLTALK,
    own: Own = NOTHING_OF_ONES_OWN,
    parts: Parts = NO_PARTS,
    model: CycleModel = ARM926,
) -> int:
    """Record processes, interrupts, safepoints, marks and devices: while a load runs and a line is raised, or while a
    program or a test of your own runs."""
    if perfetto is None and vcd is None and svg is None:
        raise UserError("nothing to write", "Give --perfetto, --vcd or --svg a file.")
    expression = own.expression()
    if expression is not None:
        if svg is not None:
            raise UserError("--svg: the picture is of one interrupt of a load", "Give --perfetto or --vcd a file.")
        bench = boot(parts.boot_options(model))
        own.check(bench)
        recording, answer, is_whole = record_program(bench, expression, own.cycles(bench.board.chip.cpu_hertz))
        write_files(recording, expression, perfetto, vcd)
        tell(recording, "")
        output.console().print(Text(answer))
        output.console().print(Text(circumstances(bench.board)))
        return 0 if is_whole else INTERRUPTED
    if count < 1:
        raise UserError(f"--count {count}: at least one interrupt must be recorded")
    forms, loads = chosen_forms(form), chosen_loads([load], known_loads(parts.folders))
    if len(forms) != 1 or len(loads) != 1:
        raise UserError("a trace is of one form of handler and one load", "Give --form and --load one name each.")
    one_form, chosen = forms[0], loads[0]
    bench = boot_latency_bench(parts.boot_options(model))
    recording, interrupts, is_whole = record(bench, subject_named(bench, line, one_form), chosen, count, seed)
    console = output.console()
    if not is_whole:
        console.print("interrupted: what was recorded before")
    title = f"{line} under {chosen.name}"
    write_files(recording, title, perfetto, vcd)
    tell(recording, f"{len(interrupts):,} interrupts: ")
    if interrupts:
        worst = max(interrupts, key=lambda each: each.latency)
        if svg is not None:
            svg.write_text(interrupt_picture(recording, worst, title), encoding="utf-8")
        console.print(Text(f"longest: {worst.latency:,} cycles = {sum_of_parts(worst)}"))
    console.print(Text(f"{circumstances(bench.board)}   seed {seed}"))
    return 0 if is_whole else INTERRUPTED


def write_files(recording: Recording, title: str, perfetto: Path | None, vcd: Path | None) -> None:
    if perfetto is not None:
        perfetto.write_bytes(perfetto_bytes(recording, title))
    if vcd is not None:
        vcd.write_text(vcd_text(recording, title), encoding="utf-8")


def tell(recording: Recording, what: str) -> None:
    """How much was recorded, and the tracks."""
    slices = sum(len(track.slices) for track in recording.tracks.values())
    instants = sum(len(track.instants) for track in recording.tracks.values())
    cycles = recording.last - recording.first
    console = output.console()
    console.print(Text(f"{cycles:,} cycles, {what}{slices:,} slices and {instants:,} instants on"))
    for track in recording.tracks.values():
        console.print(Text(f"  {track.name}"))
