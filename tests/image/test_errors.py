"""Sources that cannot become an image: one clear message each, with place and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardtalk.image import ImageError, build_image
from hardtalk.image.hierarchy import sort_classes
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import read_class, read_class_file

KERNEL = Path(__file__).parents[2] / "firmware/kernel"


def definition(name: str, superclass: str, rest: str = "", methods: str = "") -> str:
    return f"Class {{ #name : #{name}, #superclass : {superclass}{rest} }}\n{methods}"


def refusal(*texts: str) -> str:
    with pytest.raises(ImageError) as caught:
        sort_classes([read_class(text, f"{i}.st") for i, text in enumerate(texts)])
    return str(caught.value)


ROOT = definition("Object", "nil")


def test_unknown_superclass() -> None:
    assert refusal(ROOT, definition("Point", "#Objekt")) == (
        "1.st:1: Point has the superclass Objekt, which no file defines. Did you mean Object? "
        "Add it or correct the name."
    )


def test_circle() -> None:
    assert refusal(definition("A", "#B"), definition("B", "#A")) == (
        "0.st:1: A is its own superclass: A < B < A. Break the circle."
    )


def test_too_many_superclasses() -> None:
    chain = [ROOT, *(definition(f"C{level}", f"#C{level - 1}" if level > 1 else "#Object") for level in range(1, 28))]
    assert len(sort_classes([read_class(text) for text in chain]).superclasses("C27")) == 28
    assert refusal(*chain, definition("C28", "#C27")) == (
        "28.st:1: C28 would have 28 superclasses, and a class has at most 27. Choose another superclass."
    )


def test_class_twice() -> None:
    assert refusal(ROOT, ROOT) == (
        "1.st:1: class Object is defined already, in 0.st:1. Rename one, or make it an Extension."
    )


def test_extension_of_nothing() -> None:
    assert refusal(ROOT, "Extension { #name : #Objet }") == (
        "1.st:1: this extends Objet, which no file defines. Did you mean Object? Add the class or correct the name."
    )


EXTENSION = "Extension { #name : #Object }\n\nObject >> a [ ^ 2 ]"


def test_an_extension_that_replaces_a_method_is_told() -> None:
    texts = [definition("Object", "nil", methods="Object >> a [ ^ 1 ]"), EXTENSION]
    hierarchy = sort_classes(read_class(text, f"{index}.st") for index, text in enumerate(texts))
    assert hierarchy.warnings == ("1.st:3: warning: this replaces Object>>a, from 0.st:2.",)
    [method] = hierarchy.classes["Object"].methods
    assert method.file == "1.st"


def test_two_extensions_with_one_method() -> None:
    assert refusal(definition("Object", "nil"), EXTENSION, EXTENSION) == (
        "2.st:3: another extension has Object>>a, from 1.st:3. Rename one of them."
    )
    assert refusal(definition("Object", "nil", methods="Object >> a [ ^ 1 ]"), EXTENSION, EXTENSION) == (
        "2.st:3: another extension has Object>>a, from 1.st:3. Rename one of them."
    )


def test_an_extension_cannot_replace_what_the_virtual_machine_relies_on() -> None:
    assert refusal(
        definition("Object", "nil", methods="Object >> mustBeBoolean [ ^ 1 ]"),
        "Extension { #name : #Object }\n\nObject >> mustBeBoolean [ ^ true ]",
    ) == (
        "1.st:3: this would replace Object>>mustBeBoolean, from 0.st:2: the virtual machine sends it. "
        "Define it in a subclass."
    )


def test_inherited_variable() -> None:
    assert refusal(definition("A", "nil", ", #instVars : [ 'x' ]"), definition("B", "#A", ", #instVars : [ 'x' ]")) == (
        "1.st:1: B inherits the variable x. Remove it here or rename it."
    )


def test_raw_elements_with_variables() -> None:
    assert refusal(definition("A", "nil", ", #type : #bytes, #instVars : [ 'x' ]")) == (
        "0.st:1: A has raw elements and named variables. Keep the raw part in an object of its own."
    )


def test_a_class_whose_instances_the_machine_knows() -> None:
    assert refusal(definition("Float", "nil"), definition("Half", "#Float")) == (
        "1.st:1: Float cannot have subclasses: the virtual machine knows its instances by their class. "
        "Choose another superclass for Half."
    )


def library_with(*texts: str) -> None:
    classes = [read_class_file(path) for path in sorted(KERNEL.glob("*.class.st"))]
    build_image([*classes, *(read_class(text, "User.class.st") for text in texts)], 0x100000)


def test_undeclared_global_has_place_and_suggestion() -> None:
    with pytest.raises(SourceError) as caught:
        library_with(definition("User", "#Object", methods="User >> run [\n\t^ OrderdCollection new\n]"))
    place, source, caret, remedy = str(caught.value).split("\n")
    assert place == "User.class.st:3:4: `OrderdCollection` is not declared."
    assert (source, caret) == ("\t^ OrderdCollection new", "\t  ^")
    assert remedy.startswith("Did you mean OrderedCollection or ")
    assert remedy.endswith("? Define the class or the global, or correct the spelling.")


def test_library_without_a_class_the_machine_needs() -> None:
    with pytest.raises(ImageError, match=r"the class library has no class Metaclass, which every image needs\."):
        build_image([read_class(ROOT, "Object.class.st")], 0x100000)


def test_shapes() -> None:
    shapes = sort_classes(
        [
            read_class(text)
            for text in (
                definition("A", "nil"),
                definition("B", "#A", ", #instVars : [ 'x' ]"),
                definition("C", "#B", ", #type : #variable"),
                definition("D", "#C", ", #instVars : [ 'y' ]"),
                definition("E", "#A", ", #type : #bytes"),
                definition("F", "#E"),
                definition("G", "#A", ", #type : #words"),
                definition("H", "#A", ", #type : #variable"),
                definition("I", "#A", ", #type : #weak"),
                definition("CompiledMethod", "#A", ", #type : #bytes"),
            )
        ]
    ).shapes
    formats = {name: shape.class_format for name, shape in shapes.items()}
    assert formats == {"A": 0, "B": 17, "C": 19, "D": 35, "E": 8, "F": 8, "G": 6, "H": 2, "I": 4, "CompiledMethod": 12}
