"""What a firmware says of itself in its ELF: the section `.hardtalk.facts`, its writer and its reader.

Tools of the host read this instead of parsing sources or decoding code; docs/facts.md says what each part means. The
section is zlib-compressed JSON with sorted keys. `CodeFacts` is one routine's share, by offset, on its way to there.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from io import BytesIO
from typing import Any, Final

from elftools.elf.elffile import ELFFile

FACTS_SECTION: Final = ".hardtalk.facts"
FORMAT: Final = 4

DISPATCH, BYTECODE, METHOD, CODE = "dispatch", "bytecode", "method", "code"
RETURN, EXCEPTION_RETURN = "return", "exception return"
ROUTINES, HANDLERS, LITERAL, UNKNOWN = "routines", "handlers", "literal", "unknown"
JUMP_KINDS: Final = (DISPATCH, BYTECODE, METHOD, CODE, RETURN, EXCEPTION_RETURN, ROUTINES, HANDLERS, LITERAL, UNKNOWN)
MASK, UNMASK = "mask", "unmask"
COUNTED, LIMITED, LOOKS = "counted", "limited where made", "with a look"
STUB, WAITS = "of the boot stub", "with a wait"
MEANS: Final = (COUNTED, LIMITED, LOOKS, STUB, WAITS)
"""What ends a loop: it counts, or a method limits what it goes through, or it looks for interrupts; or what is stated
in the boot stub, or an interrupt that is waited for."""
ASSEMBLY: Final = ".s"


@dataclass(frozen=True, order=True)
class Loop:
    """A loop of the source. `bound`: the most iterations for each time it is entered, None when nothing is stated.

    `limited_by`: where the loop does not count, the methods that limit what it goes through.
    `polls`: it tests for waiting interrupts in each iteration or on a way through it. `is_tested_first`: whether there
    is a first iteration is decided before the loop, so the edges that close it lead to the others only.
    """

    file: str
    line: int
    bound: int | None
    polls: bool
    is_tested_first: bool = False
    limited_by: str = ""

    @property
    def means(self) -> str:
        """What ends it, one of `MEANS`."""
        if self.limited_by:
            return LIMITED
        if self.bound is not None and self.file.endswith(ASSEMBLY):
            return STUB
        if self.bound is not None:
            return COUNTED
        return LOOKS if self.polls else WAITS

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class CodeFacts:
    """What the compiler knows of places in a routine, by offset: edges that close loops (the branch's offset, its
    target's, the loops); polls; `mask` and `unmask`; computed jumps and their kinds; where its rare code begins;
    loads and stores that are so many bytes behind where an object begins."""

    loops: tuple[tuple[int, int, tuple[Loop, ...]], ...] = ()
    polls: tuple[int, ...] = ()
    masks: tuple[tuple[int, str], ...] = ()
    jumps: tuple[tuple[int, str], ...] = ()
    usual_end: int = 0
    object_offsets: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class LoopEdge:
    """The branch at `address` to `target` closes these loops: it is taken at most `bound` times in each of them."""

    address: int
    target: int
    loops: tuple[Loop, ...]

    @property
    def bound(self) -> int | None:
        """How often the edge can be taken for each time the outermost of its loops is entered."""
        result = 1
        for loop in self.loops:
            if loop.bound is None:
                return None
            result *= loop.bound
        return result

    @property
    def turns(self) -> int | None:
        """As `bound`, for an edge back to where the loop is entered. Of several loops that it closes at once it may
        enter an inner one anew, so there each bound counts in full."""
        is_tested_first = len(self.loops) == 1 and self.loops[0].is_tested_first
        return max(self.bound - 1, 0) if is_tested_first and self.bound is not None else self.bound

    @property
    def polls(self) -> bool:
        """Whether each of its loops tests for interrupts."""
        return all(loop.polls for loop in self.loops)


@dataclass(frozen=True)
class Jump:
    """An instruction that goes where a register or a word of memory says. `targets`: as far as they are its own."""

    address: int
    kind: str
    targets: tuple[int, ...] = ()


@dataclass(frozen=True)
class RoutineFact:
    """A routine of the VM, of a driver, or of the boot stub (no class). `table` is what it serves numbers
    `first` to `last` of: bytecode, markingBytecode, forwardingBytecode, primitive or code; empty when none."""

    address: int
    size: int
    name: str
    class_name: str = ""
    selector: str = ""
    table: str = ""
    first: int = 0
    last: int = 0
    frame_bytes: int = 0
    recursion_depth: int = 0
    is_threaded: bool = False
    is_native: bool = False

    @property
    def stop(self) -> int:
        return self.address + self.size


@dataclass(frozen=True)
class Table:
    """A table of addresses. A dispatch table has a `role`, normal, interrupt, marking or forwarding, and consists of
    code: an entry every `stride` bytes."""

    name: str
    address: int
    entries: int
    role: str
    stride: int = 4

    @property
    def places(self) -> range:
        """The address of each entry."""
        return range(self.address, self.address + self.entries * self.stride, self.stride)


@dataclass(frozen=True)
class Region:
    """The bytes [start, stop) of memory, and what they are: code, table, stack, state, image, heap."""

    name: str
    start: int
    stop: int
    use: str


@dataclass(frozen=True)
class Locked:
    """A range that one way of a cache holds for good: `cache` is code or data."""

    cache: str
    start: int
    stop: int


@dataclass(frozen=True)
class Facts:
    """All of them; addresses are absolute, tuples are in the order of addresses or numbers."""

    pinned: Mapping[str, int] = field(default_factory=dict)
    variables: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    counters: tuple[str, ...] = ()
    special_objects: tuple[tuple[int, str, str, str], ...] = ()
    special_selectors: tuple[tuple[str, int], ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    regions: tuple[Region, ...] = ()
    locked: tuple[Locked, ...] = ()
    unlocked: tuple[str, ...] = ()
    routines: tuple[RoutineFact, ...] = ()
    method_entries: tuple[int, ...] = ()
    code_entries: tuple[int, ...] = ()
    handler_entries: tuple[int, ...] = ()
    loops: tuple[LoopEdge, ...] = ()
    polls: tuple[int, ...] = ()
    sleeps: tuple[int, ...] = ()
    halts: tuple[int, ...] = ()
    masks: tuple[tuple[int, str], ...] = ()
    jumps: tuple[Jump, ...] = ()
    object_offsets: tuple[tuple[int, int], ...] = ()

    # Writing and reading

    def to_bytes(self) -> bytes:
        """The section's contents."""
        plain: dict[str, Any] = {"format": FORMAT}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            plain[name] = [_row(each) for each in value] if name in ROWS else value
        return zlib.compress(json.dumps(plain, separators=(",", ":"), sort_keys=True).encode(), 9)

    @classmethod
    def from_bytes(cls, data: bytes) -> Facts:
        """Raises ValueError for a section of another format."""
        plain: dict[str, Any] = json.loads(zlib.decompress(data))
        if plain.pop("format", None) != FORMAT:
            raise ValueError(f"{FACTS_SECTION} has another format; build the firmware again")
        plain["variables"] = {name: tuple(place) for name, place in plain["variables"].items()}
        for name, kind in ROWS.items():
            plain[name] = tuple(_from_row(kind, each) for each in plain[name])
        for name, value in plain.items():
            if isinstance(value, list):
                plain[name] = tuple(tuple(each) if isinstance(each, list) else each for each in value)
        return cls(**plain)

    @classmethod
    def of_elf(cls, elf: bytes) -> Facts:
        """The facts in a firmware's ELF. Raises ValueError when it has none."""
        section = ELFFile(BytesIO(elf)).get_section_by_name(FACTS_SECTION)
        if section is None:
            raise ValueError(f"it has no {FACTS_SECTION}; it was not built by hardtalk build")
        return cls.from_bytes(section.data())

    # Asking

    @cached_property
    def _starts(self) -> list[int]:
        return [routine.address for routine in self.routines]

    def routine_at(self, address: int) -> RoutineFact | None:
        """The routine that an instruction belongs to."""
        index = bisect_right(self._starts, address) - 1
        return self.routines[index] if index >= 0 and address < self.routines[index].stop else None

    @cached_property
    def jump_at(self) -> Mapping[int, Jump]:
        """By address."""
        return {jump.address: jump for jump in self.jumps}

    @cached_property
    def loop_at(self) -> Mapping[int, LoopEdge]:
        """By the branch's address."""
        return {edge.address: edge for edge in self.loops}

    @cached_property
    def mask_at(self) -> Mapping[int, str]:
        """By address: `mask` or `unmask`."""
        return dict(self.masks)

    @property
    def dispatch_tables(self) -> tuple[Table, ...]:
        """Those that bytecodes are dispatched by, the one for interrupts among them."""
        return tuple(table for table in self.tables if table.role)


MEANINGS: Final = {
    "pinned": "register of each pinned VM variable, and of `vmState`",
    "variables": "offset from `vmState` and words of every VM variable",
    "counters": "names that `vmValueAt:` answers, by number from 1",
    "special_objects": "index, kind, name and VM variable",
    "special_selectors": "selector and number of arguments, in the order of their bytecodes",
    "sizes": "named sizes: method cache, primitive table, interrupt lines and others",
    "tables": "address and entries of each dispatch table, of the primitive table, of those of compiled methods' code "
    "and of native routines, and the bytes from entry to entry; a dispatch table's role: its entries are code, those "
    "of the others addresses",
    "regions": "name, start, stop and use of every region of memory",
    "locked": "those ranges that the caches hold for good",
    "unlocked": "routines that ask to be locked in the caches and have no room there",
    "routines": "address, size, name, class, selector, numbers it serves, bytes of its frame, depth of recursion, "
    "threaded or not, native or not",
    "method_entries": "where a send may go: the primitive table's routines and those that activate methods",
    "code_entries": "where bytecode 139 may go: pieces of machine code of compiled methods",
    "handler_entries": "native handlers and processes of drivers",
    "loops": "each edge that closes loops: address of the branch, where it leads, and for each loop where it is in the "
    "sources, how many iterations it has at most for each time it is entered (None: nothing is stated), whether it "
    "polls, whether the first iteration is decided before the loop, so that the edge leads to the others only, and "
    "which methods limit it where it does not count",
    "polls": "tests for waiting interrupts, which are safepoints",
    "sleeps": "where the CPU sleeps",
    "halts": "branches with which the machine stops for good (`<endless>`)",
    "masks": "instructions that set or clear the I bit",
    "jumps": "every instruction whose target it does not say itself: its kind and, where the kind has a list of its "
    "own, the targets",
    "object_offsets": "loads and stores whose address lies so many bytes behind where an object begins",
}
"""What each part holds; docs/facts.md shows it."""

ROWS: Final[Mapping[str, type]] = {
    "tables": Table,
    "regions": Region,
    "locked": Locked,
    "routines": RoutineFact,
    "loops": LoopEdge,
    "jumps": Jump,
}
"""Parts that are tuples of records; each is written as the list of its fields."""


def _row(record: Any) -> list[Any]:
    return [
        [_row(each) for each in value] if name == "loops" else value
        for name, value in ((name, getattr(record, name)) for name in record.__dataclass_fields__)
    ]


def _from_row(kind: type, row: list[Any]) -> Any:
    values = list(row)
    if kind is LoopEdge:
        values[2] = tuple(Loop(*each) for each in values[2])
    if kind is Jump:
        values[2] = tuple(values[2])
    return kind(*values)
