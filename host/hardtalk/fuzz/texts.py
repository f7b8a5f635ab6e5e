"""Sources: Tonel classes, chunk scripts, Slang, read from a file as the build and the prompt read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hardtalk.bench.firmware import class_definitions, study_folder
from hardtalk.build import BuildOptions
from hardtalk.build.sources import class_paths, read_classes
from hardtalk.serial import ClassModel
from hardtalk.serial.entries import entries_of, requests_of
from hardtalk.serial.requests import class_requests
from hardtalk.slang import compile_program
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.source_file import read_source_file
from hardtalk.smalltalk.tonel import ClassDefinition

CLASS_FILE: Final = "Fuzzed.class.st"
SCRIPT_FILE: Final = "fuzzed.st"
LONGEST_EXAMPLE: Final = 5_000
SLANG_CONSTANTS: Final = {"Limit": 5}
SLANG_ROOTS: Final = ("run:",)


@contextmanager
def file_of(data: bytes, name: str) -> Iterator[Path]:
    """A file with these bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        yield path


@cache
def model_of_firmware() -> ClassModel:
    return ClassModel(class_definitions(BuildOptions()))


def fresh_model() -> ClassModel:
    """What is learned from one input is not known to the next."""
    model = ClassModel()
    model.take(model_of_firmware())
    return model


@cache
def tonel_examples() -> tuple[bytes, ...]:
    """The class library and the drivers, those that are short."""
    texts = [path.read_bytes() for path in class_paths(BuildOptions())]
    return tuple(text for text in texts if len(text) <= LONGEST_EXAMPLE)


def attempt_tonel(data: bytes) -> None:
    """Read and compiled, as for a driver's folder."""
    with file_of(data, CLASS_FILE) as path:
        for definition in read_classes([path]):
            class_requests(definition, fresh_model())


@cache
def chunk_examples() -> tuple[bytes, ...]:
    """The same classes filed out."""
    paths = [path for path in class_paths(BuildOptions()) if path.stat().st_size <= LONGEST_EXAMPLE]
    return tuple(filed_out(definition).encode("utf-8") for definition in read_classes(paths))


def filed_out(definition: ClassDefinition) -> str:
    """A class as chunks."""
    quoted = definition.comment.replace("!", "!!")
    text = (
        f"{definition.superclass or 'nil'} subclass: #{definition.name}\n"
        f"\tinstanceVariableNames: '{' '.join(definition.instance_variables)}'\n"
        f"\tclassVariableNames: '{' '.join(definition.class_variables)}'\n"
        f"\tcategory: '{definition.category}'!\n\n"
        f"!{definition.name} commentStamp: '' prior: 0!\n{quoted}!\n\n"
    )
    for method in definition.methods:
        side = " class" if method.class_side else ""
        source = method.source.replace("!", "!!")
        text += f"!{definition.name}{side} methodsFor: '{method.category}'!\n{source}! !\n\n"
    return text + f"{definition.name} name, (3 + 4) printString!\n"


def attempt_chunk(data: bytes) -> None:
    """Read, then compiled entry by entry, as `hardtalk repl --script` does; the board accepts all. What is refused does
    not keep the rest from being read."""
    model = fresh_model()
    refused: list[SourceError] = []
    with file_of(data, SCRIPT_FILE) as path:
        for entry in entries_of(read_source_file(path), str(path)):
            try:
                for request in requests_of(entry, model, refused):
                    if request.learn is not None:
                        request.learn()
            except SourceError as error:
                refused.append(error)
    if refused:
        raise refused[0]


@cache
def slang_examples() -> tuple[bytes, ...]:
    """Programs that are complete in one class each."""
    return tuple(path.read_bytes() for path in sorted(study_folder("fuzz").glob("*.class.st")))


def attempt_slang(data: bytes) -> None:
    """Compiled to machine code."""
    with file_of(data, CLASS_FILE) as path:
        compile_program(read_classes([path]), SLANG_CONSTANTS, SLANG_ROOTS)
