"""The file system in an image of the board's flash, by the littlefs library: list, read, write, check from the host."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
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


class VolumeError(ReportedError):
    """There is no volume, or not what was asked for in it."""


class FlashContext(UserContext):
    """The library's blocks are sectors of the cells: a program clears bits, an erase counts."""

    def __init__(self, cells: FlashCells) -> None:
        super().__init__(buffsize=0)
        self.cells = cells

    def offset(self, block: int, offset: int) -> int:
        return (FIRST_SECTOR + block) * self.cells.sector_bytes + offset

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        return bytearray(self.cells.read(self.offset(block, off), size))

    def prog(self, cfg: Any, block: int, off: int, data: bytes) -> int:
        self.cells.program(self.offset(block, off), bytes(data))
        return 0

    def erase(self, cfg: Any, block: int) -> int:
        self.cells.erase(FIRST_SECTOR + block)
        return 0


@dataclass(frozen=True)
class Row:
    """One file or directory, by its path from the root."""

    path: str
    is_directory: bool
    size: int


class Volume:
    """The volume in the cells of a flash. Errors of the library come as VolumeError, with the path."""

    def __init__(self, cells: FlashCells, is_new: bool = False) -> None:
        self.library = LittleFS(
            context=FlashContext(cells),
            mount=False,
            filename_encoding="latin-1",
            block_size=cells.sector_bytes,
            block_count=len(cells.wear) - FIRST_SECTOR,
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
                f"there is no volume in the flash ({error})",
                "make one with hardtalk flash format FILE, or with FlashVolumeDevice format on the board",
            ) from error

    def rows(self, path: str = "") -> Iterator[Row]:
        """All that is in a directory and below it, in the order of paths."""
        try:
            found = sorted(self.library.scandir("/" + path), key=lambda each: str(each.name))
        except OSError as error:
            raise VolumeError(f"/{path}: {error}", "list what there is with hardtalk flash list FILE") from error
        for each in found:
            below = f"{path}/{each.name}".lstrip("/")
            is_directory = each.type == 2
            yield Row(below, is_directory, 0 if is_directory else int(each.size))
            if is_directory:
                yield from self.rows(below)

    def read(self, path: str) -> bytes:
        try:
            with self.library.open("/" + path, "rb") as file:
                return bytes(file.read())
        except OSError as error:
            raise VolumeError(f"/{path}: {error}", "list what there is with hardtalk flash list FILE") from error

    def write(self, path: str, data: bytes) -> None:
        """Directories on the way are made."""
        try:
            parent = str(Path(path).parent)
            if parent != ".":
                self.library.makedirs("/" + parent, exist_ok=True)
            with self.library.open("/" + path, "wb") as file:
                file.write(data)
        except OSError as error:
            raise VolumeError(
                f"/{path}: {error}", "is there room, and is each part of the path a directory?"
            ) from error

    def check(self) -> int:
        """Read every byte of every file; the number of bytes."""
        return sum(len(self.read(each.path)) for each in self.rows() if not each.is_directory)

    @property
    def used_blocks(self) -> int:
        return int(self.library.used_block_count)
