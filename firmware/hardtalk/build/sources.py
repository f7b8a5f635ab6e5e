"""Finds the sources of a firmware: the project's own folders, and what the user adds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hardtalk.build.options import BuildOptions
from hardtalk.chip import Chip, chip_with, hal_folder
from hardtalk.link import AssemblySource
from hardtalk.registers import register_classes
from hardtalk.smalltalk.tonel import ClassDefinition, read_class, read_class_file

CLASS_SUFFIX = ".class.st"
FIRST_BOOT_FILE = "start.s"


class MissingSources(Exception):
    """A folder or file that a build was told to use and that is not there."""


def text_root() -> Path:
    """The folder that holds `firmware/`, `boot/`, `drivers/` and `hal/`."""
    return hal_folder().parent


def chip_of(options: BuildOptions) -> Chip:
    """The board with the user's devices."""
    return chip_with(options.svd_paths)


def class_paths(options: BuildOptions) -> list[Path]:
    """The Smalltalk class files of the image, in a fixed order."""
    root = text_root()
    folders = [root / "firmware" / "kernel", root / "drivers"]
    if options.with_kernel_tests:
        folders.append(root / "firmware" / "kernel-tests")
    folders += [Path(folder) for folder in options.class_folders]
    return [path for folder in folders for path in paths_in(folder, CLASS_SUFFIX)]


def slang_paths() -> list[Path]:
    return paths_in(text_root() / "firmware" / "vm", CLASS_SUFFIX)


def boot_paths() -> list[Path]:
    """The boot stub's files, the one with the entry first."""
    paths = paths_in(text_root() / "boot", ".s")
    return sorted(paths, key=lambda path: (path.name != FIRST_BOOT_FILE, path.name))


def paths_in(folder: Path, suffix: str) -> list[Path]:
    """The files of a folder and below it by name. A folder without any is a mistake that is told."""
    if not folder.is_dir():
        raise MissingSources(f"{folder}: no such folder; correct the path")
    paths = sorted(path for path in folder.rglob(f"*{suffix}") if path.is_file())
    if not paths:
        raise MissingSources(f"{folder}: no *{suffix} file in it; give the folder that holds the sources")
    return paths


def display_name(path: Path) -> str:
    """What messages and line tables call the file: relative to the project for its own text."""
    resolved = path.resolve()
    root = text_root().resolve()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else str(path)


def read_classes(paths: Iterable[Path]) -> list[ClassDefinition]:
    return [read_class_file(path, display_name(path)) for path in paths]


def generated_classes(chip: Chip) -> list[ClassDefinition]:
    """The register classes of the chip."""
    return [read_class(generated.text, generated.source) for generated in register_classes(chip)]


def read_boot_sources(paths: Sequence[Path]) -> list[AssemblySource]:
    return [AssemblySource(display_name(path), path.read_text(encoding="utf-8")) for path in paths]
