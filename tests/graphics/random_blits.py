"""Random blits: forms, rules, depths, overlaps, clips, halftones and maps, from one number."""

from __future__ import annotations

import random

from .reference import DEPTHS, ONES, RULES, Bits, Blit, ColorMap, Form

WIDE_BITS = 1200
LOWEST_OF_COLORS = 0x84218421
"""Bits of two pixels of 16 that are lost where colors get fewer bits."""


def random_blit(seed: int, extent: int = 40) -> Blit:
    """The blit of this seed; forms are up to `extent` pixels wide and a third as high, some much wider and of few rows:
    loops that take many words at once go round again."""
    chance = random.Random(seed)
    depth = chance.choice(DEPTHS)
    most_rows = None
    if chance.randrange(8) == 0:
        extent, most_rows = WIDE_BITS // depth, 3
    target = random_form(chance, depth, extent, most_rows)
    source: Form | None = None
    kind = chance.randrange(8)
    if kind == 0:
        source = None
    elif kind <= 2:
        source = target
    elif kind <= 5:
        source = random_form(chance, depth, extent, most_rows)
    else:
        other = chance.choice(DEPTHS)
        source = random_form(chance, other, extent if most_rows is None else WIDE_BITS // other, most_rows)
    rule = chance.choice(RULES)
    if most_rows is not None and chance.randrange(2):
        rule = 3
    if rule in (24, 34) and chance.randrange(10):
        extent = min(extent, WIDE_BITS // 32) if most_rows is not None else extent
        target = random_form(chance, 32, extent, most_rows)
        source = random_form(chance, 32, extent, most_rows) if kind > 2 else source and target
    blit = Blit(target, source, rule=rule)
    _place(chance, blit)
    if chance.randrange(3) == 0:
        blit.halftone = [chance.getrandbits(32) for _ in range(chance.randrange(1, 6))]
    if source is not None and chance.randrange(3) == 0:
        blit.color_map = random_map(chance, source.depth)
    if rule in (30, 31):
        blit.alpha = chance.choice((0, 255, chance.randrange(256)))
    return blit


def random_conversion(seed: int) -> Blit:
    """One whose pixels are converted: from any depth to any, in rows of several pieces, often by a usual map."""
    chance = random.Random(seed)
    extent = chance.choice((40, 150, 440))
    source = random_form(chance, chance.choice(DEPTHS), extent, most_rows=4)
    target = source
    while target.depth == source.depth:
        target = random_form(chance, chance.choice(DEPTHS), extent, most_rows=4)
    blit = Blit(target, source, rule=chance.choice((3, 3, 3, 25, *RULES)))
    _place(chance, blit)
    if chance.randrange(4) == 0:
        blit.halftone = [chance.getrandbits(32) for _ in range(chance.randrange(1, 6))]
    if chance.randrange(4):
        blit.color_map = usual_map(chance, source.depth) if chance.randrange(4) else random_map(chance, source.depth)
    if blit.rule in (30, 31):
        blit.alpha = chance.randrange(256)
    return blit


def random_painting(seed: int) -> Blit:
    """One that paints with the bits of a form, mostly as text does, or combines colors of 8 bits that lie alike, or
    paints with bytes through a map: with no halftone, and mostly a first word of the map that is 0."""
    chance = random.Random(seed)
    if chance.randrange(3) == 0:
        depth = chance.choice((8, 32))
        blit = Blit(
            random_form(chance, depth, 40), random_form(chance, depth, 40), rule=chance.choice((20, 21, *range(27, 30)))
        )
        _place(chance, blit)
        if chance.randrange(2):
            blit.source_x = blit.target_x
        return blit
    if chance.randrange(4) == 0:
        blit = Blit(random_form(chance, 32, 60), random_form(chance, 8, 60), rule=25)
        _place(chance, blit)
        blit.color_map = Bits([chance.choice((0, chance.getrandbits(32))) for _ in range(256)])
        return blit
    blit = Blit(random_form(chance, chance.choice((8, 16, 32)), 60), random_form(chance, 1, 60), rule=25)
    _place(chance, blit)
    words = [0, chance.choice((0, ONES, chance.getrandbits(32))), *(chance.getrandbits(32) for _ in range(2))]
    blit.color_map = Bits(words[: chance.choice((1, 2, 2, 2, 4))])
    if chance.randrange(3):
        blit.width = chance.randrange(1, 34)
    if chance.randrange(8) == 0:
        blit.color_map.words[0] = 1
    return blit


def random_coloring(seed: int) -> Blit:
    """One that combines or mixes colors, in rows so wide that a loop of sixteen words goes round more than once."""
    chance = random.Random(seed)
    rule = chance.choice((20, 21, 24, 27, 28, 29, 34))
    depth = 32 if rule in (24, 34) else chance.choice((8, 16, 32))
    extent = 2800 // depth
    source = random_form(chance, depth, extent, most_rows=3)
    target = source if chance.randrange(6) == 0 else random_form(chance, depth, extent, most_rows=3)
    blit = Blit(target, source, rule=rule)
    _place(chance, blit)
    if chance.randrange(2):
        blit.source_x = blit.target_x
    if chance.randrange(6) == 0:
        blit.halftone = [chance.getrandbits(32) for _ in range(chance.randrange(1, 6))]
    return blit


def usual_map(chance: random.Random, depth: int) -> Bits | ColorMap:
    """A table of all pixels, or colors made shorter or longer, with a table of them or without."""
    if depth <= 8:
        transparent = chance.choice((0, 0, 3))
        size = 1 << chance.choice((depth, depth, 8))
        return Bits([chance.getrandbits(32) if chance.randrange(8) >= transparent else 0 for _ in range(size)])
    bits, to = (5 if depth == 16 else 8), chance.choice((3, 4, 5, 8))
    size = 1 << 3 * min(to, 4)
    colors = None if to == 8 or chance.randrange(2) else Bits([chance.getrandbits(32) for _ in range(size)])
    if colors is not None and chance.randrange(2):
        return colors
    part = (1 << min(bits, to)) - 1 << max(bits - to, 0)
    masks = [part << 2 * bits, part << bits, part, chance.choice((0, 0, 1 << depth - 1))]
    return ColorMap(masks, [3 * (to - bits), 2 * (to - bits), to - bits, 0], colors)


def random_form(chance: random.Random, depth: int, extent: int, most_rows: int | None = None) -> Form:
    """Bits of some repetition, so that pixels are equal, zero, opaque and transparent often enough."""
    limits = (extent, extent // 3 if most_rows is None else most_rows)
    width, height = (chance.randrange(most // 2, most + 1) if chance.randrange(20) else 0 for most in limits)
    if depth < 8 and chance.randrange(2):
        width *= 8 // depth
    form = Form(width, height, depth, Bits([]))
    some = [0, ONES, *(chance.getrandbits(32) for _ in range(3)), chance.getrandbits(32) & LOWEST_OF_COLORS]
    count = form.pitch * height + chance.choice((0, 0, 0, 3))
    form.bits.words = [chance.choice((chance.getrandbits(32), chance.choice(some))) for _ in range(max(count, 1))]
    return form


def _place(chance: random.Random, blit: Blit) -> None:
    def start(limit: int) -> int | None:
        if chance.randrange(12) == 0:
            return None
        if chance.randrange(60) == 0:
            return chance.choice((-1 << 30, (1 << 30) - 1))
        return chance.randrange(-4, limit // 3 + 2)

    def extent(limit: int) -> int | None:
        if chance.randrange(60) == 0:
            return chance.choice((-1 << 30, -1, 0, (1 << 30) - 1))
        return chance.choice((None, chance.randrange(1, limit + 4), limit))

    target, source = blit.target, blit.source or blit.target
    blit.target_x, blit.target_y = start(target.width), start(target.height)
    blit.source_x, blit.source_y = start(source.width), start(source.height)
    if source is target and chance.randrange(2):
        blit.source_y = blit.target_y
    blit.width, blit.height = extent(target.width), extent(target.height)
    if chance.randrange(2):
        blit.clip_x, blit.clip_y = start(target.width), start(target.height)
        blit.clip_width, blit.clip_height = extent(target.width), extent(target.height)


def random_map(chance: random.Random, depth: int) -> Bits | ColorMap:
    sizes = [1 << depth] if depth <= 8 else [512, 4096]
    size = chance.choice([*sizes, chance.choice((0, 1, 2, 64))])
    colors = Bits([chance.getrandbits(32) for _ in range(size)])
    if chance.randrange(2):
        return colors
    masks = [chance.getrandbits(depth) for _ in range(4)]
    shifts = [chance.randrange(-33, 34) if chance.randrange(4) == 0 else chance.randrange(-8, 9) for _ in range(4)]
    return ColorMap(
        masks if chance.randrange(4) else None,
        shifts if chance.randrange(4) else None,
        colors if chance.randrange(4) else None,
    )
