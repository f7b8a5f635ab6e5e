"""The prompt's commands for breakpoints: where the board stops or a process is held, what is there, how it goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from hardtalk.debugger.frames import Frame, down_to_entry
from hardtalk.debugger.holding import Held
from hardtalk.debugger.paths import PATH, NoSuchValue
from hardtalk.debugger.paths import value_of as value_at
from hardtalk.debugger.places import NoSuchPlace
from hardtalk.debugger.smalltalk import Breakpoint, SmalltalkDebugger, Until
from hardtalk.shell import holding
from hardtalk.shell.errors import BadCommand
from hardtalk.shell.session import Session
from hardtalk.symbols.sources import source_line

SHOWN_FRAMES: Final = 30
NOTHING_STOPS: Final = "the board is not stopped; break says where it is to stop, hold where a process is"
FRAME: Final = re.compile(r"(\d+)(?:\.(?!\d)(.*))?")


def set_breakpoint(shell: Session, place: str) -> None:
    """One more, or a list of those there are."""
    add(shell, place, False)


def set_hold(shell: Session, place: str) -> None:
    """One more that holds the process alone."""
    add(shell, place, True)


def add(shell: Session, place: str, holds: bool) -> None:
    if not place:
        list_breakpoints(shell)
        return
    debugger = shell.debugger or shell.start_debugger()
    if not debugger.is_stopped:
        debugger.learn(shell.library.entered)
    try:
        made = debugger.add(place, holds)
    except NoSuchPlace as error:
        release(shell)
        raise BadCommand(str(error)) from error
    shell.tell(titled(made))


def titled(each: Breakpoint) -> str:
    return f"{each.number}  {each.title}{' holds the process' if each.holds else ''}"


def list_breakpoints(shell: Session) -> None:
    if shell.debugger is None:
        raise BadCommand("there are no breakpoints; break Foo>>bar:, break Foo.class.st:12, break UART0 DR write")
    for each in shell.debugger.breakpoints:
        shell.tell(titled(each))


def clear(shell: Session, number: str) -> None:
    """One breakpoint, or all."""
    if shell.debugger is None:
        raise BadCommand("there are no breakpoints")
    numbers = {each.number for each in shell.debugger.breakpoints}
    if number and (not number.isdecimal() or int(number) not in numbers):
        raise BadCommand(f"there is no breakpoint {number}; break lists them")
    shell.debugger.remove({int(number)} if number else numbers)
    release(shell)


def release(shell: Session) -> None:
    """Without breakpoints, and when nothing is stopped or held, the board runs as it did before."""
    debugger = shell.debugger
    if debugger is not None and not (debugger.breakpoints or debugger.is_stopped or debugger.holding.held):
        shell.end_debugger()


def go_on(shell: Session, _: str) -> None:
    continued(shell, None)


def step(shell: Session, _: str) -> None:
    continued(shell, Until.LINE)


def over(shell: Session, _: str) -> None:
    continued(shell, Until.SAME_FRAME)


def out(shell: Session, _: str) -> None:
    continued(shell, Until.CALLER)


def back(shell: Session, _: str) -> None:
    """Raises Stopped."""
    stopped_debugger(shell).go_back()


def continued(shell: Session, until: Until | None) -> None:
    debugger = debugger_of(shell)
    if not debugger.is_stopped:
        holding.let_go(shell, debugger, until)
        release(shell)
        return
    debugger.go_on(until)
    shell.let_board_go_on()
    if not debugger.is_stopped:
        debugger.give_up_step()
        release(shell)


def show_frames(shell: Session, _: str) -> None:
    """The stack of the process that is stopped or held, down to what was entered."""
    for number, frame in enumerate(shown_frames(debugger_of(shell))):
        shell.tell(f"{number}  {frame}")


def show_value(shell: Session, path: str) -> None:
    """All variables of the innermost frame, or one that a path leads to: self.lamp, list[3], 2.count of frame 2. Of a
    held process anything that can be entered, with the frame's variables."""
    debugger = debugger_of(shell)
    numbered = FRAME.fullmatch(path)
    number, rest = (int(numbered[1]), numbered[2] or "") if numbered else (0, path)
    frames = shown_frames(debugger)
    if number >= len(frames):
        raise BadCommand(f"there is no frame {number}; frames lists them")
    frame = frames[number]
    if not rest:
        for line in variable_lines(debugger, frame):
            shell.tell(line)
    elif debugger.is_stopped or PATH.fullmatch(rest):
        shell.tell(described(debugger, value_of(debugger, frame, rest)))
    else:
        holding.evaluate(shell, debugger, frame, number, rest)


def value_of(debugger: SmalltalkDebugger, frame: Frame, path: str) -> int:
    try:
        return value_at(debugger.frames, frame, path)
    except NoSuchValue as error:
        raise BadCommand(str(error)) from error


def described(debugger: SmalltalkDebugger, value: int) -> str:
    """An object, and its variables below it."""
    reader = debugger.frames
    fields = [f"\n  {name}: {reader.objects.describe(each)}" for name, each in reader.fields(value).items()]
    return reader.objects.describe(value) + "".join(fields)


def variable_lines(debugger: SmalltalkDebugger, frame: Frame) -> Iterator[str]:
    reader = debugger.frames
    yield f"  self = {reader.objects.describe(frame.receiver)}"
    for name, value in reader.variables(frame).items():
        yield f"  {name} = {reader.objects.describe(value)}"


def shown_frames(debugger: SmalltalkDebugger) -> list[Frame]:
    """The innermost ones, of those above the board's console."""
    frames = debugger.frames.stack() if debugger.is_stopped else debugger.holding.stack(holding.selected(debugger))
    return list(islice(down_to_entry(frames), SHOWN_FRAMES))


def show_stop(shell: Session, why: str) -> None:
    """Why the board stopped, the line, and the variables there."""
    debugger = stopped_debugger(shell)
    frame = next(debugger.frames.stack(), None)
    shell.tell(why if frame is None else f"{why} in {frame}" if why == "stopped" else why)
    if frame is not None:
        show_place(shell, debugger, frame)


def show_hold(shell: Session, held: Held, frame: Frame) -> None:
    """Which process is held, why, the line, and the variables there. Told while the board runs."""
    debugger = debugger_of(shell)
    shell.tell(f"{debugger.holding.name(held)} {held.title}")
    show_place(shell, debugger, frame)


def show_place(shell: Session, debugger: SmalltalkDebugger, frame: Frame) -> None:
    """The line of a frame, and its variables."""
    place, folders = frame.place, debugger.bench.source_map.folders
    text = None if place is None else debugger.code.line(frame.method, place) or source_line(place, folders)
    if text is not None:
        shell.tell(f"    {text.strip()}")
    for line in variable_lines(debugger, frame):
        shell.tell(line)


def debugger_of(shell: Session) -> SmalltalkDebugger:
    """Of a board that is stopped, or has a process held."""
    debugger = shell.debugger
    if debugger is None or not (debugger.is_stopped or debugger.holding.waiting()):
        raise BadCommand(NOTHING_STOPS)
    return debugger


def stopped_debugger(shell: Session) -> SmalltalkDebugger:
    if shell.debugger is None or not shell.debugger.is_stopped:
        raise BadCommand(NOTHING_STOPS)
    return shell.debugger
