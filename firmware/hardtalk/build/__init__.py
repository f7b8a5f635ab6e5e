"""From sources to `firmware.elf`.

    result = build(BuildOptions(class_folders=(Path("my-driver"),), svd_paths=(Path("thermometer.svd"),)))
    result.elf, result.sizes, result.timings

Everything that can be wrong with sources is raised as one of `BUILD_ERRORS`; `str()` of it is the message for the user.
"""

from hardtalk.build.builder import BuildResult, build
from hardtalk.build.collectors import UnknownCollector
from hardtalk.build.options import BuildOptions
from hardtalk.build.sources import MissingSources
from hardtalk.chip import ChipError
from hardtalk.compiled import NoSuchClass
from hardtalk.image import ImageError
from hardtalk.link import LinkError
from hardtalk.slang.errors import UnfitProgram
from hardtalk.smalltalk.errors import SourceError

BUILD_ERRORS = (
    ChipError,
    ImageError,
    LinkError,
    MissingSources,
    NoSuchClass,
    SourceError,
    UnfitProgram,
    UnknownCollector,
)

__all__ = ["BUILD_ERRORS", "BuildOptions", "BuildResult", "build"]
