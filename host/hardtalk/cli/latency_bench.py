"""The board on which latencies are measured: the latency firmware, the device of the timer flood, a load started."""

from collections.abc import Sequence
from pathlib import Path

from hardtalk.board import Board
from hardtalk.build import BuildOptions, BuildResult, build
from hardtalk.chip import chip_with
from hardtalk.cli.boards import QUIET_CYCLES, Bench, first_line_cycles, make_devices
from hardtalk.cli.console import BoardConsole
from hardtalk.cli.device_files import device_classes, svd_files
from hardtalk.cli.firmware import class_model, options_for
from hardtalk.cli.latency_floods import FLOODS, Metronome
from hardtalk.cli.latency_loads import Load
from hardtalk.cli.latency_subjects import Subject
from hardtalk.cli.sources import host_firmware


def latency_options(
    drivers: Sequence[Path] = (), svds: Sequence[Path] = (), device_file: Path | None = None
) -> BuildOptions:
    """The users' sources with the classes and the device of the laboratory's own loads."""
    classes = device_classes(device_file) if device_file is not None else []
    device_svds = svd_files(device_file, classes) if device_file is not None else []
    return options_for([*drivers, host_firmware("latency-firmware")], [*svds, *device_svds, Metronome.svd_path()])


def build_latency_firmware(
    drivers: Sequence[Path] = (), svds: Sequence[Path] = (), device_file: Path | None = None
) -> BuildResult:
    return build(latency_options(drivers, svds, device_file))


def boot_latency_bench(
    drivers: Sequence[Path] = (), svds: Sequence[Path] = (), device_file: Path | None = None, model: str = "arm926"
) -> Bench:
    """As `boot_bench`, with the laboratory's own classes and device."""
    options = latency_options(drivers, svds, device_file)
    firmware = build(options)
    classes = device_classes(device_file) if device_file is not None else []
    devices = make_devices(classes, device_file) if device_file is not None else []
    board = Board(firmware.elf, chip_with(options.svd_paths), [*devices, Metronome()], model)
    console = BoardConsole(board, class_model(options), print)
    text = console.text_until_quiet(QUIET_CYCLES)
    return Bench(board, console, options, firmware, text, first_line_cycles(board))


def start_load(bench: Bench, subject: Subject, load: Load) -> None:
    """Start the driver of the line and the load below it, and the flood from outside that the load wants."""
    bench.console.evaluate(f"LatencyLaboratory start: {subject.driver} load: #{load.selector} of: {load.workload}")
    start_flood(bench, load)


def run_load(bench: Bench, load: Load) -> None:
    """Start the load alone."""
    bench.console.evaluate(f"LatencyLaboratory runLoad: #{load.selector} of: {load.workload}")
    start_flood(bench, load)


def start_flood(bench: Bench, load: Load) -> None:
    flood = FLOODS.get(load.selector)
    if flood is not None:
        flood(bench.board)
