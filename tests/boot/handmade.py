"""Slang programs made by hand in assembly, to boot the stub and the linker alone."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

from hardtalk.chip import default_chip
from hardtalk.link import AssemblySource, Firmware, link, target_of
from hardtalk.link.assembler import assemble
from hardtalk.vm.facts import CodeFacts

ROOT = Path(__file__).parents[2]
RELOCATION = re.compile(r"(branch24|abs32)_([A-Za-z]\w*?)(?:__\d+)?$")
TARGET = target_of(default_chip())
STATE = {
    name: 4 * number
    for number, name in enumerate(
        (
            "pendingLines",
            "interruptCount",
            "scratch",
            "spuriousInterrupts",
            "rescheduleWanted",
            "divertedLines",
            "divertedAtRest",
            "nativeLines",
            "nativeDepth",
            "nativeRequests",
            "nativeRunning",
            "nativeStorms",
            "absentAddress",
            "tellsAborts",
        )
    )
}


@dataclass(frozen=True)
class HandRelocation:
    offset: int
    kind: str
    symbol: str
    addend: int = 0


@dataclass(frozen=True)
class HandRoutine:
    name: str
    selector: str
    code: bytes
    relocations: tuple[HandRelocation, ...] = ()
    lines: tuple[tuple[int, str, int], ...] = ()
    class_name: str = "Hand"
    frame_bytes: int = 0
    recursion_depth: int = 0
    is_threaded: bool = False
    locked: int | None = None
    facts: CodeFacts = field(default_factory=CodeFacts)


@dataclass(frozen=True)
class HandProgram:
    routines: tuple[HandRoutine, ...]
    state: dict[str, int] = field(default_factory=lambda: dict(STATE))
    state_size: int = 4 * len(STATE)
    bytecode_entries: dict[int, str] = field(default_factory=dict)
    primitive_entries: dict[int, str] = field(default_factory=dict)
    marking_entries: dict[int, str] = field(default_factory=dict)
    forwarding_entries: dict[int, str] = field(default_factory=dict)
    code_entries: dict[int, str] = field(default_factory=dict)
    pinned: dict[str, int] = field(default_factory=lambda: {"vmState": 4})

    def __post_init__(self) -> None:
        """Every program has the routines that the boot stub names."""
        present = {each.name for each in self.routines}
        missing = tuple(each for each in native_routines() if each.name not in present)
        object.__setattr__(self, "routines", (*missing, *self.routines))


@dataclass(frozen=True)
class HandMethod:
    name: str
    address: int
    size: int
    file: str
    line: int
    lines: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class HandImage:
    data: bytes = struct.pack("<8I", *range(8))
    base: int = 0x100000
    special_objects: int = 0x100000
    symbols: tuple[HandMethod, ...] = ()


def routine(selector: str, text: str, class_name: str = "Hand") -> HandRoutine:
    """A routine from assembly; the instruction after `branch24_name:` and the word after `abs32_name:` are relocated.

    `there` is the placeholder that such a branch goes to; several relocations to one name are told apart by `__2`.
    """
    assembly = assemble(
        [AssemblySource(selector, text)],
        0,
        {"there": 0, **STATE, **{name: TARGET.symbols[name] for name in ("UART0", "VIC", "TIMER01")}},
    )
    relocations = []
    for label, address in assembly.labels.items():
        if found := RELOCATION.match(label):
            relocations.append(HandRelocation(address, found.group(1), found.group(2)))
    return HandRoutine(
        f"{class_name}>>{selector}", selector, assembly.code, tuple(relocations), ((0, f"{class_name}.class.st", 7),)
    )


def boot_sources() -> list[AssemblySource]:
    paths = sorted((ROOT / "boot").glob("*.s"), key=lambda path: (path.name != "start.s", path.name))
    return [AssemblySource(f"boot/{path.name}", path.read_text()) for path in paths]


IDLE = routine("unknownBytecode", "b there")
ACTIVATE = routine("activateMethod:arguments:", "mov r0, r0")


def native_routines() -> tuple[HandRoutine, ...]:
    return tuple(
        routine(selector, "mov r0, r0", "Native")
        for selector in (
            "scheduleAfterInterrupt",
            "signalNative:",
            "waitNative:",
            "signalSmalltalk:",
            "yieldNative",
            "sleepNative:",
            "queue:put:",
            "waitFrom:",
        )
    )


def handmade_firmware(start: str, handle: str = "mov r0, r0") -> Firmware:
    """Firmware whose startVirtualMachine and handleInterrupts are the given assembly."""
    program = HandProgram((routine("startVirtualMachine", start), routine("handleInterrupts", handle), IDLE, ACTIVATE))
    return link(boot_sources(), program, HandImage(), TARGET)
