"""Call frames: at each instruction, how far the stack is below the caller's, and which registers lie there.

Found in the code itself, in one pass in the order of addresses: compiler and boot stub move the stack pointer by
pushes, pops, and additions of constants alone. Behind an instruction that leaves, the frame is that of the first branch
to what follows, or else that of the routine's body, the deepest so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hardtalk.arm.encode import AL, PC

PUSH, POP, ADD, SUBTRACT = 0x092D0000, 0x08BD0000, 0x028DD000, 0x024DD000
MULTIPLE, CONSTANT, KIND = 0x0FFF0000, 0x0FFFF000, 0x0F000000
BRANCH, BRANCH_AND_LINK = 0x0A000000, 0x0B000000
LEAVING = (
    (0x0FFFFFF0, 0x012FFF10),  # bx
    (0x0C50F000, 0x0410F000),  # ldr pc
    (0x0DE0F000, 0x01A0F000),  # mov pc
    (0x0DE0F000, 0x0040F000),  # sub pc
    (0x0DE0F000, 0x0080F000),  # add pc
    (0x0E108000, 0x08108000),  # ldm with pc
)
"""Mask and value of instructions that go on elsewhere and do not come back."""


@dataclass(frozen=True)
class Frame:
    """The caller's stack begins `size` bytes above the stack pointer; `saved` are its registers with their distances
    below that. Without `has_caller` nobody is returned to."""

    size: int = 0
    saved: tuple[tuple[int, int], ...] = ()
    has_caller: bool = True

    def pushed(self, registers: Sequence[int]) -> Frame:
        size = self.size + 4 * len(registers)
        known = dict(self.saved)
        places = {each: size - 4 * at for at, each in enumerate(registers) if each not in known}
        return Frame(size, tuple(sorted({**known, **places}.items())), self.has_caller)

    def moved(self, size: int) -> Frame:
        """With a stack so many bytes further up; what it holds no longer is in registers again."""
        size = self.size - size
        return Frame(size, tuple((each, at) for each, at in self.saved if at <= size), self.has_caller)


OUTERMOST = Frame(has_caller=False)


def frames(words: Sequence[int], base: int, start: Frame, entries: Mapping[int, Frame]) -> Iterator[tuple[int, Frame]]:
    """The frame at `base` and each address from which on it is another; `entries` are where control comes from
    outside with a frame known."""
    frame = body = told = start
    expected: dict[int, Frame] = {}
    has_left = False
    yield base, start
    for address, word in enumerate_words(words, base):
        if address in entries:
            frame = body = entries[address]
        elif has_left:
            frame = expected.get(address, body)
        if frame != told:
            yield address, frame
            told = frame
        has_left = word >> 28 == AL and leaves(word)
        if word & KIND == BRANCH:
            expected.setdefault(branch_target(word, address), frame)
        elif not has_left:
            frame = after(word, frame)
            body = frame if frame.size > body.size else body


def enumerate_words(words: Sequence[int], base: int) -> Iterator[tuple[int, int]]:
    for index, word in enumerate(words):
        yield base + 4 * index, word


def leaves(word: int) -> bool:
    return word & KIND == BRANCH or any(word & mask == value for mask, value in LEAVING)


def branch_target(word: int, address: int) -> int:
    distance = (word & 0xFFFFFF) - ((word & 0x800000) << 1)
    return address + 8 + 4 * distance


def after(word: int, frame: Frame) -> Frame:
    """The frame behind an instruction that goes on with the next one."""
    if word & MULTIPLE == PUSH:
        return frame.pushed([each for each in range(16) if word >> each & 1])
    if word & MULTIPLE == POP:
        return frame if word >> PC & 1 else frame.moved(4 * (word & 0xFFFF).bit_count())
    if word & CONSTANT in (ADD, SUBTRACT):
        size = rotated(word & 0xFFF)
        return frame.moved(size if word & CONSTANT == ADD else -size)
    return frame


def rotated(field: int) -> int:
    """The constant that the lower 12 bits of an instruction stand for."""
    value, turns = field & 0xFF, 2 * (field >> 8)
    return (value >> turns | value << 32 - turns) & 0xFFFFFFFF


def called(words: Sequence[int], base: int) -> set[int]:
    """Where calls lead."""
    return {branch_target(each, at) for at, each in enumerate_words(words, base) if each & KIND == BRANCH_AND_LINK}
