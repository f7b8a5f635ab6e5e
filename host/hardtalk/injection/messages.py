"""Random messages to what the system runs on, many a batch, chosen and sent by the board itself.

Public or private, every selector that the receiver understands is taken. Each is sent in a process of its own, which is
ended when it does not come back; behind a batch prompt, clock and heap are asked, as behind calls of primitives.
"""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.bench.console import BoardConsole
from hardtalk.injection.primitive_calls import PATIENCE_CYCLES, Campaign, Operation
from hardtalk.injection.receivers import ARGUMENTS, CLASSES, LEFT_OUT, OBJECTS, entry_for


class MessageCampaign(Campaign):
    """A board on which messages are sent."""

    rows = ()

    def __init__(self, model: str) -> None:
        super().__init__(model)
        console = self.bench.console
        left_out = " ".join(f"#{each}" for each in sorted(LEFT_OUT))
        console.evaluate(f"Smalltalk at: #Objects put: {blocks(OBJECTS)}. 0")
        console.evaluate(f"Smalltalk at: #Classes put: {blocks(CLASSES)}. 0")
        console.evaluate(f"Smalltalk at: #Choices put: {blocks(ARGUMENTS)}. 0")
        made = f"PrimitiveMessages objects: Objects classes: Classes arguments: Choices without: #({left_out})"
        self.record = int(console.evaluate(f"PrimitiveCalls current messages: ({made})", PATIENCE_CYCLES))
        self.names += (*OBJECTS, *CLASSES)
        self.start = self.bench.board.states.save()

    def last_operation(self, operation: Operation, seed: int) -> str:
        """The message as an entry at the prompt."""
        number = self.call_reached()
        self.bench.board.restore(self.start)
        console = BoardConsole(self.bench.board, self.model)
        told = console.evaluate(f"PrimitiveCalls current describeMessage: {number} seed: {seed}").strip("'").split()
        receivers = (*OBJECTS, *CLASSES)
        return entry_for(receivers[int(told[0]) - 1], told[1], [ARGUMENTS[int(place) - 1] for place in told[2:]])


def blocks(expressions: Sequence[str]) -> str:
    """An expression for an Array of blocks that answer them."""
    return f"{{ {'. '.join(f'[ {each} ]' for each in expressions)} }}"
