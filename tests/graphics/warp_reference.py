"""WarpBlt pixel by pixel, as docs/bitblt.md says it. What becomes of each pixel is a blit of one pixel of `reference`.

Coordinates are 32-bit integers with 14 bits behind the point; sums and products wrap, divisions round down.
"""

from __future__ import annotations

from dataclasses import dataclass

from .reference import IGNORING_SOURCE, Bits, Blit, Fails, Form, check, or_else

ONE = 1 << 14
LARGEST_SMOOTHING = 32
Corners = list[tuple[int, int]]


def wrapped(value: int) -> int:
    return (value + (1 << 31) & (1 << 32) - 1) - (1 << 31)


def step(start: int, end: int, count: int) -> int:
    """A little more than an equal share."""
    if start == end:
        return 0
    if end > start:
        return wrapped(wrapped(end - start + ONE) // (count + 1) + 1)
    return wrapped(-(wrapped(start - end + ONE) // (count + 1) + 1))


def side(start: int, end: int, count: int) -> tuple[int, int]:
    """Where it begins, and the step; downward the last step ends at the end."""
    delta = step(start, end, count)
    return (start if delta >= 0 else wrapped(end - count * delta)), delta


@dataclass
class Warp:
    """`blit` has all but the corners; `smoothing` None is a primitive without arguments."""

    blit: Blit
    corners: Corners
    smoothing: int | None = None
    colors: list[int] | None = None

    def warp_bits(self) -> None:
        blit = self.blit
        check(blit)
        source = None if blit.rule in IGNORING_SOURCE else blit.source
        if self.smoothing is not None:
            if not 1 <= self.smoothing <= LARGEST_SMOOTHING:
                raise Fails("smoothing")
            if (
                source is not None
                and source.depth < 16
                and (self.colors is None or len(self.colors) >> source.depth < 1)
            ):
                raise Fails("colors")
        if source is None:
            return
        x, y = or_else(blit.target_x, 0), or_else(blit.target_y, 0)
        columns = max(or_else(blit.width, blit.target.width) - 1, 1)
        rows = max(or_else(blit.height, blit.target.height) - 1, 1)
        left, top, right, bottom = self.clipped(x, y)
        sides = [
            [side(self.corners[start][axis], self.corners[end][axis], rows) for axis in (0, 1)]
            for start, end in ((0, 1), (3, 2))
        ]
        for row in range(top, bottom):
            ends = [[wrapped(begin + (row - y) * delta) for begin, delta in each] for each in sides]
            across = [side(ends[0][axis], ends[1][axis], columns) for axis in (0, 1)]
            for column in range(left, right):
                place = [wrapped(begin + (column - x) * delta) for begin, delta in across]
                self.put(source, column, row, place, [delta for _, delta in across], [each[1] for each in sides[0]])

    def clipped(self, x: int, y: int) -> tuple[int, int, int, int]:
        blit = self.blit
        left, top = max(or_else(blit.clip_x, 0), 0, x), max(or_else(blit.clip_y, 0), 0, y)
        right = min(
            or_else(blit.clip_x, 0) + or_else(blit.clip_width, blit.target.width),
            blit.target.width,
            x + or_else(blit.width, blit.target.width),
        )
        bottom = min(
            or_else(blit.clip_y, 0) + or_else(blit.clip_height, blit.target.height),
            blit.target.height,
            y + or_else(blit.height, blit.target.height),
        )
        return (left, top, right, bottom) if left < right and top < bottom else (0, 0, 0, 0)

    def put(self, source: Form, x: int, y: int, place: list[int], across: list[int], down: list[int]) -> None:
        """One destination pixel."""
        depth, color_map = source.depth, self.blit.color_map
        smoothing = or_else(self.smoothing, 1)
        if smoothing == 1:
            value = self.source_pixel(source, place)
        else:
            depth = 32
            mixed = self.mixed(source, smoothing, place, across, down)
            if mixed is None:
                value, depth, color_map = 0, self.blit.target.depth, None
            else:
                value = mixed
        pixel = Form(1, 1, depth, Bits([value << (32 - depth)]))
        one = Blit(self.blit.target, pixel, self.blit.halftone, self.blit.rule, x, y, 1, 1, 0, 0, color_map=color_map)
        one.copy_bits()

    def source_pixel(self, source: Form, place: list[int]) -> int:
        x, y = (each >> 14 for each in place)
        if 0 <= x < source.width and 0 <= y < source.height:
            return source.pixel(x, y)
        return 0

    def mixed(self, source: Form, count: int, place: list[int], across: list[int], down: list[int]) -> int | None:
        """None where nothing, or by rule 25 too little, counts."""
        found = []
        for row in range(count):
            for column in range(count):
                at = [
                    wrapped(place[axis] + down[axis] // count * row + across[axis] // count * column) for axis in (0, 1)
                ]
                value = self.source_pixel(source, at)
                if value == 0 and self.blit.rule == 25:
                    continue
                if source.depth < 16:
                    assert self.colors is not None
                    value = self.colors[value]
                elif source.depth == 16:
                    value = (value & 0x7C00) << 9 | (value & 0x3E0) << 6 | (value & 0x1F) << 3
                found.append(value)
        if not found or (self.blit.rule == 25 and len(found) < count * count // 2):
            return None
        return sum(sum(each >> shift & 255 for each in found) // len(found) << shift for shift in (0, 8, 16, 24))
