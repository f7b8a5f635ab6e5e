"""GNU Smalltalk's syntax."""

from __future__ import annotations

from hardtalk.smalltalk.chunk import ExpressionChunk, MethodChunk, RefusedChunk
from hardtalk.smalltalk.gnu import is_gnu, read_gnu
from hardtalk.smalltalk.tonel import ClassDefinition

TEXT = """"An example: [ is no bracket here."
Smalltalk.Object subclass: Account [
    | balance owner |
    <comment: 'I''m an account'>
    <shape: #pointer>
    Total := 3 + 4.
    Account class [ | all | ]
    Account class >> new [ <category: 'make'> ^ super new init ]
    init [ <category: 'private'> balance := 0. ^ $] ]
    + other [ ^ balance + other ]
    at: i put: x [ ^ [ :a | a ] value: x ]
    broken [ ^ ( ]
    fine [ ^ 1.5 ]
]
Account extend [ deposit: amount [ balance := balance + amount ] ]
Account class extend [ make [ ^ 3 ] ]
Account class >> empty [ ^ self new ]
Account >> = other [ ^ true ]
Eval [ | a | a := Account new. a deposit: 3 ]
| x |
x := 3.5 + 4.
x printNl!
"""


def test_reading() -> None:
    assert is_gnu(TEXT)
    definition, *others = read_gnu(TEXT, "a.st")
    assert definition == ClassDefinition(
        "Account",
        "Object",
        ("balance", "owner"),
        ("Total",),
        ("all",),
        category="User",
        kind="variable",
        comment="I'm an account",
    )
    methods = [each for each in others if isinstance(each, MethodChunk)]
    assert [(each.class_side, each.node.selector, each.category, each.line) for each in methods] == [
        (True, "new", "make", 8),
        (False, "init", "private", 9),
        (False, "+", "as yet unclassified", 10),
        (False, "at:put:", "as yet unclassified", 11),
        (False, "fine", "as yet unclassified", 13),
        (False, "deposit:", "as yet unclassified", 15),
        (True, "make", "as yet unclassified", 16),
        (True, "empty", "as yet unclassified", 17),
        (False, "=", "as yet unclassified", 18),
    ]
    expressions = [each.source for each in others if isinstance(each, ExpressionChunk)]
    assert expressions == [
        "Account classVarNamed: #Total put: (3 + 4)",
        "| a | a := Account new. a deposit: 3",
        "x := 3.5 + 4",
        "x printNl",
    ]


def test_a_method_that_cannot_be_read_is_told_in_its_place() -> None:
    [error] = [each.error for each in read_gnu(TEXT, "a.st") if isinstance(each, RefusedChunk)]
    assert (error.file, error.line) == ("a.st", 12)


def test_complaints() -> None:
    for text, line, message in (
        ("Eval [\n3", 1, "The bracket is not closed."),
        ("Object subclass: A [ <shape: #odd> ]", 1, "`#odd` is not a shape that objects have here."),
        ("Object subclass: A [ 3 ]", 1, "Expected a method, variables or a property."),
        ("Eval [\n 'abc ]", 2, "The string that starts here has no closing quote."),
    ):
        [refused] = [each for each in read_gnu(text, "a.st") if not isinstance(each, ClassDefinition)]
        assert isinstance(refused, RefusedChunk)
        assert (refused.error.line, refused.error.message) == (line, message)
        assert refused.error.remedy


def test_an_extension_adds_variables() -> None:
    found = read_gnu("A extend [\n| x | Y := 3. ]\nA class extend [ | z | ]", "a.st")
    assert [each.source for each in found if isinstance(each, ExpressionChunk)] == [
        "A addInstVarNamed: 'x'",
        "A addClassVarNamed: 'Y'",
        "A classVarNamed: #Y put: (3)",
        "A class addInstVarNamed: 'z'",
    ]


def test_chunk_format_and_tonel_are_not_gnu() -> None:
    assert not is_gnu(
        "Object subclass: #Foo instanceVariableNames: '' category: ''!\n!Foo methodsFor: 'x'!\na ^ [ 3 ]! !"
    )
    assert not is_gnu("Foo >> bar [ ^ 3 ]")


def test_what_cannot_be_read_keeps_nothing_else_from_being_read() -> None:
    text = """Object subclass: A [ | a | 3 + 4. b [ ^ 1 ] ]
Object subclass: Odd [ <shape: #odd> c [ ^ 2 ] ]
Eval [ 'abc ]
A class extend [ d [ ^ 3 ] ]
"""
    a, three, b, odd, string, d = read_gnu(text, "a.st")
    assert isinstance(a, ClassDefinition) and a.instance_variables == ("a",)
    assert isinstance(b, MethodChunk) and b.source.startswith("b")
    assert isinstance(d, MethodChunk) and (d.class_name, d.class_side) == ("A", True)
    refused = [each.error.line for each in (three, odd, string) if isinstance(each, RefusedChunk)]
    assert refused == [1, 2, 3]


def test_the_class_side_in_the_brackets_of_a_class() -> None:
    definition, registry, own = read_gnu("Object subclass: A [ A class [ | all | registry [ ^ all ] ] own [ ^ 1 ] ]")
    assert isinstance(definition, ClassDefinition) and definition.class_instance_variables == ("all",)
    assert isinstance(registry, MethodChunk) and registry.class_side
    assert isinstance(own, MethodChunk) and not own.class_side


def test_a_name_in_a_namespace_is_refused_as_a_statement_too() -> None:
    [_, refused] = read_gnu("Eval [ 3 ]\nSmalltalk.Foo new.\n")
    assert isinstance(refused, RefusedChunk) and "there are no namespaces" in refused.error.message
