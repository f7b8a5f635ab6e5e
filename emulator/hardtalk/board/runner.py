"""Runs the board: the CPU's blocks, the alarms between them, exceptions and interrupts, and the jumps over sleep.

Time passes only in the CPU's blocks and in jumps to the next alarm while the CPU waits. An alarm that falls inside a
block is served before that block: its device acts at the alarm's own cycle, and when an interrupt follows, the CPU
enters it no earlier than that.
"""

from collections.abc import Callable, Collection

from hardtalk.board.bus import Bus
from hardtalk.board.cpu import Cpu, Pause
from hardtalk.board.device_set import DeviceSet
from hardtalk.board.errors import DeviceFailure
from hardtalk.board.events import GuestException, InterruptEntry
from hardtalk.board.exceptions import GuestExceptionKind
from hardtalk.board.failures import Failures
from hardtalk.board.feed import Feed
from hardtalk.board.firmware import Firmware
from hardtalk.board.lines import Lines
from hardtalk.board.patience import Patience
from hardtalk.board.stop import Stop, StopReason
from hardtalk.board.stops import FIQ_MASK, IRQ_MASK
from hardtalk.board.watch import Watches
from hardtalk.devices import Clock

Until = Callable[[], bool] | None


class Runner:
    """`is_waiting`: the CPU sleeps until an interrupt. `is_reset_requested`: the firmware wants to start again."""

    def __init__(
        self,
        cpu: Cpu,
        clock: Clock,
        devices: DeviceSet,
        lines: Lines,
        bus: Bus,
        feed: Feed,
        failures: Failures,
        watches: Watches,
        patience: Patience,
        code: Firmware,
    ) -> None:
        self.is_waiting = False
        self._is_reset_requested = False
        self._cpu = cpu
        self._clock = clock
        self._devices = devices
        self._vic = devices.vic
        self._lines = lines
        self._bus = bus
        self._feed = feed
        self._failures = failures
        self._watches = watches
        self._patience = patience
        self._code = code

    def forget(self) -> None:
        """Nothing that happened before counts any more."""
        self.is_waiting = self._is_reset_requested = False
        self._bus.take_abort()
        self._failures.take()

    def request_reset(self) -> None:
        self._is_reset_requested = True
        self._cpu.stops.request_attention()

    def run(self, limit: int | None, target: int | None, until: Until, in_blocks: bool = False) -> Stop:
        """Run to the cycle `limit`, or until so many instructions as `target` were executed or `until()` is true.

        `in_blocks`: stop before a block that would go beyond `target`, instead of executing a part of it.
        """
        outer = self._patience.start()
        try:
            stop = self._run(limit, target, until, in_blocks)
        finally:
            self._patience.stop(outer)
        self._patience.raise_interrupt()
        return stop

    def _run(self, limit: int | None, target: int | None, until: Until, in_blocks: bool) -> Stop:
        cpu, stops = self._cpu, self._cpu.stops
        self._feed.ends_runs = until is not None
        stops.set_limit(limit, target)
        try:
            while True:
                stop = self._end(limit, target, until)
                if stop is not None:
                    return stop
                if self.is_waiting:
                    stop = self._wait(limit)
                    if stop is not None:
                        return stop
                    continue
                self._take_interrupt()
                may_step = target is not None and limit is None and not in_blocks
                must_step = may_step and cpu.must_step((target or 0) - cpu.counter.instructions)
                pause = Pause.COUNTED if must_step else cpu.run()
                if pause is Pause.COUNTED and target is not None and target > cpu.counter.instructions:
                    if in_blocks:
                        self._watches.tell()
                        return self._stop(StopReason.INSTRUCTIONS)
                    pause = cpu.step_in_block(target - cpu.counter.instructions)
                self._handle(pause)
                if pause is Pause.REACHED:
                    return self._stop(StopReason.REACHED)
        finally:
            if target is not None:
                stops.set_limit(None)

    def run_to(self, addresses: Collection[int], limit: int | None, until_asleep: bool) -> Stop:
        """Run until a block at one of `addresses` is next or, if that is wanted, until the CPU sleeps."""
        self._cpu.blocks.stop_before(addresses)
        try:
            return self.run(limit, None, self.is_asleep if until_asleep else None)
        finally:
            self._cpu.blocks.stop_before(())

    def is_asleep(self) -> bool:
        return self.is_waiting and self._lines.interrupt_since is None

    def _end(self, limit: int | None, target: int | None, until: Until) -> Stop | None:
        """Whether the run ends here; KeyboardInterrupt when somebody wants that."""
        self._patience.raise_interrupt()
        abort = self._bus.take_abort()
        if abort is not None:
            self._enter_exception(GuestExceptionKind.DATA_ABORT, *abort)
        failure = self._failures.take()
        if failure is not None:
            return self._stop(StopReason.DEVICE_FAILED, str(failure), failure=failure)
        if self._is_reset_requested:
            self._is_reset_requested = False
            return self._stop(StopReason.RESET, "the firmware asked for a reset; call reset() and run again")
        if until is not None and until():
            return self._stop(StopReason.UNTIL)
        if limit is not None and self._cpu.counter.cycles >= limit:
            return self._stop(StopReason.CYCLES)
        if target is not None and self._cpu.counter.instructions >= target:
            return self._stop(StopReason.INSTRUCTIONS)
        return None

    def _handle(self, pause: Pause) -> None:
        self._watches.tell()
        if pause is Pause.ALARM:
            self._fire()
        elif pause is Pause.WAITING:
            self.is_waiting = True
        elif pause is Pause.EXCEPTION:
            self._enter_exception(*self._cpu.exceptions.latest, "")

    def _wait(self, limit: int | None) -> Stop | None:
        """The CPU sleeps: pass on to the next alarm or to the limit."""
        if self._lines.interrupt_since is not None:
            self.is_waiting = False
            return None
        if not self._vic.enabled:
            return self._stop(StopReason.HALTED, "the CPU waits with every line masked", code=self._cpu.register(0))
        due, counter = self._clock.next_due, self._cpu.counter
        if due is None or (limit is not None and due > limit):
            if limit is None:
                return self._stop(StopReason.IDLE, "the CPU waits and nothing will wake it")
            counter.sleep_until(limit)
            return None
        counter.sleep_until(max(counter.cycles, due))
        self._fire()
        return None

    def _fire(self) -> None:
        self._devices.touch_all()
        self._patience.begin()
        try:
            self._clock.fire_next()
        except (Exception, SystemExit) as error:
            self._failures.note_alarm(error)
        finally:
            self._patience.end()

    def _take_interrupt(self) -> None:
        since = self._lines.interrupt_since
        if since is None:
            return
        vic, cpu = self._vic, self._cpu
        cpsr = cpu.cpsr
        irq, fiq = vic.outputs
        if fiq and not cpsr & FIQ_MASK:
            kind, lines = GuestExceptionKind.FIQ, vic.fiq_lines
        elif irq and not cpsr & IRQ_MASK:
            kind, lines = GuestExceptionKind.IRQ, vic.irq_lines
        else:
            return
        pc = cpu.pc
        cpu.exceptions.enter(kind, since)
        self._feed.tell(InterruptEntry(cpu.counter.cycles, kind.title, lines, pc, cpu.counter.instructions))

    def _enter_exception(self, kind: GuestExceptionKind, address: int, message: str) -> None:
        cpu = self._cpu
        pc = cpu.pc
        if kind is not GuestExceptionKind.SOFTWARE_INTERRUPT:
            text = message or f"{kind.title} at {self._code.describe(pc)}"
            if not message and kind is GuestExceptionKind.DATA_ABORT:
                text += f": nothing answers at address {address:#010x}"
            self._feed.tell(GuestException(cpu.counter.cycles, kind.title, pc, address, text))
        cpu.exceptions.enter(kind, is_late=bool(message))
        if kind in (GuestExceptionKind.DATA_ABORT, GuestExceptionKind.PREFETCH_ABORT):
            cpu.exceptions.set_fault_registers(kind, address)

    def _stop(self, reason: StopReason, message: str = "", code: int = 0, failure: DeviceFailure | None = None) -> Stop:
        counter = self._cpu.counter
        return Stop(reason, counter.cycles, self._cpu.pc, counter.instructions, message, code, failure)
