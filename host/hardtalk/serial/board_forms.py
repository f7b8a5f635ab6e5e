"""Definitions of classes among statements, brought to the one form that the board has.

The host must know what they define before they have been run, for it compiles the methods that follow. It knows that of
a statement, and of a value that a statement assigns, answers, or sends messages to; what is in a block, or an argument,
is brought to the board's form, and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from hardtalk.serial.class_model import ClassModel, ClassShape, shape_of
from hardtalk.serial.code_text import quoted
from hardtalk.serial.definitions import (
    VariableChange,
    class_side_variables,
    defined_by,
    strange_slots,
    uses_traits,
    variable_change,
)
from hardtalk.smalltalk.ast import (
    Assignment,
    Block,
    BraceArray,
    Cascade,
    Expression,
    Literal,
    Message,
    Method,
    Node,
    Return,
    Send,
    Statement,
    Variable,
    walk,
)
from hardtalk.smalltalk.parser import parse_expression
from hardtalk.smalltalk.tonel import NO_TRAITS, TRAITS_REMEDY, ClassDefinition

_DEFINING: Final = re.compile(r"[sS]ubclass:|<<|instanceVariableNames:|slots:|VarNamed?:|comment:|named:")
PLAIN_SLOTS: Final = "Slots are plain names here; kinds of slots, as in `#a => LazySlot`, are not known."
LISTS: Final = {
    "instanceVariableNames": "instance_variables",
    "classVariableNames": "class_variables",
    "classInstanceVariableNames": "class_instance_variables",
}


def in_board_form(node: Method, model: ClassModel) -> Method:
    """The statements; `model` gets to know what they will define. Raises SourceError for what cannot be."""
    forms = _Forms(node, model)
    try:
        return replace(node, statements=tuple(each for statement in node.statements for each in forms.of(statement)))
    except RecursionError:
        raise node.error(0, "The expressions are nested too deeply.", "Split them by temporaries.") from None


class _Forms:
    """`classes` are the names of those that temporaries hold, None for one that the host cannot tell."""

    def __init__(self, node: Method, model: ClassModel) -> None:
        self._node = node
        self._model = model
        self._classes: dict[str, str | None] = {each.name: None for each in node.temporaries}

    def of(self, statement: Statement) -> Iterator[Statement]:
        """The statement as one or several."""
        nodes = list(walk(statement))
        self._classes.update((each.variable.name, None) for each in nodes if isinstance(each, Assignment))
        if not any(map(_may_define, nodes)):
            yield statement
        elif isinstance(statement, Cascade) and _has_definitions(statement):
            for each in statement.messages:
                yield self._known(Send(statement.receiver, each.selector, each.arguments, start=each.start))
        else:
            yield self._stated(statement)

    def _stated(self, statement: Statement) -> Statement:
        if isinstance(statement, Return):
            return replace(statement, value=self._known(statement.value))
        return self._known(statement)

    def _known(self, node: Expression) -> Expression:
        """An expression that will be evaluated once."""
        if uses_traits(node):
            raise self._node.error(node, NO_TRAITS, TRAITS_REMEDY)
        if (slots := strange_slots(node)) is not None:
            raise self._node.error(slots, PLAIN_SLOTS, "Write slots: { #a. #b }, and set a variable in a method.")
        definition = self._definition(node)
        if definition is not None:
            return self._creation(definition, node)
        if isinstance(node, Assignment):
            definition = self._definition(node.value)
            if definition is not None:
                self._classes[node.variable.name] = definition.name
            return replace(node, value=self._known(node.value))
        given = class_side_variables(node)
        if given is not None and given.class_name in self._model:
            shape = self._model[given.class_name]
            if shape.class_instance_variables == given.names:
                return Variable(given.class_name, start=node.start, stop=node.stop)
            self._model.define(replace(shape, class_instance_variables=given.names))
            return expression_of(f"{given.class_name} class instanceVariableNames: {quoted(' '.join(given.names))}")
        change = variable_change(node)
        if change is not None and change.class_name in self._model:
            self._model.define(changed(self._model[change.class_name], change))
        if isinstance(node, (Send, Cascade)):
            node = self._without_comments(node)
            return self._with_arguments(replace(node, receiver=self._known(node.receiver)))
        return self._possible(node)

    def _without_comments(self, node: Send | Cascade) -> Send | Cascade:
        """The board keeps no comments of classes."""
        receiver = node.receiver
        if not (isinstance(receiver, Variable) and receiver.name in self._model) and defined_by(receiver) is None:
            return node
        if isinstance(node, Send):
            return replace(node, selector="yourself", arguments=()) if _is_comment(node) else node
        messages = (
            replace(each, selector="yourself", arguments=()) if _is_comment(each) else each for each in node.messages
        )
        return replace(node, messages=tuple(messages))

    def _with_arguments(self, node: Send | Cascade) -> Expression:
        if isinstance(node, Send):
            return replace(node, arguments=tuple(map(self._possible, node.arguments)))
        return replace(node, messages=tuple(map(self._possible_message, node.messages)))

    def _possible(self, node: Expression) -> Expression:
        """An expression that may be evaluated, or not, or often: no superclass is misspelt."""
        definition = self._definition(node)
        if definition is not None:
            if definition.superclass not in self._model.globals:
                check_definition(definition, self._model, self._node, node)
            return creation_of(definition)
        if isinstance(node, Assignment):
            return replace(node, value=self._possible(node.value))
        if isinstance(node, (Send, Cascade)):
            return self._with_arguments(replace(node, receiver=self._possible(node.receiver)))
        if isinstance(node, BraceArray):
            return replace(node, elements=tuple(map(self._possible, node.elements)))
        if isinstance(node, Block):
            return replace(node, statements=tuple(map(self._possible_statement, node.statements)))
        return node

    def _possible_message(self, message: Message) -> Message:
        return replace(message, arguments=tuple(map(self._possible, message.arguments)))

    def _possible_statement(self, statement: Statement) -> Statement:
        if isinstance(statement, Return):
            return replace(statement, value=self._possible(statement.value))
        return self._possible(statement)

    def _definition(self, node: Expression) -> ClassDefinition | None:
        """What the expression defines, as far as the host can tell."""
        definition = defined_by(node)
        if definition is None or definition.superclass not in self._classes:
            return definition
        known = self._classes[definition.superclass]
        return replace(definition, superclass=known) if known is not None else None

    def _creation(self, definition: ClassDefinition, place: Node) -> Expression:
        model = self._model
        check_definition(definition, model, self._node, place)
        if definition.name in model and not definition.class_instance_variables:
            kept = model[definition.name].class_instance_variables
            definition = replace(definition, class_instance_variables=kept)
        model.define(shape_of(definition))
        return creation_of(definition)


def _may_define(node: Node) -> bool:
    """Whether a definition, or what changes one, can begin here."""
    if isinstance(node, Cascade):
        return any(_DEFINING.search(each.selector) for each in node.messages)
    return isinstance(node, Send) and _DEFINING.search(node.selector) is not None


def _has_definitions(cascade: Cascade) -> bool:
    """Whether messages of the cascade to a superclass define classes, so that each is as good as a statement."""
    sends = (Send(cascade.receiver, each.selector, each.arguments) for each in cascade.messages)
    return isinstance(cascade.receiver, Variable) and any(defined_by(each) is not None for each in sends)


def _is_comment(message: Send | Message) -> bool:
    return message.selector == "comment:" and isinstance(message.arguments[0], Literal)


def changed(shape: ClassShape, change: VariableChange) -> ClassShape:
    match change.field:
        case "instance_variables":
            return replace(shape, instance_variables=change.applied_to(shape.instance_variables))
        case "class_variables":
            return replace(shape, class_variables=change.applied_to(shape.class_variables))
        case _:
            return replace(shape, class_instance_variables=change.applied_to(shape.class_instance_variables))


def check_definition(definition: ClassDefinition, model: ClassModel, node: Method, place: Node) -> None:
    """Superclass and pools are classes: nothing is made below nil because a name is misspelt."""
    superclass = definition.superclass
    if superclass is not None and superclass not in model:
        near = get_close_matches(superclass, model.names(), 1)
        guess = f"Did you mean `{near[0]}`? " if near else ""
        message = f"The superclass {superclass} of {definition.name} is not known."
        raise node.error(place, message, f"{guess}Define it first, or correct the name.")
    for pool in definition.pools:
        if pool not in model:
            message = f"{definition.name} uses the pool {pool}, which is no class that is known."
            raise node.error(place, message, "A pool is a class with class variables; define it first.")


def creation_of(definition: ClassDefinition) -> Expression:
    return expression_of(creation_expression(definition))


def expression_of(text: str) -> Expression:
    [expression] = parse_expression(text).statements
    assert not isinstance(expression, Return)
    return expression


def creation_expression(definition: ClassDefinition) -> str:
    """The Smalltalk expression that makes the class on the board."""
    names = " ".join(f"{keyword}: {quoted(' '.join(getattr(definition, field)))}" for keyword, field in LISTS.items())
    return (
        f"ClassBuilder new superclass: {definition.superclass or 'nil'} name: #{definition.name} "
        f"kind: #{definition.kind} {names} category: {quoted(definition.category)}"
    )
