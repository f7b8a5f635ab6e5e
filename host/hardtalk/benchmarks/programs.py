"""The five programs that other interpreters were measured with, what making an object costs, the image's objects."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from hardtalk.bench import Bench, BenchError, BootOptions, boot
from hardtalk.bench.firmware import study_folder
from hardtalk.bench.marks import Measured, between_marks
from hardtalk.memory.boards import boot_settled, with_free
from hardtalk.memory.fragmentation import Usage, usage
from hardtalk.memory.machine import Machine
from hardtalk.memory.safepoints import settle
from hardtalk.report.figures import Report

# Each program of Benchmarks (firmware/kernel) with the result it must answer before its figures count.
PROGRAMS = {"fib": "6765", "loop": "339632", "sends": "100000", "allocation": "100000", "sieve": "1027"}
PROGRAM_CLASS = "Benchmarks"
PATIENCE_CYCLES = 20_000_000_000
SIZES = {2: 1000, 16: 1000, 1000: 100, 1_000_000: 2}
"""Slots of the Arrays whose making is measured, and how many are made."""
FREE_BYTES = 1 << 20
"""So little beside the image that the allocation program collects all the time."""


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


def collected_allocation(model: str, collector: str) -> Measured:
    """The allocation program where memory is short. It runs twice, so the second time collections are under way."""
    options = BootOptions((study_folder("benchmarks"),), model=model, collector=collector)
    bench = boot_settled(with_free(options, FREE_BYTES))
    bench.console.evaluate("BenchRun run: #allocation", PATIENCE_CYCLES)
    return between_marks(bench.board, "allocation")


def image_usage(booted: Bench) -> Usage:
    """The objects of the heap as the board has booted."""
    board = booted.board
    snapshot = board.snapshot()
    settle(board)
    found = usage(Machine.of_board(board), board.clock.cycles)
    board.restore(snapshot)
    if found is None:
        raise BenchError("the heap of the booted board cannot be walked")
    return found


def measure_programs(booted: Bench) -> Iterator[Measured]:
    """Every program from the same state of the board. BenchError when one answers a wrong result."""
    snapshot = booted.board.snapshot()
    for program, result in PROGRAMS.items():
        booted.board.restore(snapshot)
        answer = booted.console.evaluate(f"BenchRun run: #{program}", PATIENCE_CYCLES)
        if answer != result:
            raise BenchError(f"{program} answered {answer} instead of {result}: the firmware computes wrongly")
        yield between_marks(booted.board, program)
    booted.board.restore(snapshot)


def measure_compiled(model: str, collector: str) -> Iterator[Measured]:
    """Every program as machine code (docs/compiled-methods.md), on a board of its own."""
    options = BootOptions((study_folder("benchmarks"),), model=model, collector=collector, compiled=(PROGRAM_CLASS,))
    yield from measure_programs(boot(options))


def tiny_benchmarks(booted: Bench) -> tuple[int, int]:
    """Bytecodes and sends a second as Smalltalkers count them, by the board's own clock."""
    answer = booted.console.evaluate("Benchmarks tinyBenchmarks", PATIENCE_CYCLES)
    bytecodes, sends = (int(word) for word in re.findall(r"\d+", answer))
    return bytecodes, sends


@dataclass(frozen=True)
class Results:
    """Everything that is measured, or what there is so far; `compiled` are the programs as machine code, none when that
    was not wanted, `new` are instructions of one Array by its slots, `image` the heap after booting, `rates` bytecodes
    and sends a second."""

    firmware: str
    programs: tuple[Measured, ...] = ()
    compiled: tuple[Measured, ...] = ()
    new: Mapping[int, int] = field(default_factory=dict)
    collected: Measured | None = None
    image: Usage | None = None
    rates: tuple[int, int] | None = None

    def report(self, model: str) -> Report:
        report = Report("bench", model, "none", 0, self.firmware)
        for each in self.programs:
            report.add(f"{each.program}.instructions", each.instructions, "instructions")
            report.add(f"{each.program}.cycles", each.cycles, "cycles")
        for each in self.compiled:
            report.add(f"{each.program}.compiled.instructions", each.instructions, "instructions")
            report.add(f"{each.program}.compiled.cycles", each.cycles, "cycles")
        for slots, instructions in self.new.items():
            report.add(f"new{slots}.instructions", instructions, "instructions")
        if self.collected is not None:
            report.add("allocation.collected.instructions", self.collected.instructions, "instructions")
            report.add("allocation.collected.cycles", self.collected.cycles, "cycles")
        if self.image is not None:
            report.add("image.objects", self.image.objects, "objects")
            report.add("image.object_bytes", round(self.image.used_bytes / self.image.objects), "bytes")
            report.add("image.internal_waste", self.image.internal_permille, "permille")
        if self.rates is not None:
            report.add("tinyBenchmarks.bytecodes", self.rates[0], "bytecodes/s")
            report.add("tinyBenchmarks.sends", self.rates[1], "sends/s")
        return report


def steps_of(with_compiled: bool) -> int:
    """How often `measure` answers."""
    return len(PROGRAMS) * (2 if with_compiled else 1) + 4


def measure(booted: Bench, collector: str, with_compiled: bool = False) -> Iterator[Results]:
    """On a board with the classes of the study: the results again and again, each time with one thing more."""
    results = Results(booted.firmware_hash)
    for each in measure_programs(booted):
        results = replace(results, programs=(*results.programs, each))
        yield results
    results = replace(results, new=allocation_costs(booted))
    yield results
    for each in measure_compiled(booted.board.model, collector) if with_compiled else ():
        results = replace(results, compiled=(*results.compiled, each))
        yield results
    results = replace(results, collected=collected_allocation(booted.board.model, collector))
    yield results
    results = replace(results, image=image_usage(booted))
    yield results
    yield replace(results, rates=tiny_benchmarks(booted))
