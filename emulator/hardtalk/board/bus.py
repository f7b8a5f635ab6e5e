"""The bus: the CPU's accesses to devices, with what the trace tells of them, and the aborts of those not answered."""

from collections.abc import Callable

from hardtalk.board.cpu import Cpu
from hardtalk.board.device_set import DeviceSet
from hardtalk.board.events import RegisterAccess
from hardtalk.board.failures import Failures
from hardtalk.board.feed import Feed
from hardtalk.board.firmware import Firmware
from hardtalk.board.lines import SECONDARY, Lines
from hardtalk.board.patience import Patience
from hardtalk.devices import BusError, Clock, Device


class Bus:
    """Connects the devices with the CPU.

    `abort` is the access that was not answered: address and message. It is done with by the time that is known, so
    the abort comes at the next block, as of an access right before it.
    """

    def __init__(
        self,
        devices: DeviceSet,
        cpu: Cpu,
        clock: Clock,
        lines: Lines,
        feed: Feed,
        failures: Failures,
        patience: Patience,
        code: Firmware,
    ) -> None:
        self.abort: tuple[int, str] | None = None
        self._devices = devices
        self._cpu = cpu
        self._clock = clock
        self._lines = lines
        self._feed = feed
        self._failures = failures
        self._patience = patience
        self._code = code
        for device in devices:
            peripheral = device.peripheral
            cpu.map_device(peripheral.base, peripheral.size, self.reader(device), self.writer(device))

    def reader(self, device: Device) -> Callable[[int, int], int]:
        devices, lines, access, patience = self._devices, self._lines, self._access, self._patience
        read_at, (primary, secondary) = device.read_at, split(device.peripheral.lines)

        def read(offset: int, size: int) -> int:
            if lines.raw & primary or (secondary and lines.are_raised(secondary)):
                return access(device, offset, size, None)
            devices.touched.add(device)
            patience.begin()
            try:
                return read_at(offset, size)
            except BaseException as error:  # from here on nobody would hear it
                self._note(device, offset, None, error)
                return 0
            finally:
                patience.end()

        return read

    def writer(self, device: Device) -> Callable[[int, int, int], None]:
        devices, lines, access, patience = self._devices, self._lines, self._access, self._patience
        write_at, (primary, secondary) = device.write_at, split(device.peripheral.lines)

        def write(offset: int, size: int, value: int) -> None:
            if lines.raw & primary or (secondary and lines.are_raised(secondary)):
                access(device, offset, size, value)
                return
            devices.touched.add(device)
            patience.begin()
            try:
                write_at(offset, value, size)
            except BaseException as error:
                self._note(device, offset, value, error)
            finally:
                patience.end()

        return write

    def take_abort(self) -> tuple[int, str] | None:
        abort, self.abort = self.abort, None
        return abort

    def _access(self, device: Device, offset: int, size: int, written: int | None) -> int:
        """One access of a device whose line is active. What it causes comes after it in the trace."""
        lines = self._lines
        active = [(line, line in lines.unserved) for line in device.peripheral.lines if lines.is_raised(line)]
        self._feed.hold()
        self._devices.touched.add(device)
        value = 0
        self._patience.begin()
        try:
            if written is None:
                value = device.read_at(offset, size)
            else:
                value = written
                device.write_at(offset, written, size)
        except BaseException as error:
            self._note(device, offset, written, error)
            active = []
        self._patience.end()
        for line, _ in active:
            lines.unserved.discard(line)
        cycle, block, is_write = self._clock.cycles, self._cpu.counter.block, written is not None
        name = device.peripheral.name
        self._feed.release(
            *(
                RegisterAccess(cycle, line, name, device.register_at(offset), is_write, value, block, is_first)
                for line, is_first in active
            )
        )
        return value

    def _note(self, device: Device, offset: int, written: int | None, error: BaseException) -> None:
        """An access that did not get through."""
        if isinstance(error, BusError):
            self._refuse(device, offset, written is not None, error)
            return
        doing = "a read" if written is None else "a write"
        self._failures.note(device, f"{doing} of {device.register_at(offset)}", error)

    def _refuse(self, device: Device, offset: int, is_write: bool, error: BusError) -> None:
        """An external abort."""
        address = device.peripheral.base + offset
        doing = "write" if is_write else "read"
        block = self._code.describe(self._cpu.counter.block)
        self.abort = (address, f"{doing} of {address:#010x} in the block at {block}: {error}")
        self._cpu.stops.request_attention()


def split(lines: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    """The lines at the primary controller as a word, one bit each, and those at the secondary one."""
    return sum(1 << each for each in lines if each < SECONDARY), tuple(each for each in lines if each >= SECONDARY)
