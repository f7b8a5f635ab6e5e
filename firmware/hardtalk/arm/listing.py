"""One line of assembly for an instruction word, in UAL, from the syntax column of the instruction table.

Aliases that the manual prefers are printed: shifts for `mov` with a shifted operand, push and pop, `vmrs apsr_nzcv`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from hardtalk.arm.encode import MULTIPLE_MODES
from hardtalk.arm.rows import CONDITIONS, SHIFTS, find

REGISTERS = (*(f"r{n}" for n in range(13)), "sp", "lr", "pc")
SYSTEM_REGISTERS = {0: "fpsid", 1: "fpscr", 8: "fpexc"}
MODE_NAMES = {bits: mode for mode, bits in MULTIPLE_MODES.items()}

Fields = Mapping[str, int]


def number(value: int) -> str:
    return f"#{'-' if value < 0 else ''}{abs(value):#x}" if abs(value) > 9 else f"#{value}"


def rotated(fields: Fields) -> str:
    value = (fields["i"] >> 2 * fields["r"] | fields["i"] << 32 - 2 * fields["r"]) & 0xFFFFFFFF
    return number(value)


def shift(fields: Fields) -> str:
    """The shift alone, as `lsl #2`, or nothing for none."""
    kind, amount = SHIFTS[fields["t"]], fields["i"]
    if not amount:
        return {"lsl": "", "ror": "rrx"}.get(kind, f"{kind} #0x20")
    return f"{kind} {number(amount)}"


def shifted(fields: Fields) -> str:
    text = shift(fields)
    return REGISTERS[fields["m"]] + (f", {text}" if text else "")


def moved(fields: Fields) -> str:
    suffix = ("s" if fields["s"] else "") + CONDITIONS[fields["cond"]]
    name, _, amount = (shift(fields) or "mov").partition(" ")
    operands = [REGISTERS[fields["d"]], REGISTERS[fields["m"]], *([amount] if amount else [])]
    return f"{name}{suffix} {', '.join(operands)}"


def signed(fields: Fields, scale: int = 1) -> str:
    """An immediate offset with its comma; nothing for +0."""
    if not fields["i"] and fields["u"]:
        return ""
    return ", " + (number(fields["i"] * scale) if fields["u"] else "#-" + number(fields["i"] * scale)[1:])


def addressed(base: int, offset: str, mode: int) -> str:
    if mode == 0:
        return f"[{REGISTERS[base]}]{offset or ', #0'}"
    return f"[{REGISTERS[base]}{offset or ', #0'}]!" if mode == 3 else f"[{REGISTERS[base]}{offset}]"


def at_immediate(fields: Fields) -> str:
    return addressed(fields["n"], signed(fields), fields["x"])


def at_register(fields: Fields) -> str:
    offset = shifted(fields) if "t" in fields else REGISTERS[fields["m"]]
    return addressed(fields["n"], f", {'' if fields['u'] else '-'}{offset}", fields["x"])


def register_list(mask: int) -> str:
    return "{" + ", ".join(name for bit, name in enumerate(REGISTERS) if mask >> bit & 1) + "}"


def multiple(fields: Fields, name: str) -> str:
    mode = MODE_NAMES[fields["p"], fields["u"]]
    banked = "L" in fields
    registers = register_list(fields["L" if banked else "l"]) + (" ^" if banked else "")
    condition = CONDITIONS[fields["cond"]]
    if fields["n"] == 13 and fields["w"] and not banked and (name, mode) in (("stm", "db"), ("ldm", "ia")):
        return f"{'push' if name == 'stm' else 'pop'}{condition} {registers}"
    suffix = "" if mode == "ia" else mode
    return f"{name}{suffix}{condition} {REGISTERS[fields['n']]}{'!' if fields['w'] else ''}, {registers}"


def vector_multiple(fields: Fields, name: str) -> str:
    registers = ", ".join(f"d{number}" for number in range(fields["d"], fields["d"] + fields["i"]))
    down = name.endswith("dbd")
    condition, operation = CONDITIONS[fields["cond"]], f"v{name[1:4]}"
    if fields["n"] == 13 and ((down and operation == "vstm") or (not down and fields["w"] and operation == "vldm")):
        return f"{'vpush' if down else 'vpop'}{condition} {{{registers}}}"
    writeback = "!" if down or fields["w"] else ""
    return f"{operation}{'db' if down else 'ia'}{condition} {REGISTERS[fields['n']]}{writeback}, {{{registers}}}"


def status_target(fields: Fields) -> str:
    saved = fields["p" if "p" in fields else "r"]
    if fields["f"] == 8 and not saved:
        return "apsr_nzcvq"
    mask = "".join(letter for bit, letter in zip((8, 4, 2, 1), "fsxc", strict=True) if fields["f"] & bit)
    return f"{'spsr' if saved else 'cpsr'}_{mask}"


def at(form: str) -> Callable[[Fields], str]:
    """The register named by a letter: `d` r0.. `Dd` d0.. `Sd` s0.. ."""
    letter = form[-1]
    if form.startswith("D"):
        return lambda fields: f"d{fields[letter]}"
    if form.startswith("S"):
        return lambda fields: f"s{fields[letter] << 1 | fields[letter.upper()]}"
    return lambda fields: REGISTERS[fields[letter]]


PLACEHOLDERS: dict[str, Callable[[Fields], str]] = {
    **{form: at(form) for form in ("d", "n", "m", "k", "a", "b", "Dd", "Dn", "Dm", "Sd", "Sn", "Sm")},
    "c": lambda fields: CONDITIONS[fields["cond"]],
    "s": lambda fields: "s" if fields["s"] else "",
    "t": lambda fields: SHIFTS[fields["t"]],
    "i": lambda fields: number(fields["i"]),
    "o": lambda fields: f"#{fields['o']}",
    "q": lambda fields: f"#{fields['q']}",
    "p": lambda fields: f"p{fields['p']}",
    "cn": lambda fields: f"c{fields['n']}",
    "cm": lambda fields: f"c{fields['m']}",
    "psr": status_target,
    "saved": lambda fields: "spsr" if fields["r"] else "apsr",
    "pair": lambda fields: f"{REGISTERS[fields['d']]}, {REGISTERS[(fields['d'] + 1) & 15]}",
    "rotated": rotated,
    "shifted": shifted,
    "moved": moved,
    "imm": signed,
    "words": lambda fields: signed(fields, 4),
    "at_immediate": at_immediate,
    "at_register": at_register,
    "system": lambda fields: SYSTEM_REGISTERS.get(fields["n"], f"c{fields['n']}"),
    "flags_or_d": lambda fields: "apsr_nzcv" if (fields["d"], fields["n"]) == (15, 1) else REGISTERS[fields["d"]],
}


def branch_target(word: int, address: int) -> int:
    displacement = (word & 0xFFFFFF) - ((word & 0x800000) << 1)
    return (address + 8 + 4 * displacement) & 0xFFFFFFFF


def listing(word: int, address: int = 0, symbols: Mapping[int, str] | None = None) -> str:
    """The instruction as text; a branch target found in `symbols` (address to name) is printed by name after it."""
    found = find(word)
    if found is None:
        return f".word {word:#010x}"
    row, fields = found

    def text(match: re.Match[str]) -> str:
        name = match[1]
        if name == "target":
            target = branch_target(word, address)
            known = (symbols or {}).get(target)
            return number(target) + (f" <{known}>" if known else "")
        if name == "multiple":
            return multiple(fields, row.mnemonic)
        if name == "vmultiple":
            return vector_multiple(fields, row.mnemonic)
        return PLACEHOLDERS[name](fields)

    return re.sub(r"\{(\w+)\}", text, row.syntax)
