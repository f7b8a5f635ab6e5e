"""`hardtalk bench`: instructions and cycles of the bench programs, and the cost of making objects."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardtalk.bench import Bench, boot
from hardtalk.bench.firmware import study_folder
from hardtalk.benchmarks.programs import (
    SMALL_HEAP_BYTES,
    allocation_costs,
    collected_allocation,
    image_usage,
    measure_programs,
    tiny_benchmarks,
)
from hardtalk.build.collectors import TREADMILL
from hardtalk.cli import output
from hardtalk.cli.options import ARM926, Collector, CycleModel, Drivers, Json, driver_options
from hardtalk.report.figures import Report

SQUEAK_BYTES_AN_OBJECT = 41
"""The average of a Squeak 2.2 image, headers included."""


def bench(
    *, driver: Drivers = None, json: Json = None, collector: Collector = TREADMILL, model: CycleModel = ARM926
) -> int:
    """Run the bench programs on the board and show the instructions and cycles of each."""
    console = output.console()
    booted = boot(driver_options([*(driver or []), study_folder("benchmarks")], model, collector), console.out)
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("program", "instructions", "cycles", "cycles/instruction"):
        table.add_column(column, justify="left" if column == "program" else "right")
    report = Report("bench", model, "none", 0, booted.firmware_hash)
    for each in measure_programs(booted):
        cycles_per_instruction = f"{each.cycles / each.instructions:.2f}"
        table.add_row(each.program, f"{each.instructions:,}", f"{each.cycles:,}", cycles_per_instruction)
        report.add(f"{each.program}.instructions", each.instructions, "instructions")
        report.add(f"{each.program}.cycles", each.cycles, "cycles")
    console.print(table)
    report_allocation(booted, collector, model, console, report)
    hertz = booted.board.chip.cpu_hertz
    bytecodes, sends = tiny_benchmarks(booted)
    console.print(
        Text(
            f"tinyBenchmarks: {bytecodes:,} bytecodes/s, {sends:,} sends/s; "
            f"{hertz / bytecodes:.1f} cycles a bytecode, {hertz / sends:.0f} a send"
        )
    )
    report.add("tinyBenchmarks.bytecodes", bytecodes, "bytecodes/s")
    report.add("tinyBenchmarks.sends", sends, "sends/s")
    console.print(Text(f"model: {model}, {hertz // 10**6} MHz, caches always hit   firmware {booted.firmware_hash}"))
    if json is not None:
        report.write(json)
    return 0


def report_allocation(booted: Bench, collector: str, model: CycleModel, console: Console, report: Report) -> None:
    costs = allocation_costs(booted)
    shown = ", ".join(f"{slots:,} slots {instructions:,}" for slots, instructions in costs.items())
    console.print(Text(f"instructions for an Array of {shown}"), soft_wrap=True)
    for slots, instructions in costs.items():
        report.add(f"new{slots}.instructions", instructions, "instructions")
    collected = collected_allocation(model, collector)
    console.print(
        Text(
            f"allocation in a heap of {SMALL_HEAP_BYTES >> 10} KB, with collections: "
            f"{collected.instructions:,} instructions, {collected.cycles:,} cycles"
        )
    )
    report.add("allocation.collected.instructions", collected.instructions, "instructions")
    report.add("allocation.collected.cycles", collected.cycles, "cycles")
    image = image_usage(booted)
    each, block = image.used_bytes / image.objects, image.block_bytes / image.objects
    console.print(
        Text(
            f"image: {image.objects:,} objects, {each:.1f} bytes each (Squeak 2.2: {SQUEAK_BYTES_AN_OBJECT}), "
            f"{block:.1f} with what blocks waste ({image.internal_permille / 10:.1f} %)"
        )
    )
    report.add("image.objects", image.objects, "objects")
    report.add("image.object_bytes", round(each), "bytes")
    report.add("image.internal_waste", image.internal_permille, "permille")
