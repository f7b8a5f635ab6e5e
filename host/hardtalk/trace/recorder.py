"""Makes a recording of a running board from its events, from watched blocks, and from stores to watched words.

It looks from outside: the guest is not changed, and takes the same cycles with and without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
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
from hardtalk.board.watch import Watch
from hardtalk.trace.recording import Instant, Recording, Slice

PROCESSES, NATIVE, COLLECTION, COLLECTOR, INTERRUPTS, SAFEPOINTS, MARKS, DEVICES, EXCEPTIONS = (
    "processes", "native code", "collection", "collector", "interrupt entry", "safepoints", "marks", "devices",
    "exceptions",
)  # fmt: skip


@dataclass(frozen=True)
class WatchedWord:
    """A word of the guest whose value lasts until the next: `name_of` calls it, "" when there is nothing to show."""

    address: int
    name_of: Callable[[int], str] = hex


@dataclass(frozen=True)
class WatchedBlocks:
    """Blocks of code whose entry means something: where the entry of an interrupt ends, where safepoints are taken,
    where the collector begins a stretch of work, takes one step, and ends its stretch."""

    returns: frozenset[int] = frozenset()
    safepoints: frozenset[int] = frozenset()
    work_begins: frozenset[int] = frozenset()
    work_steps: frozenset[int] = frozenset()
    work_ends: frozenset[int] = frozenset()

    @property
    def all(self) -> frozenset[int]:
        return self.returns | self.safepoints | self.work_begins | self.work_steps | self.work_ends


class Recorder:
    """A context manager: records while it is open. `words` are by the track that shows them."""

    def __init__(
        self, board: Board, blocks: WatchedBlocks | None = None, words: Mapping[str, WatchedWord] | None = None
    ) -> None:
        self.board = board
        self.recording = Recording(board.clock.hertz)
        self._blocks = blocks or WatchedBlocks()
        self._words = dict(words or {})
        self._watch = Watch(board, self._blocks.all, self._entered)
        self._open: dict[str, tuple[str, int]] = {}
        self._removals: list[Callable[[], None]] = []

    def __enter__(self) -> "Recorder":
        board = self.board
        for name in (PROCESSES, NATIVE, COLLECTION, COLLECTOR, INTERRUPTS, SAFEPOINTS):
            self.recording.track(name)
        for track, word in self._words.items():
            self._stored(track, word, board.ram.word(word.address))
            self._removals.append(board.cpu.on_store(word.address, partial(self._stored, track, word)))
        self._watch.__enter__()
        board.trace.listen(self.hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.__exit__(kind, error, trace)
        self.board.trace.unlisten(self.hear)
        while self._removals:
            self._removals.pop()()
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

    def _stored(self, track: str, word: WatchedWord, value: int) -> None:
        name = word.name_of(value)
        if name:
            self._begin(track, name, self.board.clock.cycles)
        else:
            self._end(track, self.board.clock.cycles)

    def _entered(self, address: int, cycle: int) -> None:
        blocks = self._blocks
        if address in blocks.returns:
            self._end(INTERRUPTS, cycle)
        if address in blocks.safepoints:
            self._instant(SAFEPOINTS, "safepoint", cycle)
        if address in blocks.work_begins:
            self._begin(COLLECTOR, "work", cycle)
        if address in blocks.work_steps:
            self._instant(COLLECTOR, "step", cycle)
        if address in blocks.work_ends:
            self._end(COLLECTOR, cycle)

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
