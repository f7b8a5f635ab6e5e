"""The file behind a board's flash: raw contents, as QEMU's pflash takes them, and the wear of each sector beside it."""

import json
from pathlib import Path

from hardtalk.chip import default_chip
from hardtalk.devices import CfiFlash, FlashCells
from hardtalk.report.errors import ReportedError

CHUNK_BYTES = 1 << 20
ERASED_CHUNK = b"\xff" * CHUNK_BYTES


class FlashFileError(ReportedError):
    """The file is no image of the board's flash."""


class FlashFile:
    """Contents in the raw file `path`, made all erased when it is not there; erases a sector in `path`.wear."""

    @classmethod
    def existing(cls, path: Path) -> "FlashFile":
        """Raises FlashFileError when there is none."""
        if not path.exists():
            raise FlashFileError(
                f"{path}: there is no such file",
                f"make one with hardtalk flash format {path}, or with hardtalk boot --flash {path}",
            )
        return cls(path)

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wear_path = path.with_name(path.name + ".wear")
        self.size = default_chip().peripheral("FLASH").size
        self._written_wear: list[int] = []
        if path.is_dir():
            raise FlashFileError(f"{path}: that is a directory", "name a file in it; one that is not there is made")
        if not path.exists():
            with path.open("wb") as file:
                for _ in range(self.size // CHUNK_BYTES):
                    file.write(ERASED_CHUNK)
        elif path.stat().st_size != self.size:
            raise FlashFileError(
                f"{path} has {path.stat().st_size:,} bytes, the board's flash {self.size:,}",
                "give a file of that size, or the name of one that does not exist: it is made",
            )

    def attach(self, flash: CfiFlash) -> None:
        """What is in the file is in the flash, and from now on what changes there changes in the file."""
        self.load(flash.contents)
        flash.changed = lambda offset, size: self.store(flash.contents, offset, size)

    def load(self, cells: FlashCells) -> None:
        with self.path.open("rb") as file:
            for offset in range(0, self.size, CHUNK_BYTES):
                chunk = file.read(CHUNK_BYTES)
                if chunk != ERASED_CHUNK:
                    cells.put(offset, chunk)
        cells.wear[:] = self.wear()

    def cells(self) -> FlashCells:
        """Cells of their own with what is in the file."""
        cells = FlashCells(self.size, CfiFlash.sector_bytes)
        self.load(cells)
        return cells

    def store(self, cells: FlashCells, offset: int = 0, size: int | None = None) -> None:
        """Put a part of the cells in the file, all of them if none is given."""
        end = self.size if size is None else offset + size
        with self.path.open("r+b") as file:
            file.seek(offset)
            for start in range(offset, end, CHUNK_BYTES):
                file.write(cells.read(start, min(CHUNK_BYTES, end - start)))
        if any(cells.wear) and cells.wear != self._written_wear:
            self._written_wear = list(cells.wear)
            counts = {str(sector): erases for sector, erases in enumerate(cells.wear) if erases}
            self.wear_path.write_text(json.dumps({"erases": counts}, indent=1) + "\n")

    def wear(self) -> list[int]:
        """How often each sector was erased; zeros when nothing is known."""
        sectors = [0] * (self.size // CfiFlash.sector_bytes)
        if not self.wear_path.exists():
            return sectors
        try:
            for sector, erases in json.loads(self.wear_path.read_text())["erases"].items():
                sectors[int(sector)] = int(erases)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise FlashFileError(
                f"{self.wear_path} does not count the erases of sectors ({type(error).__name__}: {error})",
                'delete it to begin at 0, or write {"erases": {"SECTOR": COUNT, …}}',
            ) from error
        return sectors
