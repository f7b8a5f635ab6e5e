"""Code files, loaded on a board: each is loaded or refused, and one that is refused has changed nothing.

A file whose check sum is wrong gets no further than that; so its records are also changed beneath a right one.
"""

from functools import cache
from typing import Final

from hardtalk.bench import Bench, BootOptions, boot
from hardtalk.bench.console import FILE_IN_BAUD
from hardtalk.bench.firmware import class_model
from hardtalk.build.sources import text_root
from hardtalk.devices import CfiFlash
from hardtalk.flash import Volume
from hardtalk.report.errors import ReportedError
from hardtalk.serial.code_file import code_file, framed, records_of

CODE_FILE: Final = "fuzzed.code"
HEAP_BYTES: Final = 2 << 20
LOADED: Final = "loaded"
LOAD: Final = (
    "| said | FlashVolumeDevice mount. "
    f"said := [ CodeFile load: '{CODE_FILE}'. '{LOADED}' ] on: CodeFileError do: [ :error | error messageText ]. "
    "{ Smalltalk size. Object subclasses size. Point methodDictionary size. Smalltalk includesKey: #Lamp. said }"
)
"""What the board is, and what became of the file."""
AUDITED: Final = 64
"""After so many files that were refused the heap is looked through; after one that was loaded always."""
SOURCE: Final = """Object subclass: #Lamp instanceVariableNames: 'level hue' classVariableNames: 'Count' package: 'L'!
Lamp class instanceVariableNames: 'made'!
!Lamp class methodsFor: 'making'!
make made := (made ifNil: [ 0 ]) + 1. Count := 3. ^ super new level: made; yourself! !
!Lamp methodsFor: 'light'!
level: x level := x!
glow | s | s := 0. 1 to: 10 do: [ :i | s := s + (#(1 2.5 $a 'b' #c) at: i) ]. ^ [ :y | y + s + level ]! !
Lamp subclass: #Torch instanceVariableNames: 'battery' classVariableNames: '' package: 'Lamps'!
!Torch methodsFor: 'light'!
level: x ^ super level: x * (battery ifNil: [ 1267650600228229401496703205376 ])! !
!Point methodsFor: 'lamps'!
lamp ^ Lamp make level: x; yourself! !
"""


@cache
def code_example() -> bytes:
    """Two classes and an extension."""
    return code_file([(SOURCE, CODE_FILE)], class_model(loader().bench.options)).data


def code_examples() -> tuple[bytes, ...]:
    return (code_example(),)


def record_examples() -> tuple[bytes, ...]:
    return (records_of(code_example()),)


class Loader:
    """A board with an empty volume. It goes on after a file that was refused and has left everything as it was; after
    any other it is what it was at first."""

    def __init__(self) -> None:
        self.bench = boot(BootOptions((text_root() / "drivers" / "code",), heap_bytes=HEAP_BYTES))
        volume_of(self.bench, is_new=True)
        self.bench.console.set_baud(FILE_IN_BAUD)
        self.kept = self.bench.console.keep()
        self.count = 0
        self.state = self.load(b"").removesuffix(f"'{CODE_FILE}: the file is cut short; send it again')")

    def load(self, data: bytes) -> str:
        volume_of(self.bench).write(CODE_FILE, data)
        return self.bench.console.evaluate(LOAD)

    def attempt(self, data: bytes) -> None:
        refusal = ""
        self.count += 1
        try:
            answer = self.load(data)
            if answer.endswith(f" '{LOADED}')"):
                self.audit()
            elif answer.startswith(f"{self.state}'{CODE_FILE}: "):
                if self.count % AUDITED == 0:
                    self.audit()
                refusal = answer.removeprefix(self.state).removesuffix(")").strip("'")
            else:
                raise AssertionError(f"{self.state} has become {answer}")
        finally:
            if not refusal:
                self.bench.console.put_back(self.kept)
        if refusal:
            raise ReportedError(refusal)

    def audit(self) -> None:
        faults = self.bench.console.evaluate("HeapAudit runPass")
        if faults != "0":
            raise AssertionError(f"{faults} faults in the heap, from this file or one of the {AUDITED - 1} before it")


@cache
def loader() -> Loader:
    return Loader()


def volume_of(bench: Bench, is_new: bool = False) -> Volume:
    flash = bench.board.device("FLASH")
    if not isinstance(flash, CfiFlash):
        raise TypeError("the board has no flash")
    return Volume(flash.contents, is_new)


def attempt_records(data: bytes) -> None:
    attempt_code(framed(data))


def attempt_code(data: bytes) -> None:
    """ReportedError with what the board says of a file that it refuses."""
    loader().attempt(data)
