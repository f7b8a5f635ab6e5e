"""Processes held at a bytecode while the board goes on: other processes run, interrupts are served, time passes.

Where a process comes by a breakpoint, the board is made to tell the class HeldProcess in place of executing the
bytecode: the virtual machine does so for a bytecode that makes no sense, and executes it again after the answer. So one
register is changed, and the firmware does the rest. Until the process waits in HeldProcess it may come by the bytecode
again, when the virtual machine had to make a context first or was interrupted; it is made to do the same then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hardtalk.bench import Bench, BenchError
from hardtalk.board.lookout import Event, Point
from hardtalk.debugger.frames import Frame, Frames
from hardtalk.symbols.image_objects import METACLASS_INSTANCE_SLOT, OFFSETS
from hardtalk.vm.constants import PINNED_REGISTERS
from hardtalk.vm.object_format import SLOTS

HOLDER: Final = "HeldProcess"
HOLDS: Final = f"{HOLDER} class>>cannotInterpret:"
SHOWS: Final = f"{HOLDER} class>>show:"
TELLS_RECEIVER: Final = "ClosureBytecodes>>sendCannotInterpret"
EVERYBODYS: Final = "SystemProcess"
"""The class of processes that nobody holds."""
HASH_BYTES: Final = 2


@dataclass
class Held:
    """A process that is held, or about to be, `number` as the user calls it. `is_released` once it shall go on."""

    number: int
    process: int
    context: int
    ip: int
    title: str
    is_released: bool = False

    def is_at(self, frame: Frame) -> bool:
        return (self.context, self.ip) == (frame.context, frame.ip)


class Holding:
    """Those of one board, by process. Raises BenchError for firmware without HeldProcess."""

    def __init__(self, bench: Bench, frames: Frames) -> None:
        self.bench = bench
        self.frames = frames
        self.held: dict[int, Held] = {}
        self._count = 0
        routine = bench.source_map.address_of(TELLS_RECEIVER)
        method, shows = frames.code.named(HOLDS), frames.code.named(SHOWS)
        if routine is None or method is None or shows is None:
            raise BenchError("this firmware cannot hold a process: build it anew")
        self._routine = routine
        self.shows = Point(Event.BYTECODE, shows.lines[0][0], 1)
        """Where the board shows a method."""
        metaclass = frames.objects.slot(frames.class_binding(method.address), SLOTS["Association"].index("Value"))
        self._holder = frames.objects.slot(metaclass, METACLASS_INSTANCE_SLOT)

    def is_held(self, process: int) -> bool:
        return process in self.held and not self.held[process].is_released

    def may_hold(self, process: int) -> bool:
        """Whether it is no process that everybody relies on, and none that comes here only because it is held."""
        return self.frames.objects.class_name(process) != EVERYBODYS and process not in self.held

    @property
    def points(self) -> set[Point]:
        """Where processes are that are on their way to be held, or come by again when they have been let go."""
        return {Point(Event.BYTECODE, each.ip, 1) for each in self.held.values()}

    def is_on_the_way(self, process: int, frame: Frame) -> bool:
        return self.is_held(process) and self.held[process].is_at(frame)

    def passes(self, process: int, frame: Frame) -> bool:
        """Whether the process comes by the bytecode only because it was let go on from there: once."""
        held = self.held.get(process)
        if held is None or not held.is_released or not held.is_at(frame):
            return False
        del self.held[process]
        return True

    def hold(self, process: int, frame: Frame, title: str) -> Held | None:
        """Have the running process held where it is. None when it is on its way already."""
        known = self.held.get(process)
        self._tell_holder()
        if known is not None and not known.is_released:
            return None
        self._count += 1
        found = Held(self._count, process, frame.context, frame.ip, title)
        self.held[process] = found
        return found

    def _tell_holder(self) -> None:
        cpu = self.bench.board.cpu
        cpu.set_register(PINNED_REGISTERS["receiver"], self._holder)
        cpu.pc = self._routine

    def waiting(self) -> list[Held]:
        """Those that are held, the latest last, without those that others have ended meanwhile."""
        for each in list(self.held.values()):
            if self._is_terminated(each):
                del self.held[each.process]
        return [each for each in self.held.values() if not each.is_released]

    def select(self, held: Held) -> None:
        """What is meant from now on, until another process is held: the last of those that wait."""
        self.held[held.process] = self.held.pop(held.process)

    def _is_terminated(self, held: Held) -> bool:
        ended = self.frames.fields(held.process).get("isTerminated")
        return ended is None or self.frames.objects.constants.get(ended) != "false"

    def hash_of(self, held: Held) -> int:
        """The identity hash of its process; 0 while it is on its way."""
        address = held.process + OFFSETS["HashOffset"]
        return int.from_bytes(self.bench.board.ram.read(address, HASH_BYTES), "little")

    def stack(self, held: Held) -> Iterator[Frame]:
        """The innermost first."""
        yield from self.frames.stack_from(held.context, held.ip)

    def name(self, held: Held) -> str:
        """What the process is called."""
        name = self.frames.fields(held.process).get("name", 0)
        objects = self.frames.objects
        return objects.text(name) if objects.class_name(name) in ("String", "Symbol") else "a process"
