"""A worker's part of the ring: some boards that follow each other, run window by window in step with the other parts.

A window is as long as what is sent takes to the next board, so that at its beginning everything that comes in during it
has been sent. It is the same whatever part a board is in: the parts change nothing.

How the end is found does not depend on the parts either. Each board tells the next, with what it sends, which boards
are known to have ended their programs, and in which window the last of those did; when a ring's length of windows has
passed since, everybody knows it.
"""

from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from hardtalk.mediawire import Signal
from hardtalk.ring.links import Link, MeetingPlace, OwnLink
from hardtalk.ring.member import Member, NodeResult
from hardtalk.ring.plan import RingPlan


class Done(NamedTuple):
    """Boards whose programs have ended, a bit for each, and the window in which the last of them was seen to."""

    boards: int
    window: int

    def also(self, other: "Done") -> "Done":
        return Done(self.boards | other.boards, max(self.window, other.window))


NOBODY = Done(0, 0)


class Sent(NamedTuple):
    """What a board sends the next one in a window."""

    signals: list[Signal]
    done: Done


@dataclass(frozen=True)
class PartResult:
    nodes: tuple[NodeResult, ...]
    frames: int
    host_seconds: float
    is_whole: bool = True
    """Whether it went on to its end, not to a Control-C."""


def run_part(plan: RingPlan, numbers: range, worker: int, place: MeetingPlace | None) -> PartResult:
    """Boot those boards and run them. Without a meeting place the part is the whole ring."""
    members = [Member(plan, number) for number in numbers]
    booted = max(each.booted_frame for each in members)
    if place is None:
        return Part(plan, members, OwnLink()).run(booted)
    with place.link(worker, booted) as (link, last_booted):
        return Part(plan, members, link).run(last_booted)


class Part:
    def __init__(self, plan: RingPlan, members: list[Member], link: Link) -> None:
        self.plan = plan
        self.members = members
        self.link = link
        self.everybody = (1 << plan.nodes) - 1
        self.done_windows: dict[int, int] = {}
        self.stops = {node: plan.window_of(milliseconds) for node, milliseconds in plan.stops.items()}
        self.cuts = {each.number: plan.cut_windows(each.number) for each in members}
        self.silence: list[Signal] = [None] * plan.delay_frames

    def run(self, frame: int) -> PartResult:
        """From that frame on. Answers what there is when Control-C comes; other parts are at most a window apart."""
        start = perf_counter()
        for each in self.members:
            each.begin(frame)
        coming = [Sent(self.silence, NOBODY) for _ in self.members]
        window, end = 0, self.plan.windows
        is_whole = True
        try:
            while window < end:
                sent = [self._run(each, window, came) for each, came in zip(self.members, coming, strict=True)]
                self.link.send(sent[-1])
                coming = [self.link.receive(), *sent[:-1]]
                window += 1
                for _, done in sent:
                    if done.boards == self.everybody:
                        end = min(end, done.window + self.plan.nodes)
        except KeyboardInterrupt:
            if not window:
                raise
            is_whole = False
        seconds = perf_counter() - start
        nodes = tuple(each.result() for each in self.members)
        return PartResult(nodes, window * self.plan.delay_frames, seconds, is_whole)

    def _run(self, member: Member, window: int, came: Sent) -> Sent:
        if self.stops.get(member.number) == window:
            member.switch_off()
        is_cut = any(window in each for each in self.cuts[member.number])
        signals = member.run_window(self.silence if is_cut else came.signals)
        if not member.is_done:
            return Sent(signals, came.done)
        own = Done(1 << member.number - 1, self.done_windows.setdefault(member.number, window + 1))
        return Sent(signals, came.done.also(own))
