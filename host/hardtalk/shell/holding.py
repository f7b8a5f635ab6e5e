"""The prompt's commands for processes that are held while the board goes on."""

from __future__ import annotations

from typing import Final

from hardtalk.debugger.code_map import environment_of
from hardtalk.debugger.frames import Frame
from hardtalk.debugger.holding import HOLDER, Held
from hardtalk.debugger.in_frame import accesses, in_frame, keyword
from hardtalk.debugger.smalltalk import SmalltalkDebugger, Until
from hardtalk.shell.errors import BadCommand
from hardtalk.shell.session import Session
from hardtalk.smalltalk.ast import Expression, Literal, Send, Variable

ENTRY_PROCESS: Final = "prompt"
"""What the board calls the process of what was entered."""
ARRIVES_MILLISECONDS: Final = 2000
LOOK_MILLISECONDS: Final = 5
NOTHING_HELD: Final = "no process is held; hold says where one is to be"


def selected(debugger: SmalltalkDebugger) -> Held:
    """The one that was held, or chosen, last."""
    waiting = debugger.holding.waiting()
    if not waiting:
        raise BadCommand(NOTHING_HELD)
    return waiting[-1]


def show_held(shell: Session, number: str) -> None:
    """The processes that are held, the one meant last; with a number that one is meant from now on."""
    debugger = shell.debugger
    waiting = debugger.holding.waiting() if debugger is not None else []
    if debugger is None or not waiting:
        raise BadCommand(NOTHING_HELD)
    if number:
        found = next((each for each in waiting if str(each.number) == number), None)
        if found is None:
            raise BadCommand(f"no process {number} is held; held lists them")
        debugger.holding.select(found)
    for each in debugger.holding.waiting():
        shell.tell(f"{each.number}  {debugger.holding.name(each)} {each.title}")


def let_go(shell: Session, debugger: SmalltalkDebugger, until: Until | None) -> None:
    held = selected(debugger)
    holder = found_holder(shell, debugger, held)
    debugger.let_go(held, until)
    go_on(shell, debugger, held, Send(holder, "goOn"))


def restart(shell: Session, number: str) -> None:
    """Begin the method of a frame again: what it waits for is left. A changed method is sent again as it is now."""
    if shell.debugger is None:
        raise BadCommand(NOTHING_HELD)
    debugger = shell.debugger
    held, outward = selected(debugger), int(number or 0) if (number or "0").isdecimal() else -1
    frames = list(debugger.holding.stack(held))
    if not 0 <= outward < len(frames) or frames[outward].is_block:
        raise BadCommand(f"there is no method in frame {number} that could begin again; frames lists them")
    frame = frames[outward]
    holder = found_holder(shell, debugger, held)
    debugger.let_go(held, Until.RESTARTED, outward)
    go_on(shell, debugger, held, keyword(holder, "restart:", Literal(outward)))
    again = debugger.holding.held.get(held.process)
    if again is None or again.context != frame.context or frame.name not in shell.library.entered:
        return
    shell.tell(f"{frame.name} was entered anew, and is sent again")
    holder = found_holder(shell, debugger, again)
    debugger.learn(shell.library.entered)
    debugger.let_go_into(again, frame.name)
    go_on(shell, debugger, again, Send(holder, "sendAgain"))


def end(shell: Session, _: str) -> None:
    """End the process: what it was about to do is not done, blocks of ensure: are evaluated."""
    if shell.debugger is None:
        raise BadCommand(NOTHING_HELD)
    held = selected(shell.debugger)
    holder = found_holder(shell, shell.debugger, held)
    shell.debugger.let_go(held)
    del shell.debugger.holding.held[held.process]
    go_on(shell, shell.debugger, held, Send(holder, "end"))


def evaluate(shell: Session, debugger: SmalltalkDebugger, frame: Frame, outward: int, text: str) -> None:
    """What was entered, with the variables of a frame of the held process."""
    holder = found_holder(shell, debugger, selected(debugger))
    context = keyword(holder, "frame:", Literal(outward))
    class_name = environment_of(frame.name, debugger.frames.model).class_name
    node = in_frame(text, context, accesses(debugger.frames, frame))
    shell.bench.console.prompt.enter_statements(node, class_name)
    shell.show_replies()


def found_holder(shell: Session, debugger: SmalltalkDebugger, held: Held) -> Expression:
    """The expression for its HeldProcess. A process that other processes keep from arriving there gets some time."""
    waited = 0
    while not debugger.holding.hash_of(held):
        if waited >= ARRIVES_MILLISECONDS:
            raise BadCommand("other processes keep it from the processor, so it is not held yet; run lets time pass")
        shell.let_time_pass(LOOK_MILLISECONDS)
        waited += LOOK_MILLISECONDS
    return keyword(Variable(HOLDER), "ofHash:", Literal(debugger.holding.hash_of(held)))


def go_on(shell: Session, debugger: SmalltalkDebugger, held: Held, statement: Expression) -> None:
    """By a statement that the board is to carry out."""
    shell.let_held_go_on(statement, debugger.holding.name(held) == ENTRY_PROCESS)
