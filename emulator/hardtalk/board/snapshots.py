"""Everything that makes a board go on exactly as it would have: saved, and gone back to."""

from dataclasses import dataclass

from hardtalk.board.cpu import Cpu, SavedCpu
from hardtalk.board.device_set import DeviceSet
from hardtalk.board.errors import BoardError
from hardtalk.board.lines import Lines, SavedLines
from hardtalk.board.memory import Ram, SavedMemory
from hardtalk.board.runner import Runner
from hardtalk.board.trace import SavedTrace, Trace
from hardtalk.devices import Clock, SavedDevices, restore_devices, save_devices

SavedCore = tuple[SavedCpu, SavedLines, bool]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Belongs to the board that made it."""

    owner: "SavedStates"
    memory: SavedMemory
    core: SavedCore
    devices: SavedDevices
    trace: SavedTrace


class SavedStates:
    """Saves and restores the parts of one board.

    The core is what is neither RAM nor devices nor trace, for who keeps those in a way of his own: the CPU, the lines,
    and whether the CPU waits.
    """

    def __init__(
        self, ram: Ram, cpu: Cpu, clock: Clock, devices: DeviceSet, trace: Trace, lines: Lines, runner: Runner
    ) -> None:
        self._ram = ram
        self._cpu = cpu
        self._clock = clock
        self._devices = devices
        self._trace = trace
        self._lines = lines
        self._runner = runner

    def save(self, earlier: Snapshot | None = None) -> Snapshot:
        devices = save_devices(self._clock, self._devices.all)
        memory = self._ram.save(None if earlier is None else earlier.memory)
        return Snapshot(self, memory, self.save_core(), devices, self._trace.save())

    def restore(self, snapshot: Snapshot) -> None:
        """Go back. The snapshot stays usable."""
        if snapshot.owner is not self:
            raise BoardError("the snapshot is another board's", "restore it on the board that made it")
        self._cpu.forget_code(self._ram.restore(snapshot.memory))
        self.restore_core(snapshot.core)
        restore_devices(snapshot.devices, self._clock, self._devices.all)
        self._trace.restore(snapshot.trace)
        self._devices.touch_all()

    def save_core(self) -> SavedCore:
        return self._cpu.save(), self._lines.save(), self._runner.is_waiting

    def restore_core(self, saved: SavedCore) -> None:
        cpu, lines, is_waiting = saved
        self._cpu.restore(cpu)
        self._lines.restore(lines)
        self._runner.forget()
        self._runner.is_waiting = is_waiting
