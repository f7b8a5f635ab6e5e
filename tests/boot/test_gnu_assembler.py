"""A second opinion on Keystone: GNU as, restricted to ARMv5TE, gives the same stub, instruction by instruction."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from handmade import STATE, TARGET, boot_sources, handmade_firmware

from hardtalk.link.assembler import assemble
from hardtalk.vm import native

BASE = 0x10000
TOOLS = ("arm-none-eabi-as", "arm-none-eabi-ld", "arm-none-eabi-objcopy", "arm-none-eabi-nm")


def equates() -> dict[str, int]:
    firmware = handmade_firmware("mov r0, r0")
    symbols = {symbol.name: symbol.value for symbol in firmware.symbols}
    symbols["startVirtualMachine"] = symbols["Hand>>startVirtualMachine"]
    selectors = {name.partition(">>")[2].replace(":", "_"): value for name, value in symbols.items() if ">>" in name}
    distances = {
        "INTERRUPT_TABLE_DISTANCE": symbols["vmState"] - symbols["interruptTable"],
        "LINE_TABLE_DISTANCE": symbols["nativeLineTable"] - symbols["vmState"],
    }
    known = {**TARGET.symbols, **symbols, **distances, **selectors, **dict(native.constants()), **STATE}
    text = "".join(source.text for source in boot_sources())
    labels = set(re.findall(r"^(\w+):", text, re.MULTILINE))
    return {name: known[name] for name in sorted(set(re.findall(r"[A-Za-z_]\w*", text)) - labels) if name in known}


def gnu(folder: Path, symbols: dict[str, int], line_keys: list[tuple[str, int]]) -> tuple[bytes, dict[int, int]]:
    """The stub by GNU as: its bytes, and the address of each statement by its place in `line_keys`."""
    wanted = {key: i for i, key in enumerate(line_keys)}
    lines = [".syntax unified", ".arm", ".fpu vfp", *(f".equ {name}, {value:#x}" for name, value in symbols.items())]
    for source in boot_sources():
        bare = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), source.text, flags=re.DOTALL)
        for number, line in enumerate(bare.split("\n"), start=1):
            key = (source.file, number)
            lines.append(f"at_{wanted[key]}: {line}" if key in wanted else line)
    text = folder / "boot.s"
    text.write_text("\n".join(lines) + "\n")
    subprocess.run([TOOLS[0], "-march=armv5te", "-o", folder / "boot.o", text], check=True)
    subprocess.run(
        [TOOLS[1], f"-Ttext={BASE:#x}", "-e", hex(BASE), "-o", folder / "boot.elf", folder / "boot.o"], check=True
    )
    subprocess.run([TOOLS[2], "-O", "binary", folder / "boot.elf", folder / "boot.bin"], check=True)
    listing = subprocess.run([TOOLS[3], folder / "boot.elf"], check=True, capture_output=True, text=True).stdout
    addresses = {int(name): int(value, 16) for value, name in re.findall(r"^(\w+) \w at_(\d+)$", listing, re.MULTILINE)}
    return (folder / "boot.bin").read_bytes(), addresses


def meaning(code: bytes, address: int, places: dict[int, int]) -> tuple[object, ...]:
    """The instruction with what depends on its place resolved: constants by value, branches by target statement."""
    (word,) = struct.unpack_from("<I", code, address - BASE)
    if word & 0x0F7F0000 == 0x051F0000:
        offset = (word & 0xFFF) * (1 if word & 1 << 23 else -1)
        (value,) = struct.unpack_from("<I", code, address + 8 + offset - BASE)
        target = places.get(value, value)
        return "constant", word >> 28, word >> 12 & 15, target
    if word & 0x0FEF0000 in (0x03A00000, 0x03E00000):
        turn = word >> 7 & 30
        value = ((word & 0xFF) >> turn | (word & 0xFF) << 32 - turn) & 0xFFFFFFFF
        value = value ^ 0xFFFFFFFF if word & 1 << 22 else value
        return "constant", word >> 28, word >> 12 & 15, places.get(value, value)
    if word & 0x0E000000 == 0x0A000000:
        displacement = ((word & 0xFFFFFF) ^ 0x800000) - 0x800000
        return "branch", word >> 24, places[address + 8 + 4 * displacement]
    return "word", places.get(word, word)


def test_stub_agrees_with_gnu_as(tmp_path: Path) -> None:
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    symbols = equates()
    ours = assemble(boot_sources(), BASE, symbols)
    texts = {source.file: source.text.split("\n") for source in boot_sources()}
    statements = [line for line in ours.lines if re.match(r"\s*(\w+:)?\s*\.?[a-z]", texts[line.file][line.line - 1])]
    assert len(statements) > 200
    keys = [(line.file, line.line) for line in statements]
    theirs, addresses = gnu(tmp_path, symbols, keys)
    our_places = {line.start: i for i, line in enumerate(statements)}
    their_places = {address: i for i, address in addresses.items()}
    for i, line in enumerate(statements):
        where = f"{line.file}:{line.line}"
        text = texts[line.file][line.line - 1]
        if ".ltorg" in text:
            continue  # each constant is compared where it is loaded; as makes some of them immediates
        if ".balign 4096" in text:  # what fills the gap is never executed
            assert statements[i + 1].start % 4096 == addresses[i + 1] % 4096 == 0, where
        elif '"' in text or ".balign" in text:
            text_bytes = ours.code[line.start - BASE : line.stop - BASE]
            assert text_bytes == theirs[addresses[i] - BASE : addresses[i] - BASE + len(text_bytes)], where
        else:
            assert meaning(ours.code, line.start, our_places) == meaning(theirs, addresses[i], their_places), where
