"""The chip's description: SVD and board file in, one table of addresses, registers, lines and clocks out."""

from hardtalk.chip.board_file import CONSOLE_BAUD
from hardtalk.chip.description import (
    Bus,
    Cache,
    Chip,
    Field,
    Memory,
    Peripheral,
    ReadAction,
    Register,
    WriteAction,
    camel_name,
)
from hardtalk.chip.errors import ChipError
from hardtalk.chip.loading import chip_with, default_chip, hal_folder, load_chip
from hardtalk.chip.svd import read_svd
from hardtalk.chip.users_board import BOARD_VARIABLE, BoardParts, parts_of_board, use_board

__all__ = [
    "BOARD_VARIABLE",
    "CONSOLE_BAUD",
    "BoardParts",
    "Bus",
    "Cache",
    "Chip",
    "ChipError",
    "Field",
    "Memory",
    "Peripheral",
    "ReadAction",
    "Register",
    "WriteAction",
    "camel_name",
    "chip_with",
    "default_chip",
    "hal_folder",
    "load_chip",
    "parts_of_board",
    "read_svd",
    "use_board",
]
