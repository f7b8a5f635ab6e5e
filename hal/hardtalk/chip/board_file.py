"""`board.toml`: what the SVD format has no place for. Memory, clocks, lines, caches, bus."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardtalk.chip.description import Bus, Cache, Memory
from hardtalk.chip.errors import ChipError

CACHE_KEYS = ("size", "ways", "line")
BUS_KEYS = ("critical_word_cycles", "line_fill_cycles", "write_buffer_words")


@dataclass(frozen=True)
class BoardFile:
    """The contents of one board file, checked for completeness."""

    name: str
    clocks: dict[str, int]
    memories: tuple[Memory, ...]
    line_count: int
    free_lines: tuple[int, ...]
    free_base: int
    instruction_cache: Cache
    data_cache: Cache
    bus: Bus


def read_board_file(file: Path) -> BoardFile:
    try:
        with file.open("rb") as stream:
            tables = tomllib.load(stream)
    except OSError as error:
        raise ChipError(f"cannot read the file: {error.strerror}", "give the path of a board file", file) from error
    except tomllib.TOMLDecodeError as error:
        raise ChipError(str(error), "correct the TOML syntax", file) from error

    def value(path: str, kind: type) -> Any:
        found: Any = tables
        for key in path.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, kind) or isinstance(found, bool):
            raise ChipError(f"{path} is missing or no {kind.__name__}", f"give {path} as {kind.__name__}", file)
        return found

    clocks = value("clocks", dict)
    for name, hertz in clocks.items():
        if not isinstance(hertz, int) or hertz <= 0:
            raise ChipError(f"clocks.{name} is not a positive integer", "give it in hertz", file)
    if "cpu" not in clocks:
        raise ChipError("clocks.cpu is missing", "give the CPU clock in hertz", file)
    memories = []
    for row in value("memory", list):
        missing = [key for key in ("name", "base", "size", "kind") if key not in row]
        if missing or row["kind"] not in ("ram", "flash"):
            raise ChipError(
                f"memory {row.get('name', '?')} is not complete", "give name, base, size, kind (ram or flash)", file
            )
        memories.append(Memory(row["name"], row["base"], row["size"], row["kind"]))
    if not any(memory.kind == "ram" for memory in memories):
        raise ChipError("no memory of kind ram", "describe the RAM in [[memory]]", file)

    def cache(path: str) -> Cache:
        size, ways, line = (value(f"{path}.{key}", int) for key in CACHE_KEYS)
        if size % (ways * line):
            raise ChipError(
                f"{path}: {size} bytes are no whole number of sets", "size must be a multiple of ways * line", file
            )
        return Cache(size, ways, line)

    return BoardFile(
        name=value("board.name", str),
        clocks=dict(clocks),
        memories=tuple(memories),
        line_count=value("lines.count", int),
        free_lines=tuple(value("lines.free", list)),
        free_base=value("devices.free_base", int),
        instruction_cache=cache("cache.instruction"),
        data_cache=cache("cache.data"),
        bus=Bus(*(value(f"bus.{key}", int) for key in BUS_KEYS)),
    )
