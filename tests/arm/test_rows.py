"""Every row of the instruction table against Keystone, the GNU assembler and Capstone."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import capstone
import keystone
import pytest

from hardtalk.arm.listing import listing
from hardtalk.arm.pattern import EncodingError, Row, check
from hardtalk.arm.rows import ROWS, find

from .conftest import words

ADDRESS = 0x02000000
"""Far enough from 0 for the furthest backward branch."""
IDS = [f"{row.mnemonic}-{index}" for index, row in enumerate(ROWS)]


@pytest.fixture(scope="module")
def assembler() -> keystone.Ks:
    return keystone.Ks(keystone.KS_ARCH_ARM, keystone.KS_MODE_ARM)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_keystone_reads_the_listing_back(row: Row, assembler: keystone.Ks) -> None:
    tried = 0
    for word in words(row):
        text = listing(word, ADDRESS)
        encoding, _ = assembler.asm(text, ADDRESS)
        assert encoding is not None and int.from_bytes(bytes(encoding), "little") == word, (hex(word), text)
        tried += 1
    assert tried


@pytest.mark.skipif(shutil.which("arm-none-eabi-as") is None, reason="the GNU assembler arm-none-eabi-as is absent")
def test_gnu_assembler_reads_the_listing_back(tmp_path: Path) -> None:
    cases = [word for row in ROWS for word in words(row)]
    lines = [".syntax unified", ".arch armv5te", ".fpu vfpv2", ".arm"]
    for index, word in enumerate(cases):
        text = listing(word, 0)
        branch = re.fullmatch(r"(bl?(?:eq|le)?) #(\w+)", text)
        lines.append(f"{branch[1]} . + {signed_displacement(word)}" if branch else text + f" @ {index}")
    source, output, raw = tmp_path / "rows.s", tmp_path / "rows.o", tmp_path / "rows.bin"
    source.write_text("\n".join(lines) + "\n")
    done = subprocess.run(["arm-none-eabi-as", "-o", output, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", output, raw], check=True)
    data = raw.read_bytes()
    assembled = [int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4)]
    different = [(hex(a), hex(b), listing(a, 0)) for a, b in zip(cases, assembled, strict=True) if a != b]
    assert not different


def signed_displacement(word: int) -> int:
    return ((word & 0xFFFFFF) - ((word & 0x800000) << 1)) * 4 + 8


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_listing_is_what_capstone_prints(row: Row) -> None:
    disassembler = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_ARM)
    for word in words(row):
        decoded = list(disassembler.disasm(word.to_bytes(4, "little"), ADDRESS))
        assert decoded, hex(word)
        expected = f"{decoded[0].mnemonic} {decoded[0].op_str}".strip()
        assert normal(listing(word, ADDRESS)) == normal(expected), hex(word)


def normal(text: str) -> str:
    """Numbers in decimal, spaces and the 32-bit sign out of the way."""
    text = re.sub(r"\b(sb|sl|fp|ip)\b", lambda m: {"sb": "r9", "sl": "r10", "fp": "r11", "ip": "r12"}[m[1]], text)
    text = re.sub(r"#(-?)(0x[0-9a-f]+|\d+)", lambda m: f"#{int(m[1] + m[2], 0) & 0xFFFFFFFF}", text.lower())
    return text.replace("#0.0", "#0").replace(" ", "")


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_encoder_and_decoder_agree(row: Row) -> None:
    for word in words(row):
        found = find(word)
        assert found is not None
        assert found[0] is row
        assert row.encode(found[1]) == word


def test_overlapping_rows_are_refused() -> None:
    one = Row("one", "cond 0000 dddd dddd dddd dddd dddd dddd", "one")
    two = Row("two", "cond 0000 0000 0000 0000 0000 0000 0000", "two")
    with pytest.raises(EncodingError, match=r"two .* overlaps one"):
        check((one, two))


def test_unconditional_space_is_no_overlap() -> None:
    check((Row("one", "cond " + "0" * 28, "one"), Row("two", "1111 " + "0" * 28, "two")))


def test_pattern_of_another_length_is_refused() -> None:
    with pytest.raises(EncodingError, match="31 bits"):
        Row("short", "cond " + "0" * 27, "short")


def test_unknown_word_is_listed_as_data() -> None:
    assert listing(0xF0000000) == ".word 0xf0000000"


def test_branch_target_is_named() -> None:
    assert listing(0xEAFFFFFE, 0x8000, {0x8000: "loop"}) == "b #0x8000 <loop>"
