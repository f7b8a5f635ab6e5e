"""What goes to the board as one message: a request, or several methods, which are all installed or none.

A message costs the board a process, a reply and some of the line, whatever is in it. Of several methods of which one
cannot be installed, each is sent again alone: so every other method gets there, and the one that cannot has its own
reply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from hardtalk.serial.frames import encode_frame
from hardtalk.serial.requests import INSTALL, Request

MESSAGES_UNDER_WAY: Final = 8
BYTES_UNDER_WAY: Final = 6000
"""How many messages, and bytes of methods in them, may wait on the board to be done: its driver keeps 8,192 bytes."""
BATCH_BYTES: Final = 2900
"""Of methods that are sent as one: while the board installs them the next ones come. None are sent before there is
room for so many."""
SEPARATOR: Final = b"\n"


@dataclass(frozen=True)
class Batch:
    """Requests of one message, in order."""

    requests: tuple[Request, ...]

    @property
    def kind(self) -> str:
        return self.requests[0].kind

    @cached_property
    def payload(self) -> bytes:
        return SEPARATOR.join(each.payload for each in self.requests)

    @property
    def is_of_several(self) -> bool:
        return len(self.requests) > 1

    def frame(self, number: int) -> bytes:
        return encode_frame(self.kind, self.payload, number)


def may_go(request: Request, batch: Sequence[Request], running: Sequence[Batch]) -> bool:
    """Whether the request may be sent as one with those of `batch`, and need not wait for those under way: a method
    with and behind other methods, none of which under way it replaces."""
    if not (batch or running):
        return True
    size = sum(len(each.payload) + len(SEPARATOR) for each in (*batch, request))
    room = size if request.is_alone else max(size, BATCH_BYTES)
    before = [*batch, *(request for each in running for request in each.requests)]
    return (
        all(each.kind == INSTALL for each in (request, *before))
        and not (batch and (request.is_alone or batch[0].is_alone or size > BATCH_BYTES))
        and all(request.method != other.method for each in running for other in each.requests)
        and len(running) < MESSAGES_UNDER_WAY
        and (not running or room + sum(len(each.payload) for each in running) < BYTES_UNDER_WAY)
    )
