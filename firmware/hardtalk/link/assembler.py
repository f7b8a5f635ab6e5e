"""Keystone, wrapped so that nothing is lost or changed in silence.

Keystone gives bytes only: no addresses of labels, no line of an error, nothing for `.inst` and `.section`, and ARMv7
instructions where a constant does not fit (`mov r0, #0x101` becomes `movw`); a conditional call of a label it makes
one of itself. So every source line gets a label, a table of all labels is appended as `.word`s and taken off again,
what vanishes or goes wrong is refused, and the line of an error is found by assembling prefixes.
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import keystone

from hardtalk.link.errors import LinkError, did_you_mean

COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
NOTE = re.compile(r"<(\w+)(?::([^>]*))?>(?!>)")
NOTES = ("bound", "calls", "endless", "masks", "returns", "sleeps", "unmasks")
"""See docs/facts.md."""
LABEL = re.compile(r"([A-Za-z_][A-Za-z_0-9]*):")
NAME = re.compile(r"(?<![\w.#\\])[A-Za-z_]\w*")
DIRECTIVES = frozenset(
    {".word", ".byte", ".hword", ".ascii", ".asciz", ".balign", ".equ", ".ltorg", ".space", ".macro", ".endm"}
)
CONDITIONS = ("", "eq", "ne", "cs", "hs", "cc", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le")
CONDITIONAL_CALLS = frozenset(f"bl{condition}" for condition in CONDITIONS if condition)
BRANCHES = frozenset(f"{branch}{condition}" for branch in ("b", "bl") for condition in CONDITIONS)
# (mask, pattern, name): encodings newer than ARMv5TE that Keystone uses or accepts.
NEWER_INSTRUCTIONS = (
    (0x0FF00000, 0x03000000, "movw"),
    (0x0FF00000, 0x03400000, "movt"),
    (0x0FBF0000, 0x03200000, "hint (nop, wfi, yield)"),
    (0x0E000010, 0x06000010, "media instruction"),
    (0x0F8000F0, 0x01800090, "exclusive load or store"),
    (0x0FF000F0, 0x00600090, "mls"),
    (0xFFFFFF00, 0xF57FF000, "barrier"),
)


@dataclass(frozen=True)
class AssemblySource:
    """One file of assembly text; `file` is what error messages call it."""

    file: str
    text: str


@dataclass(frozen=True)
class LineRange:
    """The bytes [start, stop) come from one source line."""

    start: int
    stop: int
    file: str
    line: int
    is_instruction: bool = True


@dataclass(frozen=True)
class Note:
    """What the comment of the instruction at `address` says for tools: `<bound: 64>` has name bound, argument 64."""

    address: int
    name: str
    argument: str
    file: str
    line: int

    def error(self, message: str, remedy: str) -> LinkError:
        return LinkError(f"{self.file}:{self.line}: {message}; {remedy}")


@dataclass(frozen=True)
class Assembly:
    """Machine code at `base`, the address of each label, the line of each stretch of code, and notes on its way."""

    base: int
    code: bytes
    labels: dict[str, int]
    lines: tuple[LineRange, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Line:
    file: str
    number: int
    source: str
    labels: tuple[str, ...]
    statement: str
    notes: tuple[tuple[str, str], ...] = ()

    def error(self, message: str, remedy: str) -> LinkError:
        column = len(self.source) - len(self.source.lstrip()) + 1
        caret = " " * (column - 1) + "^"
        return LinkError(f"{self.file}:{self.number}:{column}: {message}; {remedy}\n{self.source}\n{caret}")

    @property
    def is_instruction(self) -> bool:
        return bool(self.statement) and not self.statement.startswith(".")


def assemble(sources: Sequence[AssemblySource], base: int, symbols: Mapping[str, int]) -> Assembly:
    """The sources, one after the other, at address `base`; `symbols` are names from outside. Raises LinkError."""
    lines = [line for source in sources for line in _lines(source)]
    labels = _check(lines, symbols, base)
    if not any(line.statement for line in lines):
        raise LinkError(f"{', '.join(s.file for s in sources) or 'no file'}: no code; add boot sources to assemble")
    prelude = "".join(f".equ {name}, {value:#x}\n" for name, value in symbols.items())
    body = "\n".join(f"line_{i}: {_text(line)}" for i, line in enumerate(lines))
    table_names = [*labels, *(f"line_{i}" for i in range(len(lines))), "code_end"]
    table = "\n".join(f".word {name}" for name in table_names)
    encoded = _assemble(f"{prelude}{body}\n.balign 4\n.ltorg\ncode_end:\n{table}\n", base)
    if isinstance(encoded, keystone.KsError):
        raise _located(lines, prelude, base, encoded, {*labels, *symbols})
    code, words = encoded[: -4 * len(table_names)], encoded[-4 * len(table_names) :]
    addresses = dict(zip(table_names, struct.unpack(f"<{len(table_names)}I", words), strict=True))
    if not code or addresses["code_end"] != base + len(code):
        expected = addresses["code_end"] - base
        raise LinkError(
            f"{lines[0].file}: {len(code)} bytes came back for {expected} bytes of source; Keystone "
            "dropped a statement: find the directive it does not know"
        )
    ranges: list[LineRange] = []
    notes: list[Note] = []
    for i, line in enumerate(lines):
        start = addresses[f"line_{i}"]
        stop = addresses[f"line_{i + 1}"] if i + 1 < len(lines) else addresses["code_end"]
        if line.statement and stop > start:
            ranges.append(LineRange(start, stop, line.file, line.number, line.is_instruction))
        notes += [Note(start, name, argument, line.file, line.number) for name, argument in line.notes]
        _check_code(line, code[start - base : stop - base])
    return Assembly(base, code, {name: addresses[name] for name in labels}, tuple(ranges), tuple(notes))


def _lines(source: AssemblySource) -> Iterator[_Line]:
    bare = COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), source.text)
    texts = source.text.split("\n")
    for number, text in enumerate(bare.split("\n"), start=1):
        labels = []
        statement = text.strip()
        while found := LABEL.match(statement):
            labels.append(found.group(1))
            statement = statement[found.end() :].strip()
        notes = tuple(_notes(texts[number - 1])) if statement else ()
        yield _Line(source.file, number, texts[number - 1], tuple(labels), statement, notes)


def _notes(text: str) -> Iterator[tuple[str, str]]:
    """Those in the comments of a line."""
    for comment in COMMENT.findall(text):
        for found in NOTE.finditer(comment):
            yield found.group(1), (found.group(2) or "").strip()


def _text(line: _Line) -> str:
    return " ".join([*(f"{label}:" for label in line.labels), line.statement])


def _check(lines: Sequence[_Line], symbols: Mapping[str, int], base: int) -> dict[str, _Line]:
    labels: dict[str, _Line] = {}
    for line in lines:
        for label in line.labels:
            if label in labels or label in symbols:
                other = f"{labels[label].file}:{labels[label].number}" if label in labels else "the layout"
                raise line.error(f"label {label} is already defined in {other}", "rename one")
            labels[label] = line
        for name, _ in line.notes:
            if name not in NOTES:
                raise line.error(f"<{name}> means nothing", f"write one of {', '.join(f'<{each}>' for each in NOTES)}")
        word = line.statement.split()[0].lower() if line.statement else ""
        if word.startswith(".") and word not in DIRECTIVES:
            raise line.error(
                f"directive {word} is not supported",
                f"Keystone drops or refuses it; use one of {' '.join(sorted(DIRECTIVES))}",
            )
        target = line.statement.split()[-1] if line.statement else ""
        if base and word in BRANCHES and target in symbols:
            raise line.error(
                f"{target} is not in these files, and Keystone would take its address for a distance",
                f"write ldr r12, ={target} and blx r12",
            )
        if '"' not in line.statement and ("@" in line.statement or "//" in line.statement):
            raise line.error("this comment is not one to Keystone", "write /* ... */")
    for line in lines:
        parts = line.statement.lower().split()
        if parts and parts[0] in CONDITIONAL_CALLS and line.statement.split()[-1] in labels:
            raise line.error(
                "a conditional call, which Keystone makes one of itself",
                "branch round a bl with the opposite condition",
            )
    return labels


def _check_code(line: _Line, code: bytes) -> None:
    if not line.is_instruction:
        return
    if not code:
        raise line.error("the statement yields no code", "Keystone dropped it; write it in another form")
    for (word,) in struct.iter_unpack("<I", code[: len(code) & ~3]):
        for mask, pattern, name in NEWER_INSTRUCTIONS:
            if word & mask == pattern:
                raise line.error(
                    f"assembles to {word:#010x}, a {name}, which the ARM926EJ-S does not have",
                    "load large constants with ldr rN, =value; write mov r0, r0 for a no-operation",
                )


def _assemble(text: str, base: int) -> bytes | keystone.KsError:
    engine = keystone.Ks(keystone.KS_ARCH_ARM, keystone.KS_MODE_ARM)
    with _standard_error_hidden():
        try:
            encoding, _ = engine.asm(text, base, as_bytes=True)
        except keystone.KsError as error:
            return error
    return bytes(encoding or b"")


@contextmanager
def _standard_error_hidden() -> Iterator[None]:
    """Keystone's C++ code writes diagnostics without a place to file descriptor 2."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _located(lines: Sequence[_Line], prelude: str, base: int, error: keystone.KsError, known: set[str]) -> LinkError:
    """The error with its place: a line that names what is unknown, or the first whose prefix of the program fails."""
    if error.errno == keystone.KS_ERR_ASM_SYMBOL_MISSING:
        for line in lines:
            if missing := _missing_name(line, known):
                return missing
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        outcome = _assemble(prelude + "\n".join(_text(line) for line in lines[: middle + 1]) + "\n", base)
        if isinstance(outcome, keystone.KsError) and outcome.errno == error.errno:
            high = middle
        else:
            low = middle + 1
    reason = str(error).partition(" (")[0].lower()
    if low == len(lines):
        return LinkError(f"{lines[0].file}: {reason}; the place is unknown: branches or literals too far away?")
    missing = _missing_name(lines[low], known)
    return missing or lines[low].error(reason, "Keystone cannot assemble this statement for ARMv5TE")


def _missing_name(line: _Line, known: set[str]) -> LinkError | None:
    for name in _operand_names(line):
        if name not in known:
            return line.error(
                f"unknown name {name}{did_you_mean(name, known)}", "define it as a label or give it to the assembler"
            )
    return None


def _operand_names(line: _Line) -> Iterator[str]:
    word, _, operands = line.statement.partition(" ")
    if '"' in operands or (word.startswith(".") and word != ".word"):
        return
    registers = r"r\d+|sp|lr|pc|[cs]psr\w*|fp\w+|p\d+|c\d+|lsl|lsr|asr|ror|rrx|[sd]\d+"
    for found in NAME.finditer(operands.replace("#", " ")):
        if not re.fullmatch(registers, found.group(), re.IGNORECASE) and not found.group()[0].isdigit():
            yield found.group()
