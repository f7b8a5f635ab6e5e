"""The interrupt lines between the devices, the controller and the CPU, and what the trace tells of them."""

from hardtalk.board.cpu import Cpu
from hardtalk.board.cycles import CacheUse
from hardtalk.board.device_set import DeviceSet
from hardtalk.board.events import LineLowered, LineRaised
from hardtalk.board.feed import Feed
from hardtalk.devices import Clock, Line

SECONDARY = 32
"""Lines from here on are inputs of the secondary controller."""

SavedLines = tuple[int, int, int, frozenset[int], int | None]


class Lines:
    """Sets of lines are words, one bit each.

    `raw` are active at the PL190, masked there or not; `unserved` those whose device was not accessed since they
    rose. `interrupt_since` is the cycle since which one of the CPU's inputs is active, None while none is. With caches
    that are cold, `cold_line` empties them when it rises; None is any line.
    """

    def __init__(self, devices: DeviceSet, cpu: Cpu, clock: Clock, feed: Feed, caches: CacheUse) -> None:
        self.raw = 0
        self.unserved: set[int] = set()
        self.interrupt_since: int | None = None
        self.cold_line: int | None = None
        self._forced = 0
        self._withheld = 0
        self._devices = devices
        self._vic = devices.vic
        self._cpu = cpu
        self._clock = clock
        self._feed = feed
        self._are_caches_cold = caches is CacheUse.COLD

    def reset(self) -> None:
        self._forced = self._withheld = 0
        self.unserved.clear()

    def hold(self, line: int, is_active: bool) -> None:
        """Hold a line active from outside, whatever its device does, or no longer."""
        self._forced = self._forced & ~(1 << line) | is_active << line
        self._set_input(line)

    def withhold(self, line: int, is_withheld: bool) -> None:
        """Keep a line from its controller, whatever its device does, or no longer."""
        self._withheld = self._withheld & ~(1 << line) | is_withheld << line
        self._set_input(line)

    def line_changed(self, line: Line) -> None:
        """A device moved its output."""
        if line.number is not None:
            self._set_input(line.number)

    def _set_input(self, line: int) -> None:
        device = self._devices.of_line(line)
        if device is not None:
            self._devices.touched.add(device)
        is_let_through = not self._withheld >> line & 1
        level = bool(self._forced >> line & 1) or (device is not None and device.line.level and is_let_through)
        if line < SECONDARY:
            self._vic.set_input(line, level)
        elif (secondary := self._devices.secondary) is not None:
            self._devices.touched.add(secondary)
            if level != self.is_raised(line):
                (self._rose if level else self._fell)(line, self._clock.cycles)
            secondary.set_input(line - SECONDARY, level)

    def are_raised(self, lines: tuple[int, ...]) -> bool:
        """Whether one of these is active at its controller."""
        raw = self.raw
        return any(raw >> line & 1 or (line >= SECONDARY and self.is_raised(line)) for line in lines)

    def is_raised(self, line: int) -> bool:
        """Whether the line is active at its controller, masked there or not."""
        if line < SECONDARY:
            return bool(self.raw >> line & 1)
        secondary = self._devices.secondary
        return secondary is not None and bool(secondary.raw >> line - SECONDARY & 1)

    def is_enabled(self, line: int) -> bool:
        """Whether the line's controller passes it on, whatever becomes of it there."""
        if line < SECONDARY:
            return bool(self._vic.enabled >> line & 1)
        secondary = self._devices.secondary
        return secondary is not None and bool(int(secondary.SIC_ENABLE.value) >> line - SECONDARY & 1)

    def controller_changed(self) -> None:
        """The controller's inputs or outputs may differ."""
        self._devices.touched.add(self._vic)
        raw, now = self._vic.raw, self._clock.cycles
        changed = raw ^ self.raw
        self.raw = raw
        while changed:
            line = (changed & -changed).bit_length() - 1
            changed &= changed - 1
            if raw >> line & 1:
                self._rose(line, now)
            else:
                self._fell(line, now)
        irq, fiq = self._vic.outputs
        if not (irq or fiq):
            self.interrupt_since = None
        elif self.interrupt_since is None:
            self.interrupt_since = now
        self._cpu.stops.set_pending(irq, fiq)

    def _rose(self, line: int, now: int) -> None:
        self.unserved.add(line)
        if self._are_caches_cold and self.cold_line in (None, line) and self._cpu.cache_control is not None:
            self._cpu.cache_control.flush()
        self._feed.tell(LineRaised(now, line))

    def _fell(self, line: int, now: int) -> None:
        self.unserved.discard(line)
        self._feed.tell(LineLowered(now, line))

    def save(self) -> SavedLines:
        return self.raw, self._forced, self._withheld, frozenset(self.unserved), self.interrupt_since

    def restore(self, saved: SavedLines) -> None:
        self.raw, self._forced, self._withheld, unserved, self.interrupt_since = saved
        self.unserved = set(unserved)
