"""Breakpoints in Smalltalk methods and on registers of devices, steps from line to line, from outside the board.

A breakpoint stops the whole board: all processes, devices and clocks stand still until it goes on. The firmware has no
part in it and does not see it. One that holds (`holding`) stops the process that comes by it, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

from hardtalk.bench import Bench
from hardtalk.board import Stop, StopReason
from hardtalk.board.lookout import Event, Hit, Point
from hardtalk.debugger.code_map import CodeMap, WithNode
from hardtalk.debugger.frames import TEMPORARIES, Frame, Frames, down_to_entry
from hardtalk.debugger.holding import Held, Holding
from hardtalk.debugger.objects import Objects
from hardtalk.debugger.places import NoSuchPlace, Places
from hardtalk.debugger.session import history_of
from hardtalk.serial.wording import OUTERMOST_CONTEXT
from hardtalk.smalltalk.ast import Method


class Stopped(Exception):
    """The board has stopped; the text says where and why."""


class Until(Enum):
    """Where a step ends: at the next line in any method, in this one or whom it returns to, or there alone; or where
    this one begins."""

    LINE = "step"
    SAME_FRAME = "over"
    CALLER = "out"
    RESTARTED = "restart"


@dataclass(frozen=True)
class Breakpoint:
    """`holds`: the process alone, not the board."""

    number: int
    title: str
    point: Point
    holds: bool = False


@dataclass(frozen=True)
class Goal:
    """A step that began in these frames of a process, innermost first; it `holds` where the process was held."""

    until: Until
    process: int
    frames: tuple[Frame, ...]
    holds: bool = False

    def is_reached(self, frame: Frame) -> bool:
        start = self.frames[0]
        if self.until is Until.RESTARTED:
            return frame.method == start.method and start.context in (0, frame.context)
        has_moved = (frame.context, frame.method) != (start.context, start.method) or (
            frame.place != start.place or frame.ip <= start.ip
        )
        if self.until is Until.LINE:
            return has_moved
        allowed = self.frames if self.until is Until.SAME_FRAME else self.frames[1:]
        return has_moved and any((each.context, each.method) == (frame.context, frame.method) for each in allowed)


class SmalltalkDebugger:
    """One board's, whose serial line goes through here until `close`. `is_stopped`: at a breakpoint or after a step.
    `on_hold` hears of processes that are held."""

    def __init__(
        self,
        bench: Bench,
        methods: Mapping[str, WithNode],
        on_hold: Callable[[Held, Frame], None] = lambda _held, _frame: None,
    ) -> None:
        self.bench = bench
        self.history = history_of(bench)
        self.breakpoints: list[Breakpoint] = []
        self.is_stopped = False
        model = bench.console.prompt.model
        self.code = CodeMap(bench.source_map, model)
        self.frames = Frames(Objects(bench.board), self.code, model, methods)
        self._places = Places(self.code, bench.board.chip.peripherals)
        self._shown: list[int] | None = None
        """The methods that the board has shown, while it does."""
        self.holding = Holding(bench, self.frames)
        self._on_hold = on_hold
        self._goal: Goal | None = None
        self._count = 0
        self.history.is_wanted = self._concerns
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
            if self._is_shown_at(found) or self._is_held_at(found):
                continue
            text = self._stop_at(found)
            if text:
                self.is_stopped, self._goal = True, None
                raise Stopped(text)
            history.step()
        return Stop(StopReason.CYCLES, history.now.cycles, self.bench.board.cpu.pc, history.now.instructions)

    def _concerns(self, hit: Hit) -> bool:
        """Whether it is a breakpoint's, or by a process that steps or is held: others come by the points of a step,
        too. No process is switched in the block of instructions that begins a bytecode."""
        process = self.frames.objects.active_process
        return (
            hit.point == self.holding.shows
            or any(each.point == hit.point for each in self.breakpoints)
            or process in self.holding.held
            or (self._goal is not None and process == self._goal.process)
        )

    def learn(self, entered: Mapping[str, WithNode]) -> None:
        """Know the methods that were entered or loaded, so far as they are not. The board does not stand still."""
        if unknown := self.code.unknown(entered):
            self.code.learn(unknown, self._addresses, self.frames.objects)

    def _addresses(self, statements: Method) -> list[int]:
        self._shown = []
        self._watch()
        self.bench.console.carry_out(statements)
        found, self._shown = self._shown, None
        self._watch()
        return found

    def _is_shown_at(self, hit: Hit) -> bool:
        if self._shown is None or hit.point != self.holding.shows:
            return False
        frame = next(self.frames.stack())
        self._shown.append(self.frames.objects.slot(frame.context, TEMPORARIES))
        self.history.step()
        return True

    def _is_held_at(self, hit: Hit) -> bool:
        """Whether the process that runs is held there: nothing of the bytecode is done yet."""
        frame = next(self.frames.stack(), None) if hit.point.event is Event.BYTECODE else None
        if frame is None:
            return False
        process, holding = self.frames.objects.active_process, self.holding
        if holding.passes(process, frame):
            self._watch()
            self.history.step()
            return True
        if holding.is_on_the_way(process, frame):
            holding.hold(process, frame, "")
            self.history.changed()
            return True
        title = self._hold_at(hit, process, frame) if holding.may_hold(process) else ""
        if not title:
            return False
        held = holding.hold(process, frame, title)
        if held is not None:
            self._on_hold(held, frame)
        self.history.changed()
        self._watch()
        return True

    def _hold_at(self, hit: Hit, process: int, frame: Frame) -> str:
        """Why the process is held there; empty when it goes on."""
        goal = self._goal
        for each in self.breakpoints:
            if each.holds and each.point == hit.point:
                self._goal = None if goal is not None and goal.process == process else goal
                return f"held at {each.number}: {each.title}"
        if goal is None or not goal.holds or goal.process != process or not goal.is_reached(frame):
            return ""
        entered = next((each.context for each in goal.frames if each.name == OUTERMOST_CONTEXT), None)
        if entered is not None and all(each.context != entered for each in self.frames.stack()):
            return ""  # what was entered has returned to the console's own methods
        self._goal = None
        return f"held in {frame}"

    def let_go(self, held: Held, until: Until | None = None, outward: int = 0) -> None:
        """When the board is told so, the process goes on to the next breakpoint or to where a step ends, which begins
        so many frames outward."""
        frames = tuple(down_to_entry(self.holding.stack(held)))[outward:]
        self._goal = Goal(until, held.process, frames, holds=True) if until is not None and frames else None
        held.is_released = True
        if until is Until.RESTARTED:
            del self.holding.held[held.process]
        self._watch()

    def let_go_into(self, held: Held, name: str) -> None:
        """As `let_go`, to where the method of that name begins, as it is now."""
        self.let_go(held, Until.RESTARTED)
        if self._goal is not None and (method := self.code.named(name)) is not None:
            begun = replace(self._goal.frames[0], context=0, method=method.address)
            self._goal = replace(self._goal, frames=(begun, *self._goal.frames[1:]))
        self._watch()

    def _stop_at(self, hit: Hit) -> str:
        """Why the board stops there; empty when it goes on."""
        for each in self.breakpoints:
            if not each.holds and each.point == hit.point:
                return f"stopped at {each.number}: {each.title}"
        goal = self._goal
        if goal is None or goal.holds or self.frames.objects.active_process != goal.process:
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

    def add(self, place: str, holds: bool = False) -> Breakpoint:
        """Raises NoSuchPlace."""
        title, point = self._places.located(place.strip())
        if holds and point.event is not Event.BYTECODE:
            raise NoSuchPlace("a process is held in Smalltalk: hold Foo>>bar: or hold Foo.class.st:12")
        if point.event is Event.BYTECODE and self.frames.is_machine_code(point.address):
            raise NoSuchPlace("that method is machine code, in which nothing stops: build it without <compiled>")
        self._count += 1
        made = Breakpoint(self._count, title, point, holds)
        self.breakpoints.append(made)
        self._watch()
        return made

    def remove(self, numbers: Iterable[int]) -> None:
        gone = set(numbers)
        self.breakpoints = [each for each in self.breakpoints if each.number not in gone]
        self._watch()

    def _watch(self) -> None:
        points = {each.point for each in self.breakpoints} | self.holding.points
        points |= set() if self._shown is None else {self.holding.shows}
        if self._goal is not None and self._goal.process not in self.holding.held:
            methods = {each.method for each in self._goal.frames}
            for method in self.code.methods:
                if self._goal.until is Until.CALLER and method.address in methods:
                    points |= {Point(Event.BYTECODE, each, 1) for each in self.frames.bytecodes(method.address)}
                elif self._goal.until is Until.RESTARTED and method.address == self._goal.frames[0].method:
                    points.add(Point(Event.BYTECODE, next(self.frames.bytecodes(method.address)), 1))
                elif self._goal.until is Until.LINE or method.address in methods:
                    points |= {Point(Event.BYTECODE, address, 1) for address, _ in method.lines}
        self.history.lookout.watch(points)
