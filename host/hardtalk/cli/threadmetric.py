"""`hardtalk threadmetric`: Thread-Metric's eight tests, instructions an operation beside other kernels'."""

from rich.table import Table
from rich.text import Text

from hardtalk.bench import boot
from hardtalk.bench.firmware import study_folder
from hardtalk.cli import output
from hardtalk.cli.options import ARM926, CycleModel, Drivers, Json, driver_options
from hardtalk.report.figures import Report
from hardtalk.threadmetric.metrics import FORMS, TESTS, run_test


def threadmetric(*, driver: Drivers = None, json: Json = None, model: CycleModel = ARM926) -> int:
    """Run Thread-Metric on the board: instructions an operation, beside ThreadX and FreeRTOS."""
    console = output.console()
    booted = boot(driver_options([*(driver or []), study_folder("threadmetric")], model), console.out)
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
