"""What an instruction does beside computing: where it goes on, which registers it reads and writes, what memory it
accesses. Read off the table of encodings; for whoever follows code without running it.

Registers are numbers 0-15, those of the core only; the PC counts as read where it is an operand and as written where
an instruction goes elsewhere by it. Instructions that the table does not have (data in code) decode to None.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache

from hardtalk.arm.encode import AL, LR, MULTIPLE_MODES, PC, SP
from hardtalk.arm.pattern import Row
from hardtalk.arm.rows import COMPARISONS, DATA_OPERATIONS, INDEX_MODES, find

CONTROL_FIELD = 1
"""The bit of an MSR's field mask for the byte with the mode and the interrupt masks."""
I_BIT = 0x80

WIDTHS = {"ldrb": 1, "strb": 1, "ldrsb": 1, "swpb": 1, "ldrh": 2, "strh": 2, "ldrsh": 2, "ldrd": 8, "strd": 8,
          "ldr": 4, "str": 4, "swp": 4, "fldd": 8, "fstd": 8, "flds": 4, "fsts": 4}  # fmt: skip
"""Bytes that one transfer moves."""
READS = {
    **dict.fromkeys(("str", "strb", "strh", "strd"), "dnm"),
    **dict.fromkeys(("umlal", "smlal"), "abmk"),
    **dict.fromkeys(("fstd", "fldd", "fsts", "flds", "fstmiad", "fldmiad", "fstmdbd", "fldmdbd"), "n"),
    **dict.fromkeys(("mcr", "fmsr", "fmxr"), "d"),
    "fmdrr": "ab",
    "pld": "n",
    **dict.fromkeys(("mrc", "mrs", "fmrs", "fmrx", "fmrrd", "b", "bl", "swi", "bkpt"), ""),
}
WRITES = {
    **dict.fromkeys(("umull", "smull", "umlal", "smlal", "fmrrd"), "ab"),
    **dict.fromkeys(("str", "strb", "strh", "strd", "mcr", "fmsr", "fmxr", "fmdrr", "pld"), ""),
    **dict.fromkeys(("fstd", "fldd", "fsts", "flds", "fstmiad", "fldmiad", "fstmdbd", "fldmdbd"), ""),
}
"""Field letters of core registers, for the instructions where they are not `nmk` read and `d` written."""
ON_DOUBLES = frozenset({"fmacd", "fnmacd", "fmscd", "fnmscd", "fmuld", "fnmuld", "faddd", "fsubd", "fdivd", "fcpyd",
                        "fabsd", "fnegd", "fsqrtd", "fcmpd", "fcmped", "fcmpzd", "fcmpezd", "fcvtds", "fcvtsd",
                        "fuitod", "fsitod", "ftouid", "ftouizd", "ftosid", "ftosizd"})  # fmt: skip
"""Their letters name registers of the VFP alone."""


class Flow(Enum):
    """Where an instruction goes on, when its condition holds."""

    NEXT = "next"
    JUMP = "jump"
    CALL = "call"
    RETURN = "return"
    EXCEPTION_RETURN = "exception return"
    JUMP_COMPUTED = "computed jump"
    CALL_COMPUTED = "computed call"
    TRAP = "trap"


@dataclass(frozen=True, slots=True)
class Access:
    """Memory that an instruction reads or writes: `size` bytes at `base` + `offset`, or at `base` + an index register.

    `offset` is that of the lowest byte accessed, None when an index register takes part. `writes_back`: `base` changes.
    """

    base: int
    offset: int | None
    index: int | None
    size: int
    is_load: bool
    is_store: bool
    writes_back: bool


@dataclass(frozen=True)
class Instruction:
    """A decoded word at an address."""

    address: int
    word: int
    row: Row
    fields: dict[str, int]

    @property
    def mnemonic(self) -> str:
        return self.row.mnemonic

    @property
    def condition(self) -> int:
        return self.fields.get("cond", AL)

    @property
    def is_conditional(self) -> bool:
        return self.condition != AL

    @cached_property
    def reads(self) -> frozenset[int]:
        """Core registers whose values it uses; of one that is executed conditionally, when it is."""
        name, fields = self.mnemonic, self.fields
        if name in ON_DOUBLES:
            return frozenset()
        found = {fields[letter] for letter in READS.get(name, "nmk") if letter in fields}
        if name == "strd":
            found.add(fields["d"] + 1)
        if name == "stm":
            found |= registers_in(fields)
        return frozenset(found)

    @cached_property
    def writes(self) -> frozenset[int]:
        """Core registers that it changes, the base of a write-back and the link register of a call among them."""
        name, fields = self.mnemonic, self.fields
        if name in ON_DOUBLES or name in COMPARISONS:
            return frozenset()
        found = {fields[letter] for letter in WRITES.get(name, "d") if letter in fields}
        if name == "fmrx" and fields["d"] == PC:
            found.clear()
        if name == "ldrd":
            found.add(fields["d"] + 1)
        if name == "ldm":
            found |= registers_in(fields)
        if name in ("bl", "blx"):
            found.add(LR)
        if name in ("b", "bl", "bx", "blx"):
            found.add(PC)
        if self.access is not None and self.access.writes_back:
            found.add(self.access.base)
        return frozenset(found)

    @property
    def sets_flags(self) -> bool:
        """Whether any of N, Z, C, V may change."""
        name, fields = self.mnemonic, self.fields
        is_status = name == "msr" and bool(fields["f"] & 8) and not fields.get("r", fields.get("p"))
        return bool(fields.get("s")) or name in COMPARISONS or is_status or (name == "fmrx" and fields["d"] == PC)

    @cached_property
    def access(self) -> Access | None:
        """The memory it accesses through a register; None when there is none (MCR is no access)."""
        name, fields = self.mnemonic, self.fields
        if name in ("ldm", "stm"):
            return self._multiple()
        if name in ("fldmiad", "fstmiad", "fldmdbd", "fstmdbd"):
            is_down, size = name.endswith("dbd"), 8 * fields["i"]
            is_load = name.startswith("fldm")
            writes_back = is_down or bool(fields.get("w"))
            return Access(fields["n"], -size if is_down else 0, None, size, is_load, not is_load, writes_back)
        if name not in WIDTHS:
            return None
        is_load, is_store = name[:3] in ("ldr", "fld", "swp"), name[:3] in ("str", "fst", "swp")
        if name in ("swp", "swpb"):
            return Access(fields["n"], 0, None, WIDTHS[name], is_load, is_store, False)
        mode = fields.get("x", INDEX_MODES["offset"])
        offset: int | None = None
        index = fields.get("m") if name[0] != "f" else None
        if index is None:
            amount = fields["i"] * (4 if name[0] == "f" else 1)
            offset = 0 if mode == INDEX_MODES["post"] else amount if fields["u"] else -amount
        elif mode == INDEX_MODES["post"]:
            offset, index = 0, None
        writes_back = mode != INDEX_MODES["offset"]
        return Access(fields["n"], offset, index, WIDTHS[name], is_load, is_store, writes_back)

    def _multiple(self) -> Access:
        fields, is_load = self.fields, self.mnemonic == "ldm"
        size = 4 * len(registers_in(fields))
        before, up = fields["p"], fields["u"]
        lowest = {MULTIPLE_MODES["ia"]: 0, MULTIPLE_MODES["ib"]: 4, MULTIPLE_MODES["da"]: 4 - size}.get((before, up))
        lowest = -size if lowest is None else lowest
        return Access(fields["n"], lowest, None, size, is_load, not is_load, bool(fields["w"]))

    @property
    def target(self) -> int | None:
        """Where a branch goes that says so itself."""
        if self.mnemonic not in ("b", "bl"):
            return None
        displacement = self.fields["i"] - ((self.fields["i"] & 0x800000) << 1)
        return (self.address + 8 + 4 * displacement) & 0xFFFFFFFF

    @property
    def literal(self) -> int | None:
        """The address of the literal that a load relative to the PC reads."""
        access = self.access
        if access is None or not access.is_load or access.base != PC or access.offset is None:
            return None
        return (self.address + 8 + access.offset) & 0xFFFFFFFF

    @cached_property
    def flow(self) -> Flow:
        name, fields = self.mnemonic, self.fields
        if name in ("b", "bl"):
            return Flow.CALL if name == "bl" else Flow.JUMP
        if name == "blx":
            return Flow.CALL_COMPUTED
        if name in ("swi", "bkpt"):
            return Flow.TRAP
        if PC not in self.writes:
            return Flow.NEXT
        if name == "bx":
            return Flow.RETURN if fields["m"] == LR else Flow.JUMP_COMPUTED
        if name == "ldm":
            return Flow.EXCEPTION_RETURN if "L" in fields else Flow.RETURN
        if name == "ldr":
            return Flow.RETURN if fields["n"] == SP else Flow.JUMP_COMPUTED
        if fields.get("s"):
            return Flow.EXCEPTION_RETURN
        is_return = name == "mov" and fields.get("m") == LR and not fields.get("i") and "k" not in fields
        return Flow.RETURN if is_return else Flow.JUMP_COMPUTED

    @property
    def ends_block(self) -> bool:
        """Whether a block of code ends with it, as translating emulators cut blocks: it may go elsewhere, or changes a
        status register."""
        return self.flow not in (Flow.NEXT, Flow.TRAP) or self.mnemonic == "msr"

    @property
    def writes_status(self) -> bool:
        """Whether it writes the CPSR's byte with the mode and the interrupt masks."""
        is_saved = self.fields.get("r") if "m" in self.fields else self.fields.get("p")
        return self.mnemonic == "msr" and not is_saved and bool(self.fields["f"] & CONTROL_FIELD)

    @property
    def status_bits(self) -> int | None:
        """The value that it writes there, when the instruction itself says so."""
        return self.immediate & 0xFF if self.writes_status and self.immediate is not None else None

    @property
    def immediate(self) -> int | None:
        """The constant second operand of a data operation, or what an MSR writes; None when that is a register's."""
        if self.mnemonic not in (*DATA_OPERATIONS, "msr") or "m" in self.fields:
            return None
        turn = 2 * self.fields["r"]
        return (self.fields["i"] >> turn | self.fields["i"] << 32 - turn) & 0xFFFFFFFF


def registers_in(fields: dict[str, int]) -> set[int]:
    """The registers of a list, banked or not."""
    mask = fields["L" if "L" in fields else "l"]
    return {number for number in range(16) if mask >> number & 1}


@lru_cache(maxsize=1 << 16)
def _found(word: int) -> tuple[Row, dict[str, int]] | None:
    return find(word)


def decode(word: int, address: int = 0) -> Instruction | None:
    """The instruction, or None when the table of encodings does not have the word."""
    found = _found(word)
    return None if found is None else Instruction(address, word, *found)
