"""Results of earlier builds by the content of what they were made from.

A key is a digest of all inputs, the tools' own source text among them, so nothing stale can be found and nothing needs
to be invalidated. An entry begins with the digest of the rest; one that is damaged or cannot be read is made again.
Who wants an entry that somebody is making, in this process or another, waits for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TypeVar

import hardtalk

ENTRY_LIMIT = 120
"""Some 200 MB. The project's own tests build more firmwares than half as many."""
CHECK_BYTES = hashlib.sha256().digest_size
TOOL_PACKAGES = ("arm", "build", "chip", "compiled", "image", "link", "registers", "slang", "smalltalk", "vm")

Made = TypeVar("Made")


class BuildCache:
    """Entries of one folder; without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def get(self, kind: type[Made], key: str, make: Callable[[], Made]) -> tuple[Made, bool]:
        """The entry, made now if need be, and whether it was there."""
        if self.folder is None:
            return make(), False
        path = self.folder / f"{kind.__name__}-{key}.pickle"
        found = self._read(path)
        if isinstance(found, kind):
            return found, True
        with self._maker(path):
            found = self._read(path)
            if isinstance(found, kind):
                return found, True
            made = make()
            self._write(path, made)
        return made, False

    @contextmanager
    def _maker(self, path: Path) -> Iterator[None]:
        """Nobody else makes the entry meanwhile. The system lets go of it when a process dies."""
        lock = path.with_suffix(".making")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = lock.open("w")
        except OSError:
            yield
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                lock.unlink(missing_ok=True)

    def _read(self, path: Path) -> object:
        try:
            check, data = (content := path.read_bytes())[:CHECK_BYTES], content[CHECK_BYTES:]
            if hashlib.sha256(data).digest() != check:
                return None
            os.utime(path)
            return pickle.loads(data)
        except (OSError, pickle.PickleError, EOFError, AttributeError, ImportError, IndexError, TypeError, ValueError):
            return None

    def _write(self, path: Path, made: object) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                data = pickle.dumps(made)
                file.write(hashlib.sha256(data).digest() + data)
            os.replace(file.name, path)
            self._drop_oldest(path.parent)
        except OSError:
            return  # a cache that cannot be written only costs time

    def _drop_oldest(self, folder: Path) -> None:
        entries = sorted(folder.glob("*.pickle"), key=lambda entry: entry.stat().st_mtime)
        for entry in entries[:-ENTRY_LIMIT]:
            entry.unlink(missing_ok=True)


def digest(parts: Iterable[bytes | str]) -> str:
    """One digest of the parts in order, each with its length so that they cannot run together."""
    result = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        result.update(len(data).to_bytes(8, "little"))
        result.update(data)
    return result.hexdigest()[:32]


def files_digest(paths: Sequence[Path], names: Sequence[str]) -> str:
    """A digest of what messages and line tables say of the files (their names) and of their contents."""
    return digest(part for path, name in zip(paths, names, strict=True) for part in (name, path.read_bytes()))


def package_folder(package: str) -> Path:
    """Where a package of ours lies; nothing is imported for it."""
    found = (Path(portion) / package for portion in hardtalk.__path__)
    return next(folder for folder in found if folder.is_dir())


@cache
def tools_digest(packages: Sequence[str] = TOOL_PACKAGES) -> str:
    """A digest of the source text of these packages: what a result depends on beside its inputs."""
    parts: list[bytes | str] = []
    for package in packages:
        folder = package_folder(package)
        for path in sorted(folder.rglob("*.py")):
            parts += [f"{package}/{path.relative_to(folder).as_posix()}", path.read_bytes()]
    return digest(parts)
