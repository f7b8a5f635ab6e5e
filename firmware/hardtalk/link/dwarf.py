"""Debugging information as debuggers read it: DWARF 4 sections for lines, routines, variables and call frames.

One compilation unit for the whole firmware. Its files are named as in `.hardtalk.lines`, relative to the project's root
or to the folder of the user's classes: a debugger is told those folders. Nothing of it is loaded.

Source: DWARF Debugging Information Format 4; DWARF for the ARM Architecture (IHI 0040).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hardtalk.arm.encode import LR, SP
from hardtalk.link.call_frames import Frame
from hardtalk.link.elf import Section
from hardtalk.link.lines import Row

PRODUCER, UNIT_NAME = "Hardtalk", "firmware"
WORD_NAME = "word"
VERSION, ADDRESS_BYTES, INSTRUCTION_BYTES = 4, 4, 4

COMPILE_UNIT, SUBPROGRAM, VARIABLE, BASE_TYPE, ARRAY_TYPE, SUBRANGE = 0x11, 0x2E, 0x34, 0x24, 0x01, 0x21
NAME, STATEMENTS, LOW, HIGH, LANGUAGE, BYTE_SIZE = 0x03, 0x10, 0x11, 0x12, 0x13, 0x0B
PRODUCED_BY, COUNT, ENCODING, FILE, LINE, IS_EXTERNAL = 0x25, 0x37, 0x3E, 0x3A, 0x3B, 0x3F
FRAME_BASE, TYPE, LOCATION, RANGES = 0x40, 0x49, 0x02, 0x55
FORM_ADDRESS, FORM_WORD, FORM_STRING, FORM_BYTE, FORM_NUMBER = 0x01, 0x06, 0x08, 0x0B, 0x0F
FORM_REFERENCE, FORM_OFFSET, FORM_EXPRESSION, FORM_PRESENT = 0x13, 0x17, 0x18, 0x19
LANGUAGE_C99, UNSIGNED = 0x0C, 0x07
AT_ADDRESS, CALL_FRAME = b"\x03", b"\x9c"

COPY, ADVANCE_ADDRESS, ADVANCE_LINE, SET_FILE = 1, 2, 3, 4
END_OF_SEQUENCE, SET_ADDRESS = b"\x00\x01\x01", b"\x00\x05\x02"
OPERAND_COUNTS = bytes([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1])
OPCODE_BASE, LINE_BASE, LINE_RANGE = 13, -5, 14

DEFINE_CFA, DEFINE_CFA_OFFSET, UNDEFINED, ADVANCE, AT_OFFSET, RESTORE, ADVANCE_4 = 0x0C, 0x0E, 0x07, 0x40, 0x80, 0xC0, 4
DATA_BYTES = -4


@dataclass(frozen=True)
class Function:
    """A routine, and its frames: from each address on another one."""

    name: str
    start: int
    stop: int
    frames: tuple[tuple[int, Frame], ...] = ()


@dataclass(frozen=True)
class Variable:
    name: str
    address: int
    words: int


def number(value: int) -> bytes:
    """An unsigned LEB128."""
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        out.append(low | (0x80 if value else 0))
        if not value:
            return bytes(out)


def signed(value: int) -> bytes:
    """A signed LEB128."""
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        if value == -(low >> 6):
            return bytes([*out, low])
        out.append(low | 0x80)


def text(value: str) -> bytes:
    return value.encode() + b"\0"


def sections(
    rows: Sequence[Row], functions: Sequence[Function], variables: Sequence[Variable], spans: Sequence[tuple[int, int]]
) -> tuple[Section, ...]:
    """What an ELF file needs; `spans` are the ranges of all code."""
    files = {name: index for index, name in enumerate(dict.fromkeys(row.file for row in rows), 1)}
    parts = {
        ".debug_abbrev": ABBREVIATIONS,
        ".debug_info": unit(functions, variables, {row.start: (files[row.file], row.line) for row in rows}),
        ".debug_ranges": b"".join(struct.pack("<II", *span) for span in (*spans, (0, 0))),
        ".debug_line": line_program(rows, files),
        ".debug_frame": frame_entries(functions),
    }
    return tuple(Section(name, data, load=False, alignment=4) for name, data in parts.items())


def counted(data: bytes) -> bytes:
    """With its length before it."""
    return struct.pack("<I", len(data)) + data


# Lines


def line_program(rows: Iterable[Row], files: Mapping[str, int]) -> bytes:
    names = b"".join(text(name) + b"\0\0\0" for name in files)
    head = struct.pack("<BBBbBB", INSTRUCTION_BYTES, 1, 1, LINE_BASE, LINE_RANGE, OPCODE_BASE) + OPERAND_COUNTS
    head += b"\0" + names + b"\0"
    out = bytearray()
    stop, file, line = None, 1, 1
    at = 0
    for row in sorted(rows, key=lambda each: each.start):
        if row.start != stop:
            out += end_of(stop, at) + SET_ADDRESS + struct.pack("<I", row.start)
            at, file, line = row.start, 1, 1
        if files[row.file] != file:
            file = files[row.file]
            out += bytes([SET_FILE]) + number(file)
        out += advance(row.start - at, row.line - line)
        at, line, stop = row.start, row.line, row.stop
    return counted(struct.pack("<HI", VERSION, len(head)) + head + out + end_of(stop, at))


def end_of(stop: int | None, at: int) -> bytes:
    """The end of a sequence that goes to `stop`, from its last row on."""
    if stop is None:
        return b""
    return bytes([ADVANCE_ADDRESS]) + number((stop - at) // INSTRUCTION_BYTES) + END_OF_SEQUENCE


def advance(distance: int, lines: int) -> bytes:
    """A new row, so many bytes and lines further."""
    instructions = distance // INSTRUCTION_BYTES
    special = lines - LINE_BASE + LINE_RANGE * instructions + OPCODE_BASE
    if 0 <= lines - LINE_BASE < LINE_RANGE and special < 256:
        return bytes([special])
    moved = bytes([ADVANCE_ADDRESS]) + number(instructions)
    return moved + bytes([ADVANCE_LINE]) + signed(lines) + bytes([COPY])


# Routines and variables


def abbreviation(code: int, tag: int, has_children: bool, *attributes: tuple[int, int]) -> bytes:
    pairs = b"".join(number(name) + number(form) for name, form in (*attributes, (0, 0)))
    return number(code) + number(tag) + bytes([has_children]) + pairs


UNIT, WORD, FUNCTION, PLACED, SINGLE, ARRAY, EXTENT = range(1, 8)
ABBREVIATIONS = (
    abbreviation(
        UNIT, COMPILE_UNIT, True, (PRODUCED_BY, FORM_STRING), (LANGUAGE, FORM_BYTE), (NAME, FORM_STRING),
        (LOW, FORM_ADDRESS), (RANGES, FORM_OFFSET), (STATEMENTS, FORM_OFFSET),
    )
    + abbreviation(WORD, BASE_TYPE, False, (NAME, FORM_STRING), (BYTE_SIZE, FORM_BYTE), (ENCODING, FORM_BYTE))
    + abbreviation(
        FUNCTION, SUBPROGRAM, False, (NAME, FORM_STRING), (IS_EXTERNAL, FORM_PRESENT), (LOW, FORM_ADDRESS),
        (HIGH, FORM_WORD), (FRAME_BASE, FORM_EXPRESSION),
    )
    + abbreviation(
        PLACED, SUBPROGRAM, False, (NAME, FORM_STRING), (IS_EXTERNAL, FORM_PRESENT), (LOW, FORM_ADDRESS),
        (HIGH, FORM_WORD), (FRAME_BASE, FORM_EXPRESSION), (FILE, FORM_NUMBER), (LINE, FORM_NUMBER),
    )
    + abbreviation(
        SINGLE, VARIABLE, False, (NAME, FORM_STRING), (IS_EXTERNAL, FORM_PRESENT), (TYPE, FORM_REFERENCE),
        (LOCATION, FORM_EXPRESSION),
    )
    + abbreviation(ARRAY, ARRAY_TYPE, True, (TYPE, FORM_REFERENCE))
    + abbreviation(EXTENT, SUBRANGE, False, (COUNT, FORM_NUMBER))
    + b"\0"
)  # fmt: skip


def unit(functions: Iterable[Function], variables: Iterable[Variable], places: Mapping[int, tuple[int, int]]) -> bytes:
    """The unit's entries; `places` are file and line of addresses."""
    head = struct.pack("<HIB", VERSION, 0, ADDRESS_BYTES)
    out = bytearray(head)
    out += number(UNIT) + text(PRODUCER) + bytes([LANGUAGE_C99]) + text(UNIT_NAME) + struct.pack("<III", 0, 0, 0)
    word = reference_to(out)
    out += number(WORD) + text(WORD_NAME) + bytes([4, UNSIGNED])
    for each in functions:
        place = places.get(each.start)
        out += number(PLACED if place else FUNCTION) + text(each.name)
        out += struct.pack("<II", each.start, each.stop - each.start) + counted_expression(CALL_FRAME)
        out += b"".join(map(number, place or ()))
    for variable in variables:
        kind = word
        if variable.words > 1:
            kind = reference_to(out)
            out += number(ARRAY) + word + number(EXTENT) + number(variable.words) + b"\0"
        location = counted_expression(AT_ADDRESS + struct.pack("<I", variable.address))
        out += number(SINGLE) + text(variable.name) + kind + location
    return counted(bytes(out) + b"\0")


def reference_to(unit_so_far: bytearray) -> bytes:
    """The entry that comes next, for others of its unit: its distance from the length before the unit."""
    return struct.pack("<I", 4 + len(unit_so_far))


def counted_expression(expression: bytes) -> bytes:
    return number(len(expression)) + expression


# Call frames


def frame_entries(functions: Iterable[Function]) -> bytes:
    initial = bytes([DEFINE_CFA, SP, 0])
    head = struct.pack("<IB", 0xFFFFFFFF, 1) + b"\0" + number(INSTRUCTION_BYTES) + signed(DATA_BYTES) + bytes([LR])
    out = bytearray(padded(head + initial))
    for each in functions:
        if each.frames:
            place = struct.pack("<III", 0, each.start, each.stop - each.start)
            out += padded(place + rules(each.start, each.frames))
    return bytes(out)


def padded(entry: bytes) -> bytes:
    """With its length, and with instructions that do nothing up to a whole word."""
    return counted(entry + bytes(-len(entry) % 4))


def rules(at: int, frames: Iterable[tuple[int, Frame]]) -> bytes:
    """How one frame becomes the next."""
    out, known = bytearray(), Frame()
    for address, frame in frames:
        if address != at:
            steps = (address - at) // INSTRUCTION_BYTES
            out += bytes([ADVANCE | steps]) if steps < 64 else bytes([ADVANCE_4]) + struct.pack("<I", steps)
            at = address
        if frame.size != known.size:
            out += bytes([DEFINE_CFA_OFFSET]) + number(frame.size)
        before, now = dict(known.saved), dict(frame.saved)
        out += b"".join(
            bytes([AT_OFFSET | each]) + number(now[each] // 4) for each in now if before.get(each) != now[each]
        )
        out += bytes(RESTORE | each for each in before if each not in now)
        if not frame.has_caller and LR not in now:
            out += bytes([UNDEFINED, LR])
        elif not known.has_caller and LR not in now:
            out += bytes([RESTORE | LR])
        known = frame
    return bytes(out)
