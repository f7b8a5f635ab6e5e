"""What objects look like in memory, from `hardtalk.vm.object_format`."""

from hardtalk.pages.markdown import code, table
from hardtalk.vm import object_format
from hardtalk.vm.object_format import (
    BODY_OFFSET,
    COLOUR_MEANINGS,
    FORMAT_MEANINGS,
    FORMATS,
    HEADER_FIELDS,
    METHOD_HEADER,
    SLOTS,
    slot_offset,
)


def header_section() -> str:
    rows = [(each.offset, each.width, each.meaning, code(each.constant)) for each in HEADER_FIELDS]
    return table(("offset", "bytes", "field", "Slang constant"), [*rows, (BODY_OFFSET, "", "body", code("BodyOffset"))])


def formats_section() -> str:
    rows = ((number, FORMAT_MEANINGS[name], code(name)) for name, number in FORMATS.items())
    return table(("format", "objects", "Slang constant"), rows)


def colours_section() -> str:
    numbers = dict(object_format.constants())
    rows = ((numbers[name], meaning, code(name)) for name, meaning in COLOUR_MEANINGS.items())
    return table(("colour", "meaning", "Slang constant"), rows)


def slots_section() -> str:
    rows = []
    for group, slots in SLOTS.items():
        named = ", ".join(f"{code(f'{group}{slot}Offset')} {slot_offset(index)}" for index, slot in enumerate(slots))
        rows.append((group, named))
    return table(("object", "offsets from the oop"), rows)


def method_header_section() -> str:
    rows = []
    for each in METHOD_HEADER:
        bits = f"{each.shift}" if each.width == 1 else f"{each.shift}–{each.shift + each.width - 1}"
        rows.append((bits, each.meaning, code(f"Header{each.name}Shift")))
    return table(("bits", "field", "Slang constant"), rows)


def sizes_section() -> str:
    """Numbers of the format that several things depend on."""
    smallest, largest = object_format.SMALLEST_ORDER, object_format.LARGEST_ORDER
    rows = [
        ("smallest block", f"{1 << smallest:,} bytes", code("SmallestOrder")),
        ("largest block", f"{1 << largest:,} bytes", code("LargestOrder")),
        ("SmallIntegers", f"{object_format.SMALL_INTEGER_MINIMUM:,} to {object_format.SMALL_INTEGER_MAXIMUM:,}",
         code("MaxSmallInteger")),
        ("identity hashes", f"1 to {object_format.LARGEST_HASH:,}", code("LargestHash")),
        ("places of a small context", f"{object_format.SMALL_CONTEXT_SLOTS}", code("SmallContextSize")),
        ("places of a large context", f"{object_format.LARGE_CONTEXT_SLOTS}", code("LargeContextSize")),
        ("places from its own at which a method dictionary has a key, fewer than", f"{object_format.PROBE_LIMIT}",
         code("ProbeLimit")),
    ]  # fmt: skip
    return table(("of what", "how much", "Slang constant"), rows)
