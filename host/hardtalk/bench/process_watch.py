"""Who has the processor and for how long: a table like the list of threads of an RTOS, made from outside.

The guest stores its active process in one word; each store of another value there is a switch, stamped with the end of
its block. Interrupts that native handlers take count for whoever they interrupt; native processes are one row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from hardtalk.board import Board
from hardtalk.symbols.process_names import ProcessNames
from hardtalk.symbols.source_map import SourceMap

NATIVE_RUNNING, VM_RECORD = "nativeRunning", "vmRecord"
NATIVE_PROCESSES: Final = "native processes"
SHOWN_AT_MOST: Final = 20
OTHERS: Final = "others"


@dataclass(frozen=True)
class ProcessTime:
    """`name (priority)`, its cycles, how often it was given the processor, its longest time until it lost it."""

    name: str
    cycles: int
    turns: int
    longest: int


class ProcessWatch:
    """A context manager. `switched` hears: cycle, process that stops, whether it would rather go on, process that
    goes on.

    While native processes run, the Smalltalk process stays the active one and is not charged.
    """

    def __init__(
        self, board: Board, source_map: SourceMap, switched: Callable[[int, int, bool, int], None] = lambda *_: None
    ) -> None:
        self.board = board
        self.names = ProcessNames(board.ram, source_map)
        self._ready_lists = self.names.ready_lists()
        self._switched = switched
        self._native_word = board.firmware.address_of(NATIVE_RUNNING)
        self._vm_record = board.firmware.address_of(VM_RECORD)
        self._removals: list[Callable[[], None]] = []
        self._totals: dict[str, list[int]] = {}
        self._active = self._since = self._start = 0
        self._name = ""

    def __enter__(self) -> "ProcessWatch":
        on_store = self.board.cpu.on_store
        self._start = self._since = self.board.clock.cycles
        self._active = self.active
        self._name = self._name_now()
        self._removals = [on_store(self.names.word, self._stored), on_store(self._native_word, self._native)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turn_ends()
        while self._removals:
            self._removals.pop()()

    @property
    def active(self) -> int:
        """The Smalltalk process that runs, or would if native ones did not."""
        return self.board.ram.word(self.names.word)

    @property
    def elapsed(self) -> int:
        """Up to the last change, or the end."""
        return self._since - self._start

    def cycles_by_name(self) -> dict[str, int]:
        """Up to now, or the end."""
        cycles = {name: total[0] for name, total in self._totals.items()}
        if self._removals:
            cycles[self._name] = cycles.get(self._name, 0) + self.board.clock.cycles - self._since
        return cycles

    def times(self) -> tuple[ProcessTime, ...]:
        """All that had the processor so far, who had it longest first; of many the last are one row."""
        rows = [ProcessTime(name, *total) for name, total in self._totals.items()]
        rows.sort(key=lambda each: (-each.cycles, each.name))
        shown, rest = rows[:SHOWN_AT_MOST], rows[SHOWN_AT_MOST:]
        if rest:
            cycles, turns = sum(each.cycles for each in rest), sum(each.turns for each in rest)
            shown.append(ProcessTime(f"{len(rest)} {OTHERS}", cycles, turns, max(each.longest for each in rest)))
        return tuple(shown)

    def _name_now(self) -> str:
        if self.board.ram.word(self._native_word) not in (0, self._vm_record):
            return NATIVE_PROCESSES
        return self.names.name(self._active)

    def _stored(self, process: int) -> None:
        stopped, self._active = self._active, process
        if process == stopped:
            return
        self._turn_ends()
        self._name = self.names.name(process)
        would_go_on = self.names.list_of(stopped) in self._ready_lists
        self._switched(self.board.clock.cycles, stopped, would_go_on, process)

    def _native(self, record: int) -> None:
        self._turn_ends()
        self._name = self.names.name(self._active) if record in (0, self._vm_record) else NATIVE_PROCESSES

    def _turn_ends(self) -> None:
        now = self.board.clock.cycles
        total = self._totals.setdefault(self._name, [0, 0, 0])
        turn = now - self._since
        total[0] += turn
        total[1] += 1
        total[2] = max(total[2], turn)
        self._since = now
