"""The firmware's debugging information, from what the linker has: rows of lines, code, and the VM's variables."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence

from hardtalk.link.assembler import Assembly
from hardtalk.link.call_frames import (
    BRANCH,
    KIND,
    OUTERMOST,
    Frame,
    branch_target,
    called,
    enumerate_words,
    frames,
    leaves,
)
from hardtalk.link.dwarf import Function, Variable, sections
from hardtalk.link.elf import Section
from hardtalk.link.inputs import ProgramLike
from hardtalk.link.layout import Layout
from hardtalk.link.lines import Row
from hardtalk.vm.object_format import WORD_BYTES

RETURN = 0xE12FFF1E  # bx lr


def debugging_sections(
    rows: Sequence[Row],
    boot: Assembly,
    layout: Layout,
    program: ProgramLike,
    vm: bytes,
    state: Mapping[str, tuple[int, int]],
) -> tuple[Section, ...]:
    """`vm` is the code of all routines as it is linked; `state` has offset and words of the VM's variables."""
    variables = [Variable(name, layout.symbols["vmState"] + offset, words) for name, (offset, words) in state.items()]
    functions = [*stub_functions(boot, layout, vm), *routine_functions(layout, program, vm)]
    spans = [(boot.base, boot.base + len(boot.code)), (layout.vm_start, layout.vm_stop)]
    instructions = [row for row in rows if row.is_instruction]
    return sections(instructions, functions, variables, spans)


def words_of(code: bytes) -> list[int]:
    return [word for (word,) in struct.iter_unpack("<I", code[: len(code) & ~3])]


def routine_functions(layout: Layout, program: ProgramLike, vm: bytes) -> Iterator[Function]:
    """Nobody is returned to by a threaded routine, which ends in a jump to the next bytecode's."""
    for routine in program.routines:
        start = layout.routines[routine.name]
        offset = start - layout.vm_start
        words = words_of(vm[offset : offset + len(routine.code)])
        first = OUTERMOST if routine.is_threaded else Frame()
        yield Function(routine.name, start, start + len(routine.code), tuple(frames(words, start, first, {})))


def stub_functions(boot: Assembly, layout: Layout, vm: bytes) -> Iterator[Function]:
    """One for each label. Those that are called have a caller; what nobody in the stub leads to has none."""
    words = instructions_of(boot)
    calls = called(words, boot.base) | called(words_of(vm), layout.vm_start)
    reached = {branch_target(word, at) for at, word in enumerate_words(words, boot.base) if word & KIND == BRANCH}
    reached |= {at + 4 for at, word in enumerate_words(words, boot.base) if not leaves(word)}
    labels = sorted((address, name) for name, address in boot.labels.items())
    entries = {at: Frame() if at in calls else OUTERMOST for at, _ in labels if at in calls or at not in reached}
    changes = list(frames(words, boot.base, OUTERMOST, entries))
    stops = [*(address for address, _ in labels[1:]), boot.base + len(boot.code)]
    for (start, name), stop in zip(labels, stops, strict=True):
        if start < stop:
            first = [frame for at, frame in changes if at <= start][-1]
            yield Function(name, start, stop, ((start, first), *(each for each in changes if start < each[0] < stop)))


def instructions_of(boot: Assembly) -> list[int]:
    """The stub's words, with one that leaves in place of data."""
    words = [RETURN] * (len(boot.code) // WORD_BYTES)
    for each in boot.lines:
        if each.is_instruction:
            for offset in range(each.start - boot.base, each.stop - boot.base, WORD_BYTES):
                words[offset // WORD_BYTES] = int.from_bytes(boot.code[offset : offset + WORD_BYTES], "little")
    return words
