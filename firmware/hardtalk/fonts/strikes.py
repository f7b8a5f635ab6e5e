"""Strikes: all glyphs of a size side by side in one form of a bit, as BitBlt takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hardtalk.fonts.glyphs import ASCENT, Glyph, doubled, glyphs

CLASS_NAME: Final = "StrikeGlyphs"


def strike_class() -> str:
    """A method for each size answers an Array: ascent, height, widths of the glyphs, and bits of the strike's form."""
    small = list(glyphs().values())
    methods = size_method("small", 1, small) + size_method("large", 2, [doubled(each) for each in small])
    comment = "I hold the glyphs of the system's font, space to tilde: ascent, height, widths and bits of each size."
    properties = f"\t#name : #{CLASS_NAME},\n\t#superclass : #Object,\n\t#category : #'Graphics-Text'\n"
    return f'"{comment}"\nClass {{\n{properties}}}\n{methods}'


def size_method(name: str, scale: int, wanted: list[Glyph]) -> str:
    spaced = [tuple(row + "." * scale for row in glyph) for glyph in wanted]
    widths = literal(len(glyph[0]) for glyph in spaced)
    bits = literal(strike_bytes(spaced))
    body = f"^ #( {ASCENT * scale} {len(spaced[0])} {widths} {bits} )"
    return f"\n{{ #category : #sizes }}\n{CLASS_NAME} class >> {name} [\n\t{body}\n]\n"


def strike_bytes(wanted: list[Glyph]) -> Iterable[int]:
    """Rows of whole words, the leftmost pixel in a word's highest bit; a word's lowest byte comes first."""
    for rows in zip(*wanted, strict=True):
        row = "".join(rows)
        for start in range(0, len(row), 32):
            word = int(row[start : start + 32].ljust(32, ".").replace("#", "1").replace(".", "0"), 2)
            yield from word.to_bytes(4, "little")


def literal(numbers: Iterable[int]) -> str:
    return f"#[{' '.join(map(str, numbers))}]"
