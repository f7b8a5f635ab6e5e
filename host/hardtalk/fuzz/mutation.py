"""Examples changed at random: bytes, and of texts their words and lines.

Most changes are small, since what is nearly right gets furthest; some are large, deep or far from any text.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Final

TOKEN: Final = re.compile(rb"\w+|\s+|[^\w\s]")
NUMBERS: Final = (b"0", b"-1", b"1", b"2", b"255", b"256", b"65536", b"2147483648", b"4294967296", b"1" + b"0" * 400)
"""At the edges of what fits somewhere."""
STRAYS: Final = (
    b"\xff\xfe",
    b"\x00",
    b"\xc3",
    b"'",
    b'"',
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b"<",
    b"#",
    b"$",
    b"!",
    b"^",
)
WORDS: Final = (0, 1, 4, 0x7F, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
DEPTH: Final = 3_000
NESTING: Final = (
    (b"(", b")"),
    (b"[", b"]"),
    (b"{", b"}"),
    (b"#(", b")"),
    (b"<a>", b"</a>"),
    (b"- ", b""),
    (b"x ", b""),
)
GREATEST_BYTES: Final = 1 << 16

Change = Callable[[Random, bytes, Sequence[bytes]], bytes]


def mutated(random: Random, seeds: Sequence[bytes], is_text: bool) -> bytes:
    """One of the seeds with one to four changes."""
    data = random.choice(seeds)
    changes = TEXT_CHANGES if is_text else BINARY_CHANGES
    for _ in range(random.choice((1, 1, 1, 2, 2, 4))):
        data = random.choice(changes)(random, data, seeds)
    return data[:GREATEST_BYTES] if is_text else data


@lru_cache(maxsize=256)
def tokens_of(data: bytes) -> tuple[bytes, ...]:
    return tuple(TOKEN.findall(data))


def span(random: Random, length: int, greatest: int) -> tuple[int, int]:
    """A place, and one up to `greatest` behind it."""
    start = random.randrange(length + 1)
    return start, min(length, start + random.randint(1, greatest))


def drop_words(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    words = tokens_of(data)
    start, end = span(random, len(words), 4)
    return b"".join((*words[:start], *words[end:]))


def repeat_words(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    words = tokens_of(data)
    start, end = span(random, len(words), 12)
    return b"".join((*words[:end], *words[start:]))


def exchange_words(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    words = list(tokens_of(data))
    if len(words) > 1:
        one, other = random.randrange(len(words)), random.randrange(len(words))
        words[one], words[other] = words[other], words[one]
    return b"".join(words)


def other_word(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A word becomes one of another example."""
    words = list(tokens_of(data))
    if words:
        others = tokens_of(random.choice(seeds)) or (b"",)
        words[random.randrange(len(words))] = random.choice(others)
    return b"".join(words)


def other_number(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    words = list(tokens_of(data))
    places = [index for index, word in enumerate(words) if word[:1].isdigit()]
    if places:
        words[random.choice(places)] = random.choice(NUMBERS)
    return b"".join(words)


def splice(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """The beginning of one example, the end of another."""
    other = random.choice(seeds)
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


def exchange_lines(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    lines = data.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = random.randrange(len(lines)), random.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def insert_stray(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(STRAYS) + data[place:]


def nest(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """Something deep around a word."""
    words = list(tokens_of(data)) or [b""]
    place = random.randrange(len(words))
    opening, closing = random.choice(NESTING)
    depth = random.choice((2, 50, DEPTH))
    words[place] = opening * depth + words[place] + closing * depth
    return b"".join(words)


def cut(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def other_byte(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    if not data:
        return bytes([random.randrange(256)])
    place = random.randrange(len(data))
    return data[:place] + bytes([random.randrange(256)]) + data[place + 1 :]


def other_bit(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    if not data:
        return data
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << random.randrange(8)]) + data[place + 1 :]


def other_edge(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    """A word of four or two bytes at the edge of what fits, mostly where headers and tables are."""
    size = random.choice((4, 4, 2))
    place = random.randrange(max(1, min(len(data), random.choice((64, len(data) or 1)))))
    value = random.choice(WORDS) & ((1 << 8 * size) - 1)
    return data[:place] + value.to_bytes(size, "little") + data[place + size :]


def drop_bytes(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = span(random, len(data), 32)
    return data[:start] + data[end:]


def repeat_bytes(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = span(random, len(data), 32)
    return data[:end] + data[start:]


BINARY_CHANGES: Final[tuple[Change, ...]] = (
    cut, other_byte, other_byte, other_bit, other_bit, other_edge, other_edge, drop_bytes, repeat_bytes, splice,
)  # fmt: skip
TEXT_CHANGES: Final[tuple[Change, ...]] = (
    drop_words, drop_words, repeat_words, exchange_words, other_word, other_word, other_number, splice, exchange_lines,
    insert_stray, nest, cut, other_byte, drop_bytes,
)  # fmt: skip
