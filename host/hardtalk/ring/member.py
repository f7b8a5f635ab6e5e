"""One board of the ring, with the host's prompt at its serial line: run window by window."""

from dataclasses import dataclass
from typing import Final

from hardtalk.bench import BoardEnded, boot
from hardtalk.bench.console import FILE_IN_BAUD
from hardtalk.bench.silence import Silence
from hardtalk.mediawire import LinkedMediaWire, Signal
from hardtalk.ring.plan import RingPlan
from hardtalk.serial import ConsoleText, Event
from hardtalk.serial.wording import is_mistake, wording

CHANNELS: Final = 60


@dataclass(frozen=True, order=True)
class Line:
    """What a node has printed, with the frame, of those since the beginning, in which the host had it."""

    frame: int
    node: int
    text: str


@dataclass(frozen=True)
class NodeResult:
    """What became of a node. `found` is how many others its last scan found, `worst_cycles` the longest service of its
    controller's interrupts, of which `late` were later than 100 µs; the other two count words. `digest` is the trace's.

    `ended` says how: the program is done, or not yet, or has failed, or the board was switched off or has halted.
    """

    number: int
    condition: str
    found: int
    services: int
    worst_cycles: int
    late: int
    overruns: int
    underruns: int
    cycles: int
    instructions: int
    digest: str
    ended: str
    is_good: bool
    lines: tuple[Line, ...]


class Member:
    """`is_done` when it holds up the end of the run no longer; `booted_frame` is the first after it has booted."""

    def __init__(self, plan: RingPlan, number: int) -> None:
        self.number = number
        self._lines: list[Line] = []
        self._unfinished = ""
        self._passed = 0
        self._end = ""
        self._has_failed = False
        self.bench = boot(plan.options_of(number), self._note)
        self.board = self.bench.board
        self.board.trace.is_kept = False
        controller = self.board.device("MEDIAWIRE")
        assert isinstance(controller, LinkedMediaWire)
        self.controller = controller
        self.bench.console.set_baud(FILE_IN_BAUD)
        self.bench.console.notify = self._fail
        self.booted_frame = controller.edges.count() + 1
        program = plan.programs[number - 1]
        self.bench.console.prompt.enter_script(program.text, program.file)
        self._silence = Silence(self.board, self.bench.console.prompt)

    def begin(self, frame: int) -> None:
        """All boards have booted by then."""
        self.first_frame = frame
        self.controller.begin_at(frame)
        self._run_to(frame)

    def run_window(self, signals: list[Signal]) -> list[Signal]:
        """What goes out in the frames in which those signals come in."""
        self._passed += len(signals)
        self.controller.begin_window(signals)
        frame = self.first_frame + self._passed
        if not self._end:
            self._converse()
            self._run_to(frame)
            self._hear(self.bench.console.receive())
        return self.controller.end_window(frame)

    @property
    def is_done(self) -> bool:
        return bool(self._end) or not self.bench.console.prompt.is_busy

    def switch_off(self, why: str = "switched off") -> None:
        if not self._end:
            self._end = why
            self.controller.power_off()

    def _run_to(self, frame: int) -> None:
        clock = self.board.clock
        try:
            self.bench.console.run(max(self.controller.edges.cycle_of(frame) - clock.cycles, 0))
        except BoardEnded as error:
            self._hear(self.bench.console.receive())
            self._fail(str(error))
            self.switch_off("halted")

    def _converse(self) -> None:
        self._silence.look()
        self.board.uart(0).send(self.bench.console.prompt.take_outgoing())

    def _hear(self, events: list[Event]) -> None:
        for event in events:
            self._has_failed |= is_mistake(event)
            if isinstance(event, ConsoleText):
                *whole, self._unfinished = (self._unfinished + event.text).replace("\r", "").split("\n")
                self._lines += [Line(self._passed, self.number, each) for each in whole]
            elif text := wording(event):
                self._finish_line()
                self._note(text)

    def _finish_line(self) -> None:
        if self._unfinished:
            self._lines.append(Line(self._passed, self.number, self._unfinished))
            self._unfinished = ""

    def _fail(self, text: str) -> None:
        self._has_failed = True
        self._note(text)

    def _note(self, text: str) -> None:
        self._lines += [Line(self._passed, self.number, each) for each in text.splitlines()]

    @property
    def condition(self) -> str:
        port = self.controller.port
        if self.controller.ring is None:
            return "off"
        if not port.is_locked:
            return "ring open" if port.is_broken else "no master"
        return "clock master" if port.is_master else "locked"

    @property
    def ended(self) -> str:
        if self._end or self.bench.console.prompt.is_busy:
            return self._end or "running"
        return "failed" if self._has_failed else "done"

    def result(self) -> NodeResult:
        self._finish_line()
        controller = self.controller
        return NodeResult(
            number=self.number,
            condition=self.condition,
            found=controller.found,
            services=controller.service.count,
            worst_cycles=controller.service.worst_cycles,
            late=controller.service.late,
            overruns=sum(controller.active_value(each, "OVERRUNS") for each in range(CHANNELS)),
            underruns=sum(controller.active_value(each, "UNDERRUNS") for each in range(CHANNELS)),
            cycles=self.board.clock.cycles,
            instructions=self.board.instructions,
            digest=self.board.trace.digest(),
            ended=self.ended,
            is_good=not self._has_failed,
            lines=tuple(self._lines),
        )
