"""`hardtalk threadmetric`: Thread-Metric's eight tests for Smalltalk and for native processes.

Instructions an operation, counted by the board between two marks, stand beside the figures published for two kernels
written in C. Those were taken on a Cortex-M3, whose interrupt entry saves registers by itself.
"""

from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from hardtalk.cli import output
from hardtalk.cli.bench import between_marks
from hardtalk.cli.boards import Bench, boot_bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import ARM926, CycleModel, Drivers, Json
from hardtalk.cli.sources import host_firmware
from hardtalk.report.figures import Report

PATIENCE_CYCLES = 2_000_000_000
FORMS = {"smalltalk": "ThreadMetric", "native": "NativeThreadMetric"}
ROUNDS = 200


@dataclass(frozen=True)
class MetricTest:
    """One of the eight; `selector` runs it, `threadx` and `freertos` are instructions, None where not published."""

    name: str
    selector: str
    operation: str
    threadx: int | None = None
    freertos: int | None = None


TESTS = (
    MetricTest("basic processing", "basic", "a pass over 1,024 words"),
    MetricTest("cooperative", "cooperative", "a yield", 66, 54),
    MetricTest("preemptive", "preemptive", "a resume and a suspend"),
    MetricTest("interrupt processing", "interrupts", "an interrupt that signals, a wait", 99, 122),
    MetricTest("interrupt preemption", "preemption", "an interrupt to a higher process", 290, 337),
    MetricTest("message", "message", "16 bytes sent and received", 124, 194),
    MetricTest("synchronization", "synchronization", "a wait and a signal", 55, 120),
    MetricTest("memory allocation", "memory", "128 bytes taken and, natively, given back"),
)


@dataclass(frozen=True)
class Metric:
    """What a test took, over all its operations."""

    operations: int
    instructions: int
    cycles: int


def threadmetric(*, driver: Drivers = None, json: Json = None, model: CycleModel = ARM926) -> int:
    """Run Thread-Metric on the board: instructions an operation, beside ThreadX and FreeRTOS."""
    console = output.console()
    folders = [*(driver or []), host_firmware("threadmetric-firmware")]
    booted = boot_bench(folders, [], None, model, console.print)
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("test", "Smalltalk", "native", "ThreadX", "FreeRTOS", "operation"):
        table.add_column(column, justify="left" if column in ("test", "operation") else "right")
    report = Report("threadmetric", model, "none", 0, booted.firmware_hash)
    for test in TESTS:
        cells = []
        for form in FORMS:
            metric = run_test(booted, form, test)
            cells.append(f"{metric.instructions / metric.operations:,.0f}")
            for unit, value in (
                ("operations", metric.operations),
                ("instructions", metric.instructions),
                ("cycles", metric.cycles),
            ):
                report.add(f"{form}.{test.selector}.{unit}", value, unit)
        published = [str(value) if value is not None else "-" for value in (test.threadx, test.freertos)]
        table.add_row(test.name, *cells, *published, test.operation)
    console.print(table)
    console.print(
        Text(
            f"instructions an operation; ThreadX and FreeRTOS as published, on a Cortex-M3; "
            f"firmware {booted.firmware_hash}"
        )
    )
    if json is not None:
        report.write(json)
    return 0


def run_test(booted: Bench, form: str, test: MetricTest) -> Metric:
    """The test from the state after booting. UserError when it fails."""
    snapshot = booted.board.snapshot()
    answer = booted.console.evaluate(f"{FORMS[form]} run: #{test.selector} rounds: {ROUNDS}", PATIENCE_CYCLES)
    if not answer.isdigit():
        raise UserError(f"{form} {test.name} answered {answer}", exit_code=1)
    measured = between_marks(booted.board, test.selector)
    booted.board.restore(snapshot)
    booted.console.prompt.abandon()
    return Metric(int(answer), measured.instructions, measured.cycles)
