"""What is on the board's panel: the LCD controller's registers say where it lies in RAM and how.

Words of the frame buffer are read one after the other, rows are not padded (ARM DDI 0161, section 2.2). Which pixel of
a word comes first depends on the orders of bytes in a word and of pixels in a byte. Up to 8 bits a pixel is a place in
the palette of 256 half words; with big-endian bytes the even places are the upper halves. Red is in the lowest bits, or
blue with BGR. What the board makes of 16 bits is wired outside of the controller (SYS_CLCD, ARM DUI 0225).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hardtalk.board.board import Board
from hardtalk.board.errors import BoardError
from hardtalk.devices import Pl110, SystemRegisters
from hardtalk.devices.pl110 import Format, Shown

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint32]

MODE_5551, MODE_565_BGR = 1, 3
"""LCDMODE of SYS_CLCD. 0 and 2 are 5:6:5 with 16 bits, in the order that BGR says."""
SHOW_SOMETHING = "show something: DisplayScreen current"


@dataclass(frozen=True)
class Panel:
    """What is shown, and the memory that it is read from: `shown.size` bytes."""

    shown: Shown
    memory: bytes
    lcd_mode: int

    @classmethod
    def of(cls, board: Board) -> "Panel":
        """BoardError when nothing is shown or the frame buffer is not in RAM."""
        controller, system = board.device("CLCD"), board.device("SYSTEM")
        if not (isinstance(controller, Pl110) and isinstance(system, SystemRegisters)):
            raise BoardError("CLCD or SYSTEM is a device of your own, which shows nothing", "leave it out")
        shown = controller.shown
        if shown is None:
            raise BoardError("the display is off", SHOW_SOMETHING)
        if not board.ram.contains(shown.base, shown.size):
            raise BoardError(f"the frame buffer at {shown.base:#x} is not in RAM", SHOW_SOMETHING)
        return cls(shown, board.ram.read(shown.base, shown.size), int(system.SYS_CLCD.LCDMODE))

    @property
    def is_of_whole_words(self) -> bool:
        """Whether each row begins with a word."""
        return self.shown.width * self.shown.pixels.bits_in_memory % 32 == 0

    def colors(self) -> Bytes:
        """Height x width x (red, green, blue)."""
        return colors_of(self.shown, self.memory, self.lcd_mode)

    def rows(self, first: int, end: int) -> "Panel":
        """Some rows as a panel of their own; of a panel whose rows are whole words."""
        row = self.shown.width * self.shown.pixels.bits_in_memory // 8
        part = replace(self.shown, base=self.shown.base + first * row, height=end - first)
        return replace(self, shown=part, memory=self.memory[first * row : end * row])


def panel_of(board: Board) -> Bytes:
    """Height x width x (red, green, blue); BoardError when nothing is shown or the frame buffer is not in RAM."""
    return Panel.of(board).colors()


def colors_of(shown: Shown, memory: bytes, lcd_mode: int = MODE_5551) -> Bytes:
    """Height x width x (red, green, blue) of 0 to 255. `memory` holds `shown.size` bytes from its base on."""
    values = pixel_values(memory, shown.pixels)[: shown.width * shown.height]
    depth, bgr = shown.pixels.depth, shown.pixels.bgr
    if depth <= 8:
        parts = parts_of(palette_entries(shown)[values], (5, 5, 5))
    elif depth == 24:
        parts = parts_of(values, (8, 8, 8))
    elif lcd_mode == MODE_5551:
        parts = parts_of(values, (5, 5, 5))
    else:
        parts = parts_of(values, (5, 6, 5))
        bgr = bgr or lcd_mode == MODE_565_BGR
    if bgr:
        parts = parts[:, ::-1]
    return parts.reshape(shown.height, shown.width, 3)


def pixel_values(memory: bytes, pixels: Format) -> Words:
    """The pixels as numbers, in the order of the panel."""
    depth = pixels.depth
    if depth == 24:
        return np.frombuffer(memory, "<u4") & np.uint32(0xFFFFFF)
    unit = np.frombuffer(memory, "<u2" if depth == 16 else "u1").astype(np.uint32)
    if pixels.big_endian_bytes:
        unit = unit.reshape(-1, 4 // (depth // 8 or 1))[:, ::-1].reshape(-1)
    if depth >= 8:
        return unit
    shifts = np.arange(0, 8, depth, dtype=np.uint32)
    if pixels.big_endian_pixels:
        shifts = shifts[::-1]
    return (unit[:, None] >> shifts & np.uint32((1 << depth) - 1)).reshape(-1)


def palette_entries(shown: Shown) -> Words:
    halves = np.array(shown.palette, dtype="<u4").view("<u2").astype(np.uint32)
    return halves.reshape(-1, 2)[:, ::-1].reshape(-1) if shown.pixels.big_endian_bytes else halves


def parts_of(values: Words, widths: tuple[int, int, int]) -> Bytes:
    """Three parts of each number, from the lowest bits on, spread to 0 to 255."""
    parts, shift = [], 0
    for width in widths:
        part = values >> np.uint32(shift) & np.uint32((1 << width) - 1)
        parts.append(part << np.uint32(8 - width) | part >> np.uint32(2 * width - 8))
        shift += width
    return np.stack(parts, axis=1).astype(np.uint8)
