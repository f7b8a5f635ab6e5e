"""Chooses the methods that a build compiles, and makes of their pieces one class of the VM's Slang program.

A method is compiled that says `<compiled>`, or whose class the build names. One that has a primitive is not, nor one
whose bytecodes have no room for the places where its code is entered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hardtalk.compiled.marking import marked
from hardtalk.compiled.method_code import MethodCode, SendPlaces
from hardtalk.compiled.pieces import piece_text
from hardtalk.compiled.starts import quick_text, start_text
from hardtalk.image import compiled_by, getters_in
from hardtalk.smalltalk.ast import Method
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, read_class

PRAGMA: Final = "compiled"
CLASS_NAME: Final = "CompiledMethods"
FIRST_NUMBER: Final = 2
"""Of a piece; those before are `CompiledCode`'s own."""
FILE: Final = f"{CLASS_NAME} (generated)"
_COMMENT: Final = "I am the machine code of compiled methods: a routine for each place at which it can be entered."
_COMMENTED: Final = re.compile(r'"[^"]*"')
_SENT_TO: Final = re.compile(r"\b([a-z]\w*) (?=[a-z])")


class NoSuchClass(Exception):
    """A class that a build is to compile and that it does not have."""


Place = tuple[str, bool, str]
"""A method's class, whether it is on the class side, its selector."""


@dataclass(frozen=True)
class CompiledMethods:
    """What a build compiles: methods with the places where their code is entered, and the Slang class with the code,
    None when there is none. `left_out` are methods that were chosen and cannot be compiled."""

    specs: Mapping[Place, CompiledMethodSpec] = field(default_factory=dict)
    text: str = ""
    left_out: tuple[str, ...] = ()

    def slang_class(self) -> Sequence[ClassDefinition]:
        """The class with the pieces, if there are any."""
        return [read_class(self.text, FILE)] if self.text else []


def compiled_methods(
    classes: Sequence[ClassDefinition], names: Iterable[str], components: Sequence[str]
) -> CompiledMethods:
    """The chosen methods of these classes: those with the pragma, and those of the classes of these names.

    `components` are those that the virtual machine has. Raises NoSuchClass, and SourceError for a method that is none.
    """
    wanted = frozenset(names)
    for name in sorted(wanted - {each.name for each in classes}):
        raise NoSuchClass(f"there is no class {name} to compile; correct the name")

    def is_chosen(definition: ClassDefinition, method: MethodDefinition) -> bool:
        return definition.name in wanted or says(method.node)

    if not any(is_chosen(each, method) for each in classes for method in each.methods):
        return CompiledMethods()
    getters = getters_in(classes)
    specs: dict[Place, CompiledMethodSpec] = {}
    texts: list[str] = []
    left_out: list[str] = []
    number = FIRST_NUMBER
    places = SendPlaces()
    for class_name, method, spec in compiled_by(classes, is_chosen):
        name = f"{class_name}{' class' if method.class_side else ''}>>{method.selector}"
        found = marked(spec, number + 1) if not spec.primitive else None
        if found is None:
            left_out.append(name)
            continue
        number += 2 + len(found.places)
        specs[class_name, method.class_side, method.selector] = found.spec
        texts += pieces_of(MethodCode(found, name, getters, places))
    return CompiledMethods(specs, class_text(texts, components), tuple(left_out))


def says(node: Method) -> bool:
    """Whether the method is to be compiled."""
    return any(pragma.selector == PRAGMA for pragma in node.pragmas)


def pieces_of(method: MethodCode) -> Iterator[str]:
    """The Slang of each piece."""
    yield start_text(method)
    yield quick_text(method)
    for number, offset in method.marked.places.items():
        yield piece_text(method, method.at(offset).next_offset, f"code{number}", f"code: {number}")
    written = 0
    while written < len(method.meetings):
        meeting = list(method.meetings.values())[written]
        written += 1
        yield piece_text(method, meeting.offset, meeting.selector, "threaded")


def class_text(pieces: Sequence[str], components: Sequence[str]) -> str:
    """Tonel of the component that has these methods; it uses what they send to."""
    if not pieces:
        return ""
    known = {each[0].lower() + each[1:]: each for each in components}
    named = {word for piece in pieces for word in _SENT_TO.findall(_COMMENTED.sub("", piece))}
    uses = "".join(f"\t<uses: #{known[word]}>\n" for word in sorted(named & known.keys()))
    machine = "" if "\t<uses: #Machine>\n" in uses else "\t<uses: #Machine>\n"
    head = (
        f'"{_COMMENT}"\nClass {{\n\t#name : #{CLASS_NAME},\n\t#superclass : #Object,\n'
        f"\t#category : #'VM-Interpreter'\n}}\n\n{{ #category : #declarations }}\n"
        f"{CLASS_NAME} class >> declareComponent [\n{machine}{uses}]\n"
    )
    methods = []
    for piece in pieces:
        pattern, _, body = piece.partition("\n")
        methods.append(f"\n{{ #category : #pieces }}\n{CLASS_NAME} >> {pattern} [\n{body}\n]\n")
    return head + "".join(methods)
