"""Breakpoints in Smalltalk methods and on registers of devices, steps from line to line, from outside the board.

A breakpoint stops the whole board: all processes, devices and clocks stand still until it goes on. The firmware has no
part in it and does not see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from hardtalk.bench import Bench
from hardtalk.board import Stop, StopReason
from hardtalk.board.lookout import Event, Hit, Point
from hardtalk.debugger.frames import Frame, Frames, WithNode
from hardtalk.debugger.objects import Objects
from hardtalk.debugger.session import history_of
from hardtalk.symbols.source_map import MethodLines
from hardtalk.vm.object_format import WORD_BYTES

LINE: Final = re.compile(r"(?P<file>[^\s:]+):(?P<line>\d+)")
METHOD: Final = re.compile(r"(?P<class>\w+)(?P<side>\s+class)?\s*>>\s*#?(?P<selector>\S+)")
REGISTER: Final = re.compile(r"(?P<device>\w+)\s+(?P<register>\w+)(?:\s+(?P<kind>read|write))?")
KINDS: Final = {"read": Event.READ, "write": Event.WRITE, None: Event.ACCESS}


class NoSuchPlace(Exception):
    """Nothing can be stopped at there; the text says what is wrong."""


class Stopped(Exception):
    """The board has stopped; the text says where and why."""


class Until(Enum):
    """Where a step ends: at the next line in any method, in this one or whom it returns to, or there alone."""

    LINE = "step"
    SAME_FRAME = "over"
    CALLER = "out"


@dataclass(frozen=True)
class Breakpoint:
    number: int
    title: str
    point: Point


@dataclass(frozen=True)
class Goal:
    """A step that began in these frames of a process, innermost first."""

    until: Until
    process: int
    frames: tuple[Frame, ...]

    def is_reached(self, frame: Frame) -> bool:
        start = self.frames[0]
        has_moved = (frame.context, frame.method) != (start.context, start.method) or (
            frame.place != start.place or frame.ip <= start.ip
        )
        if self.until is Until.LINE:
            return has_moved
        allowed = self.frames if self.until is Until.SAME_FRAME else self.frames[1:]
        return has_moved and any((each.context, each.method) == (frame.context, frame.method) for each in allowed)


class SmalltalkDebugger:
    """One board's, whose serial line goes through here until `close`. `is_stopped`: at a breakpoint or after a step."""

    def __init__(self, bench: Bench, methods: Mapping[str, WithNode]) -> None:
        self.bench = bench
        self.history = history_of(bench)
        self.breakpoints: list[Breakpoint] = []
        self.is_stopped = False
        self.frames = Frames(Objects(bench.board), bench.source_map, bench.console.prompt.model, methods)
        self._goal: Goal | None = None
        self._count = 0
        self._line, bench.console.line = bench.console.line, self

    def close(self) -> None:
        self.history.close()
        self.bench.console.line = self._line
        self.is_stopped = False

    # The serial line and time

    def send(self, data: bytes) -> None:
        if data:
            self.bench.board.uart(0).send(data)
            self.history.changed()

    def take(self) -> bytes:
        return self.history.take_output()

    def run(self, cycles: int) -> Stop:
        """As the board's own. Raises Stopped at a breakpoint or where a step ends."""
        history = self.history
        end = history.now.cycles + cycles
        if self.is_stopped:
            self.is_stopped = False
            history.step()
        while history.now.cycles < end:
            found = history.run(end - history.now.cycles)
            if isinstance(found, Stop):
                return found
            text = self._stop_at(found)
            if text:
                self.is_stopped, self._goal = True, None
                raise Stopped(text)
            history.step()
        return Stop(StopReason.CYCLES, history.now.cycles, self.bench.board.cpu.pc, history.now.instructions)

    def _stop_at(self, hit: Hit) -> str:
        """Why the board stops there; empty when it goes on."""
        for each in self.breakpoints:
            if each.point == hit.point:
                return f"stopped at {each.number}: {each.title}"
        goal = self._goal
        if goal is None or self.frames.objects.active_process != goal.process:
            return ""
        frame = next(self.frames.stack(), None)
        return "stopped" if frame is not None and goal.is_reached(frame) else ""

    def go_on(self, until: Until | None = None) -> None:
        """From now on to the next breakpoint, or to where a step ends."""
        frames = tuple(self.frames.stack())
        self._goal = None
        if until is not None and frames:
            self._goal = Goal(until, self.frames.objects.active_process, frames)
        self._watch()

    def go_back(self) -> None:
        """To the breakpoint that the board came by last. Raises Stopped there, or at the beginning of what is known."""
        self._goal = None
        self._watch()
        hit = self.history.run_back()
        if hit is None:
            raise Stopped("back where the first breakpoint was set: nothing before it is known")
        if hit.point.event is not Event.BYTECODE:
            self.history.back()
        raise Stopped(self._stop_at(hit))

    def give_up_step(self) -> None:
        self._goal = None
        self._watch()

    # Breakpoints

    def add(self, place: str) -> Breakpoint:
        """Raises NoSuchPlace."""
        title, point = self._located(place.strip())
        self._count += 1
        made = Breakpoint(self._count, title, point)
        self.breakpoints.append(made)
        self._watch()
        return made

    def remove(self, numbers: Iterable[int]) -> None:
        gone = set(numbers)
        self.breakpoints = [each for each in self.breakpoints if each.number not in gone]
        self._watch()

    def _watch(self) -> None:
        points = {each.point for each in self.breakpoints}
        if self._goal is not None:
            methods = {each.method for each in self._goal.frames}
            for method in self.bench.source_map.methods:
                if self._goal.until is Until.CALLER and method.address in methods:
                    points |= {Point(Event.BYTECODE, each, 1) for each in self.frames.bytecodes(method.address)}
                elif self._goal.until is Until.LINE or method.address in methods:
                    points |= {Point(Event.BYTECODE, address, 1) for address, _ in method.lines}
        self.history.lookout.watch(points)

    def _located(self, place: str) -> tuple[str, Point]:
        if found := METHOD.fullmatch(place):
            side = " class" if found["side"] else ""
            return self._in_method(f"{found['class']}{side}>>{found['selector']}")
        if found := LINE.fullmatch(place):
            return self._in_file(found["file"], int(found["line"]))
        if found := REGISTER.fullmatch(place):
            return self._at_register(found["device"], found["register"], found["kind"])
        raise NoSuchPlace("say where: break Foo>>bar:, break Foo.class.st:12 or break UART0 DR write")

    def _in_method(self, name: str) -> tuple[str, Point]:
        method = next((each for each in self.bench.source_map.methods if each.name == name), None)
        if method is None:
            known = name in self.frames.methods
            raise NoSuchPlace(
                f"{name} was entered after the firmware was built: put it in a --driver folder"
                if known
                else f"the firmware has no method {name}"
            )
        return self._titled(method, method.lines[0])

    def _in_file(self, file: str, line: int) -> tuple[str, Point]:
        """The first bytecode of that line, or of the first one behind it that has any in the same method."""
        best: tuple[int, MethodLines, tuple[int, int]] | None = None
        is_known = False
        for method in self.bench.source_map.methods:
            if method.first.file != file and not method.first.file.endswith(f"/{file}"):
                continue
            is_known = True
            for row in method.lines:
                if line <= row[1] and method.first.line <= line and (best is None or row[1] < best[0]):
                    best = row[1], method, row
        if best is None:
            raise NoSuchPlace(f"{file} has no code at line {line}" if is_known else f"the firmware has no file {file}")
        return self._titled(best[1], best[2])

    def _titled(self, method: MethodLines, row: tuple[int, int]) -> tuple[str, Point]:
        return f"{method.name} ({method.first.file}:{row[1]})", Point(Event.BYTECODE, row[0], 1)

    def _at_register(self, device: str, register: str, kind: str | None) -> tuple[str, Point]:
        peripherals = {each.name: each for each in self.bench.board.chip.peripherals}
        if device not in peripherals:
            raise NoSuchPlace(f"there is no device {device}; there are {', '.join(peripherals)}")
        offsets = {each.name: each.offset for each in peripherals[device].registers}
        if register not in offsets:
            raise NoSuchPlace(f"{device} has no register {register}; it has {', '.join(offsets)}")
        address = peripherals[device].base + offsets[register]
        return f"{device} {register} {kind or 'accessed'}", Point(KINDS[kind], address, WORD_BYTES)
