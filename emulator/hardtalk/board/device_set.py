"""The devices of one board: made from the chip's description, found by name, and which of them may have changed."""

from collections.abc import Iterator, Sequence

from hardtalk.board.errors import BoardError, DeviceFailure
from hardtalk.chip import Chip
from hardtalk.devices import MODELS, Clock, Device, Pl011, Pl050, Pl190, Ps2Keyboard, Ps2Mouse, SecondaryController


class DeviceSet:
    """One device for each peripheral of the chip, in its order: users' own where there is one, else the model.

    `touched` are those that the bus, an alarm or a line has reached: for who wants to know which may have changed.
    """

    def __init__(self, chip: Chip, added: Sequence[Device], clock: Clock) -> None:
        by_name = added_by_name(chip, added)
        self.all = tuple(
            by_name.get(each.name) or made_device(chip, index, clock) for index, each in enumerate(chip.peripherals)
        )
        self.touched: set[Device] = set()
        self._by_name = {device.peripheral.name: device for device in self.all}
        self._by_line = {line: device for device in self.all for line in device.peripheral.lines}
        self.vic = next(each for each in self.all if isinstance(each, Pl190))
        self.secondary = next((each for each in self.all if isinstance(each, SecondaryController)), None)

    def __iter__(self) -> Iterator[Device]:
        return iter(self.all)

    def named(self, name: str) -> Device:
        if name not in self._by_name:
            raise BoardError(f"the board has no device {name}", f"it has {', '.join(self._by_name)}")
        return self._by_name[name]

    def uart(self, number: int) -> Pl011:
        device = self._by_name.get(f"UART{number}")
        if not isinstance(device, Pl011):
            raise BoardError(f"the board has no UART{number}", "use 0, 1 or 2")
        return device

    def keyboard(self) -> Ps2Keyboard:
        return self._interface("KMI0").keyboard

    def mouse(self) -> Ps2Mouse:
        return self._interface("KMI1").mouse

    def _interface(self, name: str) -> Pl050:
        device = self._by_name.get(name)
        if not isinstance(device, Pl050):
            raise BoardError(f"the board has no interface {name}", f"leave your own device {name} out")
        return device

    def of_line(self, line: int) -> Device | None:
        return self._by_line.get(line)

    def touch_all(self) -> None:
        self.touched.update(self.all)

    def power_on(self) -> None:
        """Raises DeviceFailure when a device's own `reset` does not get through."""
        for device in self.all:
            try:
                device.power_on()
            except (Exception, SystemExit) as error:
                raise DeviceFailure(type(device), "reset", error) from error


def added_by_name(chip: Chip, added: Sequence[Device]) -> dict[str, Device]:
    by_name: dict[str, Device] = {}
    for device in added:
        name = device.peripheral.name
        if name in by_name:
            raise BoardError(f"two devices are peripheral {name}", "give each its own SVD description")
        if all(each.name != name for each in chip.peripherals):
            raise BoardError(
                f"the chip has no peripheral {name}, which {type(device).__name__} is",
                f"load the chip with its SVD file: chip_with([{str(type(device).svd_path() or 'FILE.svd')!r}])",
            )
        by_name[name] = device
    return by_name


def made_device(chip: Chip, index: int, clock: Clock) -> Device:
    peripheral = chip.peripherals[index]
    model = MODELS.get(peripheral.type_name)
    if model is None:
        raise BoardError(
            f"peripheral {peripheral.name} has no device",
            f"pass a Device for it: Board(..., devices=[{peripheral.name.title()}()])",
        )
    return model(peripheral, clock)
