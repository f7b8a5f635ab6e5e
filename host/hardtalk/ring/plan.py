"""What is simulated: so many boards in a ring, their programs, for how long, and what happens to the ring when."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hardtalk.bench import BootOptions
from hardtalk.build.sources import text_root
from hardtalk.mediawire import FRAME_HERTZ, LinkedMediaWire
from hardtalk.report.errors import ReportedError

FEWEST_NODES, MOST_NODES = 2, 60
MOST_DELAY_FRAMES = 4
"""With the most nodes a message has then been round before its sender takes it for lost."""
FRAMES_PER_MILLISECOND: Final = FRAME_HERTZ // 1000

DEFAULT_PROGRAM: Final = """| wire |
wire := MediaWire start.
wire waitUntilLocked.
(Delay forMilliseconds: 20) wait.
wire waitUntilLocked.
Transcript show: (wire isMaster ifTrue: [ 'I am the clock master' ] ifFalse: [ 'I am in step' ]); cr.
wire scan!
"""
"""Joins the ring and tells who else is there."""


@dataclass(frozen=True)
class Program:
    """Smalltalk that is entered at a board's prompt, as a script: its text and where it is from."""

    text: str
    file: str


@dataclass(frozen=True)
class Cut:
    """Nothing comes in at that node, from so many milliseconds on; after `end` it does again, or never for None."""

    node: int
    begin: int
    end: int | None = None


@dataclass(frozen=True)
class RingPlan:
    """`options` are those of all boards, `programs` those of the nodes in order; the nodes are numbered from 1.

    The run ends when all programs have, or after so many `milliseconds` of the boards' time. A frame takes
    `delay_frames` from one board to the next. `stops` says after how many milliseconds a node is switched off, `cuts`
    when a link of the ring is cut; what is on its way there is lost.
    """

    options: BootOptions
    programs: tuple[Program, ...]
    milliseconds: int
    delay_frames: int = MOST_DELAY_FRAMES
    stops: Mapping[int, int] = field(default_factory=dict)
    cuts: tuple[Cut, ...] = ()

    def __post_init__(self) -> None:
        check_nodes(self.nodes)
        if self.milliseconds < 1:
            raise ReportedError(f"{self.milliseconds} milliseconds: at least one is needed")
        if not 1 <= self.delay_frames <= MOST_DELAY_FRAMES:
            raise ReportedError(f"a delay of {self.delay_frames} frames: it is 1 to {MOST_DELAY_FRAMES}")
        for node in self.stops:
            if not 1 <= node <= self.nodes:
                raise ReportedError(f"there is no node {node} to be stopped: they are 1 to {self.nodes}")
        for cut in self.cuts:
            if not 1 <= cut.node <= self.nodes:
                raise ReportedError(f"there is no node {cut.node} to be cut off: they are 1 to {self.nodes}")
            if cut.end is not None and cut.end <= cut.begin:
                raise ReportedError(f"a cut from {cut.begin} to {cut.end} ms: it must end after it has begun")

    @property
    def nodes(self) -> int:
        return len(self.programs)

    @property
    def windows(self) -> int:
        """The most that there can be, each as long as the delay."""
        return self.window_of(self.milliseconds)

    def window_of(self, milliseconds: int) -> int:
        """The first window that does not begin before."""
        return -(-milliseconds * FRAMES_PER_MILLISECOND // self.delay_frames)

    def cut_windows(self, node: int) -> list[range]:
        """In which nothing comes in at the node."""
        return [
            range(self.window_of(each.begin), self.windows if each.end is None else self.window_of(each.end))
            for each in self.cuts
            if each.node == node
        ]

    def options_of(self, node: int) -> BootOptions:
        """The node's number is its serial number."""
        controller = type(f"Node{node}", (LinkedMediaWire,), {"serial": node})
        return replace(self.options, devices=(*self.options.devices, controller))


def check_nodes(number: int) -> None:
    if not FEWEST_NODES <= number <= MOST_NODES:
        raise ReportedError(f"{number} nodes: a ring of boards has {FEWEST_NODES} to {MOST_NODES}")


def with_driver(options: BootOptions) -> BootOptions:
    """The options with MediaWire's driver."""
    driver = text_root() / "drivers" / "mediawire"
    return replace(options, drivers=tuple(dict.fromkeys((*options.drivers, driver))))
