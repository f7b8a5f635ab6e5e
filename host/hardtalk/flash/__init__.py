"""Images of the board's flash in files: kept while a board runs, looked at from the host (docs/flash.md)."""

from hardtalk.flash.flash_file import FlashFile, FlashFileError

__all__ = ["FlashFile", "FlashFileError"]
