"""Random programs with closures and loops answer the same compiled as evaluated by the plain meaning of Smalltalk.

The evaluator below knows nothing of frames, copied values or vectors: each entry of a block makes new variables, and a
closure sees the variables themselves.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hardtalk.smalltalk.ast import Assignment, Block, BraceArray, Literal, Method, Return, Send, Variable
from hardtalk.smalltalk.compiler import compile_expression
from hardtalk.smalltalk.parser import parse_expression
from hardtalk.smalltalk.printer import print_method

from .bytecode_machine import BINARY, Machine


class Escape(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Environment:
    def __init__(self, names: list[str], outer: Environment | None = None) -> None:
        self.values: dict[str, Any] = dict.fromkeys(names)
        self.outer = outer

    def holder(self, name: str) -> dict[str, Any]:
        environment: Environment | None = self
        while environment is not None:
            if name in environment.values:
                return environment.values
            environment = environment.outer
        raise KeyError(name)


class ReferenceClosure:
    def __init__(self, block: Block, environment: Environment) -> None:
        self.block = block
        self.environment = environment

    def __call__(self, *arguments: Any) -> Any:
        block = self.block
        names = [variable.name for variable in (*block.parameters, *block.temporaries)]
        environment = Environment(names, self.environment)
        environment.values.update(zip(names, arguments, strict=False))
        return run(block.statements, environment)


def run(statements: Any, environment: Environment) -> Any:
    value = None
    for statement in statements:
        value = evaluate(statement, environment)
    return value


def evaluate(node: Any, environment: Environment) -> Any:
    if isinstance(node, Return):
        raise Escape(evaluate(node.value, environment))
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Variable):
        return None if node.name == "nil" else environment.holder(node.name)[node.name]
    if isinstance(node, Assignment):
        value = evaluate(node.value, environment)
        environment.holder(node.variable.name)[node.variable.name] = value
        return value
    if isinstance(node, Block):
        return ReferenceClosure(node, environment)
    if isinstance(node, BraceArray):
        return [evaluate(element, environment) for element in node.elements]
    assert isinstance(node, Send)
    return perform(
        node.selector,
        evaluate(node.receiver, environment),
        [evaluate(argument, environment) for argument in node.arguments],
    )


def perform(selector: str, receiver: Any, arguments: list[Any]) -> Any:
    if selector in BINARY:
        return BINARY[selector](receiver, arguments[0])
    if selector == "add:":
        receiver.append(arguments[0])
        return arguments[0]
    if selector == "ifTrue:ifFalse:":
        return arguments[0 if receiver else 1]()
    if selector == "to:do:":
        for index in range(receiver, arguments[0] + 1):
            arguments[1](index)
        return receiver
    if selector == "timesRepeat:":
        for _ in range(receiver):
            arguments[0]()
        return receiver
    if selector == "do:":
        for element in list(receiver):
            arguments[0](element)
        return receiver
    if selector == "ifNil:":
        return arguments[0]() if receiver is None else receiver
    assert selector in ("value", "value:")
    return receiver(*arguments)


def variable(name: str) -> Variable:
    return Variable(name)


def _noting(read: Variable | Literal) -> Block:
    """A block that only looks."""
    return Block(statements=(Send(Variable("seen"), "add:", (read,)),))


def statements_with(visible: tuple[str, ...], assignable: tuple[str, ...], depth: int) -> st.SearchStrategy[Any]:
    reads = st.sampled_from([*map(variable, visible), Literal(1), Literal(7)])
    numbers = st.one_of(
        reads.map(lambda read: Send(read, "ifNil:", (Block(statements=(Literal(5),)),))),
        st.just(Literal(3)),
    )
    values = st.one_of(
        numbers, st.builds(lambda a, b: Send(Send(a, "+", (b,)), "\\\\", (Literal(1000),)), numbers, numbers)
    )
    options: list[st.SearchStrategy[Any]] = [st.builds(Assignment, st.sampled_from(assignable).map(variable), values)]
    options.append(values.map(lambda value: Send(Variable("seen"), "add:", (value,))))
    if depth:
        inner = f"t{depth}"
        index = f"i{depth}"
        body = st.lists(
            statements_with((*visible, inner), (*assignable, inner), depth - 1), min_size=1, max_size=3
        ).map(tuple)
        counted = st.lists(
            statements_with((*visible, inner, index), (*assignable, inner), depth - 1), min_size=1, max_size=3
        ).map(tuple)
        temporaries = (Variable(inner),)
        plain = body.map(lambda found: Block((), temporaries, (), found))
        indexed = counted.map(lambda found: Block((Variable(index),), temporaries, (), found))
        options.extend(
            [
                plain.map(lambda block: Send(Variable("blocks"), "add:", (block,))),
                reads.map(lambda read: Send(Variable("blocks"), "add:", (_noting(read),))),
                plain.map(lambda block: Send(block, "value", ())),
                indexed.map(lambda block: Send(Literal(1), "to:do:", (Literal(2), block))),
                indexed.map(lambda block: Send(BraceArray((Literal(4), Literal(5))), "do:", (block,))),
                plain.map(lambda block: Send(Literal(2), "timesRepeat:", (block,))),
                st.builds(
                    lambda value, block, other: Send(
                        Send(value, "<", (Literal(6),)), "ifTrue:ifFalse:", (block, other)
                    ),
                    values,
                    plain,
                    plain,
                ),
            ]
        )
    return st.one_of(options)


def program(statements: list[Any]) -> Method:
    """Run the statements, then twice all blocks they collected; answer what was seen and the variables."""
    run_blocks = Send(
        Variable("blocks"), "do:", (Block((Variable("each"),), (), (), (Send(Variable("each"), "value", ()),)),)
    )
    answer = BraceArray((Variable("seen"), Variable("a"), Variable("b")))
    return Method(
        "DoIt",
        (),
        (Variable("a"), Variable("b"), Variable("seen"), Variable("blocks")),
        (),
        (
            Assignment(Variable("seen"), BraceArray()),
            Assignment(Variable("blocks"), BraceArray()),
            *statements,
            run_blocks,
            run_blocks,
            answer,
        ),
    )


programs = st.lists(statements_with(("a", "b"), ("a", "b"), 3), min_size=1, max_size=4).map(program)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(programs)
def test_compiled_closures_mean_what_smalltalk_says(method: Method) -> None:
    environment = Environment([temporary.name for temporary in method.temporaries])
    expected = run(method.statements, environment)
    compiled = compile_expression(parse_expression(print_method(method)))
    assert Machine().run(compiled) == expected
