"""The pixel that is nearest to a color, of each depth, beside a search over all that there are."""

import re

import pytest

from hardtalk.bench import Bench

Parts = tuple[int, int, int]
CANDIDATES = {2: range(1, 4), 4: range(1, 16), 8: [1, 2, 3, *range(10, 40)]}
"""Of 8 bits those for grays; other colors are of the cube, which begins at 40."""


def numbers(bench: Bench, expression: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", bench.console.evaluate(expression, 4_000_000_000))]


def indexed_colors(bench: Bench) -> list[Parts]:
    rgb = numbers(bench, "Color indexedColors collect: [ :each | each privateRgb ]")
    return [(each >> 20, each >> 10 & 1023, each & 1023) for each in rgb]


def distance(one: Parts, other: Parts) -> int:
    return sum((left - right) ** 2 for left, right in zip(one, other, strict=True))


@pytest.mark.parametrize("depth", CANDIDATES)
def test_the_nearest_gray(bench: Bench, depth: int) -> None:
    """Asked for twice: it is looked for once."""
    indexed = indexed_colors(bench)
    shades = range(0, 1024, 31)
    asked = f"(0 to: 1023 by: 31) collect: [ :each | (Color gray: each / 1023) pixelValueForDepth: {depth} ]"
    found = [numbers(bench, asked) for _ in range(2)]
    expected = [min(CANDIDATES[depth], key=lambda each: distance(indexed[each], (shade,) * 3)) for shade in shades]
    assert found == [expected, expected]


def test_colors_that_are_no_grays(bench: Bench) -> None:
    indexed = indexed_colors(bench)
    parts = [(red, green, blue) for red in (0, 300, 1023) for green in (1, 511) for blue in (77, 900)]
    literal = " ".join(f"#({red} {green} {blue})" for red, green, blue in parts)
    asked = (
        f"#({literal}) collect: [ :each | (Color r: each first / 1023 g: (each at: 2) / 1023 b: each last / 1023)"
        " pixelValueForDepth: "
    )
    cube = [
        40 + 36 * steps[0] + 6 * steps[2] + steps[1] for steps in ([(p * 5 + 511) // 1023 for p in e] for e in parts)
    ]
    assert numbers(bench, f"{asked}8 ]") == cube
    nearest = [min(range(1, 16), key=lambda each: distance(indexed[each], color)) for color in parts]
    assert numbers(bench, f"{asked}4 ]") == nearest
