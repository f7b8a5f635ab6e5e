"""Options that several commands share, each declared once."""

from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import Parameter

ARM926 = "arm926"
CACHED_MODELS = ("arm926-warm", "arm926-cold")
ALL_MODELS = "all"

Drivers: TypeAlias = Annotated[
    list[Path] | None,
    Parameter(name="--driver", negative="", help="A folder of classes (Tonel) for the firmware; may be given again."),
]
Svds: TypeAlias = Annotated[
    list[Path] | None,
    Parameter(name="--svd", negative="", help="A CMSIS-SVD file of further peripherals; may be given again."),
]
Device: TypeAlias = Annotated[
    Path | None, Parameter(name="--device", help="A Python file with simulated devices of your own.")
]
Json: TypeAlias = Annotated[Path | None, Parameter(name="--json", help="Write the raw figures to this file.")]
Collector: TypeAlias = Annotated[
    Literal["treadmill", "stop-the-world"],
    Parameter(name="--collector", help="The collector that is compiled in: of real time, or the baseline."),
]
CycleModel: TypeAlias = Annotated[
    str, Parameter(name="--model", help="What instructions cost: arm926, arm926-warm, arm926-cold or instructions.")
]
