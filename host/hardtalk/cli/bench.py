"""`hardtalk bench`: instructions and cycles of the five programs that other interpreters were measured with, what
making an object costs, and how large those of the image are."""

import re
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hardtalk.board import Board, Mark
from hardtalk.build.collectors import TREADMILL
from hardtalk.cli import output
from hardtalk.cli.boards import Bench, boot_bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.memory_board import boot_with_heap
from hardtalk.cli.options import ARM926, Collector, CycleModel, Drivers, Json
from hardtalk.cli.sources import host_firmware
from hardtalk.memory.fragmentation import Usage, usage
from hardtalk.memory.machine import Machine
from hardtalk.memory.safepoints import settle
from hardtalk.report.figures import Report

# Each program of Benchmarks (firmware/kernel) with the result it must answer before its figures count.
PROGRAMS = {"fib": "6765", "loop": "339632", "sends": "100000", "allocation": "100000", "sieve": "1027"}
START_MARK, STOP_MARK = 1, 2
PATIENCE_CYCLES = 20_000_000_000
SIZES = {2: 1000, 16: 1000, 1000: 100, 1_000_000: 2}
"""Slots of the Arrays whose making is measured, and how many are made."""
SMALL_HEAP_BYTES = 1536 << 10
"""So little that the allocation program collects all the time."""
SQUEAK_BYTES_AN_OBJECT = 41
"""The average of a Squeak 2.2 image, headers included."""


@dataclass(frozen=True)
class Measured:
    """What a program took between its two marks."""

    program: str
    instructions: int
    cycles: int


def bench(
    *, driver: Drivers = None, json: Json = None, collector: Collector = TREADMILL, model: CycleModel = ARM926
) -> int:
    """Run the bench programs on the board and show the instructions and cycles of each."""
    console = output.console()
    folders = [*(driver or []), host_firmware("bench-firmware")]
    booted = boot_bench(folders, [], None, model, console.out, collector)
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


def allocation_costs(booted: Bench) -> dict[int, int]:
    """Instructions of one `Array basicNew: slots`, from the send to the result, without collections, by slots."""
    board, costs = booted.board, {}
    snapshot = board.snapshot()
    for slots, count in SIZES.items():
        instructions = []
        for size in (str(slots), "nil"):
            board.restore(snapshot)
            booted.console.evaluate(f"BenchRun allocate: {size} times: {count}", PATIENCE_CYCLES)
            instructions.append(between_marks(board, f"new{slots}").instructions)
        costs[slots] = round((instructions[0] - instructions[1]) / count)
    board.restore(snapshot)
    return costs


def collected_allocation(model: CycleModel, collector: str) -> Measured:
    """The allocation program where memory is short. It runs twice, so the second time collections are under way."""
    bench, console = boot_with_heap([host_firmware("bench-firmware")], SMALL_HEAP_BYTES, model, collector)
    console.evaluate("BenchRun run: #allocation", PATIENCE_CYCLES)
    return between_marks(bench.board, "allocation")


def image_usage(booted: Bench) -> Usage:
    """The objects of the heap as the board has booted."""
    board = booted.board
    snapshot = board.snapshot()
    settle(board)
    found = usage(Machine.of_board(board), board.clock.cycles)
    board.restore(snapshot)
    if found is None:
        raise UserError("the heap of the booted board cannot be walked", exit_code=1)
    return found


def measure_programs(booted: Bench) -> list[Measured]:
    """Every program from the same state of the board. UserError when one answers a wrong result."""
    snapshot = booted.board.snapshot()
    measured = []
    for program, result in PROGRAMS.items():
        booted.board.restore(snapshot)
        answer = booted.console.evaluate(f"BenchRun run: #{program}", PATIENCE_CYCLES)
        if answer != result:
            raise UserError(
                f"{program} answered {answer} instead of {result}: the firmware computes wrongly", exit_code=1
            )
        measured.append(between_marks(booted.board, program))
    booted.board.restore(snapshot)
    return measured


def tiny_benchmarks(booted: Bench) -> tuple[int, int]:
    """Bytecodes and sends a second as Smalltalkers count them, by the board's own clock."""
    answer = booted.console.evaluate("Benchmarks tinyBenchmarks", PATIENCE_CYCLES)
    bytecodes, sends = (int(word) for word in re.findall(r"\d+", answer))
    return bytecodes, sends


def between_marks(board: Board, program: str) -> Measured:
    marks = [event for event in board.trace if isinstance(event, Mark)]
    try:
        start = next(mark for mark in reversed(marks) if mark.value == START_MARK)
        stop = next(mark for mark in reversed(marks) if mark.value == STOP_MARK)
    except StopIteration:
        raise UserError(f"{program} made no marks: the board has no probe block", exit_code=1) from None
    return Measured(program, stop.instructions - start.instructions, stop.cycle - start.cycle)
