"""Images of the board's flash in files: kept while a board runs, looked at from the host (docs/flash.md)."""

from hardtalk.flash.checking import Checked, Damage, check
from hardtalk.flash.flash_file import FlashFile, FlashFileError
from hardtalk.flash.volume import FIRST_SECTOR, Volume, VolumeError

__all__ = ["FIRST_SECTOR", "Checked", "Damage", "FlashFile", "FlashFileError", "Volume", "VolumeError", "check"]
