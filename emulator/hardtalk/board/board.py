"""The board: an ELF in RAM, the CPU, the clock, the devices and the trace, put together and run.

The board owns what devices must not know of each other: which line goes to which input of the interrupt controller,
when the CPU may take an interrupt, what the trace records. Time passes only in the CPU's blocks and in jumps to the
next alarm while the CPU waits. An alarm that falls inside a block is served before that block: its device acts at the
alarm's own cycle, and when an interrupt follows, the CPU enters it no earlier than that.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hardtalk.board import events
from hardtalk.board.caches import Caches
from hardtalk.board.cpu import Cpu, GuestExceptionKind, Pause
from hardtalk.board.cycles import MODELS, CacheUse
from hardtalk.board.errors import BoardError, DeviceFailure
from hardtalk.board.firmware import Firmware
from hardtalk.board.memory import Ram, SavedMemory
from hardtalk.board.report import describe_state
from hardtalk.board.trace import SavedTrace, Trace
from hardtalk.chip import Chip, default_chip
from hardtalk.devices import (
    MODELS as DEVICE_MODELS,
)
from hardtalk.devices import (
    BusError,
    Clock,
    Device,
    Line,
    Pl011,
    Pl190,
    Probe,
    SavedDevices,
    SystemRegisters,
    restore_devices,
    save_devices,
)

Watcher = Callable[[NDArray[np.int64]], None]
"""Hears entries to blocks: rows of address, the cycle the block begins in, the cycle it is done in."""


class StopReason(StrEnum):
    """Why `run` came back."""

    CYCLES = "cycles"
    INSTRUCTIONS = "instructions"
    UNTIL = "until"
    REACHED = "address reached"
    HALTED = "halted"
    IDLE = "idle"
    RESET = "reset"
    DEVICE_FAILED = "device failed"


@dataclass(frozen=True)
class Stop:
    """How a run ended: where, when, and for DEVICE_FAILED and HALTED with what.

    HALTED: the CPU waits with every interrupt masked at the controller; `code` is r0. IDLE: it waits, and neither a
    device nor an alarm will ever wake it; input from outside can.
    """

    reason: StopReason
    cycles: int
    pc: int
    instructions: int
    message: str = ""
    code: int = 0
    failure: DeviceFailure | None = None


Wires = tuple[int, int, frozenset[int], int | None, bool]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that makes a board go on exactly as it would have. Belongs to the board that made it."""

    board: "Board"
    memory: SavedMemory
    cpu: tuple[Any, bytes]
    devices: SavedDevices
    trace: SavedTrace
    wires: Wires


class BoardClock(Clock):
    """The clock of a board: the CPU's cycle count."""

    def __init__(self, chip: Chip, cpu: Cpu) -> None:
        super().__init__(chip.clocks)
        self._cpu = cpu

    @property
    def cycles(self) -> int:
        return self._cpu.cycles if self._firing_at is None else self._firing_at

    def alarms_changed(self) -> None:
        self._cpu.set_alarm(self.next_due)


class Board:
    """One emulated board running one firmware.

    `devices` are those that users add; each must be described in `chip`. `model` names the cycle model: arm926,
    arm926-warm or arm926-cold (with caches), or instructions. With arm926-cold the caches are emptied when the line
    `cold_line` is raised; None, the default, means any line.
    """

    def __init__(
        self, elf: bytes, chip: Chip | None = None, devices: Sequence[Device] = (), model: str = "arm926"
    ) -> None:
        if model not in MODELS:
            raise BoardError(f"there is no cycle model {model}", f"use one of {', '.join(MODELS)}")
        self.chip = chip or default_chip()
        self.model = model
        self.firmware = Firmware(elf)
        self.trace = Trace()
        self.failure: DeviceFailure | None = None
        self.failed_devices: set[str] = set()
        self.ram = Ram(self.chip.ram.base, self.chip.ram.size)
        self.clock_model = MODELS[model]
        self.cpu = Cpu(self.ram, self.clock_model.instructions(), self._make_caches())
        self.clock = BoardClock(self.chip, self.cpu)
        self._deferred: list[events.Event] | None = None
        self._raw = 0
        self._forced = 0
        self._unserved: set[int] = set()
        self._interrupt_since: int | None = None
        self._is_waiting = False
        self._is_reset_requested = False
        self._ends_on_events = False
        self._bus_abort: tuple[int, str] | None = None
        self.cold_line: int | None = None
        self._watchers: dict[Watcher, frozenset[int]] = {}
        self.touched: set[Device] = set()
        """Devices that the bus, an alarm or a line has reached: for who wants to know which may have changed."""
        self.devices = self._make_devices(devices)
        self._by_name = {device.peripheral.name: device for device in self.devices}
        self.vic = self._device(Pl190)
        self._wire()
        self.reset()

    # Construction

    def _make_caches(self) -> Caches | None:
        if self.clock_model.caches is CacheUse.ALWAYS_HIT:
            return None
        return Caches(self.chip.instruction_cache, self.chip.data_cache, self.chip.bus)

    def _make_devices(self, added: Sequence[Device]) -> tuple[Device, ...]:
        by_name: dict[str, Device] = {}
        for device in added:
            name = device.peripheral.name
            if name in by_name:
                raise BoardError(f"two devices are peripheral {name}", "give each its own SVD description")
            if all(each.name != name for each in self.chip.peripherals):
                raise BoardError(
                    f"the chip has no peripheral {name}, which {type(device).__name__} is",
                    f"load the chip with its SVD file: chip_with([{str(type(device).svd_path() or 'FILE.svd')!r}])",
                )
            by_name[name] = device
        made = []
        for peripheral in self.chip.peripherals:
            if peripheral.name in by_name:
                made.append(by_name[peripheral.name])
            elif peripheral.type_name in DEVICE_MODELS:
                made.append(DEVICE_MODELS[peripheral.type_name](peripheral, self.clock))
            else:
                raise BoardError(
                    f"peripheral {peripheral.name} has no device",
                    f"pass a Device for it: Board(..., devices=[{peripheral.name.title()}()])",
                )
        return tuple(made)

    def _device(self, kind: type[Any]) -> Any:
        return next(device for device in self.devices if isinstance(device, kind))

    def _wire(self) -> None:
        for device in self.devices:
            device.connect(self.clock, self._line_changed, self._notice(device))
            peripheral = device.peripheral
            self.cpu.map_device(peripheral.base, peripheral.size, self._reader(device), self._writer(device))
            if isinstance(device, Pl011):
                device.transmitted = self._transmitted(device)
            elif isinstance(device, Probe):
                device.marked = self._marked
                device.instructions = lambda: self.instructions
            elif isinstance(device, SystemRegisters):
                device.reset_requested = self._request_reset
        self.vic.changed = self._vic_changed

    def reset(self) -> None:
        """Power-on: RAM zero but for the firmware, devices and CPU in their reset state, the trace goes on.

        Raises DeviceFailure when a device's own `reset` does not get through.
        """
        if self.trace.count:
            self._emit(events.BoardReset(self.clock.cycles))
        self.ram.restore({})
        for segment in self.firmware.segments:
            if not self.ram.contains(segment.address, segment.size):
                raise BoardError(
                    f"the firmware wants {segment.size:#x} bytes at {segment.address:#x}, outside RAM",
                    f"link it between {self.ram.base:#x} and {self.ram.base + self.ram.size - 1:#x}",
                )
            self.ram.write(segment.address, segment.data)
        self.clock.clear()
        self.cpu.reset()
        self.cpu.pc = self.firmware.entry
        self._forced = 0
        self._unserved.clear()
        self._is_waiting = self._is_reset_requested = False
        for device in self.devices:
            try:
                device.power_on()
            except Exception as error:
                raise DeviceFailure(type(device), "reset", error) from error

    # Running

    @property
    def instructions(self) -> int:
        """Instructions executed since reset."""
        return self.cpu.instructions

    def run(self, cycles: int | None = None, until: Callable[[], bool] | None = None) -> Stop:
        """Run until `cycles` have passed, `until()` is true, or the firmware halts, idles or a device fails.

        `until` is asked before the first block and after each event of the trace, alarm and interrupt. How a run is cut
        into pieces does not change what happens in it.
        """
        limit = None if cycles is None else self.cpu.cycles + cycles
        self.cpu.set_limit(limit)
        return self._run(limit, None, until)

    def step(self, instructions: int = 1) -> Stop:
        """Execute exactly so many instructions, exception entries not counted. Waiting for an interrupt takes none."""
        target = self.instructions + instructions
        self.cpu.set_limit(None, target)
        try:
            return self._run(None, target, None)
        finally:
            self.cpu.set_limit(None)

    def watch(self, watcher: Watcher, addresses: Collection[int]) -> None:
        """Tell `watcher` each entry to a block at one of these addresses; with none of them, no longer.

        It is told before any event that came later, and before `run` ends, of the entries to what others watch too. The
        guest neither sees it nor pays.
        """
        self.tell_watchers()
        if addresses:
            self._watchers[watcher] = frozenset(addresses)
        else:
            self._watchers.pop(watcher, None)
        self.cpu.watch(frozenset().union(*self._watchers.values()))

    @property
    def watched_blocks(self) -> int:
        """How many addresses are watched by all together."""
        return len(self.cpu.watched)

    def tell_watchers(self) -> None:
        """Of what was entered since the last time."""
        entries = self.cpu.take_watched()
        if len(entries):
            for watcher in list(self._watchers):
                watcher(entries)

    def run_to(self, address: int, cycles: int | None = None) -> Stop:
        """Run until the next instruction is the one at `address`, where a block must begin: a routine or a jump's end.

        `cycles` is the longest it may take; the stop's reason tells.
        """
        self.cpu.stop_at(address)
        try:
            return self.run(cycles)
        finally:
            self.cpu.stop_at(None)

    def _run(self, limit: int | None, target: int | None, until: Callable[[], bool] | None) -> Stop:
        self._ends_on_events = until is not None
        while True:
            if self._bus_abort is not None:
                (address, message), self._bus_abort = self._bus_abort, None
                self._enter_exception(GuestExceptionKind.DATA_ABORT, address, message)
            if self.failure is not None:
                failure, self.failure = self.failure, None
                return self._stop(StopReason.DEVICE_FAILED, str(failure), failure=failure)
            if self._is_reset_requested:
                self._is_reset_requested = False
                return self._stop(StopReason.RESET, "the firmware asked for a reset; call reset() and run again")
            if until is not None and until():
                return self._stop(StopReason.UNTIL)
            if limit is not None and self.cpu.cycles >= limit:
                return self._stop(StopReason.CYCLES)
            if target is not None and self.instructions >= target:
                return self._stop(StopReason.INSTRUCTIONS)
            if self._is_waiting:
                stop = self._wait(limit)
                if stop is not None:
                    return stop
                continue
            self._take_interrupt()
            must_step = target is not None and limit is None and self.cpu.must_step(target - self.instructions)
            pause = Pause.COUNTED if must_step else self.cpu.run()
            if pause is Pause.COUNTED and target is not None and target > self.instructions:
                pause = self.cpu.step_in_block(target - self.instructions)
            self._handle(pause)
            if pause is Pause.REACHED:
                return self._stop(StopReason.REACHED)

    def _handle(self, pause: Pause) -> None:
        self.tell_watchers()
        if pause is Pause.ALARM:
            self._fire()
        elif pause is Pause.WAITING:
            self._is_waiting = True
        elif pause is Pause.EXCEPTION:
            kind, address = self.cpu.exception
            self._enter_exception(kind, address, "")

    def _wait(self, limit: int | None) -> Stop | None:
        """The CPU sleeps: pass on to the next alarm or to the limit."""
        if self.vic.irq or self.vic.fiq:
            self._is_waiting = False
            return None
        if not self.vic.enabled:
            return self._stop(StopReason.HALTED, "the CPU waits with every line masked", code=self.cpu.register(0))
        due = self.clock.next_due
        if due is None or (limit is not None and due > limit):
            if limit is None:
                return self._stop(StopReason.IDLE, "the CPU waits and nothing will wake it")
            self.cpu.sleep_until(limit)
            return None
        self.cpu.sleep_until(max(self.cpu.cycles, due))
        self._fire()
        return None

    def _fire(self) -> None:
        self.touched.update(self.devices)
        try:
            self.clock.fire_next()
        except Exception as error:
            self._fail(self._owner_of(error), "an alarm", error)

    def _take_interrupt(self) -> None:
        vic, cpu = self.vic, self.cpu
        if not (vic.irq or vic.fiq):
            return
        cpsr = cpu.cpsr
        if vic.fiq and not cpsr & 0x40:
            kind, lines = GuestExceptionKind.FIQ, vic.fiq_lines
        elif vic.irq and not cpsr & 0x80:
            kind, lines = GuestExceptionKind.IRQ, vic.irq_lines
        else:
            return
        pc = cpu.pc
        cpu.enter(kind, self._interrupt_since or 0)
        self._emit(events.InterruptEntry(cpu.cycles, kind.title, lines, pc, cpu.instructions))

    def _enter_exception(self, kind: GuestExceptionKind, address: int, message: str) -> None:
        pc = self.cpu.pc
        if kind is not GuestExceptionKind.SOFTWARE_INTERRUPT:
            text = message or f"{kind.title} at {self.firmware.describe(pc)}"
            if not message and kind is GuestExceptionKind.DATA_ABORT:
                text += f": nothing answers at address {address:#010x}"
            self._emit(events.GuestException(self.cpu.cycles, kind.title, pc, address, text))
        self.cpu.enter(kind)
        if kind in (GuestExceptionKind.DATA_ABORT, GuestExceptionKind.PREFETCH_ABORT):
            self.cpu.set_fault_registers(kind, address)

    def _stop(self, reason: StopReason, message: str = "", code: int = 0, failure: DeviceFailure | None = None) -> Stop:
        return Stop(reason, self.cpu.cycles, self.cpu.pc, self.instructions, message, code, failure)

    # The outside

    def uart(self, number: int) -> Pl011:
        """The host's end of a serial line: `send(bytes)` and `take() -> bytes`."""
        device = self._by_name.get(f"UART{number}")
        if not isinstance(device, Pl011):
            raise BoardError(f"the board has no UART{number}", "use 0, 1 or 2")
        return device

    def device(self, name: str) -> Device:
        """A device by its peripheral's name."""
        if name not in self._by_name:
            raise BoardError(f"the board has no device {name}", f"it has {', '.join(self._by_name)}")
        return self._by_name[name]

    def raise_line(self, line: int) -> None:
        """Hold a line active from outside, whatever its device does, until `lower_line`."""
        self._forced |= 1 << line
        self._set_input(line)

    def lower_line(self, line: int) -> None:
        self._forced &= ~(1 << line)
        self._set_input(line)

    def is_raised(self, line: int) -> bool:
        """Whether a line is active at the interrupt controller, masked there or not."""
        return bool(self._raw >> line & 1)

    def fault_report(self) -> str:
        """Registers, symbols and the last guest exception, as text."""
        return describe_state(self.cpu, self.firmware, self.clock.cycles, self.trace)

    # Snapshots

    def snapshot(self) -> Snapshot:
        devices = save_devices(self.clock, self.devices)
        return Snapshot(self, self.ram.save(), self.cpu.save(), devices, self.trace.save(), self.wires())

    def restore(self, snapshot: Snapshot) -> None:
        """Go back. The snapshot stays usable."""
        if snapshot.board is not self:
            raise BoardError("the snapshot is another board's", "restore it on the board that made it")
        self.cpu.forget_code(self.ram.restore(snapshot.memory))
        self.cpu.restore(snapshot.cpu)
        restore_devices(snapshot.devices, self.clock, self.devices)
        self.trace.restore(snapshot.trace)
        self.set_wires(snapshot.wires)
        self.touched.update(self.devices)

    def wires(self) -> Wires:
        """What lies between devices and CPU: a part of every saved state."""
        return self._raw, self._forced, frozenset(self._unserved), self._interrupt_since, self._is_waiting

    def set_wires(self, wires: Wires) -> None:
        self._raw, self._forced, unserved, self._interrupt_since, self._is_waiting = wires
        self._unserved = set(unserved)
        self.failure = None
        self._is_reset_requested = False
        self._bus_abort = None

    # The bus

    def _reader(self, device: Device) -> Callable[[int, int], int]:
        def read(offset: int, size: int) -> int:
            return self._access(device, offset, size, None)

        return read

    def _writer(self, device: Device) -> Callable[[int, int, int], None]:
        def write(offset: int, size: int, value: int) -> None:
            self._access(device, offset, size, value)

        return write

    def _access(self, device: Device, offset: int, size: int, written: int | None) -> int:
        """One bus access. What it causes comes after it in the trace."""
        lines = [(line, line in self._unserved) for line in device.peripheral.lines if self._raw >> line & 1]
        if lines:
            self._deferred = []
        self.touched.add(device)
        value = 0
        try:
            if written is None:
                value = device.read_at(offset, size)
            else:
                value = written
                device.write_at(offset, written, size)
        except BusError as error:
            self._bus_error(device, offset, written is not None, error)
            lines = []
        except Exception as error:
            self._fail(device, f"a {'read' if written is None else 'write'} of {device.register_at(offset)}", error)
            lines = []
        deferred, self._deferred = self._deferred, None
        for line, is_first in lines:
            name = device.register_at(offset)
            self._unserved.discard(line)
            self._emit(
                events.RegisterAccess(
                    self.clock.cycles,
                    line,
                    device.peripheral.name,
                    name,
                    written is not None,
                    value,
                    self.cpu.block,
                    is_first,
                )
            )
        for event in deferred or ():
            self._emit(event)
        return value

    def _bus_error(self, device: Device, offset: int, is_write: bool, error: BusError) -> None:
        """An external abort. The access is done with by the time it is known: the abort comes at the next block."""
        address = device.peripheral.base + offset
        doing = "write" if is_write else "read"
        block = self.firmware.describe(self.cpu.block)
        self._bus_abort = (address, f"{doing} of {address:#010x} in the block at {block}: {error}")
        self.cpu.request_attention()

    # What devices do

    def _line_changed(self, line: Line) -> None:
        if line.number is not None:
            self._set_input(line.number)

    def _set_input(self, line: int) -> None:
        peripheral = self.chip.peripheral_of_line(line)
        device = self._by_name.get(peripheral.name) if peripheral else None
        if device is not None:
            self.touched.add(device)
        self.vic.set_input(line, bool(self._forced >> line & 1) or (device is not None and device.line.level))

    def _vic_changed(self) -> None:
        self.touched.add(self.vic)
        raw, now = self.vic.raw, self.clock.cycles
        changed = raw ^ self._raw
        self._raw = raw
        while changed:
            line = (changed & -changed).bit_length() - 1
            changed &= changed - 1
            if raw >> line & 1:
                self._unserved.add(line)
                if self.clock_model.caches is CacheUse.COLD and (self.cold_line is None or self.cold_line == line):
                    self.cpu.flush_caches()
                self._emit(events.LineRaised(now, line))
            else:
                self._unserved.discard(line)
                self._emit(events.LineLowered(now, line))
        irq, fiq = self.vic.irq, self.vic.fiq
        if not (irq or fiq):
            self._interrupt_since = None
        elif self._interrupt_since is None:
            self._interrupt_since = now
        self.cpu.set_pending(irq, fiq)

    def _transmitted(self, device: Pl011) -> Callable[[int], None]:
        return lambda character: self._emit(events.UartOutput(self.clock.cycles, device.peripheral.name, character))

    def _marked(self, value: int) -> None:
        self._emit(events.Mark(self.clock.cycles, value, self.instructions))

    def _request_reset(self) -> None:
        self._is_reset_requested = True
        self.cpu.request_attention()

    def _notice(self, device: Device) -> Callable[[str], None]:
        return lambda text: self._emit(events.Unmodelled(self.clock.cycles, device.peripheral.name, text))

    def _owner_of(self, error: Exception) -> Device | None:
        """The device whose code is nearest to where an alarm's exception came from."""
        trace = error.__traceback__
        owner = None
        while trace is not None:
            candidate = trace.tb_frame.f_locals.get("self")
            if isinstance(candidate, Device):
                owner = candidate
            trace = trace.tb_next
        return owner

    def _fail(self, device: Device | None, doing: str, error: Exception) -> None:
        name = device.peripheral.name if device is not None else "?"
        self.failure = DeviceFailure(type(device) if device is not None else Device, doing, error)
        self.failed_devices.add(name)
        self._emit(events.DeviceFailed(self.clock.cycles, name, f"{type(error).__name__}: {error}"))
        self.cpu.request_attention()

    def _emit(self, event: events.Event) -> None:
        if self._deferred is not None:
            self._deferred.append(event)
            return
        self.tell_watchers()
        self.trace.add(event)
        if self._ends_on_events:
            self.cpu.request_attention()
