"""The host simulation of Slang: a program's checked trees run as Python, on simulated memory, with every check on.

It works from the same checked trees as the compiler but shares none of its later stages, so that agreement with the IR
and the ARM code says something. Memory accesses are checked for mapping and alignment, loops against their `<bound:
n>`, temporaries against being read before they are written. Methods are translated on their first call, so a part of
the VM can be simulated while the rest does not exist yet; `translate_all` finds every error at once.

Threaded routines answer their transfer. `transfer` runs one of them and reports where it would go; `run_threaded`
follows transfers through the dispatch and primitive tables in simulated memory, so the whole VM can run an image.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from hardtalk.slang import simulate_arithmetic as arithmetic
from hardtalk.slang.check import CheckedProgram
from hardtalk.slang.errors import refuse
from hardtalk.slang.program import SlangMethod, read_program
from hardtalk.slang.simulate_base import function_name
from hardtalk.slang.simulate_memory import DeviceRange, Segment, SimulatedMemory, SlangFault
from hardtalk.slang.simulate_state import StateView
from hardtalk.slang.simulate_tables import (
    CODE_BASE,
    HEAP_BASE,
    SPECIAL_OBJECTS_WORD,
    STATE_BASE,
    SYMBOLS,
    TABLE_BASE,
    TABLE_SIZE,
    Tables,
)
from hardtalk.slang.simulate_translate import MethodTranslator
from hardtalk.slang.types import Type
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.vm.constants import PENDING_BIT, PINNED_REGISTERS, SLOT_BYTES

__all__ = [
    "CODE_BASE",
    "STATE_BASE",
    "TABLE_BASE",
    "DeviceRange",
    "Segment",
    "Simulation",
    "SlangFault",
    "StopSimulation",
    "Transfer",
]

IP_REGISTER = PINNED_REGISTERS["ip"]
DISPATCH_REGISTER = PINNED_REGISTERS["dispatchBase"]
GENERATED = "<slang "

Function = Callable[..., Any]


class StopSimulation(Exception):
    """Raised by an external to end `run_threaded`; `code` is its reason."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Transfer:
    """Where a threaded routine went: 'next', 'current', a selector, or `address` when computed."""

    target: str
    arguments: tuple[int, ...] = ()
    address: int | None = None


class Simulation:
    """A Slang program ready to run; see the module's text.

    `memory_size` bytes of heap are mapped at `memory_base`; `segments` and `devices` add more. `symbols` gives or
    overrides linker symbols, `externals` the Python callables for `<external:>` methods by symbol.
    """

    def __init__(
        self,
        classes: Sequence[ClassDefinition],
        constants: Mapping[str, int] | None = None,
        *,
        memory_base: int = HEAP_BASE,
        memory_size: int = 1 << 20,
        segments: Sequence[Segment] = (),
        devices: Sequence[DeviceRange] = (),
        symbols: Mapping[str, int] | None = None,
        externals: Mapping[str, Callable[..., int | None]] | None = None,
    ) -> None:
        self.program = read_program(classes, dict(constants or {}))
        self.checked = CheckedProgram(self.program)
        self.constants = self.program.constants
        self._state_segment = Segment(STATE_BASE, max(4, self.program.state_size))
        heap = Segment(memory_base, memory_size)
        tables = Segment(TABLE_BASE, TABLE_SIZE)
        self.memory = SimulatedMemory([heap, *segments, self._state_segment, tables], list(devices))
        self.registers = [0] * 16
        self.state = StateView(self.program, self._state_segment.words, self.registers)
        self.externals = dict(externals or {})
        self.interrupts_masked = False
        self.transfers = 0
        self.symbols = (
            SYMBOLS
            | {
                "vmState": STATE_BASE,
                "HeapBase": memory_base,
                "heapLimit": memory_base + memory_size,
                "specialObjects": SPECIAL_OBJECTS_WORD,
            }
            | dict(symbols or {})
        )
        self._offsets: dict[str, tuple[SlangMethod, list[int]]] = {}
        self._globals = self._make_globals()
        self._globals |= {function_name(m.selector): self._trampoline(m) for m in self.program.methods.values()}
        self._tables = Tables(self.program, self.memory, self.symbols)
        self.registers[DISPATCH_REGISTER] = self.symbols["dispatchTable"]

    # What the translator asks (its `Scope`)

    def state_text(self, name: str) -> str:
        if name in self.program.pinned:
            return f"R[{self.program.pinned[name]}]"
        return f"S[{self.program.state[name] >> 2}]"

    def state_address(self, name: str) -> int | None:
        offset = self.program.state.get(name)
        return None if offset is None else STATE_BASE + offset

    # Building

    def _make_globals(self) -> dict[str, Any]:
        memory = self.memory
        names: dict[str, Any] = {
            "S": self._state_segment.words,
            "R": self.registers,
            "NEXT": "next",
            "CURRENT": "current",
            "word_at": memory.word_at,
            "half_at": memory.half_at,
            "byte_at": memory.byte_at,
            "signed_half_at": lambda a: (memory.half_at(a) ^ 0x8000) - 0x8000 & 0xFFFFFFFF,
            "signed_byte_at": lambda a: (memory.byte_at(a) ^ 0x80) - 0x80 & 0xFFFFFFFF,
            "word_at_put": memory.word_at_put,
            "half_at_put": memory.half_at_put,
            "byte_at_put": memory.byte_at_put,
            "float_at": self.float_at,
            "float_at_put": self.float_at_put,
            "address_of": self.address_of,
            "loop_bound_exceeded": _loop_bound_exceeded,
            "mask_interrupts": lambda: self._set_mask(True),
            "unmask_interrupts": lambda: self._set_mask(False),
        }
        for name in (
            "signed", "shift_left", "shift_right_logical", "shift_right_arithmetic", "floor_divide_signed",
            "modulo_signed", "quotient_signed", "remainder_signed", "divide_unsigned", "remainder_unsigned",
            "count_leading_zeros", "count_trailing_zeros", "float_add", "float_subtract", "float_multiply",
            "float_divide", "square_root", "integer_from_float",
        ):  # fmt: skip
            names[name] = getattr(arithmetic, name)
        return names

    def _trampoline(self, method: SlangMethod) -> Function:
        def first_call(*arguments: int) -> Any:
            return self._translated(method)(*arguments)

        return first_call

    def _translated(self, method: SlangMethod) -> Function:
        name = function_name(method.selector)
        if method.external is not None:
            function: Function = self._external(method.external)
        else:
            source, offsets = MethodTranslator(self.checked.tree(method), self).translate()
            filename = f"{GENERATED}{method.symbol}>"
            self._offsets[filename] = (method, offsets)
            namespace: dict[str, Any] = {}
            code: CodeType = compile(source, filename, "exec")
            exec(code, self._globals, namespace)
            function = namespace[name]
        self._globals[name] = function
        return function

    def _external(self, symbol: str) -> Function:
        def call_external(*arguments: int) -> int:
            if symbol not in self.externals:
                raise SlangFault(f"the boot routine {symbol} was called and the simulation was given none")
            return (self.externals[symbol](*arguments) or 0) & 0xFFFFFFFF

        return call_external

    def translate_all(self) -> None:
        """Translate every method now. Raises SourceError, or SlangErrors for several."""
        refuse(self.checked.errors())
        for method in self.program.methods.values():
            self._translated(method)

    def python_source(self, selector: str) -> str:
        """The Python that the method becomes, for looking at."""
        return MethodTranslator(self.checked.tree(self.program.method(selector)), self).translate()[0]

    # Run-time support

    def float_at(self, address: int) -> float:
        return arithmetic.float_of_words(self.memory.word_at(address), self.memory.word_at(address + 4))

    def float_at_put(self, address: int, value: float) -> float:
        low, high = arithmetic.words_of_float(value)
        self.memory.word_at_put(address, low)
        self.memory.word_at_put(address + 4, high)
        return value

    def address_of(self, name: str) -> int:
        """Of a linker symbol or of a routine, by selector."""
        if name in self.symbols:
            return self.symbols[name]
        if name in self._tables.addresses:
            return self._tables.addresses[name]
        raise SlangFault(f"no symbol and no routine is called {name}")

    def _set_mask(self, masked: bool) -> int:
        self.interrupts_masked = masked
        return 0

    @property
    def interrupt_pending(self) -> bool:
        return self.registers[DISPATCH_REGISTER] & PENDING_BIT != 0

    @interrupt_pending.setter
    def interrupt_pending(self, pending: bool) -> None:
        self.registers[DISPATCH_REGISTER] = self.symbols["interruptTable" if pending else "dispatchTable"]

    # Running

    def call(self, selector: str, *arguments: int) -> int | float:
        """Run an ordinary routine; the result is read with the method's declared type."""
        method = self._method_to_run(selector, arguments)
        if method.is_threaded:
            raise SlangFault(f"{method.symbol} is threaded: use transfer or run_threaded")
        result = self._guarded(self._globals[function_name(selector)], tuple(a & 0xFFFFFFFF for a in arguments))
        if result is None:
            return 0
        if method.returns is Type.FLOAT64:
            return float(result)
        if method.returns is Type.BOOLEAN:
            return bool(result)
        return int(result) if method.returns.is_unsigned else arithmetic.signed(int(result))

    def transfer(self, selector: str, *arguments: int) -> Transfer:
        """Run one threaded routine until its transfer, and answer where it would go."""
        method = self._method_to_run(selector, arguments)
        if not method.is_threaded:
            raise SlangFault(f"{method.symbol} is not threaded: use call")
        result = self._guarded(self._globals[function_name(selector)], tuple(a & 0xFFFFFFFF for a in arguments))
        if isinstance(result, str):
            return Transfer(result)
        target, passed = result
        if isinstance(target, int):
            entry = self._tables.entries.get(target)
            return Transfer(entry.method.selector if entry else "", passed, target)
        return Transfer(self._selector_of(target), passed)

    def run_threaded(
        self,
        selector: str,
        *arguments: int,
        max_transfers: int = 100_000_000,
        until: Callable[[], bool] | None = None,
    ) -> int | None:
        """Run on from a threaded routine. Ends when an external raises `StopSimulation`, whose code is answered, or
        with None when `until` holds between two routines or `max_transfers` have happened."""
        self._method_to_run(selector, arguments)
        start = self._globals[function_name(selector)]
        try:
            self._guarded(self._follow, (start, tuple(a & 0xFFFFFFFF for a in arguments), max_transfers, until))
        except StopSimulation as stop:
            return stop.code
        return None

    def _follow(
        self, function: Function, arguments: tuple[int, ...], max_transfers: int, until: Callable[[], bool] | None
    ) -> None:
        registers, memory, entries = self.registers, self.memory, self._tables.entries
        for _ in range(max_transfers):
            if until is not None and until():
                return
            self.transfers += 1
            result = function(*arguments)
            if isinstance(result, str):
                if result == "next":
                    registers[IP_REGISTER] += 1
                bytecode = memory.byte_at(registers[IP_REGISTER])
                address, arguments = registers[DISPATCH_REGISTER] + SLOT_BYTES * bytecode, ()
            elif isinstance(result[0], int):
                address, arguments = result
            else:
                function, arguments = result
                continue
            entry = entries.get(address)
            if entry is None:
                raise SlangFault(f"transfer to {address:#010x}, where there is no routine (ip {registers[5]:#010x})")
            function = self._globals[function_name(entry.method.selector)]
            arguments = (*entry.prefix, *arguments)[: len(entry.method.node.parameters)]

    def _method_to_run(self, selector: str, arguments: tuple[int, ...]) -> SlangMethod:
        method = self.program.methods.get(selector)
        if method is None:
            raise SlangFault(f"no Slang method #{selector}")
        if len(arguments) != len(method.node.parameters):
            raise SlangFault(f"{method.symbol} takes {len(method.node.parameters)} arguments, {len(arguments)} given")
        return method

    def _selector_of(self, function: Function) -> str:
        for selector in self.program.methods:
            if self._globals[function_name(selector)] is function:
                return selector
        raise SlangFault("a transfer to a function that is no routine")

    def _guarded(self, function: Function, arguments: tuple[Any, ...]) -> Any:
        try:
            return function(*arguments)
        except (SlangFault, TypeError) as error:
            where = self._place_of(error)
            if where is None:
                raise
            raise SlangFault(f"{where}: {_explained(error)}") from error

    def _place_of(self, error: BaseException) -> str | None:
        for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
            found = self._offsets.get(frame.f_code.co_filename)
            if found is not None:
                method, offsets = found
                source_line = method.definition.line + method.node.source[: offsets[line - 1]].count("\n")
                return f"{method.definition.file}:{source_line}: {method.symbol}"
        return None


def _explained(error: BaseException) -> str:
    if isinstance(error, TypeError):
        return f"a value is used that a routine did not answer, or a wrong number of arguments is passed ({error})"
    return str(error)


def _loop_bound_exceeded(limit: int) -> None:
    raise SlangFault(f"a loop ran more often than its bound, {limit}")
