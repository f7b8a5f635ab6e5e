"""Tonel files."""

from __future__ import annotations

import pytest

from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition, class_category, read_class
from hardtalk.smalltalk.tonel_writer import write_class

THERMOMETER = """"I read the ""tutorial's"" thermometer."
Class {
	#name : #Thermometer,
	#superclass : #Device,
	#type : #variable,
	#instVars : [ 'readings', 'limit' ],
	#classVars : [ 'Total' ],
	#classInstVars : [ 'default' ],
	#pools : [ 'Registers' ],
	#category : #'Tutorial-One'
}

{ #category : #hardware }
Thermometer class >> peripheral [
	^ #THERMO
]

{ #category : #'reading values' }
Thermometer >> at: index put: value [
	"A bracket ] in a comment, and 'quotes"
	^ $] , ']]' , #($[ #[1 2]) , [ :x | x , '"' ] value
]

{ #category : #arithmetic }
Thermometer >> + aNumber [ ^ aNumber
]
"""


def test_the_category_is_read_without_the_methods() -> None:
    head = THERMOMETER[: THERMOMETER.index("{ #category : #hardware }")]
    assert class_category(f"{head}Thermometer >> broken [ ^ (1 ]", "broken.st") == "Tutorial-One"
    with pytest.raises(SourceError, match=r"^broken\.st:1:1: Expected `Class \{` or `Extension \{`"):
        class_category("Thermometer >> broken [ ]", "broken.st")


def test_reading() -> None:
    definition = read_class(THERMOMETER, "Thermometer.class.st")
    methods = definition.methods
    assert definition == ClassDefinition(
        "Thermometer",
        "Device",
        instance_variables=("readings", "limit"),
        class_variables=("Total",),
        class_instance_variables=("default",),
        pools=("Registers",),
        category="Tutorial-One",
        kind="variable",
        comment='I read the "tutorial\'s" thermometer.',
        methods=methods,
    )
    assert [(each.class_side, each.selector, each.category, each.line) for each in methods] == [
        (True, "peripheral", "hardware", 14),
        (False, "at:put:", "reading values", 19),
        (False, "+", "arithmetic", 25),
    ]
    assert methods[0].source == "peripheral\n\t^ #THERMO"
    assert methods[2].source == "+ aNumber   ^ aNumber"
    assert methods[1].node.file == "Thermometer.class.st"


def test_writing_gives_the_text_read() -> None:
    assert write_class(read_class(THERMOMETER)) == THERMOMETER


@pytest.mark.parametrize(
    "body",
    [
        "x [ ^ 1 ]",
        "x[^ 1]",
        "x [^ 1]",
        "x[ ^ 1 ]",
        "x [ ]",
        "x [\n]",
        "x\n[\n\t^ 1\n]",
        'x "comment" [\n\t^ 1\n]',
        "x: a\n\ty: b [\n\t^ a ]",
        "| a [ ^ a ]",
        "x [\n\n\n\t^ [ 1 ] ]",
    ],
)
def test_round_trip_of_methods(body: str) -> None:
    definition = read_class(f"Class {{ #name : #Foo, #superclass : #Object }}\nFoo >> {body}")
    written = write_class(definition)
    assert read_class(written) == definition
    assert write_class(read_class(written)) == written


def test_definitions_that_were_not_read_round_trip() -> None:
    definition = ClassDefinition(
        "Foo",
        None,
        comment="First line.\n\nLast line.",
        methods=(
            MethodDefinition(False, "one", "a category's name", "one\n\t^ 1"),
            MethodDefinition(True, "two", "as yet unclassified", "two ^ 2"),
            MethodDefinition(True, "a:b:", "x", "a: c b: d"),
        ),
    )
    assert read_class(write_class(definition)) == definition


def test_extension() -> None:
    text = "Extension { #name : #Object }\n\n{ #category : #'*Tutorial' }\nObject >> isThermometer [\n\t^ false\n]\n"
    definition = read_class(text)
    assert definition.is_extension and definition.kind == "extension" and definition.superclass is None
    assert definition.methods[0].category == "*Tutorial"
    assert read_class(write_class(definition)) == definition


def test_strings_and_nil_as_values() -> None:
    definition = read_class("Class { #name : 'ProtoObject', #superclass : nil, #package : 'Kernel' }")
    assert (definition.name, definition.superclass, definition.category) == ("ProtoObject", None, "Kernel")


def test_places_are_those_of_the_file() -> None:
    text = f"{CLASS}\nFoo class >> bar [ ^ unknown ]\n\nFoo >> baz [\n\t^ other ]\n"
    first, second = read_class(text, "Foo.class.st").methods
    with pytest.raises(SourceError) as found:
        compile_method(first.node, class_name="Foo", class_side=True)
    assert (found.value.line, found.value.column) == (3, 22)
    with pytest.raises(SourceError) as found:
        compile_method(second.node, class_name="Foo")
    assert (found.value.file, found.value.line, found.value.column) == ("Foo.class.st", 6, 4)
    assert found.value.source_line == "\t^ other"


CLASS = "Class { #name : #Foo, #superclass : #Object }\n"
COMPLAINTS = [
    ("", "1:1: Expected `Class {` or `Extension {`.", "Start the file with its class, behind its comment."),
    ("Package { }", "1:1: Expected `Class {` or `Extension {`.", "Start the file with its class, behind its comment."),
    ("Trait { }", "1:1: There are no traits here.", "Write the methods into the classes that use them."),
    (
        "Class { #name : #A, #superclass : #Object, #traits : 'TOne + TTwo' }",
        "1:44: There are no traits here.",
        "Write the methods into the classes that use them.",
    ),
    ("Class x", "1:7: Expected `{`.", "Write the properties as { #name : #TheClass, ... }."),
    ("Class { #superclass : #A }", "1:1: The class has no #name.", "Add `#name : #TheClass`."),
    ("Class { #name : #A }", "1:1: The class A has no #superclass.", "Add `#superclass : #Object`."),
    (
        "Class { #name : #A #superclass : #B }",
        "1:20: Expected `,` or `}` behind a property.",
        "Separate properties by commas.",
    ),
    ("Class { #name : #A, x }", "1:21: Expected a property.", "Write it as #name : #TheClass."),
    (
        "Class { #name : #A, #name : #B }",
        "1:21: The property #name is given twice.",
        "Keep one of them.",
    ),
    (
        "Class { #name : #A, #color : #B }",
        "1:21: #color is not a property of a class.",
        "Use one of: #name, #superclass, #type, #category, #package, #tag, "
        "#instVars, #classVars, #classInstVars, #pools.",
    ),
    (
        "Class { #name : #A, #superclass : #B, #type : #odd }",
        "1:39: `odd` is not a type of class.",
        "Use one of: normal, variable, words, bytes, weak.",
    ),
    (
        "Class { #name : #A, #superclass : #B, #instVars : 'a' }",
        "1:39: #instVars takes a list.",
        "Write #instVars : [ 'name', 'another' ].",
    ),
    (
        "Class { #name : #A, #superclass : #B, #instVars : [ 'a b' ] }",
        "1:39: `a b` is not a variable's name.",
        "Names have letters, digits and `_`.",
    ),
    (
        "Class { #name : #A, #superclass : #B, #instVars : [ 'self' ] }",
        "1:39: `self` cannot be declared.",
        "Choose another name.",
    ),
    (
        "Class { #name : #A, #superclass : #B, #classVars : [ 'thisContext' ] }",
        "1:39: `thisContext` cannot be declared.",
        "Choose another name.",
    ),
    (
        "Class { #name : #'A b', #superclass : #B }",
        "1:9: `A b` is not a class's name.",
        "Names have letters, digits and `_`.",
    ),
    (
        "Class { #name : #A, #superclass : #self }",
        "1:21: `self` is not a class's name.",
        "Names have letters, digits and `_`.",
    ),
    (
        "Class { #name : #A, #superclass : #B, #instVars : [ 'a', 'a' ] }",
        "1:39: `a` is listed twice in #instVars.",
        "Keep one of them.",
    ),
    (
        CLASS + "foo",
        "2:1: Expected a method.",
        "Write `Class >> selector [ ... ]`, with { #category : #name } before it.",
    ),
    (
        CLASS + "Bar >> x [ ]",
        "2:1: This method is of Bar, but the file is of Foo.",
        "Keep one class in one file.",
    ),
    (
        CLASS + "{ #colour : #x }\nFoo >> x [ ]",
        "2:1: A method's only property is #category.",
        "Write { #category : #name }.",
    ),
    (
        CLASS + "Foo >> x",
        "2:8: The method has no body.",
        "Write its statements in brackets: selector [ ... ].",
    ),
    (
        CLASS + "Foo >> x [\n\t^ [ 1 ]\n",
        "2:10: The method's body is not closed.",
        "Add `]`, or look for a bracket missing within it.",
    ),
    (CLASS + "Foo >> x ]", "2:10: `]` closes nothing.", "Open the method's body by `[` behind its pattern."),
    (
        CLASS + "Foo >> x [\n\t^ 'abc ]\n",
        "3:4: The string that starts here has no closing quote.",
        "Close it with `'`, or look for a quote missing before it.",
    ),
    (
        CLASS + "Foo >> x [ ]\nFoo class >> x [ ]\nFoo >> x [ ]",
        "4:8: Foo >> x is defined twice.",
        "Remove or rename one of them; the first is on line 2.",
    ),
]


@pytest.mark.parametrize(("text", "complaint", "remedy"), COMPLAINTS, ids=[text for text, _, _ in COMPLAINTS])
def test_complaints(text: str, complaint: str, remedy: str) -> None:
    with pytest.raises(SourceError) as found:
        read_class(text, "Foo.class.st")
    error = found.value
    assert f"{error.line}:{error.column}: {error.message}" == complaint
    assert error.remedy == remedy


@pytest.mark.parametrize("none", ["'{}'", "''", "[ ]"])
def test_traits_that_are_none(none: str) -> None:
    text = f"Class {{ #name : #A, #superclass : #Object, #traits : {none}, #classTraits : {none} }}"
    assert read_class(text) == ClassDefinition("A", "Object")
