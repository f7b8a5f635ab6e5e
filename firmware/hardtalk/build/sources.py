"""Finds the sources of a firmware: the project's own folders, and what the user adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, reduce
from pathlib import Path

from hardtalk.build.collectors import COLLECTOR_FOLDER, TREADMILL, collector_folder
from hardtalk.build.options import BuildOptions
from hardtalk.chip import Chip, chip_with, hal_folder
from hardtalk.fonts import CLASS_NAME, strike_class
from hardtalk.link import AssemblySource
from hardtalk.registers import register_classes
from hardtalk.slang import Argument
from hardtalk.smalltalk.bytecodes import SPECIAL_SELECTORS
from hardtalk.smalltalk.source_file import read_source_file
from hardtalk.smalltalk.tonel import ClassDefinition, class_category, read_class, read_class_file
from hardtalk.vm.code_version import CODE_VERSION
from hardtalk.vm.codes import STATISTICS
from hardtalk.vm.native import LINE_ARRAY_PLACES

CLASS_SUFFIX = ".class.st"
EXTENSION_SUFFIX = ".extension.st"
OBJECT_SUFFIX = ".o"
FIRST_BOOT_FILE = "start.s"
LAST_BOOT_FILES = ("interrupts.s", "native.s")
"""What is locked in the instruction cache, together with the first Slang routines behind it."""


class MissingSources(Exception):
    """A folder or file that a build was told to use and that is not there."""


@cache
def text_root() -> Path:
    """The folder that holds `firmware/`, `boot/`, `drivers/` and `hal/`, without symbolic links."""
    return hal_folder().parent.resolve()


def chip_of(options: BuildOptions) -> Chip:
    """The board with the user's devices."""
    return chip_with(options.svd_paths)


def class_paths(options: BuildOptions) -> list[Path]:
    """The Smalltalk class files of the image, in a fixed order."""
    root = text_root()
    own = [*paths_in(root / "firmware" / "kernel", CLASS_SUFFIX), *driver_paths()]
    if options.with_kernel_tests:
        own += paths_in(root / "firmware" / "kernel-tests", CLASS_SUFFIX)
    users = [path for folder in options.class_folders for path in users_paths(Path(folder))]
    return [path for path in own + users if not is_slang(path)]


def system_classes(classes: Sequence[ClassDefinition], options: BuildOptions) -> Callable[[str], bool]:
    """Says of a class's name whether it is of the class library, of a shipped driver, or made by the build."""
    system = {*paths_in(text_root() / "firmware" / "kernel", CLASS_SUFFIX), *driver_paths()}
    others = {display_name(path) for path in class_paths(options) if path not in system}
    names = frozenset(each.name for each in classes if each.file not in others)
    return names.__contains__


def driver_paths() -> list[Path]:
    """The drivers' files that every firmware has. A folder in `drivers/` is for boards that have its device."""
    folder = text_root() / "drivers"
    return [path for path in paths_in(folder, CLASS_SUFFIX) if path.parent == folder]


def users_paths(folder: Path) -> list[Path]:
    """The class files of a user's folder, and those of extensions, by name."""
    extensions = [path for path in folder.rglob(f"*{EXTENSION_SUFFIX}") if path.is_file()]
    if extensions and not any(folder.rglob(f"*{CLASS_SUFFIX}")):
        return sorted(extensions)
    return sorted([*paths_in(folder, CLASS_SUFFIX), *extensions])


def slang_paths(options: BuildOptions | None = None) -> list[Path]:
    """The files of the Slang program: the VM's with one of the collectors, then the native routines'."""
    options = options or BuildOptions()
    return [*vm_paths(options.collector), *native_paths(options)]


def vm_paths(collector: str = TREADMILL) -> list[Path]:
    """The virtual machine's files, with those of this collector only."""
    vm = text_root() / "firmware" / "vm"
    collectors, chosen = vm / COLLECTOR_FOLDER, vm / collector_folder(collector)
    return [
        path
        for path in paths_in(vm, CLASS_SUFFIX)
        if path.parent in (collectors, chosen) or not path.is_relative_to(collectors)
    ]


def native_paths(options: BuildOptions) -> list[Path]:
    """The Slang class files of drivers, the project's and the user's."""
    own = driver_paths()
    users = [path for folder in options.class_folders for path in users_paths(Path(folder))]
    return [path for path in own + users if is_slang(path)]


def object_paths(options: BuildOptions) -> list[Path]:
    """The ELF objects of the user's folders."""
    return [
        path
        for folder in options.class_folders
        for path in sorted(Path(folder).rglob(f"*{OBJECT_SUFFIX}"))
        if path.is_file()
    ]


def is_slang(path: Path) -> bool:
    """Whether the class in the file becomes machine code, no class of the image: its category is `slang` or ends in
    `-Slang` or `.slang`."""
    category = class_category(read_source_file(path), str(path))
    return category.replace(".", "-").rpartition("-")[2].lower() == "slang"


def native_selectors(paths: Iterable[Path]) -> Iterator[str]:
    """The selectors of the routines that Smalltalk may start: those with at most one parameter."""
    for definition in read_classes(paths):
        for method in definition.methods:
            is_routine = not method.class_side and method.selector.count(":") <= 1 and method.selector[0].isalpha()
            if is_routine and not any(pragma.selector == "external:" for pragma in method.node.pragmas):
                yield method.selector


def boot_paths() -> list[Path]:
    """The boot stub's files, the one with the entry first, the code of interrupts last. The loader's lie below them."""
    folder = text_root() / "boot"
    paths = [path for path in paths_in(folder, ".s") if path.parent == folder]
    return sorted(paths, key=lambda path: (path.name != FIRST_BOOT_FILE, path.name in LAST_BOOT_FILES, path.name))


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
    root = text_root()
    return resolved.relative_to(root).as_posix() if resolved.is_relative_to(root) else str(path)


def name_in_folder(path: Path, options: BuildOptions) -> str:
    """What the firmware calls the file: relative to the project, or to the folder of the user's that it is in, so that
    the ELF does not depend on where that lies."""
    resolved = path.resolve()
    if resolved.is_relative_to(text_root()):
        return resolved.relative_to(text_root()).as_posix()
    folders = [Path(folder).resolve() for folder in options.class_folders]
    return next((resolved.relative_to(each).as_posix() for each in folders if resolved.is_relative_to(each)), path.name)


def file_names(options: BuildOptions) -> dict[str, str]:
    """The firmware's name of each class file that messages call otherwise."""
    paths = [*class_paths(options), *native_paths(options)]
    names = ((display_name(path), name_in_folder(path, options)) for path in paths)
    return {shown: name for shown, name in names if shown != name}


def read_classes(paths: Iterable[Path]) -> list[ClassDefinition]:
    return [read_class_file(path, display_name(path)) for path in paths]


def generated_classes(chip: Chip) -> list[ClassDefinition]:
    """The register classes of the chip, and the glyphs of the font."""
    registers = [read_class(generated.text, generated.source) for generated in register_classes(chip)]
    return [*registers, read_class(strike_class(), f"{CLASS_NAME} (generated)")]


def with_made_methods(classes: Sequence[ClassDefinition]) -> list[ClassDefinition]:
    """The classes, with those methods that are made from tables of the virtual machine: what its counters are called,
    the number of its instructions and primitives, the selectors and lines that a snapshot has."""
    selectors = " ".join(f"#'{selector}' {arguments}" for selector, arguments in SPECIAL_SELECTORS)
    made = (
        ("SystemDictionary", "SystemDictionary >> vmValueNames", f"#({' '.join(STATISTICS)})"),
        ("CodeFile", "CodeFile class >> machine", CODE_VERSION),
        ("SnapshotCapture", "SnapshotCapture class >> specialSelectors", f"#({selectors})"),
        ("SnapshotCapture", "SnapshotCapture class >> lineSemaphores", LINE_ARRAY_PLACES),
    )
    return [
        reduce(lambda found, each: _with_method(found, each[0], f"{each[1]} [\n\t^ {each[2]}\n]\n"), made, definition)
        for definition in classes
    ]


def _with_method(definition: ClassDefinition, name: str, source: str) -> ClassDefinition:
    """The class of that name with its method of the same selector as `source`; any other class as it is."""
    if definition.name != name or definition.is_extension:
        return definition
    text = f"Extension {{ #name : #{name} }}\n\n{{ #category : #'virtual machine' }}\n{source}"
    (made,) = read_class(text, "hardtalk.vm (generated)").methods
    methods = tuple(made if each.selector == made.selector else each for each in definition.methods)
    return replace(definition, methods=methods)


def native_table_class(names: Sequence[str], arguments: Sequence[Argument]) -> ClassDefinition:
    """The class that tells Smalltalk which native routines there are, in the order of their numbers, and what each
    wants: a kind of argument, and how many bytes of contents at least."""
    symbols = " ".join(f"#{name}" for name in names)
    wanted = " ".join(f"#{each.kind} {each.reach}" for each in arguments)
    text = (
        '"I name the native routines of this firmware; the build makes me."\n'
        "Class {\n\t#name : #NativeRoutineTable,\n\t#superclass : #Object,\n\t#category : #'Kernel-Native'\n}\n\n"
        "{ #category : #accessing }\nNativeRoutineTable class >> names [\n"
        f"\t^ #({symbols})\n]\n\n"
        "{ #category : #accessing }\nNativeRoutineTable class >> arguments [\n"
        f"\t^ #({wanted})\n]\n"
    )
    return read_class(text, "NativeRoutineTable")


def read_boot_sources(paths: Sequence[Path]) -> list[AssemblySource]:
    return [AssemblySource(display_name(path), path.read_text(encoding="utf-8")) for path in paths]
