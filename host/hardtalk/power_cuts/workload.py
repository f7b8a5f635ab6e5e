"""What programs do with files, drawn at random: each step as source for the board, and what it may leave."""

import random
from collections.abc import Callable
from dataclasses import dataclass

Contents = dict[str, bytes | None]
"""What a volume holds: bytes for a file, None for a directory, by path."""

PATTERN_BYTES = 250
SIZES = (0, 3, 40, 300, 511, 513, 1022, 1023, 3000, 4096, 9000)
NAMES = ("a", "b", "log", "name of some length")
MOST_BYTES = 120_000
PRELUDE = (
    "made := [ :seed :size | | bytes | bytes := ByteArray new: size. "
    f"1 to: (size min: {PATTERN_BYTES}) do: [ :i | bytes at: i put: (i * i + (seed * i) + seed) \\\\ 256 ]. "
    f"{PATTERN_BYTES} + 1 to: size by: {PATTERN_BYTES} do: [ :i | "
    f"bytes replaceFrom: i to: (i + {PATTERN_BYTES} - 1 min: size) with: bytes startingAt: 1 ]. bytes ]"
)
"""`made value: seed value: size` on the board is `made(seed, size)` here."""


def made(seed: int, size: int) -> bytes:
    pattern = bytes((i * i + seed * i + seed) % 256 for i in range(1, PATTERN_BYTES + 1))
    return (pattern * (size // PATTERN_BYTES + 1))[:size]


@dataclass(frozen=True)
class Step:
    """One source for the board. A power cut in it leaves one of `allowed`, of which the last is what it is for."""

    source: str
    allowed: tuple[Contents, ...]


class Workload:
    """Draws steps. `contents` is what the volume holds after those drawn, when none of them has failed."""

    def __init__(self, chance: random.Random, contents: Contents) -> None:
        self.chance = chance
        self.contents = contents
        self.open_path: str | None = None
        self.open_data = b""

    def step(self) -> Step:
        """The next one, of those that the present contents allow."""
        while True:
            draw = self.chance.choice(
                (self.write, self.write, self.append, self.append, self.change, self.rename, self.rename, self.remove,
                 self.make_directory, self.use_stream, self.use_stream, self.use_stream)
            )  # fmt: skip
            found = draw()
            if found is not None:
                self.contents = found.allowed[-1]
                return found

    # What there is

    @property
    def files(self) -> list[str]:
        return sorted(path for path, data in self.contents.items() if data is not None and path != self.open_path)

    @property
    def directories(self) -> list[str]:
        return sorted(path for path, data in self.contents.items() if data is None)

    @property
    def free_path(self) -> str:
        """A path that may be there or not, other than the open one."""
        folder = self.chance.choice(["", *(f"{each}/" for each in self.directories)])
        path = folder + self.chance.choice(NAMES)
        return path + "+" if path == self.open_path else path

    def data(self) -> tuple[int, int]:
        room = MOST_BYTES - sum(len(each or b"") for each in self.contents.values())
        return self.chance.randrange(256), min(self.chance.choice(SIZES), max(room, 10))

    # Steps

    def write(self) -> Step | None:
        path = self.free_path
        old = self.contents.get(path, b"")
        if old is None:
            return None
        seed, size = self.data()
        allowed: list[Contents] = [self.contents]
        if path not in self.contents:
            allowed.append({**self.contents, path: b""})
        allowed.append({**self.contents, path: made(seed, size)})
        messages = f"binary; truncate: 0; nextPutAll: (made value: {seed} value: {size})"
        return Step(f"d fileNamed: '{path}' do: [ :s | s {messages} ]", tuple(allowed))

    def append(self) -> Step | None:
        return self.put("setToEnd", len)

    def change(self) -> Step | None:
        place = self.chance.randrange(1 << 20)
        return self.put("position: {position}", lambda data: place % (len(data) + 1))

    def put(self, message: str, position_in: Callable[[bytes], int]) -> Step | None:
        files = self.files
        if not files:
            return None
        path = self.chance.choice(files)
        old = self.contents[path] or b""
        seed, size = self.data()
        position = position_in(old)
        new = old[:position] + made(seed, size) + old[position + size :]
        where = message.format(position=position)
        source = f"(d oldFileNamed: '{path}') binary; {where}; nextPutAll: (made value: {seed} value: {size}); close"
        return Step(source, (self.contents, {**self.contents, path: new}))

    def rename(self) -> Step | None:
        """A file or a directory with all that is in it, in its directory or into another one, over a file or not."""
        paths = [*self.files, *self.directories]
        if not paths:
            return None
        path, target = self.chance.choice(paths), self.free_path
        is_directory = self.contents[path] is None
        below = [each for each in self.contents if each == path or each.startswith(f"{path}/")]
        if f"{target}/".startswith(f"{path}/") or f"{path}/".startswith(f"{target}/") or self.open_path in below:
            return None
        if target in self.contents and (is_directory or self.contents[target] is None):
            return None
        after = {each: data for each, data in self.contents.items() if each not in below and each != target}
        after |= {target + each[len(path) :]: self.contents[each] for each in below}
        return Step(f"d rename: '{path}' toBe: '{target}'", (self.contents, after))

    def remove(self) -> Step | None:
        empty = [path for path in self.directories if not any(each.startswith(f"{path}/") for each in self.contents)]
        paths = [*self.files, *empty]
        if not paths:
            return None
        path = self.chance.choice(paths)
        message = "deleteDirectory" if self.contents[path] is None else "deleteFileNamed"
        after = {each: data for each, data in self.contents.items() if each != path}
        return Step(f"d {message}: '{path}'", (self.contents, after))

    def make_directory(self) -> Step | None:
        path = self.free_path
        if path in self.contents or path.count("/") > 2 or len(self.directories) > 7:
            return None
        return Step(f"d createDirectory: '{path}'", (self.contents, {**self.contents, path: None}))

    def use_stream(self) -> Step | None:
        """One stream is open over many steps: what it has written is in the file from a flush on, and not before."""
        if self.open_path is None:
            return self.open_stream()
        path, before = self.open_path, self.contents
        after = {**before, path: self.open_data}
        match self.chance.choice(("write", "write", "flush", "close")):
            case "write":
                seed, size = self.data()
                self.open_data += made(seed, size)
                return Step(f"open nextPutAll: (made value: {seed} value: {size})", (before,))
            case "flush":
                return Step("open flush", (before, after))
            case _:
                self.open_path = None
                return Step("open close", (before, after))

    def open_stream(self) -> Step | None:
        files = self.files
        if not files:
            return None
        self.open_path = self.chance.choice(files)
        self.open_data = self.contents[self.open_path] or b""
        return Step(f"open := (d oldFileNamed: '{self.open_path}') binary; setToEnd; yourself", (self.contents,))
