"""Compiled expressions, run on the small machine of this folder, mean what Smalltalk says they mean."""

from __future__ import annotations

from typing import Any

import pytest

from hardtalk.smalltalk.compiler import CompiledMethodSpec, compile_expression, compile_method
from hardtalk.smalltalk.parser import parse_expression, parse_method

from .bytecode_machine import Instance, Machine

CASES: list[tuple[str, Any]] = [
    ("3 + 4 * 2", 14),
    ("| a | a := 3. a", 3),
    ("| a b | a := b := 3. a + b", 6),
    ("", None),
    ("^ 5", 5),
    ("3 < 4 ifTrue: [1] ifFalse: [2]", 1),
    ("3 > 4 ifTrue: [1] ifFalse: [2]", 2),
    ("3 > 4 ifTrue: [1]", None),
    ("3 > 4 ifFalse: [1]", 1),
    ("3 < 4 ifFalse: [1] ifTrue: [2]", 2),
    ("| a | a := 0. 3 < 4 ifTrue: [a := 1. 7] ifFalse: [a := 2]. a", 1),
    ("3 < 4 ifTrue: [] ifFalse: [2]", None),
    ("| a | a := 5. 3 > 4 ifTrue: [] ifFalse: [a := 2]. a", 2),
    ("| a | a := 5. 3 < 4 ifTrue: [a := 1] ifFalse: []. a", 1),
    ("3 < 4 and: [4 < 5]", True),
    ("3 > 4 and: [self mustNotRun]", False),
    ("3 < 4 or: [self mustNotRun]", True),
    ("3 > 4 or: [4 > 5]", False),
    ("(3 < 4 and: [4 > 5 or: [5 < 6]]) ifTrue: ['yes'] ifFalse: ['no']", "yes"),
    ("(3 > 4 or: [4 < 5 and: [5 > 6]]) ifTrue: ['yes'] ifFalse: ['no']", "no"),
    ("((3 > 4 or: [4 < 5]) and: [5 < 6]) ifTrue: ['yes'] ifFalse: ['no']", "yes"),
    ("| a | a := 0. 3 < 4 and: [a := 1. true]. a", 1),
    ("(true and: [false]) ifTrue: [1] ifFalse: [2]", 2),
    ("nil ifNil: [3]", 3),
    ("4 ifNil: [3]", 4),
    ("nil ifNotNil: [3]", None),
    ("4 ifNotNil: [:v | v + 1]", 5),
    ("4 ifNotNil: [3]", 3),
    ("4 ifNil: [1] ifNotNil: [:v | v + 1]", 5),
    ("nil ifNil: [1] ifNotNil: [:v | v + 1]", 1),
    ("nil ifNotNil: [:v | v + 1] ifNil: [2]", 2),
    ("| a | a := 0. 4 ifNotNil: [:v | a := v]. nil ifNil: [a := a + 1]. a", 5),
    ("| a | a := 0. [a < 5] whileTrue: [a := a + 1]. a", 5),
    ("| a | a := 0. [a >= 5] whileFalse: [a := a + 1]. a", 5),
    ("| a | a := 0. [a := a + 1. a < 5] whileTrue. a", 5),
    ("| a | a := 0. [a := a + 1. a >= 5] whileFalse. a", 5),
    ("| a | a := 0. [a < 5] whileTrue: [a := a + 1]", None),
    ("| a | a := 0. [true] whileTrue: [a := a + 1. a = 7 ifTrue: [^ a]]", 7),
    ("| a | a := 0. [a := a + 1. a = 7 ifTrue: [^ a]] repeat", 7),
    ("| a | a := 0. 1 to: 4 do: [:i | a := a + i]. a", 10),
    ("| a | a := 0. 4 to: 1 by: -1 do: [:i | a := a * 10 + i]. a", 4321),
    ("| a n | a := 0. n := 3. 1 to: n do: [:i | n := 9. a := a + i]. a", 6),
    ("1 to: 4 do: [:i | i]", 1),
    ("| a | a := 0. 3 timesRepeat: [a := a + 2]. a", 6),
    ("| a | a := 0. (3 timesRepeat: [a := a + 2]) + a", 9),
    ("| a | a := 0. [a < 5] whileTrue: [<turns: 5> a := a + 1]. a", 5),
    ("| a | a := 0. [<turns: 7> a := a + 1. a = 7 ifTrue: [^ a]] repeat", 7),
    ("| a | a := 0. 1 to: 2 do: [:i | [a < (i * 3)] whileTrue: [<turns: 3> a := a + 1]]. a", 6),
    ("[:n | | a | a := 0. 1 to: n do: [:i | <turns: 4> a := a + i]. a] value: 4", 10),
    ("[:a :b | a - b] value: 7 value: 2", 5),
    ("[] value", None),
    ("[:a | ] value: 3", None),
    ("[:a | | b | b := a. b + 1] value: 3", 4),
    ("{1. 2 + 3. {}}", [1, 5, []]),
    ("{1. 2. 3. 4. 5. 6. 7. 8. 9. 10. 11. 12. 13. 14. 15. 16. 17. 18}", list(range(1, 19))),
    ("#(1 2) size + #(3) size", 3),
    ("| list | list := self newList. list add: 1; add: 2; size", 2),
    ("| list | list := self newList. list add: 1; add: 2; add: 3. list", [1, 2, 3]),
    # Each round of a loop has variables of its own.
    (
        "| blocks | blocks := self newList. 1 to: 3 do: [:i | blocks add: [i]]. blocks collect: [:b | b value]",
        [1, 2, 3],
    ),
    (
        "| blocks | blocks := self newList. 1 to: 3 do: [:i | | t | t := i * i. blocks add: [t]]. "
        "blocks collect: [:b | b value]",
        [1, 4, 9],
    ),
    (
        "| blocks | blocks := self newList. 1 to: 3 do: [:i | | t | t := i. blocks add: [t := t + 10]]. "
        "blocks do: [:b | b value]. blocks collect: [:b | b value]",
        [21, 22, 23],
    ),
    ("| seen | seen := self newList. 1 to: 2 do: [:i | | t | seen add: t. t := i]. seen", [None, None]),
    ("| seen | seen := self newList. 1 to: 2 do: [:i | | t | t ifNil: [t := i]. seen add: t]. seen", [1, 2]),
    ("| seen | seen := self newList. 1 to: 2 do: [:i | | t | t := t ifNil: [i]. seen add: t]. seen", [1, 2]),
    # An assignment after the closure was made is seen by it, and the other way round.
    ("| a b | a := 1. b := [a]. a := 2. b value", 2),
    ("| a b | a := 1. b := [a := 5]. b value. a", 5),
    ("| a b | b := [a]. a := 3. b value", 3),
    ("| a b | a := 1. b := nil. 1 to: 2 do: [:i | b := [a]. a := a + 1]. b value", 3),
    ("| a b | a := 0. 1 to: 2 do: [:i | a := i. b ifNil: [b := [a]]]. b value", 2),
    ("| fact | fact := nil. fact := [:n | n < 2 ifTrue: [1] ifFalse: [n * (fact value: n - 1)]]. fact value: 5", 120),
    ("| a | a := 1. [[a := a + 1] value. a := a * 10] value. a", 20),
    ("| a | a := 1. ([:x | [:y | a + x + y]] value: 2) value: 3", 6),
    ("| n list | n := 0. list := self newList. list add: 1; add: 2. list do: [:e | n := n + e]. n", 3),
    ("| make | make := [| c | c := 0. [c := c + 1]]. make value value. make value value", 1),
    ("| list | list := self newList. list add: 1; add: 2. list do: [:e | ^ e]. 9", 1),
    ("[^ 3] value. 4", 3),
    ("[:x | x < 3 ifTrue: [1] ifFalse: [^ 2]] value: 5", 2),
    ("[:x | x < 3 ifTrue: [1] ifFalse: [2]] value: 2", 1),
    ("Global := 4. Global + 1", 5),
]


@pytest.mark.parametrize(("source", "expected"), CASES, ids=[source for source, _ in CASES])
def test_expression(source: str, expected: Any) -> None:
    spec = compile_expression(parse_expression(source))
    result = Machine({"Global": 0}).run(spec, receiver="receiver")
    assert result == expected and type(result) is type(expected)


def test_methods_instance_variables_and_super() -> None:
    def compiled(source: str) -> Any:
        return compile_method(parse_method(source), class_name="Counter", instance_variables=["count", "step"])

    methods = {
        "increment": compiled("increment count := count + step"),
        "count": compiled("count ^ count"),
        "twice:": compiled("twice: aBlock aBlock value. ^ aBlock value"),
        "run": compiled("run ^ self twice: [self increment; count]"),
        "super run": compiled("other"),
        "up": compiled("up ^ super run"),
    }
    counter = Instance([10, 2], methods)
    machine = Machine()
    assert machine.run(methods["run"], counter) == 14
    assert counter.variables == [14, 2]
    assert machine.run(methods["increment"], counter) is counter
    assert machine.run(methods["up"], counter) is counter
    assert machine.sent[-1] == "super run"


def test_high_indices_take_the_extended_forms() -> None:
    variables = [f"v{index}" for index in range(100)]
    source = "run\n" + "".join(f"{name} := {name} + {index + 1000}.\n" for index, name in enumerate(variables))
    spec = compile_method(parse_method(source + "^ v99 := v70 := v20"), class_name="Wide", instance_variables=variables)
    instance = Instance([1] * 100, {})
    assert Machine().run(spec, instance) == 1021
    assert instance.variables[:20] == [1001 + index for index in range(20)]
    assert instance.variables[99] == instance.variables[70] == 1021


def test_many_selectors_take_the_extended_sends() -> None:
    names = [f"m{index}" for index in range(80)]
    methods = {
        f"{name}:with:with:": compile_method(parse_method(f"{name}: a with: b with: c ^ b"), class_name="Many")
        for name in names
    }
    source = "run ^ 0" + "".join(f" + (self {name}: 1 with: {index + 3} with: 3)" for index, name in enumerate(names))
    spec = compile_method(parse_method(source), class_name="Many")
    assert Machine().run(spec, Instance([], methods)) == sum(index + 3 for index in range(80))


def test_many_temporaries() -> None:
    names = [f"t{index}" for index in range(40)]
    source = f"| {' '.join(names)} | " + ". ".join(f"{name} := {index}" for index, name in enumerate(names))
    spec = compile_expression(parse_expression(f"{source}. t0 := t39 := t39 + t17. [t39] value + t0"))
    assert spec.fields.is_large
    assert Machine().run(spec) == 112


LOOPS = (
    "[true] whileTrue: [ <turns: 3> count := count + 1]",
    "[false] whileFalse: [ <turns: 3> count := count + 1]",
    "[ <turns: 3> count := count + 1. true] whileTrue",
    "[ <turns: 3> count := count + 1] repeat",
    "1 to: 9 do: [:each | <turns: 3> count := count + 1]",
    "9 timesRepeat: [ <turns: 3> count := count + 1]",
    "[ [true] whileTrue: [ <turns: 3> count := count + 1] ] value",
)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_does_not_begin_more_turns_than_it_states(loop: str) -> None:
    """Nor does it when the error is resumed: it is told again."""
    names = ("count", "told", "place")

    def compiled(source: str) -> CompiledMethodSpec:
        method = parse_method(source, "folder/Loop.class.st", 10)
        return compile_method(method, class_name="Loop", instance_variables=names)

    methods = {
        "loopAt:exceeds:": compiled("loopAt: a exceeds: n\nplace := a. told := told + n. told = 6 ifTrue: [self stop]")
    }
    loops = Instance([0, 0, None], methods)
    with pytest.raises(AssertionError, match="does not understand stop"):
        Machine().run(compiled(f"run\n\n{loop}"), loops)
    assert loops.variables == [3, 6, "Loop.class.st:12"]
