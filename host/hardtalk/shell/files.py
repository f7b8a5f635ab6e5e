"""Commands with files: load one, watch a folder, save what was entered."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hardtalk.serial.code_text import quoted
from hardtalk.serial.definitions import defining_statements
from hardtalk.serial.requests import METHOD_HEAD, is_class_definition
from hardtalk.shell.errors import BadCommand
from hardtalk.shell.session import Session
from hardtalk.smalltalk.filetree import files_of, is_class_folder
from hardtalk.smalltalk.source_file import read_source_file
from hardtalk.smalltalk.tonel import read_class

LOOK_SECONDS: Final = 0.2
SUFFIXES: Final = (".st", ".gst", ".cs")
LOAD_SECONDS: Final = 60.0


def load(shell: Session, name: str) -> None:
    """File in one file, or a class's folder of a FileTree package. What is wrong is told; the rest goes on."""
    if not name:
        raise BadCommand("say which file: load Lamp.class.st")
    path = Path(name).expanduser()
    if is_class_folder(path):
        for each in files_of(path):
            load_file(shell, each)
    else:
        load_file(shell, path)


def load_file(shell: Session, path: Path) -> None:
    """File in one file."""
    text = read_source_file(path)
    started = time.perf_counter()
    is_fine = shell.run_script(text, str(path), LOAD_SECONDS)
    shell.library.note(text, str(path))
    exception = "" if is_fine else ", but for what is told above"
    shell.tell(f"{path}: loaded in {time.perf_counter() - started:.2f} s{exception}")


def watch(shell: Session, name: str) -> None:
    """Until Control-C, file in each file that is saved; the board's time goes on meanwhile."""
    folder = Path(name or ".").expanduser()
    if not folder.is_dir():
        raise BadCommand(f"{folder}: there is no such folder")
    known = stamps(folder)
    shell.tell(f"watching {folder}; Control-C ends it")
    try:
        while True:
            shell.let_time_pass(round(LOOK_SECONDS * 1000))
            found = stamps(folder)
            for path, stamp in found.items():
                if known.get(path) != stamp:
                    load(shell, str(path))
            known = found
    except KeyboardInterrupt:
        shell.tell(f"{folder} is not watched any more")


def stamps(folder: Path) -> dict[Path, tuple[int, int]]:
    """When each source file below the folder was written, and its size."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in SUFFIXES and path.is_file():
            state = path.stat()
            found[path] = state.st_mtime_ns, state.st_size
    return found


def save(shell: Session, name: str) -> None:
    """Write the entries that went well, in order, as a chunk script that load reads."""
    if not name:
        raise BadCommand("say which file: save today.st")
    if not shell.kept:
        raise BadCommand("nothing was entered that went well")
    path = Path(name).expanduser()
    path.write_text("\n".join(chunks(shell.kept)), encoding="utf-8")
    shell.tell(f"{path}: {len(shell.kept)} entries")


def chunks(entries: list[str]) -> Iterator[str]:
    for entry in entries:
        head = METHOD_HEAD.match(entry)
        if head is None and not is_class_definition(entry):
            yield as_chunk(entry)
            continue
        definition = read_class(f"Extension {{ #name : #{head[1]} }}\n{entry}" if head else entry)
        if not definition.is_extension:
            yield from map(as_chunk, defining_statements(definition))
        for method in definition.methods:
            side = " class" if method.class_side else ""
            yield f"!{definition.name}{side} methodsFor: {quoted(method.category)}!\n{as_chunk(method.source)} !"


def as_chunk(entry: str) -> str:
    """An entry that ends with an exclamation mark; those within are doubled."""
    return entry.replace("!", "!!") + "!"
