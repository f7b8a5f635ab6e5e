"""Options that several commands share, each declared once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

from hardtalk.bench import BootOptions
from hardtalk.build.collectors import TREADMILL
from hardtalk.chip import parts_of_board
from hardtalk.cli.files import out_file

ARM926 = "arm926"

Drivers: TypeAlias = Annotated[
    list[Path] | None,
    Parameter(name="--driver", negative="", help="A folder of classes (Tonel) for the firmware; may be given again."),
]
Svds: TypeAlias = Annotated[
    list[Path] | None,
    Parameter(name="--svd", negative="", help="A CMSIS-SVD file of further peripherals; may be given again."),
]
Devices: TypeAlias = Annotated[
    list[Path] | None,
    Parameter(
        name="--device", negative="", help="A Python file with simulated devices of your own; may be given again."
    ),
]
Compiled: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--compile",
        negative="",
        help="A class whose methods become machine code, beside those whose pragma is `compiled`; may be given again.",
    ),
]
Flash: TypeAlias = Annotated[
    Path | None,
    Parameter(
        name="--flash", help="A raw image that keeps the contents of the board's flash; made when it is not there."
    ),
]
Screenshot: TypeAlias = Annotated[
    Path | None, Parameter(name="--screenshot", help="At the end, write what is on the board's panel to this PNG file.")
]
Record: TypeAlias = Annotated[
    Path | None,
    Parameter(
        name="--record", help="Write a film of the board's panel to this file, an animated PNG or GIF, or a raw AVI."
    ),
]
Input: TypeAlias = Annotated[
    Path | None,
    Parameter(name="--input", help="A file of what somebody does at keyboard and mouse once the board has booted."),
]
Json: TypeAlias = Annotated[Path | None, out_file("Write the raw figures to this file.", "--json")]
Collector: TypeAlias = Annotated[
    Literal["treadmill", "stop-the-world"],
    Parameter(name="--collector", help="The collector that is compiled in: of real time, or the baseline."),
]
CycleModel: TypeAlias = Annotated[
    str, Parameter(name="--model", help="What instructions cost: arm926, arm926-warm, arm926-cold or instructions.")
]
Loads: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--load",
        negative="",
        help="A load by name, mixed if none is given; may be given again; all for each in turn. One of your own: a "
        "method in the protocol loads of a subclass or an extension of LatencyWorkload in a --driver folder.",
    ),
]
Lines: TypeAlias = Annotated[
    list[str] | None,
    Parameter(
        name="--line",
        negative="",
        help="TIMER, UART, or the peripheral of a device of your own, with a driver's class where there are several "
        "(LAMP:Lamp); may be given again.",
    ),
]
Form: TypeAlias = Annotated[
    str | None,
    Parameter(
        name="--form",
        help="The handlers' form: smalltalk, native or both; if not given, what the driver of the line has.",
    ),
]
Deadline: TypeAlias = Annotated[
    str, Parameter(name="--deadline", help="The greatest latency allowed: 100us, 0.1ms, 20000cycles.")
]
Baseline: TypeAlias = Annotated[
    Path | None,
    Parameter(name="--baseline", help="An earlier --json file: exit with 1 when a figure got worse."),
]
Workers: TypeAlias = Annotated[int, Parameter(name="--workers", help="Processes that share the work.")]
Models: TypeAlias = Annotated[
    str,
    Parameter(
        name="--model",
        help="What instructions cost: arm926, arm926-warm, arm926-cold, instructions; all for the first three.",
    ),
]


@Parameter(name="*")
@dataclass(frozen=True)
class Parts:
    """What the user adds to the board: classes, peripherals, devices; and which classes are to be machine code."""

    driver: Drivers = None
    svd: Svds = None
    device: Devices = None
    compile: Compiled = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the user's classes, those of the board file first."""
        return (*parts_of_board().driver, *(self.driver or ()))

    def boot_options(self, model: str, collector: str = TREADMILL, flash: Path | None = None) -> BootOptions:
        return BootOptions(
            tuple(self.driver or ()),
            tuple(self.svd or ()),
            tuple(self.device or ()),
            model,
            collector,
            flash_file=flash,
            compiled=tuple(self.compile or ()),
        )


NO_PARTS = Parts()


def driver_options(driver: Drivers, model: str, collector: str = TREADMILL) -> BootOptions:
    """A board to which only classes are added."""
    return Parts(driver).boot_options(model, collector)
