"""`hardtalk trace`: what the board did while interrupts came, for Perfetto and viewers of waves; one as a picture."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.latency_table import circumstances
from hardtalk.cli.options import ARM926, NO_PARTS, CycleModel, Parts
from hardtalk.latency.interrupt import sum_of_parts
from hardtalk.latency.loaded_board import boot_latency_bench
from hardtalk.latency.loads import chosen_loads, known_loads
from hardtalk.latency.subjects import SMALLTALK, chosen_forms, subject_named
from hardtalk.trace.perfetto_file import perfetto_bytes
from hardtalk.trace.under_load import interrupt_picture, record
from hardtalk.trace.vcd_file import vcd_text


def trace(
    *,
    perfetto: Annotated[Path | None, Parameter(help="Write a trace that ui.perfetto.dev opens.")] = None,
    vcd: Annotated[Path | None, Parameter(help="Write a value change dump, for GTKWave and others.")] = None,
    svg: Annotated[Path | None, Parameter(help="Write a picture of the way of the longest interrupt.")] = None,
    count: Annotated[int, Parameter(help="Interrupts to record.")] = 50,
    seed: Annotated[int, Parameter(help="Seed of the cycles at which interrupts are raised.")] = 1,
    load: Annotated[str, Parameter(help="A load of hardtalk latency.")] = "mixed",
    line: Annotated[str, Parameter(help="TIMER, UART, or the peripheral of a device of your own.")] = "TIMER",
    form: Annotated[str, Parameter(help="The handler's form: smalltalk or native.")] = SMALLTALK,
    parts: Parts = NO_PARTS,
    model: CycleModel = ARM926,
) -> int:
    """Record processes, interrupts, safepoints, marks and devices while a load runs and a line is raised."""
    if perfetto is None and vcd is None and svg is None:
        raise UserError("nothing to write", "Give --perfetto, --vcd or --svg a file.")
    if count < 1:
        raise UserError(f"--count {count}: at least one interrupt must be recorded")
    forms, loads = chosen_forms(form), chosen_loads([load], known_loads(parts.driver or []))
    if len(forms) != 1 or len(loads) != 1:
        raise UserError("a trace is of one form of handler and one load", "Give --form and --load one name each.")
    one_form, chosen = forms[0], loads[0]
    bench = boot_latency_bench(parts.boot_options(model))
    recording, interrupts = record(bench, subject_named(bench, line, one_form), chosen, count, seed)
    worst = max(interrupts, key=lambda each: each.latency)
    title = f"{line} under {chosen.name}"
    if perfetto is not None:
        perfetto.write_bytes(perfetto_bytes(recording, title))
    if vcd is not None:
        vcd.write_text(vcd_text(recording, title), encoding="utf-8")
    if svg is not None:
        svg.write_text(interrupt_picture(recording, worst, title), encoding="utf-8")
    console = output.console()
    slices = sum(len(track.slices) for track in recording.tracks.values())
    instants = sum(len(track.instants) for track in recording.tracks.values())
    cycles = recording.last - recording.first
    console.print(
        Text(f"{cycles:,} cycles, {len(interrupts):,} interrupts: {slices:,} slices and {instants:,} instants on")
    )
    for track in recording.tracks.values():
        console.print(Text(f"  {track.name}"))
    console.print(Text(f"longest: {worst.latency:,} cycles = {sum_of_parts(worst)}"))
    console.print(Text(f"{circumstances(bench.board)}   seed {seed}"))
    return 0
