"""BitBLT pixel by pixel, as docs/bitblt.md says it: slow, and plain enough to be believed.

The source rectangle is copied before anything is written, which is what all directions of work come to. Only rules 18
and 19, which carry from pixel to pixel, go by words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ONES = 0xFFFFFFFF
DEPTHS = (1, 2, 4, 8, 16, 32)
RULES = (*range(16), 18, 19, 20, 21, *range(24, 35))
IGNORING_SOURCE = (0, 5, 10, 15)
LARGEST_EXTENT = 1 << 24


class Fails(Exception):
    """The primitive fails; nothing was changed."""


@dataclass
class Bits:
    """Words of 32 bits, possibly shared by several forms."""

    words: list[int]


@dataclass
class Form:
    width: int
    height: int
    depth: int
    bits: Bits

    @property
    def pitch(self) -> int:
        """Words of a row."""
        return -(-self.width * self.depth // 32)

    def place(self, x: int, y: int) -> tuple[int, int]:
        """Index of the word and shift of the pixel in it."""
        bit = x * self.depth
        return y * self.pitch + bit // 32, 32 - self.depth - bit % 32

    def pixel(self, x: int, y: int) -> int:
        index, shift = self.place(x, y)
        return self.bits.words[index] >> shift & (1 << self.depth) - 1

    def put(self, x: int, y: int, value: int) -> None:
        index, shift = self.place(x, y)
        mask = (1 << self.depth) - 1
        self.bits.words[index] = self.bits.words[index] & ~(mask << shift) | (value & mask) << shift


@dataclass
class ColorMap:
    """Squeak's ColorMap: masks and shifts of four parts, or None, and a table of words, or None."""

    masks: list[int] | None = None
    shifts: list[int] | None = None
    colors: Bits | None = None


@dataclass
class Blit:
    """A BitBlt's slots. None is nil; a halftone is the words of its rows."""

    target: Form
    source: Form | None = None
    halftone: list[int] | None = None
    rule: int = 3
    target_x: int | None = None
    target_y: int | None = None
    width: int | None = None
    height: int | None = None
    source_x: int | None = None
    source_y: int | None = None
    clip_x: int | None = None
    clip_y: int | None = None
    clip_width: int | None = None
    clip_height: int | None = None
    color_map: Bits | ColorMap | None = None
    alpha: int | None = None
    count: int = field(default=0)

    def copy_bits(self) -> None:
        """Do it; `count` is what rule 32 counts."""
        check(self)
        _Run(self).run()


def check(blit: Blit) -> None:
    """Raise Fails for what no blit can be made of."""
    if blit.rule not in RULES:
        raise Fails("rule")
    _check_form(blit.target)
    if blit.rule in (24, 34) and blit.target.depth != 32:
        raise Fails("alpha needs 32 bits")
    if blit.rule in (30, 31) and (blit.alpha is None or not 0 <= blit.alpha <= 255):
        raise Fails("no alpha")
    if blit.alpha is not None and not 0 <= blit.alpha <= 255:
        raise Fails("alpha")
    if blit.source is not None and blit.rule not in IGNORING_SOURCE:
        _check_form(blit.source)
        colors = blit.color_map.colors if isinstance(blit.color_map, ColorMap) else blit.color_map
        if colors is not None and len(colors.words) & len(colors.words) - 1:
            raise Fails("color map")
    if blit.halftone is not None and not blit.halftone and blit.rule not in IGNORING_SOURCE:
        raise Fails("halftone")


def _check_form(form: Form) -> None:
    if not (0 <= form.width <= LARGEST_EXTENT and 0 <= form.height <= LARGEST_EXTENT and form.depth in DEPTHS):
        raise Fails("form")
    if len(form.bits.words) < form.pitch * form.height:
        raise Fails("bits")


def or_else(value: int | None, default: int) -> int:
    return default if value is None else value


class _Run:
    def __init__(self, blit: Blit) -> None:
        self.blit = blit
        self.target = blit.target
        self.source = None if blit.rule in IGNORING_SOURCE else blit.source
        self.halftone = None if blit.rule in IGNORING_SOURCE else blit.halftone
        self.masks: list[int] | None = None
        self.shifts: list[int] | None = None
        self.colors: Bits | None = None
        self.index_bits = 0
        if self.source is not None:
            self._read_map(self.source)

    def _read_map(self, source: Form) -> None:
        given = self.blit.color_map
        if isinstance(given, ColorMap):
            if given.masks is not None and given.shifts is not None:
                self.masks, self.shifts = given.masks, given.shifts
            self.colors = given.colors
        else:
            self.colors = given
        size = len(self.colors.words) if self.colors is not None else 0
        if not size:
            self.colors = None
        self.index_bits = {512: 3, 4096: 4, 32768: 5}.get(size, 0)
        if not isinstance(given, ColorMap) and source.depth >= 16:
            self._convert_colors(5 if source.depth == 16 else 8)

    def _convert_colors(self, old: int) -> None:
        new = self.index_bits
        if not new:
            if self.target.depth < 16:
                return
            new = 5 if self.target.depth == 16 else 8
        if new == old:
            return
        dropped, kept = max(old - new, 0), min(old, new)
        self.masks = [((1 << kept) - 1) << dropped + place * old for place in (2, 1, 0)] + [0]
        self.shifts = [(new - old) * times for times in (3, 2, 1)] + [0]

    def convert(self, pixel: int) -> int:
        value = pixel
        if self.masks is not None and self.shifts is not None:
            value = 0
            for mask, shift in zip(self.masks, self.shifts, strict=True):
                part = pixel & mask
                value |= (part << shift if shift < 32 else 0) if shift >= 0 else part >> -shift
            value &= ONES
            if value == 0 and pixel:
                value = 1
        if self.colors is not None:
            value = self.colors.words[value & len(self.colors.words) - 1]
        return value & (1 << self.target.depth) - 1

    def rectangle(self) -> tuple[range, range]:
        """The destination's columns and rows."""
        b = self.blit
        ranges = []
        for at, extent, clip, clip_extent, limit, from_, source_limit in (
            (b.target_x, b.width, b.clip_x, b.clip_width, self.target.width, b.source_x, self._width()),
            (b.target_y, b.height, b.clip_y, b.clip_height, self.target.height, b.source_y, self._height()),
        ):
            start = or_else(at, 0)
            clip_start = or_else(clip, 0)
            first = max(start, clip_start, 0)
            last = min(start + or_else(extent, limit), clip_start + or_else(clip_extent, limit), limit)
            if source_limit is not None:
                offset = or_else(from_, 0) - start
                first, last = max(first, -offset), min(last, source_limit - offset)
            ranges.append(range(first, max(first, last)))
        return ranges[0], ranges[1]

    def _width(self) -> int | None:
        return None if self.source is None else self.source.width

    def _height(self) -> int | None:
        return None if self.source is None else self.source.height

    def run(self) -> None:
        b, depth = self.blit, self.target.depth
        columns, rows = self.rectangle()
        if not columns or not rows:
            return
        dx = or_else(b.source_x, 0) - or_else(b.target_x, 0)
        dy = or_else(b.source_y, 0) - or_else(b.target_y, 0)
        ones = (1 << depth) - 1
        copied = {}
        for y in rows:
            halftone = self.halftone[y % len(self.halftone)] if self.halftone else ONES
            for x in columns:
                picked = self.convert(self.source.pixel(x + dx, y + dy)) if self.source is not None else ones
                copied[x, y] = picked & halftone >> self.target.place(x, y)[1] & ones
        if b.rule in (18, 19):
            self._add(columns, rows, copied)
            return
        for (x, y), pixel in copied.items():
            self.target.put(x, y, self.combine(pixel, self.target.pixel(x, y)))

    def _add(self, columns: range, rows: range, copied: dict[tuple[int, int], int]) -> None:
        """The pixels of one word that lie in the rectangle are one number."""
        pixels = 32 // self.target.depth
        for y in rows:
            for word in range(columns[0] // pixels, columns[-1] // pixels + 1):
                inside = [x for x in range(word * pixels, (word + 1) * pixels) if x in columns]
                shifts = [self.target.place(x, y)[1] for x in inside]
                source = sum(copied[x, y] << shift for x, shift in zip(inside, shifts, strict=True))
                target = sum(self.target.pixel(x, y) << shift for x, shift in zip(inside, shifts, strict=True))
                result = source + target if self.blit.rule == 18 else source - target
                for x, shift in zip(inside, shifts, strict=True):
                    self.target.put(x, y, result >> shift)

    def combine(self, s: int, d: int) -> int:
        """One source and one destination pixel by the rule."""
        rule, depth = self.blit.rule, self.target.depth
        ones = (1 << depth) - 1
        if rule < 16:
            return boolean(rule, s, d, ones)
        if rule in (25, 26):
            return d if s == 0 else s if rule == 25 else 0
        if rule == 33:
            self._tally(d)
            return d
        if rule == 32:
            self._count(s, d)
            return d
        if rule in (30, 31) and (depth < 16 or (rule == 31 and s == 0)):
            return d
        if rule in (24, 34) and s >> 24 == 0:
            return d
        width = 5 if depth == 16 else 8 if depth == 32 else depth
        parts = 3 if depth == 16 else 4 if depth == 32 else 1
        result = 0
        for part in range(parts):
            left, right = (each >> part * width & (1 << width) - 1 for each in (s, d))
            if rule == 24 and part == 3:
                left = 255
            result |= self.mix(left, right, s >> 24, (1 << width) - 1) << part * width
        return result

    def mix(self, s: int, d: int, alpha: int, most: int) -> int:
        """One part of a pixel: a color, or below 16 bits all of it."""
        rule = self.blit.rule
        if rule in (30, 31):
            alpha = or_else(self.blit.alpha, 0)
        if rule in (24, 30, 31):
            return (s * alpha + d * (255 - alpha) + 254) // 255
        if rule == 34:
            return min(255, s + (d * (255 - alpha) >> 8))
        return {
            20: min(s + d, most),
            21: abs(s - d),
            27: max(s, d),
            28: min(s, d),
            29: min(most - s, d),
        }[rule]

    def _count(self, s: int, d: int) -> None:
        if self.target.depth < 16:
            self.blit.count += s != d
            return
        width = 5 if self.target.depth == 16 else 8
        for part in range(3):
            left, right = (each >> part * width & (1 << width) - 1 for each in (s, d))
            self.blit.count += abs(left - right)

    def _tally(self, pixel: int) -> None:
        if self.colors is None:
            return
        index = pixel
        if self.target.depth >= 16:
            width = 5 if self.target.depth == 16 else 8
            index = reduced(pixel, width, self.index_bits)
        words = self.colors.words
        words[index & len(words) - 1] = words[index & len(words) - 1] + 1 & ONES


def boolean(rule: int, s: int, d: int, ones: int) -> int:
    """The rules of the Blue Book: bit 3 of the number is the result for neither bit set, 0 for both."""
    if rule == 15:
        return d
    terms = (s & d, s & ~d, ~s & d, ~s & ~d)
    return sum(term & ones for bit, term in enumerate(terms) if rule >> bit & 1)


def reduced(pixel: int, old: int, new: int) -> int:
    """An RGB pixel with `new` bits for a color; what was not 0 does not become 0."""
    if new == old:
        return pixel & (1 << 3 * old) - 1
    if pixel == 0:
        return 0
    parts = [(pixel >> place * old & (1 << old) - 1) >> old - new for place in range(3)]
    return sum(part << place * new for place, part in enumerate(parts)) or 1
