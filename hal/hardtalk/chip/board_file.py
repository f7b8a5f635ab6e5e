"""`board.toml`: what the SVD format has no place for. Memory, clocks, lines, caches, bus."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardtalk.chip.description import Bus, Cache, Memory
from hardtalk.chip.errors import ChipError
from hardtalk.chip.users_board import merged, read_tables

CACHE_KEYS = ("size", "ways", "line")
LAST_ADDRESS = 0xFFFF_FFFF
CONSOLE_BAUD = 115_200
"""The rate at which the firmware's console begins on UART0."""
LEAST_HERTZ = {"cpu": 1_000_000, "timer": 1_000, "uart": 16 * CONSOLE_BAUD}
"""A slower CPU or timer counts no microsecond or millisecond, a slower UART does not reach the console's rate."""
BUS_KEYS = ("critical_word_cycles", "line_fill_cycles", "write_buffer_words")


@dataclass(frozen=True)
class BoardFile:
    """The contents of one board file, checked for completeness."""

    name: str
    clocks: dict[str, int]
    memories: tuple[Memory, ...]
    line_count: int
    secondary_line_count: int
    free_lines: tuple[int, ...]
    free_base: int
    instruction_cache: Cache
    data_cache: Cache
    bus: Bus


def read_board_file(file: Path, users: Path | None = None) -> BoardFile:
    """The board of a complete file, or what the user's file makes of it."""
    tables = read_tables(file)
    if users is not None:
        tables, file = merged(tables, read_tables(users), users), users

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
        if hertz < LEAST_HERTZ.get(name, 1):
            raise ChipError(f"clocks.{name} is {hertz:,} hertz", f"give at least {LEAST_HERTZ[name]:,}", file)
    if "cpu" not in clocks:
        raise ChipError("clocks.cpu is missing", "give the CPU clock in hertz", file)
    memories = []
    for row in value("memory", list):
        if not is_memory(row):
            name = row.get("name", "?") if isinstance(row, dict) else "?"
            raise ChipError(f"memory {name} is not complete", "give name, base, size, kind (ram or flash)", file)
        memories.append(Memory(row["name"], row["base"], row["size"], row["kind"]))
    if not any(memory.kind == "ram" for memory in memories):
        raise ChipError("no memory of kind ram", "describe the RAM in [[memory]]", file)

    def cache(path: str) -> Cache:
        size, ways, line = (value(f"{path}.{key}", int) for key in CACHE_KEYS)
        if min(size, ways, line) <= 0:
            raise ChipError(f"{path}: a size is not positive", "give size, ways and line in bytes", file)
        if size % (ways * line):
            raise ChipError(
                f"{path}: {size} bytes are no whole number of sets", "size must be a multiple of ways * line", file
            )
        return Cache(size, ways, line)

    line_count, free_lines, free_base = (
        value("lines.count", int),
        value("lines.free", list),
        value("devices.free_base", int),
    )
    if not 1 <= line_count <= 32:
        raise ChipError(f"lines.count is {line_count}", "give a number from 1 to 32", file)
    secondary_line_count = value("lines.secondary", int) if "secondary" in tables["lines"] else 0
    if not 0 <= secondary_line_count <= 32:
        raise ChipError(f"lines.secondary is {secondary_line_count}", "give a number from 0 to 32", file)
    for each in free_lines:
        if not is_number(each, line_count - 1):
            raise ChipError(f"lines.free: {each!r} is no line", f"give numbers from 0 to {line_count - 1}", file)
    if not is_number(free_base, LAST_ADDRESS):
        raise ChipError(f"devices.free_base: {free_base} is no address", "give one of 32 bits", file)
    bus = Bus(*(value(f"bus.{key}", int) for key in BUS_KEYS))
    if min(bus.critical_word_cycles, bus.line_fill_cycles, bus.write_buffer_words) < 0:
        raise ChipError("bus: a number is below zero", "give cycles and words", file)
    return BoardFile(
        name=value("board.name", str),
        clocks=dict(clocks),
        memories=tuple(memories),
        line_count=line_count,
        secondary_line_count=secondary_line_count,
        free_lines=tuple(free_lines),
        free_base=free_base,
        instruction_cache=cache("cache.instruction"),
        data_cache=cache("cache.data"),
        bus=bus,
    )


def is_number(value: object, greatest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= greatest


def is_memory(row: object) -> bool:
    """Whether a row of [[memory]] has all that it must have, within 32 bits of addresses."""
    if not isinstance(row, dict) or row.get("kind") not in ("ram", "flash") or not isinstance(row.get("name"), str):
        return False
    if not (is_number(row.get("base"), LAST_ADDRESS) and is_number(row.get("size"), LAST_ADDRESS)):
        return False
    return bool(row["size"]) and row["base"] + row["size"] <= LAST_ADDRESS + 1
