"""`hardtalk bench`: instructions and cycles of the bench programs, and the cost of making objects."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from hardtalk.bench import boot
from hardtalk.bench.firmware import study_folder
from hardtalk.bench.marks import Measured
from hardtalk.benchmarks.blits import CASES, CHARACTERS, PIXELS, BlitFigure, blit_report, measure_blits
from hardtalk.benchmarks.programs import FREE_BYTES, Results, measure, steps_of
from hardtalk.build.collectors import TREADMILL
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED
from hardtalk.cli.options import ARM926, Collector, CycleModel, Drivers, Json, driver_options
from hardtalk.cli.progress import measured_in_turn
from hardtalk.memory.object_sizes import SQUEAK_MEAN_BYTES


def bench(
    *,
    blit: Annotated[bool, Parameter(negative=(), help="Measure BitBlts of 600 x 500 pixels instead.")] = False,
    desktop: Annotated[
        bool, Parameter(negative=(), help="Measure the frames of a desktop instead, and how fast the host shows them.")
    ] = False,
    compiled: Annotated[
        bool, Parameter(negative=(), help="Also run the programs as machine code and show both.")
    ] = False,
    driver: Drivers = None,
    json: Json = None,
    collector: Collector = TREADMILL,
    model: CycleModel = ARM926,
) -> int:
    """Run the bench programs on the board and show the instructions and cycles of each."""
    console = output.console()
    if desktop:
        return show_desktop(console, model, collector, json)
    booted = boot(driver_options([*(driver or []), study_folder("benchmarks")], model, collector), console.out)
    if blit:
        figures, is_whole = measured_in_turn(measure_blits(booted), len(CASES), console)
        console.print(blit_table(figures), soft_wrap=True)
        console.print(
            Text(f"{PIXELS:,} pixels, or {CHARACTERS} characters   model: {model}   firmware {booted.firmware_hash}"),
            soft_wrap=True,
        )
        if json is not None:
            blit_report(figures, model, booted.firmware_hash).write(json)
        return 0 if is_whole else INTERRUPTED
    [*_, results], is_whole = measured_in_turn(measure(booted, collector, compiled), steps_of(compiled), console)
    for part in shown(results, model, booted.board.chip.cpu_hertz):
        console.print(part, soft_wrap=True)
    if json is not None:
        results.report(model).write(json)
    return 0 if is_whole else INTERRUPTED


def shown(results: Results, model: str, hertz: int) -> Iterator[RenderableType]:
    yield program_table(results)
    if results.new:
        new = ", ".join(f"{slots:,} slots {instructions:,}" for slots, instructions in results.new.items())
        yield Text(f"instructions for an Array of {new}")
    if (collected := results.collected) is not None:
        yield Text(
            f"allocation with {FREE_BYTES >> 10:,} KB beside the image, with collections: "
            f"{collected.instructions:,} instructions, {collected.cycles:,} cycles"
        )
    if (image := results.image) is not None:
        each, block = image.used_bytes / image.objects, image.block_bytes / image.objects
        yield Text(
            f"image: {image.objects:,} objects, {each:.1f} bytes each (Squeak 2.2: {SQUEAK_MEAN_BYTES}), "
            f"{block:.1f} with what blocks waste ({image.internal_permille / 10:.1f} %)"
        )
    if results.rates is not None:
        bytecodes, sends = results.rates
        yield Text(
            f"tinyBenchmarks: {bytecodes:,} bytecodes/s, {sends:,} sends/s; "
            f"{hertz / bytecodes:.1f} cycles a bytecode, {hertz / sends:.0f} a send"
        )
    yield Text(f"model: {model}, {hertz // 10**6} MHz, caches always hit   firmware {results.firmware}")


def program_table(results: Results) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    columns = ["program", "instructions", "cycles", "cycles/instruction"]
    columns += ["compiled", "cycles", "cycles/instruction", "times as fast"] if results.compiled else []
    for column in columns:
        table.add_column(column, justify="left" if column == "program" else "right")
    as_code = {each.program: each for each in results.compiled}
    for each in results.programs:
        cells = counted(each)
        if (code := as_code.get(each.program)) is not None:
            cells += [*counted(code), f"{each.cycles / code.cycles:.2f}"]
        table.add_row(each.program, *cells)
    return table


def counted(measured: Measured) -> list[str]:
    ratio = f"{measured.cycles / measured.instructions:.2f}"
    return [f"{measured.instructions:,}", f"{measured.cycles:,}", ratio]


def blit_table(figures: Sequence[BlitFigure]) -> Table:
    """Cycles a pixel, what is aimed at and whether that is reached."""
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("blit", "cycles", "cycles/pixel", "aim", ""):
        table.add_column(column, justify="left" if column in ("blit", "") else "right")
    for each in figures:
        aim = "" if each.aim is None else f"{each.aim:.2f}"
        missed = "" if each.reaches_aim else "missed"
        table.add_row(each.case.name, f"{each.measured.cycles:,}", f"{each.cycles_a_pixel:.3f}", aim, missed)
    return table


def show_desktop(console: Console, model: str, collector: str, json: Path | None) -> int:
    """A line for each motion of the windows in each depth, as it is measured."""
    from hardtalk.benchmarks.desktop import (
        DEPTHS,
        MOTIONS,
        boot_desktop,
        desktop_report,
        measure_desktop,
    )  # loads the web's

    booted = boot_desktop(model, collector)
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("frame", "depth", "cycles", "ms", "frames/s", "host frames/s", "host ms/picture", "bytes/picture"):
        table.add_column(column, justify="left" if column == "frame" else "right")
    figures, is_whole = measured_in_turn(measure_desktop(booted), len(MOTIONS) * len(DEPTHS), console)
    for each in figures:
        table.add_row(
            MOTIONS[each.motion],
            str(each.depth),
            f"{each.frame_cycles:,.0f}",
            f"{1000 / each.frames_a_second:.2f}",
            f"{each.frames_a_second:.0f}",
            f"{each.emulated_a_second:.0f}",
            f"{each.picture_ms:.2f}",
            f"{each.picture_bytes:,.0f}",
        )
    hertz = booted.board.chip.cpu_hertz
    console.print(table, soft_wrap=True)
    console.print(Text(f"640 x 480 pixels   model: {model}, {hertz // 10**6} MHz   firmware {booted.firmware_hash}"))
    if json is not None:
        desktop_report(figures, model, booted.firmware_hash).write(json)
    return 0 if is_whole else INTERRUPTED
