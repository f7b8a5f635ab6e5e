"""A booted board and the host's prompt on its serial line: enter something, run the board until it has answered."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from hardtalk.bench.errors import BenchError, BoardAsksForReset, BoardEnded, NoAnswer
from hardtalk.bench.silence import Silence
from hardtalk.board import Board, Snapshot, Stop, StopReason
from hardtalk.chip import CONSOLE_BAUD
from hardtalk.serial import SESSION_BITS, ClassModel, ConsoleText, Event, Failure, NotUnderstood, Prompt, Result
from hardtalk.smalltalk.ast import Method

SLICE_CYCLES = 200_000
MOST_ENDINGS = 2
"""How often an entry that takes too long is ended: the second time what it does at its end is stopped, too."""
PATIENCE_CYCLES = 4_000_000_000
NORMAL_BAUD, FILE_IN_BAUD = CONSOLE_BAUD, 921_600
"""A file-in need not wait for a line that is none."""
ENDED = (StopReason.HALTED, StopReason.RESET)


@dataclass(frozen=True)
class KeptBoard:
    """A board's state, and the number of the last request that it has had."""

    state: Snapshot
    number: int


class SerialLine(Protocol):
    """How a console lets its board go on and reaches UART0: directly, or through who can stop the board meanwhile."""

    def run(self, cycles: int) -> Stop: ...
    def send(self, data: bytes) -> None: ...
    def take(self) -> bytes: ...


class DirectLine:
    def __init__(self, board: Board) -> None:
        self._board = board

    def run(self, cycles: int) -> Stop:
        return self._board.run(cycles)

    def send(self, data: bytes) -> None:
        self._board.uart(0).send(data)

    def take(self) -> bytes:
        return self._board.uart(0).take()


class BoardConsole:
    """UART0 of a board with a Prompt at its other end.

    `notify` hears of failing devices, of each failure once; `device_failures` are those messages. `after_slice` is
    called whenever the board has run for a while. The prompt's session is the board's time at which it began: each has
    another, and the same run the same. `heard` is what the board has printed while expressions were evaluated.
    """

    def __init__(self, board: Board, model: ClassModel, notify: Callable[[str], None] = lambda _: None) -> None:
        self.board = board
        self.prompt = Prompt(model, board.clock.cycles & (1 << SESSION_BITS) - 1)
        self.line: SerialLine = DirectLine(board)
        self.notify = notify
        self.heard = ""
        self.device_failures: list[str] = []
        self._late: list[Event] = []
        self.after_slice: Callable[[], None] = lambda: None

    def run(self, cycles: int = SLICE_CYCLES) -> Stop:
        """Let the board run for that long, less when nothing will happen any more; failing devices are told of."""
        end = self.board.clock.cycles + cycles
        while self._goes_on(stop := self.line.run(max(end - self.board.clock.cycles, 0))):
            pass
        self.after_slice()
        return stop

    def step(self, instructions: int = 1) -> Stop:
        """Execute exactly so many instructions; for the rest as `run`."""
        end = self.board.instructions + instructions
        while self._goes_on(stop := self.board.step(end - self.board.instructions)):
            pass
        return stop

    def _goes_on(self, stop: Stop) -> bool:
        """Whether a run that ended so has to be gone on with. Raises BoardEnded when it cannot."""
        if stop.reason in ENDED:
            report = f"the board stopped: {stop.reason}: {stop.message} (code {stop.code})"
            kind = BoardAsksForReset if stop.reason is StopReason.RESET else BoardEnded
            raise kind(f"{report}\n{self.board.fault_report()}")
        if stop.reason is StopReason.DEVICE_FAILED:
            self._tell(stop.message)
        return stop.reason is StopReason.DEVICE_FAILED

    def _tell(self, failure: str) -> None:
        if failure not in self.device_failures:
            self.device_failures.append(failure)
            self.notify(failure)

    def keep(self) -> KeptBoard:
        return KeptBoard(self.board.snapshot(), self.prompt.number)

    def put_back(self, kept: KeptBoard) -> None:
        """Requests get the same numbers again: the board does the same to the cycle, whatever was asked meanwhile."""
        self.board.restore(kept.state)
        self.prompt.start_over(kept.number)

    def receive(self) -> list[Event]:
        """What the board has sent since the last time."""
        late, self._late = self._late, []
        return late + self.prompt.receive(self.line.take())

    def printed(self) -> str:
        """What the board has printed since the last time."""
        return "".join(event.text for event in self.receive() if isinstance(event, ConsoleText))

    def events(self, patience_cycles: int = PATIENCE_CYCLES, entry_cycles: int | None = None) -> Iterator[Event]:
        """Send what was entered; give what the board answers until it is done. BenchError when it never is.

        An entry that takes more than `entry_cycles` is ended, and those behind it go on. What devices failed meanwhile
        heads the error's message.
        """
        known_failures = len(self.device_failures)
        end = self.board.clock.cycles + patience_cycles
        silence = Silence(self.board, self.prompt)
        endings = 0
        while True:
            self.line.send(self.prompt.take_outgoing())
            yield from self.receive()
            if not self.prompt.is_busy:
                return
            if silence.look():
                endings = 0
            if entry_cycles is not None and silence.cycles > entry_cycles:
                if endings == MOST_ENDINGS:
                    self.prompt.abandon()
                    raise BenchError(f"the board answers nothing any more\n{self.board.fault_report()}")
                seconds = entry_cycles / self.board.chip.cpu_hertz
                self.prompt.end_entry(f"ended: no answer within {seconds:g} seconds of the board's time")
                silence.broken()
                endings += 1
                continue
            try:
                stop = self.run()
            except BoardEnded:
                yield from self.receive()
                raise
            if stop.reason is StopReason.IDLE or self.board.clock.cycles > end:
                yield from self.receive()
                if self.prompt.is_busy and not self.board.uart(0).waiting:
                    self.prompt.abandon()
                    failures = self.device_failures[known_failures:]
                    raise NoAnswer("\n".join([*failures, "the board does not answer", self.board.fault_report()]))

    def evaluate(self, expression: str, patience_cycles: int = PATIENCE_CYCLES, entry_cycles: int | None = None) -> str:
        """The printString of an expression. BenchError with the stack trace when it fails on the board, or does not end
        within `entry_cycles`.

        What the board complains of on the way, the prompt sends again; only what it then gives up is an error.
        """
        self.prompt.enter(expression)
        answer, reason = "", ""
        heard = len(self.heard)
        try:
            for event in self._own_events(patience_cycles, entry_cycles):
                if isinstance(event, Result):
                    answer, reason = event.text, ""
                elif isinstance(event, Failure):
                    raise BenchError(f"{expression}\n{event.trace}")
                elif isinstance(event, NotUnderstood):
                    reason = event.reason
                elif isinstance(event, ConsoleText):
                    self.heard += event.text
        except NoAnswer as error:
            raise self._with_what_was_printed(error, heard) from None
        if reason:
            raise BenchError(f"{expression}\nthe board does not understand: {reason}")
        return answer

    def _with_what_was_printed(self, error: NoAnswer, heard: int) -> NoAnswer:
        """Why there is no answer may be there: a handler that failed."""
        printed = self.heard[heard:].strip()
        return NoAnswer(f"{printed}\n{error}") if printed else error

    def carry_out(self, statements: Method) -> None:
        """What a tool has made, without an answer. Whether it went well is for the tool to see."""
        self.prompt.enter_statements(statements, is_quiet=True)
        for _ in self._own_events(PATIENCE_CYCLES):
            pass

    def _own_events(self, patience_cycles: int, entry_cycles: int | None = None) -> Iterator[Event]:
        """Without those of what a debugger held and now comes to its end: they are for who receives next."""
        late: list[Event] = []
        for event in self.events(patience_cycles, entry_cycles):
            if isinstance(event, Result | Failure) and event.is_late:
                late.append(event)
            else:
                yield event
        self._late += late

    def set_baud(self, baud: int) -> None:
        """Have the board's serial port work at that rate. The model of the line follows the device's divisor."""
        self.evaluate(f"SerialPort console baud: {baud}. nil")

    def text_until_quiet(self, quiet_cycles: int, patience_cycles: int = PATIENCE_CYCLES) -> str:
        """The console text until nothing came for `quiet_cycles` after the first character."""
        text, last = "", self.board.clock.cycles
        end = last + patience_cycles
        while self.board.clock.cycles < end:
            try:
                stop = self.run()
            except BoardEnded as error:
                raise BoardEnded(f"the board printed:\n{text}{self.printed()}\n{error}") from error
            more = self.printed()
            now = self.board.clock.cycles
            if more:
                text, last = text + more, now
            elif text and (now - last > quiet_cycles or stop.reason is StopReason.IDLE):
                return text
            elif stop.reason is StopReason.IDLE:
                break
        raise BenchError(f"the board printed nothing\n{self.board.fault_report()}")
