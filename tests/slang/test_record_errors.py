"""What is wrong with a use of records is told both ways, word for word, all in one run."""

from __future__ import annotations

import pytest

from hardtalk.slang.compile import compile_program
from hardtalk.slang.errors import SlangErrors
from hardtalk.slang.program import read_program
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition

from .both_ways import refusal_by_compiler, refusal_by_simulation
from .test_components import component
from .three_ways import sources

REFUSED = {
    "unknown field": (
        "^ p priorty",
        "6:6: Process has no field priorty",
        "did you mean priority?",
    ),
    "unknown stored field": (
        "p priorty: 3.\n\t^ 0",
        "6:4: Process has no field priorty",
        "did you mean priority:?",
    ),
    "field of another record": (
        "^ p owner",
        "6:6: Process has no field owner, Mutex has",
        "declare the value so, or write asMutex before it",
    ),
    "field of a word": (
        "^ a priority",
        "6:6: priority is a field of Process, NativeLine, NativeProcess or NativeSlot, and a is #int32",
        "declare <var: #a type: #Process>, or write asProcess before it",
    ),
    "field of what has no name": (
        "^ (a + 4) sender",
        "6:12: sender is a field of Context, and this value is #int32",
        "write asContext before it",
    ),
    "stored field of a word": (
        "a withoutBarrier sender: 0.\n\t^ 0",
        "6:19: sender is a field of Context, and a is #int32",
        "declare <var: #a type: #Context>, or write asContext before it",
    ),
    "header of a word": (
        "^ a class",
        "6:6: class is a field of oop, and a is #int32",
        "declare <var: #a type: #oop>, or write asOop before it",
    ),
    "record of another kind": (
        "p := p myList.\n\t^ 0",
        "6:2: p is #Process, the value is #List",
        "write asProcess behind it when it is one",
    ),
    "argument of another kind": (
        "self taking: p.\n\t^ 0",
        "6:15: context of taking: is #Context, the value is #Process",
        "write asContext behind it when it is one",
    ),
    "reference of another kind": (
        "p withoutBarrier myList: p.\n\t^ 0",
        "6:27: myList of Process is #List, the value is #Process",
        "write asList behind it when it is one",
    ),
    "truth in a record": (
        "p := a = 3.\n\t^ 0",
        "6:2: p is #Process, the value is #boolean",
        "compare it, or declare another type",
    ),
    "cast of a truth": (
        "^ (a = 3) asProcess",
        "6:12: asProcess makes a record of a word, this is #boolean",
        "ask it of an address",
    ),
    "needless withoutBarrier": (
        "p withoutBarrier priority: 3.\n\t^ 0",
        "6:19: priority is no reference and has no barrier",
        "leave it out",
    ),
    "withoutBarrier alone": (
        "^ p withoutBarrier",
        "6:6: withoutBarrier stores nothing",
        "send the store of a reference to it",
    ),
    "value of a store": (
        "^ p priority: 3",
        "6:4: priority: has no value here",
        "use it as a statement",
    ),
    "no barrier": (
        "p myList: 0.\n\t^ 0",
        "6:4: myList: stores a reference through storePointer:in:at:, which no class of the program has",
        "add one, or write withoutBarrier where the collector need not hear of it",
    ),
}


def wrong(*bodies: str) -> list[ClassDefinition]:
    methods = "".join(
        f"Sample >> run{number or ''}: a [\n\t<var: #p type: #Process>\n\t| p |\n\t{body}\n]\n\n"
        for number, body in enumerate(bodies)
    )
    return sources(methods + "Sample >> taking: context [\n\t<var: #context type: #Context>\n\t^ context sender\n]\n")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_both_ways_with_place_and_remedy(name: str) -> None:
    body, problem, remedy = REFUSED[name]
    said = refusal_by_compiler(wrong(body))
    assert said == refusal_by_simulation(wrong(body))
    assert said.splitlines()[0] == f"Sample.class.st:{problem}" and said.splitlines()[-1].strip() == remedy, said


def test_all_mistakes_are_told_in_one_run() -> None:
    with pytest.raises(SlangErrors) as caught:
        compile_program(wrong(*(body for body, _, _ in REFUSED.values())), {}, ["run:"])
    assert len(caught.value.errors) == len(REFUSED)


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("<var: #proces type: #Process>", "proces is no parameter or temporary of this method\ndid you mean #process?"),
        ("<var: #zzz type: #oop>", "zzz is no parameter or temporary of this method\nremove the declaration"),
        ("<var: #each type: #Link>", "each is declared twice\nkeep one of the declarations"),
    ],
)
def test_a_declaration_is_of_one_variable(pragma: str, said: str) -> None:
    body = f"<var: #each type: #Process>\n\t{pragma}\n\t1 to: 3 do: [ :each | self wordAt: each ].\n\t^ process"
    classes = sources(f"Sample >> run: process [\n\t{body}\n]\n")
    told = refusal_by_compiler(classes)
    assert told == refusal_by_simulation(classes) and told.startswith("Sample.class.st:5:2: ")
    assert [told.splitlines()[0].partition("5:2: ")[2], told.splitlines()[-1].strip()] == said.splitlines()


def test_a_declared_variable_is_one_of_the_class() -> None:
    text = "Sample class >> declareVariables [\n\t<var: #counte type: #Process>\n]\n"
    with pytest.raises(SourceError, match="Sample has no instance variable counte") as caught:
        read_program(sources(text), {})
    assert caught.value.remedy == "did you mean #counter?"


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(SourceError, match=r"unknown type #Proces\n.*\n.*\n.*did you mean #Process\?"):
        read_program(sources("Sample >> run: a [\n\t<var: #a type: #Proces>\n\t^ a\n]\n"), {})


BARRED = component("Barrier", "<interface>", "storePointer: value in: object at: offset [ ]")
PROVIDING = component(
    "Collector",
    "<provides: #Barrier>",
    "storePointer: value in: object at: offset [ self wordAt: object + offset put: value ]",
)


def using(declaration: str, body: str) -> list[ClassDefinition]:
    return [component("User", declaration, f"run: p [ <var: #p type: #Process> {body} ]"), BARRED, PROVIDING]


def test_a_store_of_a_reference_is_a_use_of_the_barrier() -> None:
    program = read_program(using("<uses: #Barrier>", "p myList: 0. ^ 0"), {})
    assert program.method("run:").calls == {"storePointer:in:at:"}
    with pytest.raises(SourceError, match="myList: stores a reference, and User does not use Barrier") as caught:
        read_program(using("<uses: #Collector>", "p myList: 0. ^ 0"), {})
    remedy = "declare <uses: #Barrier> in User class >> declareComponent, or write withoutBarrier where the collector"
    assert remedy in str(caught.value)


@pytest.mark.parametrize("body", ["p withoutBarrier myList: 0. ^ 0", "p priority: 0. ^ p myList"])
def test_other_accesses_are_none(body: str) -> None:
    with pytest.raises(SourceError, match="User does not use Barrier"):
        read_program(using("<uses: #Barrier>", body), {})
