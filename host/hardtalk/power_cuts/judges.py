"""Who says what a volume holds after a power cut: the littlefs library on the flash's cells, and the board itself."""

import random
import zlib
from copy import deepcopy
from typing import Final

from hardtalk.bench import Bench, BootOptions, UnfitRequest, boot
from hardtalk.devices import CfiFlash, FlashCells
from hardtalk.devices.cfi_flash import Operation
from hardtalk.flash import Volume
from hardtalk.power_cuts.workload import PRELUDE, Contents

Summary = dict[str, tuple[int, int] | None]
"""Size and CRC-32 of each file, None for a directory, by path."""

MOUNT: Final = "FlashVolumeDevice mount. d := FileDirectory default"
WALK: Final = (
    "walk := nil. walk := [ :dir :out | dir entries do: [ :each | | path data crc | "
    "path := dir fullNameFor: each name. out nextPutAll: path; nextPut: $|. "
    "each isDirectory ifTrue: [ out nextPut: $;. walk value: dir / each name value: out ] ifFalse: [ "
    "data := (dir readOnlyFileNamed: each name) binary; contentsOfEntireFile. crc := 16rFFFFFFFF. "
    "1 to: data size by: 64 do: [ :i | crc := data crc32From: i to: (i + 63 min: data size) seed: crc ]. "
    "out print: data size; nextPut: $|; print: (crc bitXor: 16rFFFFFFFF); nextPut: $; ] ] ]"
)


class CutBoard:
    """A board whose flash is looked at while it works, and given other contents between one power-on and the next."""

    def __init__(self, sector_bytes: int, sectors: int) -> None:
        self.bench: Bench = boot(BootOptions())
        flash = self.bench.board.device("FLASH")
        if not isinstance(flash, CfiFlash):
            raise UnfitRequest("FLASH is a device of your own", "power is cut in the board's own")
        self.flash = flash
        flash.refit(sector_bytes * sectors, sector_bytes)
        for source in ("NorFlash current. nil", PRELUDE, WALK):
            self.bench.console.evaluate(source)
        self.kept = self.bench.console.keep()
        self.operations: list[tuple[FlashCells, Operation]] = []
        flash.finishing = lambda operation: self.operations.append((deepcopy(flash.contents), operation))

    def power_on(self, cells: FlashCells) -> None:
        """The board as it is before it mounts, with a flash of these cells, which stay as they are."""
        self.bench.console.put_back(self.kept)
        self.flash.contents = deepcopy(cells)
        self.operations.clear()

    def evaluate(self, source: str) -> list[tuple[FlashCells, Operation]]:
        """The flash's operations that the source has taken, each with the cells before it. Raises BenchError."""
        self.operations.clear()
        self.bench.console.evaluate(f"{source}. nil")  # an answer of 9,000 bytes takes seconds on the line
        return list(self.operations)

    def summary(self) -> Summary:
        """What the board reads in its volume."""
        text = self.bench.console.evaluate("o := WriteStream on: String new. walk value: d value: o. o contents")
        found: Summary = {}
        for row in text.strip("'").split(";")[:-1]:
            path, *rest = row.split("|")
            found[path] = (int(rest[0]), int(rest[1])) if len(rest) == 2 else None
        return found


def summary_of(contents: Contents) -> Summary:
    return {path: None if data is None else (len(data), zlib.crc32(data)) for path, data in contents.items()}


def held_by(cells: FlashCells) -> Contents:
    """What the library finds, after it has finished what was left half done: until then it does not list all of a
    directory out of which a row is being moved. The cells stay as they are."""
    volume = Volume(deepcopy(cells))
    volume.library.fs_mkconsistent()
    return {each.path: None if each.is_directory else volume.read(each.path) for each in volume.rows()}


def torn(cells: FlashCells, operation: Operation, chance: random.Random) -> FlashCells:
    """The cells after power has failed within the operation."""
    result = deepcopy(cells)
    if operation.is_erase:
        result.tear_erase(operation.sector, chance)
    else:
        result.tear_program(operation.offset, operation.data, chance)
    return result
