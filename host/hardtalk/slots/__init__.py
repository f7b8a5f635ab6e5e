"""Firmware in the flash's two slots and the loader that starts it, seen from the host (docs/boot-from-flash.md)."""

from hardtalk.slots.header import Header, read_header
from hardtalk.slots.installing import Slot, State, install, install_loader, is_erased, slot_in, slots_in, started_slot
from hardtalk.slots.layout import SLOT_NAMES, STARTED_FROM_FLASH
from hardtalk.slots.loader import boot_loader
from hardtalk.slots.packing import UnfitFirmware, pack, unpacked

__all__ = [
    "SLOT_NAMES",
    "STARTED_FROM_FLASH",
    "Header",
    "Slot",
    "State",
    "UnfitFirmware",
    "boot_loader",
    "install",
    "install_loader",
    "is_erased",
    "pack",
    "read_header",
    "slot_in",
    "slots_in",
    "started_slot",
    "unpacked",
]
