"""`build`: the sources to `firmware.elf`.

Two results are kept between builds by their content: the compiled Slang program, which is the slow part and changes
seldom, and the whole ELF. Class files are read and compiled every time: that takes less than finding them in a cache.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from hardtalk.build import sources
from hardtalk.build.board_constants import board_constants
from hardtalk.build.cache import BuildCache, digest, files_digest, tools_digest
from hardtalk.build.options import BuildOptions
from hardtalk.chip import Chip
from hardtalk.compiled import CompiledMethods, compiled_methods
from hardtalk.image import Image, build_image
from hardtalk.link import link, read_object, target_of
from hardtalk.link.plan import HEAP_BASE
from hardtalk.slang import CONTENTS, CompiledProgram, compile_program
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.vm.constants import slang_constants
from hardtalk.vm.native import ENTRY_ROUTINES, argument_code

SLANG_PACKAGES = ("arm", "slang", "smalltalk", "vm")


@dataclass(frozen=True)
class BuildResult:
    """A firmware: the ELF, bytes by section, counts of what is in it, the seconds that each stage took, and warnings of
    the sources, which begin with one of `files`, what messages call these."""

    elf: bytes
    sizes: dict[str, int]
    counts: dict[str, int]
    timings: dict[str, float] = field(default_factory=dict)
    is_from_cache: bool = False
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def build(options: BuildOptions | None = None) -> BuildResult:
    """Build the firmware. Raises one of `hardtalk.build.BUILD_ERRORS`, whose text is the message for the user."""
    options = options or BuildOptions()
    return _Build(options).run()


class _Build:
    def __init__(self, options: BuildOptions) -> None:
        self.options = options
        self.cache = BuildCache(options.cache_folder)
        self.timings: dict[str, float] = {}

    def run(self) -> BuildResult:
        with self._timed("inputs"):
            chip = sources.chip_of(self.options)
            class_paths = sources.class_paths(self.options)
            slang_paths = sources.slang_paths(self.options)
            object_paths = sources.object_paths(self.options)
            boot_paths = sources.boot_paths()
            key = self._elf_key(chip, [*class_paths, *slang_paths, *boot_paths, *object_paths])
        result, is_from_cache = self.cache.get(
            BuildResult, key, lambda: self._build(chip, class_paths, slang_paths, boot_paths, object_paths)
        )
        files = _shown([*class_paths, *slang_paths])
        warnings = _told_of(files, result)
        return replace(result, timings=self.timings, is_from_cache=is_from_cache, warnings=warnings, files=files)

    def _elf_key(self, chip: Chip, paths: Sequence[Path]) -> str:
        return digest(
            [
                tools_digest(),
                repr(wherever(chip)),
                repr(self.options.entry),
                self.options.collector,
                repr(self.options.heap_bytes),
                repr(self.options.traps_bounds),
                repr(self.options.compiled),
                files_digest(paths, [sources.name_in_folder(path, self.options) for path in paths]),
            ]
        )

    def _build(
        self,
        chip: Chip,
        class_paths: Sequence[Path],
        slang_paths: Sequence[Path],
        boot_paths: Sequence[Path],
        object_paths: Sequence[Path],
    ) -> BuildResult:
        with self._timed("compiled methods"):
            own_classes = [
                *sources.with_made_methods(sources.read_classes(class_paths)),
                *sources.generated_classes(chip),
            ]
            compiled = self._compiled_methods(own_classes, slang_paths)
        with self._timed("slang"):
            selectors = list(sources.native_selectors(sources.native_paths(self.options)))
            program = self._slang_program(chip, slang_paths, selectors, compiled)
            objects = [
                read_object(sources.name_in_folder(path, self.options), path.read_bytes()) for path in object_paths
            ]
            routines = [*selectors, *(name for each in objects for name in each.functions)]
            arguments = [program.arguments.get(name, CONTENTS) for name in routines]
        with self._timed("classes"):
            classes = [*own_classes, sources.native_table_class(routines, arguments)]
        with self._timed("image"):
            is_of_system = sources.system_classes(classes, self.options)
            image = build_image(classes, HEAP_BASE, self.options.entry, is_of_system, compiled.specs)
        with self._timed("link"):
            target = target_of(chip, self.options.heap_bytes)
            boot = sources.read_boot_sources(boot_paths)
            codes = {name: argument_code(each.kind, each.reach) for name, each in zip(routines, arguments, strict=True)}
            firmware = link(boot, program, image, target, codes, objects, sources.file_names(self.options))
        files = _shown([*class_paths, *slang_paths])
        return BuildResult(firmware.elf, firmware.sizes, _counts(program, image), warnings=image.warnings, files=files)

    def _compiled_methods(self, classes: Sequence[ClassDefinition], slang_paths: Sequence[Path]) -> CompiledMethods:
        components = [path.name.removesuffix(sources.CLASS_SUFFIX) for path in slang_paths]
        return compiled_methods(classes, self.options.compiled, components)

    def _slang_program(
        self, chip: Chip, paths: Sequence[Path], routines: Sequence[str], compiled: CompiledMethods
    ) -> CompiledProgram:
        constants = slang_constants(board_constants(chip))
        key = digest(
            [
                tools_digest(SLANG_PACKAGES),
                repr(sorted(constants.items())),
                repr(self.options.traps_bounds),
                compiled.text,
                files_digest(paths, [sources.display_name(path) for path in paths]),
            ]
        )

        def compile_now() -> CompiledProgram:
            return compile_program(
                [*sources.read_classes(paths), *compiled.slang_class()],
                constants,
                ENTRY_ROUTINES,
                routines,
                self.options.traps_bounds,
            )

        program, _ = self.cache.get(CompiledProgram, key, compile_now)
        return program

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.timings[stage] = time.perf_counter() - start


def wherever(chip: Chip) -> Chip:
    """The chip without where its files lie, of which a firmware knows but their names."""
    named = [replace(each, file=each.file and Path(each.file.name)) for each in chip.peripherals]
    return replace(chip, files=(), peripherals=tuple(named))


def _shown(paths: Sequence[Path]) -> tuple[str, ...]:
    return tuple(sources.display_name(path) for path in paths)


def _told_of(files: Sequence[str], result: BuildResult) -> tuple[str, ...]:
    """The warnings with the places of these files: a kept result may be of the same contents in another folder."""
    here = {theirs: mine for theirs, mine in zip(result.files, files, strict=True) if theirs != mine}
    if not here:
        return result.warnings
    place = re.compile("|".join(rf"{re.escape(name)}(?=:\d)" for name in sorted(here, key=len, reverse=True)))
    return tuple(place.sub(lambda found: here[found[0]], warning) for warning in result.warnings)


def _counts(program: CompiledProgram, image: Image) -> dict[str, int]:
    return {
        "routines": len(program.routines),
        "classes": image.class_count,
        "methods": image.method_count,
        "objects": image.object_count,
    }
