"""A class defined anew on the board: its methods, subclasses, instances, and what refers to it."""

from __future__ import annotations

import pytest

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.serial import ClassModel, ConsoleText, Event, Failure, Result
from hardtalk.smalltalk.errors import SourceError

SHAPES = """Object subclass: #Shape instanceVariableNames: 'a b' classVariableNames: 'Count' package: 'Tests'!
!Shape methodsFor: 'x'!
a ^ a!
a: x a := x. Count := (Count ifNil: [ 0 ]) + 1!
b ^ b!
b: x b := x!
larger | s | s := 0. 1 to: 3 do: [ :i | s := s + (a > b ifTrue: [ a ] ifFalse: [ b ]) ]. ^ s!
adder ^ [ :x | a := a + x ]!
untouched ^ 7!
waitOn: s s wait. ^ b! !
Shape class instanceVariableNames: 'made'!
!Shape class methodsFor: 'x'!
count ^ Count!
made ^ made!
make: x made := (made ifNil: [ 0 ]) + 1. ^ self new a: x; b: x + 1; yourself! !
Shape subclass: #Disc instanceVariableNames: 'c' classVariableNames: '' package: 'Tests'!
!Disc methodsFor: 'x'!
c ^ c!
c: x c := x!
larger ^ super larger + c! !
OneShape := Shape make: 3!
OneDisc := Disc make: 5!
OneDisc c: 100!
Kept := { Shape. Disc. Shape class. IdentitySet with: OneShape }!
Keyed := { IdentitySet withAll: { Shape. Disc. Point }. Dictionary new at: Shape put: 1; at: 3 put: Disc; yourself }!
"""


WAITING = "Gate := Semaphore new. [ Got := OneShape waitOn: Gate ] fork. (Delay forMilliseconds: 20) wait"


@pytest.fixture(scope="module")
def prepared() -> tuple[Bench, KeptBoard, ClassModel]:
    bench = boot(BootOptions())
    bench.console.prompt.enter_script(SHAPES, "shapes.st")
    events = list(bench.console.events())
    assert not [each for each in events if isinstance(each, Failure)]
    return bench, bench.console.keep(), bench.console.prompt.model


@pytest.fixture
def shapes(prepared: tuple[Bench, KeptBoard, ClassModel]) -> Bench:
    """A board with Shape and Disc as above, one instance of each."""
    bench, kept, model = prepared
    bench.console.put_back(kept)
    bench.console.prompt.model = ClassModel()
    bench.console.prompt.model.take(model)
    return bench


def entered(bench: Bench, source: str) -> list[Event]:
    bench.console.prompt.enter(source)
    return list(bench.console.events())


def value(bench: Bench, source: str) -> str:
    [*_, last] = entered(bench, source)
    assert isinstance(last, Result), last
    return last.text


def refusal(bench: Bench, source: str) -> str:
    [*_, last] = entered(bench, source)
    assert isinstance(last, Failure), last
    return last.trace


def told(bench: Bench, source: str) -> str:
    """What the console says besides the reply."""
    return "".join(each.text for each in entered(bench, source) if isinstance(each, ConsoleText))


def shape(variables: str, superclass: str = "Object", class_variables: str = "Count") -> str:
    return (
        f"{superclass} subclass: #Shape instanceVariableNames: '{variables}' "
        f"classVariableNames: '{class_variables}' package: 'Tests'"
    )


@pytest.mark.parametrize(
    "definition",
    [shape("z a q b"), shape("b a"), shape("v a b", "Point")],
    ids=["in between", "exchanged", "superclass with variables"],
)
def test_methods_are_kept_and_instances_converted(shapes: Bench, definition: str) -> None:
    before = value(shapes, "{ OneShape identityHash. Shape identityHash. Disc identityHash }")
    assert value(shapes, definition) == "Shape"
    assert value(shapes, "{ OneShape a. OneShape b. OneShape larger. OneShape untouched }") == "#(3 4 12 7)"
    assert value(shapes, "{ OneDisc a. OneDisc b. OneDisc c. OneDisc larger }") == "#(5 6 100 118)"
    assert value(shapes, "OneShape adder value: 10. OneShape a: OneShape a * 2. OneShape a") == "26"
    assert value(shapes, "(Shape make: 1) larger + (Disc make: 1) b") == "8"
    assert value(shapes, "{ OneShape class == Shape. OneDisc class == Disc. Disc superclass == Shape }") == (
        "#(true true true)"
    )
    assert value(shapes, "{ Shape subclasses. Disc class superclass == Shape class }") == "{{Disc}. true}"
    assert value(shapes, "(Kept first: 3) = { Shape. Disc. Shape class }") == "true"
    assert value(shapes, "(Kept at: 4) includes: OneShape") == "true"
    assert value(shapes, "OneShape identityHash") in before
    assert (
        value(shapes, "{ Keyed first includes: Shape. Keyed first includes: Disc. Keyed first size }")
        == "#(true true 3)"
    )
    assert value(shapes, "{ Keyed last at: Shape. (Keyed last at: 3) == Disc }") == "#(1 true)"


def test_class_side_is_kept(shapes: Bench) -> None:
    assert value(shapes, "{ Shape count. Shape made. Disc made }") == "#(2 1 1)"
    value(shapes, shape("z a b"))
    assert value(shapes, "Shape make: 9. { Shape count. Shape made. Disc made }") == "#(3 2 1)"
    value(shapes, "Shape class addInstVarNamed: 'more'")
    value(shapes, "Shape class >> more [ ^ more := { more. made } ]")
    assert value(shapes, "Shape more. { Shape more. Disc made. Shape count }") == "#(#(#(nil 2) 2) 1 3)"
    assert value(shapes, "Shape class instanceVariableNames: 'first made'. Shape make: 1. Shape made") == "3"


def test_what_uses_a_variable_that_has_gone_is_removed_by_name(shapes: Bench) -> None:
    said = told(shapes, "Shape removeInstVarNamed: 'b'")
    for name in ("Shape>>b", "Shape>>b:", "Shape>>larger", "Shape>>waitOn:"):
        assert f"{name} is removed: it uses the variable b, which has gone" in said
    assert "Disc" not in said
    assert value(shapes, "{ OneShape a. OneDisc a. OneDisc c }") == "#(3 5 100)"
    with pytest.raises(SourceError, match="`b`"):
        shapes.console.prompt.enter("Shape >> b [ b := 3 ]")


def test_class_variables_come_and_go(shapes: Bench) -> None:
    assert value(shapes, shape("a b", class_variables="Count Other")) == "Shape"
    assert value(shapes, "{ Shape classVarNames. Shape count. OneShape b }") == "#(#(#Count #Other) 2 4)"
    said = told(shapes, shape("a b", class_variables="Other"))
    assert "Shape class>>count is removed: it uses the class variable Count, which has gone" in said
    assert value(shapes, "Shape classVarNames") == "#(#Other)"


def test_the_host_follows_variables_that_are_added(shapes: Bench) -> None:
    value(shapes, "Shape addInstVarNamed: 'extra'")
    value(shapes, "Shape >> extra [ ^ extra := (extra ifNil: [ 0 ]) + a ]")
    assert value(shapes, "OneShape extra. OneShape extra") == "6"
    assert value(shapes, "{ OneDisc extra. OneDisc c }") == "#(5 100)"
    value(shapes, "Shape addClassVarNamed: 'Shared'")
    value(shapes, "Shape >> shared [ ^ Shared := a ]")
    assert value(shapes, "OneShape shared") == "3"


def test_a_process_in_a_method_that_still_fits_goes_on(shapes: Bench) -> None:
    value(shapes, WAITING)
    assert value(shapes, shape("a b z")) == "Shape"
    assert value(shapes, "OneShape b: 77. Gate signal. (Delay forMilliseconds: 20) wait. Got") == "77"


def test_a_process_in_a_method_whose_variables_move_is_not_touched(shapes: Bench) -> None:
    value(shapes, WAITING)
    assert "cannot be defined anew while Shape>>waitOn: runs" in refusal(shapes, shape("z a b"))
    assert value(shapes, "OneShape b: 78. Gate signal. (Delay forMilliseconds: 20) wait. { Got. OneShape larger }") == (
        "#(78 234)"
    )
    assert value(shapes, shape("z a b")) == "Shape"
    assert value(shapes, "OneShape larger") == "234"


def test_others_make_instances_meanwhile(shapes: Bench) -> None:
    """A more urgent process makes and uses instances all the time, with collections; each is found and converted."""
    value(
        shapes,
        "Made := OrderedCollection new. Wrong := 0. Going := true. Busy := [ [ Going ] whileTrue: [ "
        "(Delay forMilliseconds: 5) wait. Made addLast: (Shape make: Made size). "
        "Made removeFirst: (Made size - 50 max: 0). "
        "Made do: [ :each | each b = (each a + 1) ifFalse: [ Wrong := Wrong + 1 ] ] ] ] forkAt: 45. "
        "(Delay forMilliseconds: 100) wait",
    )
    for variables in ("z a b", "b a", "q b z a"):
        assert value(shapes, shape(variables)) == "Shape"
        assert value(shapes, "Smalltalk garbageCollect. Made allSatisfy: [ :each | each class == Shape ]") == "true"
    assert value(
        shapes, "Going := false. (Delay forMilliseconds: 20) wait. { Wrong. Made size > 10. Busy isTerminated }"
    ) == ("#(0 true true)")
    assert value(shapes, "Shape allInstances size - Made size") == "1"
    assert value(shapes, "Smalltalk garbageCollect; garbageCollect; garbageCollect. HeapAudit runPass") == "0"


def test_a_block_that_is_kept_hinders_as_well(shapes: Bench) -> None:
    value(shapes, "Block := OneShape adder")
    assert "Shape>>adder" in refusal(shapes, shape("z a b"))
    assert value(shapes, "Block value: 4") == "7"
    value(shapes, "Block := nil")
    assert value(shapes, shape("z a b")) == "Shape"


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        ("Object subclass: #Point instanceVariableNames: 'x y z' classVariableNames: '' package: 'Tests'", "firmware"),
        ("Object subclass: #Process instanceVariableNames: 'a' classVariableNames: '' package: 'Tests'", "firmware"),
        ("Association addInstVarNamed: 'tail'", "firmware"),
        ("Object class instanceVariableNames: 'x'", "firmware"),
        ("Point category: 'Mine'", "firmware"),
        ("Disc subclass: #Shape instanceVariableNames: '' classVariableNames: '' package: 'Tests'", "inherits from it"),
        ("Shape addInstVarNamed: 'c'", "already defined in the subclass Disc"),
        ("Shape addInstVarNamed: 'a'", "defined twice"),
        ("Shape removeInstVarNamed: 'zz'", "no instance variable"),
        ("ByteArray variableByteSubclass: #Shape instanceVariableNames: '' classVariableNames: '' package: 'T'", ""),
    ],
)
def test_refused(shapes: Bench, definition: str, reason: str) -> None:
    trace = refusal(shapes, definition)
    assert reason in trace
    assert value(shapes, "{ OneShape larger. OneDisc larger. Point x: 1 y: 2 }") == "{12. 118. 1@2}"
    assert value(shapes, "(Kept first: 3) = { Shape. Disc. Shape class }") == "true"


def test_a_kernel_class_defined_as_it_is_stays_the_firmwares(shapes: Bench) -> None:
    same = "Object subclass: #Point instanceVariableNames: 'x y' classVariableNames: '' package: 'Tests'"
    value(shapes, same)
    assert "firmware" in refusal(shapes, same.replace("x y", "x y z"))


def test_a_misspelt_superclass_is_refused_with_a_guess(shapes: Bench) -> None:
    with pytest.raises(SourceError, match="Did you mean `Association`"):
        shapes.console.prompt.enter(shape("a b", "Asociation"))
    with pytest.raises(SourceError, match="Did you mean `Association`"):
        shapes.console.prompt.enter(f"true ifTrue: [ {shape('a b', 'Asociation')} ]")


def test_instances_that_are_indexed(shapes: Bench) -> None:
    list_ = "Object variableSubclass: #Shelf instanceVariableNames: '{}' classVariableNames: '' package: 'Tests'"
    value(shapes, list_.format("owner"))
    value(shapes, "OneShelf := (Shelf new: 5) instVarAt: 1 put: #me; yourself. OneShelf at: 4 put: 44")
    value(shapes, list_.format("x owner y"))
    assert value(shapes, "{ OneShelf instVarNamed: 'owner'. OneShelf size. OneShelf at: 4 }") == "#(#me 5 44)"
    said = refusal(
        shapes, "Object subclass: #Shelf instanceVariableNames: 'owner' classVariableNames: '' package: 'Tests'"
    )
    assert "instances of Shelf" in said


def test_many_variables_make_instructions_and_jumps_longer(shapes: Bench) -> None:
    """Each variable is pushed, stored and popped in jumps, loops and blocks; then others come in front of it."""
    names = [f"v{index}" for index in range(12)]
    lines = [
        f"v{index} := v{index} + (v{(index + 1) % 12} > 5 ifTrue: [ {index} ] ifFalse: [ v{index} ])."
        for index in range(12)
    ]
    body = f"run [ {' '.join(f'{each} := {index}.' for index, each in enumerate(names))} ^ self work ]"
    work = (
        "work [ | n | n := 0. [ n < 3 ] whileTrue: [ "
        + " ".join(lines)
        + " #(1 2) do: [ :each | v3 := v3 + each. v11 := v4 := v4 + v3 ]. n := n + 1 ]. ^ { "
        + ". ".join(names)
        + " } ]"
    )

    def definition(variables: list[str]) -> str:
        return (
            f"Object subclass: #Wide instanceVariableNames: '{' '.join(variables)}' "
            "classVariableNames: '' package: 'Tests'"
        )

    value(shapes, definition(names))
    value(shapes, f"Wide >> {body}")
    value(shapes, f"Wide >> {work}")
    for name in names:
        value(shapes, f"Wide >> {name} [ ^ {name} ]")
    value(shapes, "OneWide := Wide new")
    expected = value(shapes, "OneWide run")
    accessors = "{ " + ". ".join(f"OneWide {each}" for each in names) + " }"
    assert value(shapes, accessors) == expected
    for count in (5, 60, 120):
        value(shapes, definition([f"w{index}" for index in range(count)] + names))
        assert value(shapes, accessors) == expected, count
        assert value(shapes, "OneWide run") == expected, count
    assert "at most 132 named variables" in refusal(shapes, definition([f"w{index}" for index in range(121)] + names))
    assert value(shapes, accessors) == expected


def test_handlers_do_not_wait_for_a_collection_to_be_rehashed(shapes: Bench) -> None:
    """However many elements it has."""
    value(shapes, "IdentitySet subclass: #Told instanceVariableNames: '' classVariableNames: '' package: 'Tests'")
    value(shapes, "Priority := nil")
    value(shapes, "Told >> rehash [ Priority := Processor activePriority. ^ super rehash ]")
    value(shapes, "Holding := Told with: Shape. Priority := nil")
    assert value(shapes, shape("a b d")) == "Shape"
    assert value(shapes, "{ Priority < Processor lowIOPriority. Holding includes: Shape }") == "#(true true)"
