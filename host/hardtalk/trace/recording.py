"""A recording: tracks with slices, which last, and instants, which do not. All times are cycles of the board."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Slice:
    """Something that was so from cycle `start` to cycle `end`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Instant:
    """Something that happened. `details` are named values."""

    name: str
    cycle: int
    details: tuple[tuple[str, str], ...] = ()


@dataclass
class Track:
    """A line of the picture. Its slices do not overlap."""

    name: str
    slices: list[Slice] = field(default_factory=list)
    instants: list[Instant] = field(default_factory=list)


@dataclass
class Recording:
    """`hertz` is the clock's rate; tracks are in the order in which they first were asked for."""

    hertz: int
    tracks: dict[str, Track] = field(default_factory=dict)

    def track(self, name: str) -> Track:
        return self.tracks.setdefault(name, Track(name))

    @property
    def first(self) -> int:
        return min(self._cycles(), default=0)

    @property
    def last(self) -> int:
        return max(self._cycles(), default=0)

    def _cycles(self) -> Iterable[int]:
        for track in self.tracks.values():
            for each in track.slices:
                yield from (each.start, each.end)
            for instant in track.instants:
                yield instant.cycle

    def nanoseconds(self) -> Callable[[int], int]:
        """What makes of a cycle the nanoseconds from the recording's first moment, rounded down."""
        first, hertz = self.first, self.hertz
        return lambda cycle: (cycle - first) * 10**9 // hertz

    def between(self, start: int, end: int) -> "Recording":
        """What happened then, slices cut off at both ends."""
        part = Recording(self.hertz)
        for track in self.tracks.values():
            own = part.track(track.name)
            own.slices = [
                Slice(each.name, max(each.start, start), min(each.end, end))
                for each in track.slices
                if each.start < end and each.end > start
            ]
            own.instants = [each for each in track.instants if start <= each.cycle <= end]
        return part
