"""`hardtalk threadmetric`: Thread-Metric's eight tests, instructions an operation beside other kernels'."""

from rich.table import Table
from rich.text import Text

from hardtalk.bench import boot
from hardtalk.bench.firmware import study_folder
from hardtalk.cli import output
from hardtalk.cli.errors import INTERRUPTED
from hardtalk.cli.options import ARM926, CycleModel, Drivers, Json, driver_options
from hardtalk.cli.progress import measured_in_turn
from hardtalk.threadmetric.metrics import FORMS, TESTS, run_tests, threadmetric_report


def threadmetric(*, driver: Drivers = None, json: Json = None, model: CycleModel = ARM926) -> int:
    """Run Thread-Metric on the board: instructions an operation, beside ThreadX and FreeRTOS."""
    console = output.console()
    booted = boot(driver_options([*(driver or []), study_folder("threadmetric")], model), console.out)
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("test", "Smalltalk", "native", "ThreadX", "FreeRTOS", "operation"):
        table.add_column(column, justify="left" if column in ("test", "operation") else "right")
    measured, is_whole = measured_in_turn(run_tests(booted), len(TESTS) * len(FORMS), console)
    metrics = dict(measured)
    for test in TESTS:
        found = [metrics.get((test.selector, form)) for form in FORMS]
        cells = [f"{each.instructions / each.operations:,.0f}" if each is not None else "" for each in found]
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
        threadmetric_report(metrics, model, booted.firmware_hash).write(json)
    return 0 if is_whole else INTERRUPTED
