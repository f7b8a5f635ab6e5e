"""A whole volume looked at: what is damaged in it, where, and what helps.

The metadata are walked by our own reader, which knows the blocks; then the littlefs library mounts a copy and reads
every byte of every file. Contents of files have no checksum in this format: that they are other than what was written
is seen only where blocks point to each other.
"""

from copy import deepcopy
from dataclasses import dataclass, field

from hardtalk.devices import FlashCells
from hardtalk.flash.metadata import DIRECTORY, LIST_STRUCTURE, SUPERBLOCK, Entry, Log, counting_log
from hardtalk.flash.volume import FIRST_SECTOR, Row, Volume, VolumeError

ROOT = (0, 1)
MAKE_ANEW = "save what can be read with hardtalk flash read, then hardtalk flash format"
MOVING = 0x4FF


@dataclass(frozen=True)
class Damage:
    """One fault: where it is, what it is, what helps."""

    place: str
    text: str
    remedy: str


@dataclass
class Checked:
    """What a check has found. `unfinished` is what the next mount finishes or takes back after a power failure."""

    damages: list[Damage] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    files: int = 0
    directories: int = 0
    read_bytes: int = 0
    used_blocks: int = 0


def check(cells: FlashCells) -> Checked:
    """Walk the volume in these cells, which stay as they are, and read every file."""
    walk = Walk(cells)
    walk.walk()
    checked = walk.checked
    checked.used_blocks = len(walk.users)
    if walk.is_walkable:
        read_files(cells, checked)
    return checked


class Walk:
    """All pairs by their tails, then what their rows refer to. `users` has who uses each block."""

    def __init__(self, cells: FlashCells) -> None:
        self.cells = cells
        self.block_bytes = cells.sector_bytes
        self.block_count = len(cells.wear) - FIRST_SECTOR
        self.checked = Checked()
        self.users: dict[int, str] = {}
        self.logs: list[Log] = []
        self.is_walkable = True

    def read(self, block: int, offset: int, size: int) -> bytes:
        return self.cells.read((FIRST_SECTOR + block) * self.block_bytes + offset, size)

    def place(self, block: int, offset: int | None = None) -> str:
        """A block as one finds it in the image."""
        sector = FIRST_SECTOR + block
        return f"block {block} (sector {sector}, offset {sector * self.block_bytes + (offset or 0):#x} of the image)"

    def damage(self, place: str, text: str, remedy: str = MAKE_ANEW) -> None:
        self.checked.damages.append(Damage(place, text, remedy))

    def walk(self) -> None:
        self.walk_pairs()
        if not self.logs:
            return
        self.check_superblock()
        self.check_state()
        self.check_directories()
        for log in self.logs:
            for entry in log.entries:
                if entry.structure == LIST_STRUCTURE:
                    self.walk_list(entry, log)

    # Pairs

    def walk_pairs(self) -> None:
        pair: tuple[int, int] | None = ROOT
        while pair is not None:
            wrong = [each for each in pair if each >= self.block_count]
            again = [each for each in pair if each in self.users]
            if wrong or again or pair[0] == pair[1]:
                self.is_walkable = False
                last = self.logs[-1]
                what = f"blocks {pair[0]:#x} and {pair[1]:#x}, which " + (
                    "are used already" if again else "do not exist" if wrong else "are one"
                )
                self.damage(self.place(last.block), f"the list of directories goes on at {what}")
                return
            for each in pair:
                self.users[each] = "a directory"
            log = counting_log(self.read, pair, self.block_bytes)
            if log is None:
                self.is_walkable = False
                text = f"neither this block nor block {pair[1]} has a whole commit"
                remedy = "if the image ever held a volume, take a copy of it made before" if pair == ROOT else MAKE_ANEW
                self.damage(self.place(pair[0]), text, f"{remedy}; or make a new one with hardtalk flash format")
                return
            self.logs.append(log)
            pair = log.tail

    def check_superblock(self) -> None:
        superblock = next((each for log in self.logs for each in log.entries if each.kind == SUPERBLOCK), None)
        if superblock is None or superblock.name != "littlefs" or len(superblock.data) < 24:
            self.damage(self.place(0), "there is no superblock of littlefs")
            self.is_walkable = False
            return
        version, size, count = (int.from_bytes(superblock.data[each : each + 4], "little") for each in (0, 4, 8))
        if version >> 16 != 2 or (size, count) != (self.block_bytes, self.block_count):
            text = f"the superblock says version {version >> 16}, {count:,} blocks of {size:,} bytes"
            self.damage(self.place(0), f"{text}; the board has version 2, {self.block_count:,} of {self.block_bytes:,}")
            self.is_walkable = False

    def check_state(self) -> None:
        state = [0, 0, 0]
        for log in self.logs:
            state = [one ^ other for one, other in zip(state, log.state, strict=True)]
        if state[0] >> 20 & 0x7FF == MOVING:
            self.checked.unfinished.append(f"a row is being moved out of blocks {state[1]} and {state[2]}")

    def check_directories(self) -> None:
        """Each row of a directory has its pair among those listed; a pair without a row is left by a power failure."""
        listed = {each for each, user in self.users.items() if user == "a directory"}
        named: set[int] = set(ROOT)
        for log in self.logs:
            for entry in log.entries:
                if entry.kind != DIRECTORY:
                    continue
                named.update(entry.words)
                if not listed & set(entry.words):
                    text = f"the directory {entry.name} is at blocks {entry.words}, where none is listed"
                    self.damage(self.place(log.block), text)
                    self.is_walkable = False
        is_hard = True
        for log in self.logs:
            if not is_hard and log.block not in named:
                self.checked.unfinished.append(f"no row refers to the directory in block {log.block}")
            is_hard = log.is_hard

    # Lists of blocks

    def walk_list(self, entry: Entry, log: Log) -> None:
        """The blocks of a file, from the last to the first: each once, and nobody else's."""
        block, size = entry.words
        place = self.place(log.block)
        if not 0 < size < 1 << 31:
            self.damage(place, f"the file {entry.name} has {size:,} bytes")
            return
        for index in range(last_index(size, self.block_bytes), -1, -1):
            if block >= self.block_count:
                self.damage(place, f"block {index} of the file {entry.name} would be block {block:#x} of the volume")
                return
            user = self.users.get(block)
            if user is not None:
                self.damage(self.place(block), f"it is used by the file {entry.name} and by {user}")
                return
            self.users[block] = f"the file {entry.name}"
            place, block = self.place(block), int.from_bytes(self.read(block, 0, 4), "little")


def last_index(size: int, block_bytes: int) -> int:
    """The index of the block in which a list of so many bytes ends."""
    position, per_block = size - 1, block_bytes - 8
    index = position // per_block
    return index if index == 0 else (position - 4 * ((index - 1).bit_count() + 2)) // per_block


def read_files(cells: FlashCells, checked: Checked) -> None:
    try:
        volume = Volume(deepcopy(cells))
        volume.library.fs_mkconsistent()
        rows = list(volume.rows())
    except VolumeError as error:
        checked.damages.append(damage_of(error))
        return
    for row in rows:
        checked.directories += row.is_directory
        if not row.is_directory:
            read_file(volume, row, checked)


def read_file(volume: Volume, row: Row, checked: Checked) -> None:
    checked.files += 1
    try:
        data = volume.read(row.path)
    except VolumeError as error:
        checked.damages.append(damage_of(error))
        return
    checked.read_bytes += len(data)
    if len(data) != row.size:
        text = f"{len(data):,} of {row.size:,} bytes can be read"
        checked.damages.append(Damage(f"/{row.path}", text, "write it anew"))


def damage_of(error: VolumeError) -> Damage:
    place, _, text = str(error).partition("\n")[0].partition(": ")
    return Damage(place, text or "cannot be read", MAKE_ANEW)
