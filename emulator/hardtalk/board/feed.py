"""The way of events into the trace: what an access causes comes after it, what was entered before an event is told."""

from hardtalk.board.events import Event
from hardtalk.board.stops import Stops
from hardtalk.board.trace import Trace
from hardtalk.board.watch import Watches


class Feed:
    """`ends_runs` lets each event stop the CPU before its next block, for a run that looks at events."""

    def __init__(self, trace: Trace, watches: Watches, stops: Stops) -> None:
        self.trace = trace
        self.ends_runs = False
        self._watches = watches
        self._stops = stops
        self._held: list[Event] | None = None

    def tell(self, event: Event) -> None:
        if self._held is not None:
            self._held.append(event)
            return
        self._watches.tell()
        self.trace.add(event)
        if self.ends_runs:
            self._stops.request_attention()

    def hold(self) -> None:
        """Keep events back until they are released."""
        self._held = []

    def release(self, *first: Event) -> None:
        """Tell `first`, then what was held."""
        held, self._held = self._held, None
        for event in (*first, *(held or ())):
            self.tell(event)
