"""Simulated devices: registers, a clock and a line each, testable without a CPU."""

from hardtalk.devices.bus_master import BusMaster, DeviceBus, Memory
from hardtalk.devices.cfi_flash import CfiFlash
from hardtalk.devices.clock import Alarm, Clock, Duration, Ticker, microseconds, milliseconds, nanoseconds, seconds
from hardtalk.devices.device import BusError, Device, Line
from hardtalk.devices.dma_peripheral import DmaPeripheral, Request
from hardtalk.devices.errors import DeviceMistake
from hardtalk.devices.flash_cells import FlashCells
from hardtalk.devices.pl011 import Pl011
from hardtalk.devices.pl050 import Pl050
from hardtalk.devices.pl080 import Pl080
from hardtalk.devices.pl110 import Pl110
from hardtalk.devices.pl190 import Pl190
from hardtalk.devices.probe import Probe
from hardtalk.devices.ps2_keyboard import Ps2Keyboard, keys_of
from hardtalk.devices.ps2_mouse import Ps2Mouse
from hardtalk.devices.registers import RegisterCell
from hardtalk.devices.secondary_controller import SecondaryController
from hardtalk.devices.sp804 import Sp804
from hardtalk.devices.state import SavedDevices, restore_devices, save_devices
from hardtalk.devices.system_registers import SystemRegisters
from hardtalk.devices.touched import DevicesMark, TouchedDevices

# The models of the peripherals that the shipped SVD describes, by their type there.
MODELS: dict[str, type[Device]] = {
    "SYSTEM": SystemRegisters,
    "VIC": Pl190,
    "Timer": Sp804,
    "UART": Pl011,
    "PROBE": Probe,
    "CfiFlash": CfiFlash,
    "CLCD": Pl110,
    "SIC": SecondaryController,
    "KMI": Pl050,
    "DMAC": Pl080,
}

__all__ = [
    "MODELS",
    "Alarm",
    "BusError",
    "BusMaster",
    "CfiFlash",
    "Clock",
    "Device",
    "DeviceBus",
    "DeviceMistake",
    "DevicesMark",
    "DmaPeripheral",
    "Duration",
    "FlashCells",
    "Line",
    "Memory",
    "Pl011",
    "Pl050",
    "Pl080",
    "Pl110",
    "Pl190",
    "Probe",
    "Ps2Keyboard",
    "Ps2Mouse",
    "RegisterCell",
    "Request",
    "SavedDevices",
    "SecondaryController",
    "Sp804",
    "SystemRegisters",
    "Ticker",
    "TouchedDevices",
    "keys_of",
    "microseconds",
    "milliseconds",
    "nanoseconds",
    "restore_devices",
    "save_devices",
    "seconds",
]  # fmt: skip
