"""Thread-Metric's eight tests for Smalltalk and for native processes.

Instructions an operation, counted by the board between two marks, stand beside the figures published for two kernels
written in C. Those were taken on a Cortex-M3, whose interrupt entry saves registers by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hardtalk.bench import Bench
from hardtalk.bench.errors import BenchError
from hardtalk.bench.marks import between_marks
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


def run_test(booted: Bench, form: str, test: MetricTest) -> Metric:
    """The test from the state after booting. BenchError when it fails."""
    kept = booted.console.keep()
    answer = booted.console.evaluate(f"{FORMS[form]} run: #{test.selector} rounds: {ROUNDS}", PATIENCE_CYCLES)
    if not answer.isdigit():
        raise BenchError(f"{form} {test.name} answered {answer}")
    measured = between_marks(booted.board, test.selector)
    booted.console.put_back(kept)
    return Metric(int(answer), measured.instructions, measured.cycles)


def run_tests(booted: Bench) -> Iterator[tuple[tuple[str, str], Metric]]:
    """Every test in every form: selector and form, and what was measured."""
    for test in TESTS:
        for form in FORMS:
            yield (test.selector, form), run_test(booted, form, test)


def threadmetric_report(metrics: Mapping[tuple[str, str], Metric], model: str, firmware: str) -> Report:
    report = Report("threadmetric", model, "none", 0, firmware)
    for (selector, form), metric in metrics.items():
        report.add(f"{form}.{selector}.operations", metric.operations, "operations")
        report.add(f"{form}.{selector}.instructions", metric.instructions, "instructions")
        report.add(f"{form}.{selector}.cycles", metric.cycles, "cycles")
    return report
