"""PL110 color LCD controller (ARM DDI 0161, chapters 2 and 3), for TFT panels; registers lie as on the Versatile.

The panel clock is the board's `clcd` clock through the divider of Timing2. A frame begins with the vertical sync, at
which the base address is taken over (interrupt LNBU); sync, back porch, lines and front porch follow, of the lengths
in Timing1, and at the beginning of the one that LcdVComp names there is the interrupt Vcomp. The first frame begins
when LcdEn is set, another when a timing register is written. While LcdEn is 0 no alarm is set.

What is on the panel is not kept: `shown` says where it lies in memory and how.
Reading memory takes no bus time here, so the FIFO never runs empty (FUF), and there is no bus error (MBERROR).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hardtalk.devices.clock import Alarm, Ticker
from hardtalk.devices.device import Device

DEPTHS = (1, 2, 4, 8, 16, 24)
"""Bits of a pixel by LcdBpp."""


@dataclass(frozen=True)
class Format:
    """How pixels lie in words: `depth` 1, 2, 4, 8, 16 or 24."""

    depth: int
    big_endian_bytes: bool
    big_endian_pixels: bool
    bgr: bool

    @property
    def bits_in_memory(self) -> int:
        return 32 if self.depth == 24 else self.depth


@dataclass(frozen=True)
class Shown:
    """A picture of `width` by `height` pixels in memory from `base` on. The palette is of 128 words."""

    base: int
    width: int
    height: int
    pixels: Format
    palette: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes in memory, of whole words."""
        return (self.width * self.height * self.pixels.bits_in_memory + 31) // 32 * 4


class Pl110(Device):
    """`frame_tick` is the tick of the clcd clock in which the frame began, `frame_base` the address it is read from."""

    unmodelled: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "Timing2": ("CLKSEL",),
        "LPBASE": (),
        "LPCURR": (),
        "Control": ("LcdBW", "LcdMono8", "LcdDual"),
    }

    def reset(self) -> None:
        self.alarm: Alarm | None = None
        self.frame_tick = 0
        self.frame_base = 0

    # Timing, in ticks of the clcd clock

    @property
    def ticker(self) -> Ticker:
        return self.clock.ticker("clcd")

    @property
    def width(self) -> int:
        return 16 * (int(self.Timing0.PPL) + 1)

    @property
    def height(self) -> int:
        return int(self.Timing1.LPP) + 1

    @property
    def divisor(self) -> int:
        timing = self.Timing2
        return 1 if timing.BCD else int(timing.PCD_HI << 5 | timing.PCD_LO) + 2

    @property
    def line_ticks(self) -> int:
        timing = self.Timing0
        return int(self.width + timing.HSW + 1 + timing.HFP + 1 + timing.HBP + 1) * self.divisor

    @property
    def line_starts(self) -> tuple[int, int, int, int, int]:
        """The lines of a frame in which sync, back porch, picture and front porch begin, and how many there are."""
        timing = self.Timing1
        porch = timing.VSW + 1
        picture = porch + timing.VBP
        front = picture + self.height
        return 0, porch, picture, front, front + timing.VFP

    @property
    def frame_ticks(self) -> int:
        return self.line_starts[4] * self.line_ticks

    # A frame

    def begin_frame(self) -> None:
        """Vertical sync."""
        self.frame_base = self.UPBASE.value
        self._raise("LNBU")
        self._at(self.line_starts[self.Control.LcdVComp] * self.line_ticks, self.compare)
        self.report()

    def compare(self) -> None:
        self._raise("Vcomp")
        self._at(self.frame_ticks, self.end_frame)
        self.report()

    def end_frame(self) -> None:
        self.frame_tick += self.frame_ticks
        self.begin_frame()

    def _raise(self, interrupt: str) -> None:
        self.RIS.value |= self.IMSC.description.field(interrupt).mask

    def _at(self, ticks: int, action: Callable[[], None]) -> None:
        self.alarm = self.clock.at(self.ticker.cycle_of(self.frame_tick + ticks), action)

    def restart(self) -> None:
        """From the vertical sync on, now; nothing while LcdEn is 0."""
        self.clock.cancel(self.alarm)
        self.alarm = None
        if self.Control.LcdEn:
            self.frame_tick = self.ticker.count()
            self.begin_frame()

    # Registers

    def report(self) -> None:
        self.line.level = self.on_read_MIS() != 0

    def after_write(self, register: str) -> None:
        if register in ("Timing0", "Timing1", "Timing2"):
            self.restart()
        self.report()

    def on_write_UPBASE(self, value: int) -> None:
        self.UPBASE.value = value & ~3

    def on_write_Control(self, value: int) -> None:
        was_enabled = self.Control.LcdEn
        self.Control.value = value & self.Control.description.modelled_mask
        if self.Control.LcdEn != was_enabled:
            self.restart()

    def on_read_MIS(self) -> int:
        return int(self.RIS.value & self.IMSC.value)

    def on_read_UPCURR(self) -> int:
        """The line's part that has been read, to the word; the end while no line is read, 0 when there is no frame."""
        if not self.Control.LcdEn:
            return 0
        line, tick = divmod(self.ticker.count() - self.frame_tick, self.line_ticks)
        picture = self.line_starts[2]
        start = (self.Timing0.HSW + 1 + self.Timing0.HBP + 1) * self.divisor
        pixel = min(max(tick - start, 0) // self.divisor, self.width)
        done = 0 if line < picture else min((line - picture) * self.width + pixel, self.width * self.height)
        return (self.frame_base + done * self.pixels.bits_in_memory // 8) & ~3 & 0xFFFFFFFF

    # The picture

    @property
    def pixels(self) -> Format:
        """24 bits also for the codes that the manual reserves."""
        control = self.Control
        depth = DEPTHS[min(control.LcdBpp, len(DEPTHS) - 1)]
        return Format(depth, bool(control.BEBO), bool(control.BEPO), bool(control.BGR))

    @property
    def shown(self) -> Shown | None:
        """What is on the panel; None while the controller is disabled or the panel has no power."""
        control = self.Control
        if not (control.LcdEn and control.LcdPwr):
            return None
        palette = tuple(int(cell.value) for cell in self.array("Palette"))
        return Shown(self.frame_base, self.width, self.height, self.pixels, palette)
