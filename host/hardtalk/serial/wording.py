"""What people read of a prompt's events, and whether what they typed is all of an entry."""

from typing import Final

from hardtalk.serial.frames import ConsoleText
from hardtalk.serial.prompt import Event, Failure, Held, NotUnderstood, Pong, Refused, Result, Warned

OUTERMOST_CONTEXT: Final = "UndefinedObject>>DoIt"


def wording(event: Event) -> str:
    """The text of an event, of console text as it came; empty when nobody waits for it."""
    match event:
        case ConsoleText() | Result():
            return event.text
        case Failure():
            return f"{event.place}: {own_part(event.trace)}" if event.place else own_part(event.trace)
        case NotUnderstood():
            return f"the board does not understand: {event.reason}"
        case Warned():
            return str(event.warning.as_warning())
        case Refused():
            return str(event.error)
        case Pong() | Held():
            return ""


def is_mistake(event: Event) -> bool:
    """Whether an entry did not end well."""
    return isinstance(event, Failure | NotUnderstood | Refused)


def own_part(trace: str) -> str:
    """The stack trace down to what was entered, without the contexts of the board's console below it."""
    lines = trace.rstrip().splitlines()
    if OUTERMOST_CONTEXT in lines:
        return "\n".join(lines[: lines.index(OUTERMOST_CONTEXT) + 1])
    return "\n".join(lines)
