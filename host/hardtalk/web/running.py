"""Runs a board for its page: slices of time, and between them the orders of those who look at it.

The board stands still when it is paused, when nothing will ever wake it, and when it has ended; orders are carried out
all the same. Its memory can be looked at in each of these states.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from queue import Empty, Queue
from time import monotonic
from typing import Final

from hardtalk.bench import Bench, BoardAsksForReset, BoardEnded
from hardtalk.bench.silence import Silence
from hardtalk.board import Stop, StopReason
from hardtalk.devices import Pl110
from hardtalk.latency.activity import activity_of
from hardtalk.serial import ConsoleText, Event, Result
from hardtalk.serial.wording import is_mistake, wording
from hardtalk.smalltalk.errors import SourceError
from hardtalk.vm.constants import PINNED_REGISTERS
from hardtalk.web.hands import Hands
from hardtalk.web.orders import Clear, Enter, Interrupt, Key, LetGo, Order, Pause, Point, Run, Step
from hardtalk.web.pace import Pace
from hardtalk.web.published import Published
from hardtalk.web.showing import Showing

SLICES_PER_SECOND: Final = 200
FRAMES_PER_SECOND: Final = 60
"""Of a display that is off."""
STILL_SECONDS: Final = 0.1
STATUS_SECONDS: Final = 0.1


class Mode(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    ASLEEP = "asleep"
    ENDED = "ended"


class RunningBoard:
    """`run` goes on until an exception ends it, Control-C above all."""

    def __init__(self, bench: Bench, published: Published, orders: "Queue[Order]") -> None:
        self.mode = Mode.RUNNING
        self._bench = bench
        self._published = published
        self._orders = orders
        self._pace = Pace(bench.board.chip.cpu_hertz)
        self._showing = Showing(bench, published)
        self._hands = Hands(bench.board)
        self._firmware = bench.firmware_hash
        self._silence = Silence(bench.board, bench.console.prompt)
        self._slice_cycles = bench.board.chip.cpu_hertz // SLICES_PER_SECOND
        self._status_due = 0.0
        self._viewers = 0
        self._is_stale = False

    def run(self) -> None:
        trace = self._bench.board.trace
        trace.is_kept = False
        trace.forget()
        self._published.say("text", self._bench.text)
        self._pace.begin(self._bench.board.clock.cycles)
        while True:
            wait = STILL_SECONDS
            if self.mode is Mode.RUNNING:
                self._use_hands()
                with self._told():
                    self._after(self._bench.console.run(self._slice_cycles))
                wait = self._pace.ahead(self._bench.board.clock.cycles)
            self._show()
            self._obey(wait)

    # Time

    def _after(self, stop: Stop) -> None:
        if stop.reason is StopReason.IDLE:
            self.mode = Mode.ASLEEP

    def _use_hands(self) -> None:
        controller = self._bench.board.device("CLCD")
        if isinstance(controller, Pl110):
            self._hands.size(controller.width, controller.height)
        self._hands.work()

    def _wake(self) -> None:
        """Something came from outside."""
        if self.mode is Mode.ASLEEP:
            self.mode = Mode.RUNNING
            self._pace.begin(self._bench.board.clock.cycles)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The serial line around a run of the board. A board that has ended says why, once."""
        console = self._bench.console
        console.board.uart(0).send(console.prompt.take_outgoing())
        try:
            yield
        except BoardAsksForReset as error:
            if self._bench.board.starts_from_flash:
                self._bench.board.reset()
                console.prompt.start_over(console.prompt.number)
            else:
                self._end(str(error))
        except BoardEnded as error:
            self._end(str(error))
        self._silence.look()
        for event in console.receive():
            self._published.say(manner(event), wording(event))

    def _end(self, reason: str) -> None:
        self.mode = Mode.ENDED
        self._published.say("mistake", reason)

    def _step(self, unit: str) -> None:
        console, board = self._bench.console, self._bench.board
        with self._told():
            match unit:
                case "instruction":
                    console.step()
                case "millisecond":
                    console.run(board.chip.cpu_hertz // 1000)
                case _:
                    console.run(max(self._next_frame() - board.clock.cycles, 1))

    def _next_frame(self) -> int:
        """The cycle in which the panel's next picture begins."""
        controller, board = self._bench.board.device("CLCD"), self._bench.board
        if isinstance(controller, Pl110) and controller.Control.LcdEn:
            return controller.ticker.cycle_of(controller.frame_tick + controller.frame_ticks)
        return board.clock.cycles + board.chip.cpu_hertz // FRAMES_PER_SECOND

    # Orders

    def _obey(self, wait: float) -> None:
        """Carry out what was ordered; wait for that long when nothing was."""
        try:
            self._carry_out(self._orders.get(timeout=wait) if wait > 0 else self._orders.get_nowait())
            while True:
                self._carry_out(self._orders.get_nowait())
        except Empty:
            return

    def _carry_out(self, order: Order) -> None:
        prompt = self._bench.console.prompt
        match order:
            case Enter(text):
                self._published.say("entered", text)
                try:
                    prompt.enter(text)
                except SourceError as error:
                    self._published.say("mistake", str(error))
                self._wake()
            case Interrupt():
                prompt.interrupt()
                self._wake()
            case Run(is_paced):
                self._pace.is_held = is_paced
                if self.mode is not Mode.ENDED:
                    self.mode = Mode.RUNNING
                    self._pace.begin(self._bench.board.clock.cycles)
            case Pause():
                if self.mode is not Mode.ENDED:
                    self.mode = Mode.PAUSED
            case Step(unit):
                if self.mode is not Mode.ENDED:
                    self.mode = Mode.PAUSED
                    self._step(unit)
            case Clear():
                self._showing.latencies.clear()
            case Point():
                self._hands.point(order)
                self._wake()
            case Key():
                self._hands.key(order)
                self._wake()
            case LetGo():
                self._hands.let_go()
                self._wake()
        self._is_stale |= isinstance(order, Run | Pause | Step | Clear)

    # Showing

    def _show(self) -> None:
        """What is due; all of it to who has just come, and to all when the board has been stopped or stepped."""
        is_forced = self._is_stale or self._published.viewers > self._viewers
        self._is_stale, self._viewers = False, self._published.viewers
        self._showing.show(is_forced)
        if self._viewers and (is_forced or monotonic() >= self._status_due):
            self._status_due = monotonic() + STATUS_SECONDS
            self._show_status()

    def _show_status(self) -> None:
        board = self._bench.board
        stands = self.mode is not Mode.RUNNING
        ip = board.cpu.register(PINNED_REGISTERS["ip"])
        place = activity_of(self._bench.source_map, board, board.cpu.pc, ip) if stands else ""
        self._published.put(
            "status",
            {
                "mode": self.mode,
                "paced": self._pace.is_held,
                "cycles": board.clock.cycles,
                "instructions": board.instructions,
                "hertz": board.chip.cpu_hertz,
                "speed": 0 if stands else self._pace.permille,
                "place": str(place),
                "address": f"{board.cpu.pc:#010x}" if stands else "",
                "busy": self._bench.console.prompt.is_busy,
                "model": board.model,
                "firmware": self._firmware,
            },
        )


def manner(event: Event) -> str:
    """How the page shows an event: as what kind of Line."""
    if isinstance(event, ConsoleText):
        return "text"
    if isinstance(event, Result):
        return "result"
    return "mistake" if is_mistake(event) else "notice"
