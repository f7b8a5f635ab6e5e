"""What a build can be told."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from hardtalk.build.collectors import TREADMILL
from hardtalk.image import Entry


def default_cache_folder() -> Path:
    """The user's cache folder (XDG base directories)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hardtalk"


@dataclass(frozen=True)
class BuildOptions:
    """`class_folders` hold further Smalltalk classes (drivers, benchmarks), `svd_paths` describe further devices.

    The heap, with the image, has `heap_bytes`; None for all of RAM. `collector` is one of `hardtalk.build.collectors`.
    With `traps_bounds` each loop of the virtual machine stops it at one turn more than its bound, for tests.
    The methods of the classes `compiled` become machine code, beside those that say `<compiled>`.
    `cache_folder` None builds everything anew.
    """

    class_folders: tuple[Path, ...] = ()
    svd_paths: tuple[Path, ...] = ()
    with_kernel_tests: bool = False
    entry: Entry = field(default_factory=Entry)
    collector: str = TREADMILL
    heap_bytes: int | None = None
    traps_bounds: bool = False
    compiled: tuple[str, ...] = ()
    cache_folder: Path | None = field(default_factory=default_cache_folder)
