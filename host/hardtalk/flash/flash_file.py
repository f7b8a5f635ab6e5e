"""The file behind a board's flash: raw contents, as QEMU's pflash takes them, and the wear of each sector beside it."""

import json
from pathlib import Path

from hardtalk.chip import default_chip
from hardtalk.devices import CfiFlash
from hardtalk.report.errors import ReportedError

CHUNK_BYTES = 1 << 20
ERASED_CHUNK = b"\xff" * CHUNK_BYTES


class FlashFileError(ReportedError):
    """The file is no image of the board's flash."""


class FlashFile:
    """Contents in the raw file `path`, made all erased when it is not there; erases a sector in `path`.wear."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wear_path = path.with_name(path.name + ".wear")
        self.size = default_chip().peripheral("FLASH").size
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
        with self.path.open("rb") as file:
            for offset in range(0, self.size, CHUNK_BYTES):
                chunk = file.read(CHUNK_BYTES)
                if chunk != ERASED_CHUNK:
                    flash.contents.put(offset, chunk)
        flash.contents.wear[:] = self.wear()
        flash.changed = lambda offset, size: self.store(flash, offset, size)

    def store(self, flash: CfiFlash, offset: int, size: int) -> None:
        with self.path.open("r+b") as file:
            file.seek(offset)
            file.write(flash.contents.read(offset, size))
        if any(flash.contents.wear):
            counts = {str(sector): erases for sector, erases in enumerate(flash.contents.wear) if erases}
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
