"""Where a breakpoint can be: a method, a line of a file, a register of a device."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from hardtalk.board.lookout import Event, Point
from hardtalk.chip import Peripheral
from hardtalk.debugger.code_map import CodeMap
from hardtalk.symbols.source_map import MethodLines
from hardtalk.vm.object_format import WORD_BYTES

LINE: Final = re.compile(r"(?P<file>[^\s:]+):(?P<line>\d+)")
METHOD: Final = re.compile(r"(?P<class>\w+)(?P<side>\s+class)?\s*>>\s*#?(?P<selector>\S+)")
REGISTER: Final = re.compile(r"(?P<device>\w+)\s+(?P<register>\w+)(?:\s+(?P<kind>read|write))?")
KINDS: Final = {"read": Event.READ, "write": Event.WRITE, None: Event.ACCESS}


class NoSuchPlace(Exception):
    """Nothing can be stopped at there; the text says what is wrong."""


class Places:
    """Those of one board."""

    def __init__(self, code: CodeMap, peripherals: Sequence[Peripheral]) -> None:
        self.code = code
        self.peripherals = peripherals

    def located(self, place: str) -> tuple[str, Point]:
        """Its title and point. Raises NoSuchPlace."""
        if found := METHOD.fullmatch(place):
            side = " class" if found["side"] else ""
            return self._in_method(f"{found['class']}{side}>>{found['selector']}")
        if found := LINE.fullmatch(place):
            return self._in_file(found["file"], int(found["line"]))
        if found := REGISTER.fullmatch(place):
            return self._at_register(found["device"], found["register"], found["kind"])
        raise NoSuchPlace("say where: break Foo>>bar:, break Foo.class.st:12 or break UART0 DR write")

    def _in_method(self, name: str) -> tuple[str, Point]:
        method = self.code.named(name)
        if method is None:
            raise NoSuchPlace(f"the board has no method {name}")
        return self._titled(method, method.lines[0])

    def _in_file(self, file: str, line: int) -> tuple[str, Point]:
        """The first bytecode of that line, or of the first one behind it that has any in the same method."""
        best: tuple[int, MethodLines, tuple[int, int]] | None = None
        is_known = False
        for method in self.code.methods:
            if method.first.file != file and not method.first.file.endswith(f"/{file}"):
                continue
            is_known = True
            for row in method.lines:
                if line <= row[1] and method.first.line <= line and (best is None or row[1] < best[0]):
                    best = row[1], method, row
        if best is None:
            raise NoSuchPlace(f"{file} has no code at line {line}" if is_known else f"the board has no file {file}")
        return self._titled(best[1], best[2])

    def _titled(self, method: MethodLines, row: tuple[int, int]) -> tuple[str, Point]:
        return f"{method.name} ({method.first.file}:{row[1]})", Point(Event.BYTECODE, row[0], 1)

    def _at_register(self, device: str, register: str, kind: str | None) -> tuple[str, Point]:
        peripherals = {each.name: each for each in self.peripherals}
        if device not in peripherals:
            raise NoSuchPlace(f"there is no device {device}; there are {', '.join(peripherals)}")
        offsets = {each.name: each.offset for each in peripherals[device].registers}
        if register not in offsets:
            raise NoSuchPlace(f"{device} has no register {register}; it has {', '.join(offsets)}")
        address = peripherals[device].base + offsets[register]
        return f"{device} {register} {kind or 'accessed'}", Point(KINDS[kind], address, WORD_BYTES)
