"""A firmware's ELF as the file that lies in a slot: the header in a page of its own, then what is loaded."""

from __future__ import annotations

import io
from collections.abc import Sequence
from hashlib import sha256
from zlib import crc32

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from hardtalk.link.plan import CODE_BASE
from hardtalk.report.errors import ReportedError
from hardtalk.slots.header import Header, is_segment, read_header
from hardtalk.slots.layout import HEADER_BYTES, MOST_PAYLOAD, MOST_SEGMENTS, PAYLOAD, SEGMENT_GRAIN

NAME_DIGITS = 16


class UnfitFirmware(ReportedError):
    """The file is no firmware that a slot can hold."""


def pack(elf: bytes) -> bytes:
    """The slot file of a firmware. Its name is the beginning of the ELF's SHA-256, as `hardtalk build` prints it."""
    entry, loads = segments_of(elf)
    if len(loads) > MOST_SEGMENTS:
        raise UnfitFirmware(f"the firmware has {len(loads)} segments, a slot's header {MOST_SEGMENTS}", "link it anew")
    for address, data in loads:
        if not is_segment(address, len(data)):
            raise UnfitFirmware(
                f"the firmware has {len(data):,} bytes for {address:#x}; the loader takes multiples of {SEGMENT_GRAIN} "
                f"from {CODE_BASE:#x} on, in RAM",
                "give a firmware.elf that hardtalk build wrote",
            )
    payload = b"".join(data for _, data in loads)
    if len(payload) > MOST_PAYLOAD:
        raise UnfitFirmware(
            f"the firmware has {len(payload):,} bytes, a slot holds {MOST_PAYLOAD:,}", "leave classes out of it"
        )
    name = sha256(elf).hexdigest()[:NAME_DIGITS]
    sizes = tuple((address, len(data)) for address, data in loads)
    header = Header(name, entry, sizes, crc32(payload))
    return header.to_bytes().ljust(PAYLOAD, b"\xff") + payload


def segments_of(elf: bytes) -> tuple[int, list[tuple[int, bytes]]]:
    """The entry, and what is loaded where: whole grains, by address."""
    try:
        file = ELFFile(io.BytesIO(elf))
        if file["e_machine"] != "EM_ARM" or file["e_type"] != "ET_EXEC":
            raise UnfitFirmware("the file is no executable for ARM", "give a firmware.elf that hardtalk build wrote")
        loads = [
            (each["p_paddr"], each.data())
            for each in file.iter_segments()
            if each["p_type"] == "PT_LOAD" and each["p_filesz"]
        ]
        entry = int(file["e_entry"])
    except ELFError as error:
        raise UnfitFirmware(
            f"the file is no ELF file, or is damaged: {error}", "give a firmware.elf that hardtalk build wrote"
        ) from error
    padded = [(address, data.ljust(-(-len(data) // SEGMENT_GRAIN) * SEGMENT_GRAIN, b"\0")) for address, data in loads]
    return entry, merged(sorted(padded))


def merged(loads: Sequence[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """One for those that follow each other without a gap: an image and its header are one."""
    found: list[tuple[int, bytes]] = []
    for address, data in loads:
        if found and found[-1][0] + len(found[-1][1]) == address:
            address, data = found[-1][0], found.pop()[1] + data
        found.append((address, data))
    return found


def unpacked(file: bytes) -> tuple[Header, bytes]:
    """Header and payload of a slot file, or of what lies in a slot. Raises UnfitFirmware when they are damaged."""
    header = read_header(file[:HEADER_BYTES].ljust(HEADER_BYTES, b"\0"))
    if header is None:
        raise UnfitFirmware("this is no firmware for a slot, or its header is damaged", "pack it again")
    payload = file[PAYLOAD : PAYLOAD + header.payload_size]
    if crc32(payload) != header.payload_checksum:
        raise UnfitFirmware(
            f"the firmware's checksum is {crc32(payload):08x}, not {header.payload_checksum:08x}", "install it again"
        )
    return header, payload
