"""The file system in an image of the board's flash, by the littlefs library: for commands on the host."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

from hardtalk.devices import FlashCells
from hardtalk.report.errors import ReportedError

FIRST_SECTOR = 32
"""As `FlashVolumeDevice class>>firstSector` has it: the sectors before are for firmware."""
PROGRAM_BYTES = 4
CACHE_BYTES = 1024
NAME_MAX = 255
LIST_THEM = "list what there is with hardtalk flash list IMAGE"
REMEDIES = {
    -2: ("there is no such file or directory", LIST_THEM),
    -17: ("there is one already", "take another name, or remove it first with hardtalk flash remove IMAGE PATH"),
    -20: ("a part of the path is no directory", LIST_THEM),
    -21: ("that is a directory", "name a file in it"),
    -22: ("that cannot be done with the root", "name a file or directory in it"),
    -28: ("no room is left", "remove what is not needed with hardtalk flash remove IMAGE PATH"),
    -36: (f"a name is longer than {NAME_MAX} bytes", "take a shorter one"),
    -39: ("the directory is not empty", "remove what is in it first"),
    -84: ("the volume is damaged there", "hardtalk flash check IMAGE says what is whole"),
}
"""What the library's errors mean here, by their codes."""


class VolumeError(ReportedError):
    """There is no volume, or not what was asked for in it."""


@contextmanager
def errors_of(path: str) -> Iterator[None]:
    """The library's errors about a path, told as VolumeError with place and remedy."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise VolumeError(f"/{path}: the board's names have Latin-1 characters only", "take another name") from error
    except (LittleFSError, OSError) as error:
        code = code_of(error)
        text, remedy = REMEDIES.get(code, (f"the littlefs library fails with {code}", REMEDIES[-84][1]))
        raise VolumeError(f"/{path}: {text}", remedy) from error


def code_of(error: BaseException) -> int:
    """The library's code; it wraps some of its errors in those of Python."""
    while not isinstance(error, LittleFSError):
        if error.__cause__ is None:
            return 0
        error = error.__cause__
    return int(error.code)


class FlashContext(UserContext):
    """The library's blocks are sectors of the cells: programs clear bits, erases count. `changed` hears of both."""

    def __init__(self, cells: FlashCells, changed: Callable[[int, int], None] | None) -> None:
        super().__init__(buffsize=0)
        self.cells = cells
        self.changed = changed or (lambda offset, size: None)

    def offset(self, block: int, offset: int) -> int:
        return (FIRST_SECTOR + block) * self.cells.sector_bytes + offset

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        return bytearray(self.cells.read(self.offset(block, off), size))

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        self.cells.program(self.offset(block, off), bytes(data))
        self.changed(self.offset(block, off), len(data))
        return 0

    def erase(self, cfg: Any, block: int) -> int:
        self.cells.erase(FIRST_SECTOR + block)
        self.changed(self.offset(block, 0), self.cells.sector_bytes)
        return 0


@dataclass(frozen=True)
class Row:
    """One file or directory, by its path from the root."""

    path: str
    is_directory: bool
    size: int


class Volume:
    """The volume in the cells of a flash. Errors of the library come as VolumeError, with the path.

    `changed` hears the offset and size of what is programmed or erased, in order, so that it can be kept as it comes:
    whatever cuts that short is a power failure to the volume.
    """

    def __init__(
        self, cells: FlashCells, is_new: bool = False, changed: Callable[[int, int], None] | None = None
    ) -> None:
        self.block_count = len(cells.wear) - FIRST_SECTOR
        self.library = LittleFS(
            context=FlashContext(cells, changed),
            mount=False,
            filename_encoding="latin-1",
            block_size=cells.sector_bytes,
            block_count=self.block_count,
            read_size=PROGRAM_BYTES,
            prog_size=PROGRAM_BYTES,
            cache_size=CACHE_BYTES,
            lookahead_size=32,
            name_max=NAME_MAX,
        )
        try:
            if is_new:
                self.library.format()
            self.library.mount()
        except LittleFSError as error:
            raise VolumeError(
                f"there is no volume in the flash from sector {FIRST_SECTOR} on ({error})",
                "make one with hardtalk flash format IMAGE, or with FlashVolumeDevice format on the board",
            ) from error

    def rows(self, path: str = "") -> Iterator[Row]:
        """All that is in a directory and below it, in the order of paths."""
        with errors_of(path):
            found = sorted(self.library.scandir("/" + path), key=lambda each: str(each.name))
        for each in found:
            below = f"{path}/{each.name}".lstrip("/")
            is_directory = each.type == 2
            yield Row(below, is_directory, 0 if is_directory else int(each.size))
            if is_directory:
                yield from self.rows(below)

    def holds(self, path: str) -> bool:
        with errors_of(path):
            try:
                self.library.stat("/" + path)
            except LittleFSError as error:
                if error.code == LittleFSError.Error.LFS_ERR_NOENT:
                    return False
                raise
        return True

    def read(self, path: str) -> bytes:
        with errors_of(path), self.library.open("/" + path, "rb") as file:
            return bytes(file.read())

    def write(self, path: str, data: bytes) -> None:
        """Directories on the way are made. When there is no room the file is as it was."""
        parent = path.rpartition("/")[0]
        with errors_of(path):
            if parent:
                self.library.makedirs("/" + parent, exist_ok=True)
        was_there = self.holds(path)
        try:
            with errors_of(path), self.library.open("/" + path, "wb") as file:
                file.write(data)
        except VolumeError:
            if not was_there and self.holds(path):
                self.remove(path)
            raise

    def remove(self, path: str) -> None:
        """A file or an empty directory."""
        with errors_of(path):
            self.library.remove("/" + path)

    def make_directory(self, path: str) -> None:
        with errors_of(path):
            self.library.mkdir("/" + path)

    @property
    def used_blocks(self) -> int:
        return int(self.library.used_block_count)
