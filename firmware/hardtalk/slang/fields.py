"""Messages to records, told by their selectors alone: reading and storing fields, addresses of them, casts.

No message of this kind has the name of another, and a field's name says whether a store of it passes the write barrier
(`hardtalk.vm.records`). So what is asked before types are known, what calls what and how heavy a method is, is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from hardtalk.slang.operators import BLOCK_LOOPS, CONDITIONALS, COUNTED_LOOPS, JUNCTIONS, OPERATORS
from hardtalk.smalltalk import ast
from hardtalk.vm.records import HOLDS, RECORDS, Holds

WITHOUT_BARRIER: Final = "withoutBarrier"
"""Between a record and the store of a reference that the collector need not hear of."""


class Access(Enum):
    """What a message does with a record."""

    READ = auto()
    STORE = auto()
    ADDRESS = auto()
    CAST = auto()
    WITHOUT_BARRIER = auto()


@dataclass(frozen=True, slots=True)
class Message:
    """`name` is the field's, or the record's that is cast to."""

    access: Access
    name: str = ""

    @property
    def sends(self) -> int:
        """How many sends are written where the field's offset is added by hand: what `weight` counts."""
        match self.access:
            case Access.READ:
                return 1 if HOLDS[self.name] is Holds.PART else 2
            case Access.STORE:
                return 1 if HOLDS[self.name] is Holds.REFERENCE else 2
            case Access.CAST:
                return 0
        return 1


def _capitalised(name: str) -> str:
    return name[0].upper() + name[1:]


def cast_to(record: str) -> str:
    """The message that makes an address one of that record."""
    return f"as{_capitalised(record)}"


def _messages() -> dict[str, Message]:
    found = {WITHOUT_BARRIER: Message(Access.WITHOUT_BARRIER)}
    for name in RECORDS:
        found[cast_to(name)] = Message(Access.CAST, name)
    for name, holds in HOLDS.items():
        rows = {name: Message(Access.READ, name)}
        if holds is not Holds.PART:
            rows |= {
                f"{name}:": Message(Access.STORE, name),
                f"addressOf{_capitalised(name)}": Message(Access.ADDRESS, name),
            }
        for selector, message in rows.items():
            if found.setdefault(selector, message) != message:
                raise ValueError(f"the message {selector} means two things; give the field another name")
    taken = set(found) & {*OPERATORS, *CONDITIONALS, *BLOCK_LOOPS, *COUNTED_LOOPS, *JUNCTIONS, "not"}
    if taken:
        raise ValueError(f"{', '.join(sorted(taken))} would be fields and operators; give the fields other names")
    return found


MESSAGES: Final = _messages()
"""Every message that some record understands, by selector."""


def message_of(node: ast.Send) -> Message | None:
    """What a send asks of a record; None for what is sent to self, and for operators."""
    if isinstance(node.receiver, ast.Variable) and node.receiver.name == "self":
        return None
    return MESSAGES.get(node.selector)


def passes_barrier(node: ast.Node) -> bool:
    """Whether it is the store of a reference of which the collector hears."""
    if not isinstance(node, ast.Send):
        return False
    message = message_of(node)
    if message is None or message.access is not Access.STORE or HOLDS[message.name] is not Holds.REFERENCE:
        return False
    receiver = node.receiver
    return not (isinstance(receiver, ast.Send) and receiver.selector == WITHOUT_BARRIER)
