"""The board on which latencies are measured: the laboratory's own classes and device, a load started."""

from dataclasses import replace

from hardtalk.bench import Bench, BootOptions, boot, build_options
from hardtalk.bench.firmware import study_folder
from hardtalk.build import BuildResult, build
from hardtalk.build.sources import text_root
from hardtalk.latency.floods import FLOODS, Metronome
from hardtalk.latency.loads import Load
from hardtalk.latency.subjects import Subject


def with_laboratory(options: BootOptions) -> BootOptions:
    """The user's options with the classes and the device of the laboratory's own loads, one of which has windows."""
    own = (study_folder("latency"), text_root() / "firmware" / "windows", text_root() / "drivers" / "input")
    return replace(options, drivers=(*options.drivers, *own), devices=(*options.devices, Metronome))


def build_latency_firmware(options: BootOptions = BootOptions()) -> BuildResult:  # noqa: B008  (it is frozen)
    return build(build_options(with_laboratory(options)))


def boot_latency_bench(options: BootOptions = BootOptions()) -> Bench:  # noqa: B008
    return boot(with_laboratory(options))


def start_load(bench: Bench, subject: Subject, load: Load) -> None:
    """Start the driver of the line and the load below it, and the flood from outside that the load wants."""
    bench.console.evaluate(f"LatencyLaboratory start: {subject.driver} load: {workload(load)}")
    start_flood(bench, load)


def run_load(bench: Bench, load: Load) -> None:
    """Start the load alone."""
    bench.console.evaluate(f"LatencyLaboratory runLoad: {workload(load)}")
    start_flood(bench, load)


def workload(load: Load) -> str:
    """The load's name and the object that has it, as arguments of LatencyLaboratory."""
    return f"#{load.selector} of: ({load.workload} new{f' many: {load.many}; yourself' if load.many else ''})"


def start_flood(bench: Bench, load: Load) -> None:
    flood = FLOODS.get(load.selector)
    if flood is not None:
        flood(bench.board)
