"""BitBLT's rules of combination, and which loop of the virtual machine carries out each.

The sixteen of the Blue Book are six operations on a source that may be inverted; the others are operations of their
own. Numbers and names are Squeak V3's; docs/bitblt.md says what each does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Rule:
    """`kind` is the place of its operation in `KINDS`, None of a rule that leaves the destination alone; a source that
    is `inverted` goes into it complemented. A rule that does not look at the source takes ones instead."""

    number: int
    name: str
    operation: str | None
    inverted: bool = False
    has_source: bool = True

    @property
    def kind(self) -> int | None:
        return None if self.operation is None else KINDS.index(self.operation)


KINDS: Final = (
    "And", "AndInverted", "Store", "Xor", "Or", "OrInverted", "Add", "Subtract", "RgbAdd", "RgbSubtract", "Blend",
    "Paint", "Erase", "RgbMaximum", "RgbMinimum", "RgbMinimumInverted", "BlendConstant", "PaintConstant",
    "RgbDifference", "Tally", "BlendScaled", "PaintWord", "BytesAdd", "BytesSubtract", "BytesMaximum", "BytesMinimum",
    "BytesMinimumInverted", "HalvesAdd", "HalvesSubtract", "HalvesMaximum", "HalvesMinimum", "HalvesMinimumInverted",
    "PaintHalves", "EraseHalves",
)  # fmt: skip
"""The operations; with `Inverted` the destination goes into it complemented. The first six work on single bits;
`PaintWord` is Paint where a pixel is a word, `Bytes…` are `Rgb…` where a color has 8 bits, `Halves…` and `…Halves` what
they are called like where a pixel has 16."""

RULES: Final = (
    Rule(0, "zeros", "Store", inverted=True, has_source=False),
    Rule(1, "and", "And"),
    Rule(2, "source and not destination", "AndInverted"),
    Rule(3, "source", "Store"),
    Rule(4, "not source and destination", "And", inverted=True),
    Rule(5, "destination", None, has_source=False),
    Rule(6, "exclusive or", "Xor"),
    Rule(7, "or", "Or"),
    Rule(8, "not source and not destination", "AndInverted", inverted=True),
    Rule(9, "not source exclusive or destination", "Xor", inverted=True),
    Rule(10, "not destination", "Xor", has_source=False),
    Rule(11, "source or not destination", "OrInverted"),
    Rule(12, "not source", "Store", inverted=True),
    Rule(13, "not source or destination", "Or", inverted=True),
    Rule(14, "not source or not destination", "OrInverted", inverted=True),
    Rule(15, "destination", None, has_source=False),
    Rule(18, "add", "Add"),
    Rule(19, "subtract", "Subtract"),
    Rule(20, "rgb add", "RgbAdd"),
    Rule(21, "rgb subtract", "RgbSubtract"),
    Rule(24, "alpha blend", "Blend"),
    Rule(25, "paint", "Paint"),
    Rule(26, "erase", "Erase"),
    Rule(27, "rgb maximum", "RgbMaximum"),
    Rule(28, "rgb minimum", "RgbMinimum"),
    Rule(29, "rgb minimum of inverse", "RgbMinimumInverted"),
    Rule(30, "alpha blend constant", "BlendConstant"),
    Rule(31, "alpha paint constant", "PaintConstant"),
    Rule(32, "rgb difference", "RgbDifference"),
    Rule(33, "tally", "Tally"),
    Rule(34, "alpha blend scaled", "BlendScaled"),
)

LARGEST_RULE: Final = max(rule.number for rule in RULES)
WAYS: Final = ("Filled", "Aligned", "Skewed", "Free", "Copied", "Moved")
"""How a loop gets at its source words: a word for the whole row; as they lie; moved; moved, from left or right; and for
plain copies as they lie and moved."""

KIND_BITS: Final = 5
INVERTED: Final = 1 << KIND_BITS
NO_SOURCE: Final = 2 * INVERTED
NO_EFFECT: Final = 4 * INVERTED
DEPTHS: Final = 6
CHANGES: Final = ("5To8", "5To3", "5To4", "8To5", "8To3", "8To4", "8To5ByTable")
"""How pixels are converted: a routine for each depth takes them as they are, then one for each by a table, then come
these, which make colors of so many bits longer or shorter."""
PIECE_PIXELS: Final = 128
"""So many pixels at most are taken from the source before they are combined with the destination."""
NO_RULE: Final = 255
RULES_IN_A_WORD: Final = 4


def constants() -> dict[str, int]:
    """The Slang constants: `BlitStore` and so on are kinds; `BlitRules0` and so on have a byte for each of four rules,
    from the low end: kind, and the marks for what is special about it, or `BlitNoRule`."""
    result = {f"Blit{name}": place for place, name in enumerate(KINDS)}
    result |= {f"Blit{name}": place for place, name in enumerate(WAYS)}
    result |= {f"Expand{name}": place for place, name in enumerate(CHANGES, 2 * DEPTHS)}
    result |= {"ExpandRaw": 0, "ExpandByTable": DEPTHS, "ExpandPainted": 2 * DEPTHS + len(CHANGES)}
    result |= {"PiecePixels": PIECE_PIXELS}
    codes = [NO_RULE] * (LARGEST_RULE + 1 + -(LARGEST_RULE + 1) % RULES_IN_A_WORD)
    for rule in RULES:
        marks = (INVERTED if rule.inverted else 0) | (0 if rule.has_source else NO_SOURCE)
        codes[rule.number] = marks | (NO_EFFECT if rule.kind is None else rule.kind)
    for word in range(len(codes) // RULES_IN_A_WORD):
        four = codes[RULES_IN_A_WORD * word : RULES_IN_A_WORD * (word + 1)]
        result[f"BlitRules{word}"] = int.from_bytes(four, "little")
    return result | {
        "BlitKindMask": INVERTED - 1,
        "BlitInverted": INVERTED,
        "BlitNoSource": NO_SOURCE,
        "BlitNoEffect": NO_EFFECT,
        "BlitNoRule": NO_RULE,
        "BlitLargestRule": LARGEST_RULE,
        "BlitSlots": 15,
        "BlitLargestExtent": 1 << 24,
        "WarpSlots": 27,
        "WarpFractionBits": 14,
        "WarpLargestSmoothing": 32,
    }
