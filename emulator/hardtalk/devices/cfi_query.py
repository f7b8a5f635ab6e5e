"""The query table of a CFI flash bank (JEDEC JESD68, the Intel extended command set), a byte a word."""

from collections.abc import Mapping

QUERY_WORD = 0x10
INTEL_COMMAND_SET = 1


def query_table(size: int, sector_bytes: int, page_bytes: int, times: Mapping[str, int], most: int) -> dict[int, int]:
    """Byte by word number.

    `times` has the powers of two of the typical times: word and page in µs, erase in ms; `most` the power of two of the
    greatest times' multiple. Sizes in bytes.
    """
    table = dict(enumerate(b"QRY", QUERY_WORD))
    table |= {0x13: INTEL_COMMAND_SET, 0x14: 0, 0x15: 0x31, 0x16: 0}
    table |= {0x1B: 0x45, 0x1C: 0x55}  # supply voltage, 4.5 to 5.5 V, as QEMU's bank says
    table |= {0x1F: times["word"], 0x20: times["page"], 0x21: times["erase"], 0x22: 0}
    table |= {0x23: most, 0x24: most, 0x25: most, 0x26: 0}
    table |= {0x27: size.bit_length() - 1, 0x28: 2, 0x29: 0, 0x2A: page_bytes.bit_length() - 1, 0x2B: 0, 0x2C: 1}
    sectors, units = size // sector_bytes - 1, sector_bytes >> 8
    table |= {0x2D: sectors & 0xFF, 0x2E: sectors >> 8, 0x2F: units & 0xFF, 0x30: units >> 8}
    table |= dict(enumerate(b"PRI10", 0x31))
    table |= {0x36: 0b0110}  # suspend of erase and of program
    return table
