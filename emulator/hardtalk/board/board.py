"""The board: an ELF in RAM, the CPU, the clock, the devices and the trace, put together.

The board owns what devices must not know of each other: which line goes to which input of the interrupt controller,
when the CPU may take an interrupt, what the trace records. Each of its parts holds one thing; here they are connected.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from hardtalk.board import events
from hardtalk.board.bus import Bus
from hardtalk.board.caches import Caches
from hardtalk.board.cpu import Cpu
from hardtalk.board.cycles import MODELS, CacheUse
from hardtalk.board.device_set import DeviceSet
from hardtalk.board.errors import BoardError
from hardtalk.board.failures import Failures
from hardtalk.board.feed import Feed
from hardtalk.board.firmware import firmware_of
from hardtalk.board.lines import Lines
from hardtalk.board.memory import DeviceMemory, Ram
from hardtalk.board.patience import Patience
from hardtalk.board.report import describe_state
from hardtalk.board.runner import Runner
from hardtalk.board.snapshots import SavedStates, Snapshot
from hardtalk.board.stop import Stop
from hardtalk.board.system_bus import SystemBus
from hardtalk.board.trace import Trace
from hardtalk.board.watch import Watches
from hardtalk.chip import Chip, default_chip
from hardtalk.devices import (
    BusMaster,
    CfiFlash,
    Clock,
    Device,
    Pl011,
    Pl080,
    Pl190,
    Probe,
    Ps2Keyboard,
    Ps2Mouse,
    SystemRegisters,
)

SHOWN_BYTES = 1 << 14
"""How much of the flash is seen in place of RAM at reset."""


class BoardClock(Clock):
    """The clock of a board: the CPU's cycle count."""

    def __init__(self, chip: Chip, cpu: Cpu) -> None:
        super().__init__(chip.clocks)
        self._cpu = cpu

    @property
    def cycles(self) -> int:
        return self._cpu.counter.cycles if self._firing_at is None else self._firing_at

    def alarms_changed(self) -> None:
        self._cpu.stops.set_alarm(self.next_due)


class Board:
    """One emulated board running one firmware.

    `devices` are those that users add; each must be described in `chip`. `model` names the cycle model: arm926,
    arm926-warm or arm926-cold (with caches), or instructions. With arm926-cold the caches are emptied when the line
    `cold_line` is raised; None, the default, means any line.

    A board that `starts_from_flash` loads nothing: at reset RAM's beginning shows what the flash begins with, as the
    real board's switch has it, and the CPU starts there. `elf` then only tells what its addresses are called.
    """

    def __init__(
        self,
        elf: bytes,
        chip: Chip | None = None,
        devices: Sequence[Device] = (),
        model: str = "arm926",
        starts_from_flash: bool = False,
    ) -> None:
        if model not in MODELS:
            raise BoardError(f"there is no cycle model {model}", f"use one of {', '.join(MODELS)}")
        self.chip = chip or default_chip()
        self.model = model
        self.firmware = firmware_of(elf)
        self.starts_from_flash = starts_from_flash
        self.trace = Trace()
        self.ram = Ram(self.chip.ram.base, self.chip.ram.size)
        self.device_memory = DeviceMemory(self.ram)
        clock_model = MODELS[model]
        caches = None
        if clock_model.caches is not CacheUse.ALWAYS_HIT:
            caches = Caches(self.chip.instruction_cache, self.chip.data_cache, self.chip.bus)
        self.cpu = Cpu(self.ram, clock_model.instructions(), caches)
        self.watches = Watches(self.cpu.words, self.cpu.blocks)
        self.clock = BoardClock(self.chip, self.cpu)
        self.device_set = DeviceSet(self.chip, devices, self.clock)
        self._feed = feed = Feed(self.trace, self.watches, self.cpu.stops)
        self.patience = Patience(self.cpu.stops)
        self.patience.watches_devices = bool(devices)
        self.failures = Failures(feed, self.cpu.stops, self.clock)
        self.lines = Lines(self.device_set, self.cpu, self.clock, feed, clock_model.caches)
        self.bus = Bus(
            self.device_set, self.cpu, self.clock, self.lines, feed, self.failures, self.patience, self.firmware
        )
        self._runner = Runner(
            self.cpu, self.clock, self.device_set, self.lines, self.bus, feed, self.failures, self.watches,
            self.patience, self.firmware,
        )  # fmt: skip
        self.states = SavedStates(self.ram, self.cpu, self.clock, self.device_set, self.trace, self.lines, self._runner)
        for device in self.devices:
            self._connect(device)
        self.reset()

    def _connect(self, device: Device) -> None:
        """Let the board hear what the device has to tell."""
        feed, clock, counter, name = self._feed, self.clock, self.cpu.counter, device.peripheral.name
        device.connect(
            clock, self.lines.line_changed, lambda text: feed.tell(events.Unmodelled(clock.cycles, name, text))
        )
        match device:
            case Pl190():
                device.changed = self.lines.controller_changed
            case Pl011():
                device.transmitted = lambda character: feed.tell(events.UartOutput(clock.cycles, name, character))
            case Probe():
                device.marked = lambda value: feed.tell(events.Mark(clock.cycles, value, counter.instructions))
                device.instructions = lambda: counter.instructions
            case SystemRegisters():
                device.reset_requested = self._runner.request_reset
            case BusMaster():
                device.memory = self.device_memory
        if isinstance(device, Pl080):
            SystemBus(self.device_set).connect(device)

    def reset(self) -> None:
        """Power-on: RAM zero but for what is started, devices and CPU in their reset state, the trace goes on.

        Raises DeviceFailure when a device's own `reset` does not get through.
        """
        if self.trace.count:
            self._feed.tell(events.BoardReset(self.clock.cycles))
        if self.starts_from_flash:
            self.ram.restore({})
        else:
            self.firmware.load(self.ram)
        self.clock.clear()
        self.cpu.reset()
        self.cpu.pc = self.ram.base if self.starts_from_flash else self.firmware.entry
        self.lines.reset()
        self._runner.forget()
        self.device_set.power_on()
        if self.starts_from_flash:
            self._show_flash()

    def _show_flash(self) -> None:
        """What the flash begins with is at RAM's beginning, too."""
        flash = self.device("FLASH")
        if not isinstance(flash, CfiFlash):
            raise BoardError("FLASH is a device of the user's, from which no board starts", "leave it out")
        self.ram.write(self.ram.base, flash.contents.read(0, SHOWN_BYTES))

    # Running

    @property
    def instructions(self) -> int:
        """Instructions executed since reset."""
        return self.cpu.counter.instructions

    @property
    def is_asleep(self) -> bool:
        """Whether the CPU waits for an interrupt that is not there yet."""
        return self._runner.is_asleep()

    def run(self, cycles: int | None = None, until: Callable[[], bool] | None = None) -> Stop:
        """Run until `cycles` have passed, `until()` is true, or the firmware halts, idles or a device fails.

        `until` is asked before the first block and after each event of the trace, alarm and interrupt. How a run is cut
        into pieces does not change what happens in it.
        """
        return self._runner.run(self._limit(cycles), None, until)

    def step(self, instructions: int = 1) -> Stop:
        """Execute exactly so many instructions, exception entries not counted. Waiting for an interrupt takes none."""
        return self._runner.run(None, self.instructions + instructions, None)

    def run_blocks(self, instructions: int) -> Stop:
        """Run while whole blocks do not go beyond so many instructions since reset: nothing is cut where a run without
        a limit is not."""
        return self._runner.run(None, instructions, None, in_blocks=True)

    def run_to(self, addresses: int | Collection[int], cycles: int | None = None, until_asleep: bool = False) -> Stop:
        """Run until the next instruction is at one of `addresses`, where blocks must begin: a routine or a jump's end.

        `cycles` is the longest it may take; the stop's reason tells. With `until_asleep` it ends as well when the CPU
        waits for an interrupt that is not there yet, for the reason UNTIL.
        """
        found = (addresses,) if isinstance(addresses, int) else addresses
        return self._runner.run_to(found, self._limit(cycles), until_asleep)

    def _limit(self, cycles: int | None) -> int | None:
        return None if cycles is None else self.cpu.counter.cycles + cycles

    # The outside

    @property
    def devices(self) -> tuple[Device, ...]:
        return self.device_set.all

    @property
    def vic(self) -> Pl190:
        return self.device_set.vic

    @property
    def touched(self) -> set[Device]:
        """The devices that may have changed, for who keeps their states."""
        return self.device_set.touched

    def uart(self, number: int) -> Pl011:
        """The host's end of a serial line: `send(bytes)` and `take() -> bytes`."""
        return self.device_set.uart(number)

    @property
    def keyboard(self) -> Ps2Keyboard:
        """For the host's fingers. After `restore` it is another one."""
        return self.device_set.keyboard()

    @property
    def mouse(self) -> Ps2Mouse:
        """For the host's hand. After `restore` it is another one."""
        return self.device_set.mouse()

    def device(self, name: str) -> Device:
        """A device by its peripheral's name."""
        return self.device_set.named(name)

    @property
    def cold_line(self) -> int | None:
        return self.lines.cold_line

    @cold_line.setter
    def cold_line(self, line: int | None) -> None:
        self.lines.cold_line = line

    def raise_line(self, line: int) -> None:
        """Hold a line active from outside, whatever its device does, until `lower_line`."""
        self.lines.hold(line, True)

    def lower_line(self, line: int) -> None:
        self.lines.hold(line, False)

    def withhold_line(self, line: int) -> None:
        """Keep a line low, whatever its device does, until `let_line_through`."""
        self.lines.withhold(line, True)

    def let_line_through(self, line: int) -> None:
        self.lines.withhold(line, False)

    def is_raised(self, line: int) -> bool:
        """Whether a line is active at its interrupt controller, masked there or not."""
        return self.lines.is_raised(line)

    def is_enabled(self, line: int) -> bool:
        """Whether a line is let through at its interrupt controller."""
        return self.lines.is_enabled(line)

    def fault_report(self) -> str:
        """Registers, symbols and the last guest exception, as text."""
        return describe_state(self.cpu, self.firmware, self.clock.cycles, self.trace)

    # Snapshots

    def snapshot(self, earlier: Snapshot | None = None) -> Snapshot:
        """The present. It shares with an `earlier` one what has not changed since."""
        return self.states.save(earlier)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back. The snapshot stays usable."""
        self.states.restore(snapshot)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """For looking at devices by reads, which may change them: the board is put back behind it."""
        before = self.snapshot()
        try:
            yield
        finally:
            self.restore(before)
