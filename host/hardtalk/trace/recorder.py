"""Makes a recording of a running board from its events, from watched blocks, and from stores to watched words.

It looks from outside: the guest is not changed, and takes the same cycles with and without it.
"""

from collections.abc import Callable, Mapping
from types import TracebackType

from hardtalk.board import (
    Board,
    BoardReset,
    DeviceFailed,
    Event,
    GuestException,
    InterruptEntry,
    LineLowered,
    LineRaised,
    Mark,
    RegisterAccess,
    UartOutput,
    Unmodelled,
)
from hardtalk.trace.recording import Instant, Recording, Slice

PROCESSES, INTERRUPTS, SAFEPOINTS, MARKS, DEVICES, EXCEPTIONS = (
    "processes", "interrupt entry", "safepoints", "marks", "devices", "exceptions",
)  # fmt: skip


class Recorder:
    """A context manager: records while it is open.

    `returns` and `safepoints` are the blocks in which an interrupt entry ends and safepoints are taken. The word at
    `process_word` tells the process that runs, whose name `name_of` knows; None when there are none.
    """

    def __init__(
        self,
        board: Board,
        returns: frozenset[int] = frozenset(),
        safepoints: frozenset[int] = frozenset(),
        process_word: int | None = None,
        name_of: Callable[[int], str] = hex,
    ) -> None:
        self.board = board
        self.recording = Recording(board.clock.hertz)
        self._returns = returns
        self._safepoints = safepoints
        self._process_word = process_word
        self._name_of = name_of
        self._open: dict[str, tuple[str, int]] = {}
        self._remove: Callable[[], None] = lambda: None

    def __enter__(self) -> "Recorder":
        board = self.board
        for name in (PROCESSES, INTERRUPTS, SAFEPOINTS):
            self.recording.track(name)
        if self._process_word is not None:
            running = int.from_bytes(board.ram.read(self._process_word, 4), "little")
            self._begin(PROCESSES, self._name_of(running), board.clock.cycles)
            self._remove = board.cpu.on_store(self._process_word, self._process_stored)
        board.watch(self._returns | self._safepoints, self._entered)
        board.trace.listen(self.hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.board.watch((), None)
        self.board.trace.unlisten(self.hear)
        self._remove()
        for track in list(self._open):
            self._end(track, self.board.clock.cycles)

    def hear(self, event: Event) -> None:
        handler = HANDLERS.get(type(event))
        if handler is not None:
            handler(self, event)

    def _begin(self, track: str, name: str, cycle: int) -> None:
        self._end(track, cycle)
        self._open[track] = (name, cycle)

    def _end(self, track: str, cycle: int) -> None:
        if track in self._open:
            name, start = self._open.pop(track)
            if cycle > start:
                self.recording.track(track).slices.append(Slice(name, start, cycle))

    def _instant(self, track: str, name: str, cycle: int, **details: object) -> None:
        texts = tuple((key, str(value)) for key, value in details.items())
        self.recording.track(track).instants.append(Instant(name, cycle, texts))

    def _process_stored(self, value: int) -> None:
        self._begin(PROCESSES, self._name_of(value), self.board.clock.cycles)

    def _entered(self, address: int, cycle: int) -> None:
        if address in self._returns:
            self._end(INTERRUPTS, cycle)
        if address in self._safepoints:
            self._instant(SAFEPOINTS, "safepoint", cycle)

    def _line_track(self, line: int) -> str:
        peripheral = self.board.chip.peripheral_of_line(line)
        return f"line {line} {peripheral.name}" if peripheral is not None else f"line {line}"

    def _raised(self, event: LineRaised) -> None:
        track = self._line_track(event.line)
        self._begin(track, "raised", event.cycle)

    def _lowered(self, event: LineLowered) -> None:
        self._end(self._line_track(event.line), event.cycle)

    def _entry(self, event: InterruptEntry) -> None:
        lines = ", ".join(str(line) for line in range(32) if event.lines >> line & 1)
        self._begin(INTERRUPTS, f"{event.kind} for line {lines}", event.cycle)

    def _access(self, event: RegisterAccess) -> None:
        doing = "write" if event.is_write else "read"
        name = f"{doing} {event.peripheral}.{event.register}"
        self._instant(self._line_track(event.line), name, event.cycle, value=hex(event.value), is_first=event.is_first)

    def _mark(self, event: Mark) -> None:
        self._instant(MARKS, f"mark {event.value}", event.cycle, instructions=event.instructions)

    def _output(self, event: UartOutput) -> None:
        self._instant(DEVICES, f"{event.peripheral} sent {chr(event.character)!r}", event.cycle)

    def _exception(self, event: GuestException) -> None:
        self._instant(EXCEPTIONS, event.kind, event.cycle, message=event.message)

    def _told(self, event: Unmodelled | DeviceFailed) -> None:
        self._instant(DEVICES, event.peripheral, event.cycle, message=event.message)

    def _reset(self, event: BoardReset) -> None:
        self._instant(DEVICES, "reset", event.cycle)


HANDLERS: Mapping[type, Callable[..., None]] = {
    LineRaised: Recorder._raised,
    LineLowered: Recorder._lowered,
    InterruptEntry: Recorder._entry,
    RegisterAccess: Recorder._access,
    Mark: Recorder._mark,
    UartOutput: Recorder._output,
    GuestException: Recorder._exception,
    Unmodelled: Recorder._told,
    DeviceFailed: Recorder._told,
    BoardReset: Recorder._reset,
}
