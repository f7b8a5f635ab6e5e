"""What the linker takes: the shapes of a compiled Slang program, an image and a target board.

Structural types, so that a program made by hand in a test links like a compiled one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hardtalk.vm.facts import CodeFacts


class RelocationLike(Protocol):
    """A word at `offset` of a routine that needs the address of `symbol` (+ `addend`)."""

    @property
    def offset(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def addend(self) -> int: ...


@dataclass(frozen=True)
class Relocation:
    """One that the linker makes itself."""

    offset: int
    kind: str
    symbol: str
    addend: int = 0


class RoutineLike(Protocol):
    """A stretch of ARM code; `lines` pairs an offset with the (file, line) from there on."""

    @property
    def name(self) -> str: ...
    @property
    def code(self) -> bytes: ...
    @property
    def relocations(self) -> Sequence[RelocationLike]: ...
    @property
    def lines(self) -> Sequence[tuple[int, str, int]]: ...
    @property
    def class_name(self) -> str: ...
    @property
    def selector(self) -> str: ...
    @property
    def frame_bytes(self) -> int: ...
    @property
    def recursion_depth(self) -> int: ...
    @property
    def is_threaded(self) -> bool: ...
    @property
    def locked(self) -> int | None: ...
    @property
    def facts(self) -> CodeFacts: ...


def placed_lines(routine: RoutineLike) -> list[tuple[int, str, int]]:
    """The routine's lines without those that the compiler has no place for: that code belongs to what is before it.

    At the start of a routine (parameters put where they are wanted) it belongs to the first place there is.
    """
    places = [(offset, file, line) for offset, file, line in routine.lines if file and line]
    if places and routine.lines[0] != places[0]:
        places[0] = (routine.lines[0][0], *places[0][1:])
    return places


class ProgramLike(Protocol):
    """A compiled Slang program."""

    @property
    def routines(self) -> Sequence[RoutineLike]: ...
    @property
    def state(self) -> Mapping[str, int]: ...
    @property
    def state_size(self) -> int: ...
    @property
    def bytecode_entries(self) -> Mapping[int, str]: ...
    @property
    def primitive_entries(self) -> Mapping[int, str]: ...
    @property
    def marking_entries(self) -> Mapping[int, str]: ...
    @property
    def forwarding_entries(self) -> Mapping[int, str]: ...
    @property
    def code_entries(self) -> Mapping[int, str]: ...
    @property
    def pinned(self) -> Mapping[str, int]: ...


class MethodSymbolLike(Protocol):
    """A compiled Smalltalk method in the image; `lines` pairs a bytecode's address with a source line."""

    @property
    def name(self) -> str: ...
    @property
    def address(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def lines(self) -> Sequence[tuple[int, int]]: ...


class ImageLike(Protocol):
    """An object memory to be loaded at `base`."""

    @property
    def data(self) -> bytes: ...
    @property
    def base(self) -> int: ...
    @property
    def special_objects(self) -> int: ...
    @property
    def symbols(self) -> Sequence[MethodSymbolLike]: ...


@dataclass(frozen=True)
class Target:
    """The board as the linker sees it: names for the boot stub, where RAM is, the bytes of a way of its caches, and the
    first address of each device and the one behind it.

    The heap takes what is left of RAM, or `heap_bytes` with the image.
    """

    symbols: Mapping[str, int] = field(default_factory=dict)
    ram_start: int = 0
    ram_size: int = 128 << 20
    way_bytes: int = 4096
    heap_bytes: int | None = None
    devices: Sequence[tuple[int, int]] = ()
