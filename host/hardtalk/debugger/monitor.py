"""What a debugger's `monitor` reaches: the board's prompt, its time, its devices, and what lies at an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from hardtalk.bench import Bench
from hardtalk.board import BoardError
from hardtalk.debugger.code_map import CodeMap
from hardtalk.debugger.device_registers import register_values, shown_value
from hardtalk.debugger.frames import Frames
from hardtalk.debugger.history import History
from hardtalk.debugger.objects import Objects
from hardtalk.report.durations import microseconds
from hardtalk.serial import ConsoleText, Event
from hardtalk.serial.wording import wording
from hardtalk.smalltalk.errors import SourceError
from hardtalk.symbols.errors import SymbolError
from hardtalk.symbols.explanation import explanation, resolve

SHOWN_FRAMES: Final = 30


@dataclass(frozen=True)
class Order:
    """`argument` is how help names what follows the word."""

    word: str
    argument: str
    help: str
    does: Callable[[Monitor, str], str]


class Monitor:
    """One board's. What it prints and answers at its prompt is heard while it goes on."""

    def __init__(self, bench: Bench, history: History) -> None:
        self.bench = bench
        self.history = history

    def answer(self, line: str) -> str:
        word, _, rest = line.strip().partition(" ")
        order = ORDERS.get(word)
        if order is None:
            return f"there is no {word or 'such order'}; monitor help lists what there is\n"
        return order.does(self, rest.strip())

    def hear(self) -> str:
        """What the board printed or answered."""
        events = self.bench.console.prompt.receive(self.history.take_output())
        self._send()
        return "".join(map(line_of, events))

    def _send(self) -> None:
        sent = self.bench.console.prompt.take_outgoing()
        if sent:
            self.bench.board.uart(0).send(sent)
            self.history.changed()

    def enter(self, entry: str) -> str:
        """The board answers once it goes on."""
        if not self.history.is_at_latest:
            return "the board is in the past: continue first\n"
        try:
            self.bench.console.prompt.enter(entry)
        except SourceError as error:
            return f"{error}\n"
        self._send()
        return ""

    def time(self, _: str) -> str:
        now, first = self.history.now, self.history.beginning
        hertz = self.bench.board.chip.cpu_hertz
        back = microseconds(now.cycles - first.cycles, hertz)
        where = "" if self.history.is_at_latest else ", in the past"
        return f"cycle {now.cycles:,}, instruction {now.instructions:,}{where}; the past begins {back} ago\n"

    def device(self, name: str) -> str:
        """Its registers; looking takes nothing of the device."""
        try:
            device = self.bench.board.device(name)
        except (BoardError, KeyError):
            names = ", ".join(each.peripheral.name for each in self.bench.board.devices)
            return f"there is no device {name or 'of that name'}; there are {names}\n"
        rows = device.peripheral.registers
        values = register_values(self.bench.board, device, rows)
        width = max((len(each.name) for each in rows), default=0)
        return "".join(f"{each.name:<{width}}  {shown_value(each, values[each.name])}\n" for each in rows)

    def frames(self, _: str) -> str:
        """The Smalltalk stack of the process that runs, whatever part of the virtual machine the CPU is in."""
        model = self.bench.console.prompt.model
        reader = Frames(Objects(self.bench.board), CodeMap(self.bench.source_map, model), model, {})
        shown = [f"{number}  {frame}\n" for number, frame in enumerate(islice(reader.stack(), SHOWN_FRAMES))]
        return "".join(shown) or "the registers are not the virtual machine's here\n"

    def explain(self, place: str) -> str:
        source_map = self.bench.source_map
        try:
            address = resolve(source_map, place)
        except SymbolError as error:
            return f"{error}\n"
        return "".join(f"{line}\n" for line in explanation(source_map, address, self.bench.board.chip))

    def help(self, _: str) -> str:
        rows = [(f"monitor {each.word} {each.argument}".rstrip(), each.help) for each in ORDERS.values()]
        width = max(len(left) for left, _ in rows)
        return "".join(f"{left:<{width}}  {right}\n" for left, right in rows)


def line_of(event: Event) -> str:
    """What it says; all but what a program prints is a line of its own."""
    said = wording(event)
    return said if not said or isinstance(event, ConsoleText) else f"{said}\n"


ORDERS: Final = {
    each.word: each
    for each in (
        Order("help", "", "what there is", Monitor.help),
        Order(
            "enter", "SMALLTALK", "enter it at the board's prompt; it is answered when the board goes on", Monitor.enter
        ),
        Order("time", "", "the board's time, and how far back one can go", Monitor.time),
        Order("frames", "", "the Smalltalk stack of the process that runs", Monitor.frames),
        Order("device", "NAME", "a device's registers as they are", Monitor.device),
        Order("explain", "ADDRESS", "what lies at an address or is called so", Monitor.explain),
    )
}
