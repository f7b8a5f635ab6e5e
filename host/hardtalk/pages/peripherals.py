"""The registers of a peripheral, from its SVD file."""

from collections.abc import Iterator

from hardtalk.chip import Field, Register, hal_folder, read_svd
from hardtalk.pages.markdown import code, table

ACCESS = {"read-only": "read", "write-only": "write", "read-write": ""}


def mediawire_section() -> str:
    [peripheral] = read_svd(hal_folder() / "mediawire.svd")
    columns = ("offset", "register or bits", "only", "meaning")
    return table(columns, all_rows(peripheral.registers))


def all_rows(registers: tuple[Register, ...]) -> Iterator[tuple[str, str, str, str]]:
    """Bits that are those of an earlier register are told by its name."""
    seen: dict[tuple[str, ...], str] = {}
    for register, count, step in first_of_arrays(registers):
        bits = tuple(field.name for field in register.fields)
        offset, name = f"{register.offset:X}", register.name
        if count > 1:
            offset += f" + {step:X} n"
            name = f"{name} … {count - 1}"
        meaning = f"{register.description}; bits as in {seen[bits]}" if bits in seen else register.description
        yield offset, code(name), ACCESS[register.access], meaning
        if bits and bits not in seen:
            seen[bits] = code(register.name)
            for each in register.fields:
                yield "", f"{bits_of(each)} {code(each.name)}", ACCESS[each.access], each.description


def first_of_arrays(registers: tuple[Register, ...]) -> Iterator[tuple[Register, int, int]]:
    """Each register with its count and the distance of the next one; of an array only the first."""
    families: dict[str, list[Register]] = {}
    for each in registers:
        families.setdefault(each.family or each.name, []).append(each)
    for found in families.values():
        yield found[0], len(found), found[1].offset - found[0].offset if len(found) > 1 else 0


def bits_of(field: Field) -> str:
    return str(field.lsb) if field.width == 1 else f"{field.lsb + field.width - 1}–{field.lsb}"
