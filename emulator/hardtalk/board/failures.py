"""What devices' Python code did wrong: kept until the run has ended with it."""

from hardtalk.board.errors import DeviceFailure, message_of
from hardtalk.board.events import DeviceFailed
from hardtalk.board.feed import Feed
from hardtalk.board.stops import Stops
from hardtalk.devices import Clock, Device


class Failures:
    """`names` are the peripherals whose device has ever failed."""

    def __init__(self, feed: Feed, stops: Stops, clock: Clock) -> None:
        self.names: set[str] = set()
        self._feed = feed
        self._stops = stops
        self._clock = clock
        self._latest: DeviceFailure | None = None

    def note(self, device: Device | None, doing: str, error: BaseException) -> None:
        """End the run with this failure."""
        name = device.peripheral.name if device is not None else "?"
        self._latest = DeviceFailure(type(device) if device is not None else Device, doing, error)
        self.names.add(name)
        self._feed.tell(DeviceFailed(self._clock.cycles, name, message_of(error)))
        self._stops.request_attention()

    def note_alarm(self, error: BaseException) -> None:
        """An alarm's action failed, which need not say whose it is."""
        self.note(owner_of(error), "an alarm", error)

    def take(self) -> DeviceFailure | None:
        failure, self._latest = self._latest, None
        return failure


def owner_of(error: BaseException) -> Device | None:
    """The device whose code is nearest to where an alarm's exception came from."""
    trace = error.__traceback__
    owner = None
    while trace is not None:
        candidate = trace.tb_frame.f_locals.get("self")
        if isinstance(candidate, Device):
            owner = candidate
        trace = trace.tb_next
    return owner
