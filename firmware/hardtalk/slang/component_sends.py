"""Sends between components become sends to self, and accessors variables, once they are found right.

Behind this pass a Slang program is one flat set of routines and variables, which is what the later stages know. Nodes
keep their places, so that errors and lines are those of the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

from hardtalk.slang.components import SERVICE, Component, components_of, receiver_of
from hardtalk.slang.errors import slang_error
from hardtalk.slang.fields import WITHOUT_BARRIER, passes_barrier
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition
from hardtalk.vm.records import BARRIER_ROUTINE

NAMING = ("addressOf:", "addressOfState:")
"""Intrinsics whose argument names a routine or a variable."""


def with_plain_sends(classes: Sequence[ClassDefinition]) -> list[ClassDefinition]:
    """The program without its interfaces, all sends to self. Raises SourceError for a use that is not declared, a
    declaration that nothing needs, and whatever else docs/slang.md forbids about components."""
    return _Program(classes).flattened()


class _Program:
    def __init__(self, classes: Sequence[ClassDefinition]) -> None:
        self.components = components_of(classes)
        self.by_receiver = {each.receiver: each for each in self.components.values()}
        concrete = [each for each in self.components.values() if not each.is_interface]
        self.owner = {selector: each for each in concrete for selector in each.methods}
        self.owner_of_variable = {name: each for each in concrete for name in each.variables}
        self.pinned = {
            str(pragma.values[0])
            for each in concrete
            for method in each.definition.methods
            if method.class_side and method.selector == "declareVariables"
            for pragma in method.node.pragmas
            if pragma.selector == "pinned:"
        }
        self.services = {
            selector
            for each in concrete
            for selector, method in each.methods.items()
            if any(pragma.selector == SERVICE for pragma in method.node.pragmas)
        }
        having = [each for each in self.components.values() if BARRIER_ROUTINE in each.methods]
        self.barrier = next((each for each in having if each.is_interface), having[0] if having else None)
        used = {name for each in self.components.values() for name in (*each.uses, *each.provides)}
        self.guests = {each.name for each in concrete if not each.uses and not each.provides and each.name not in used}

    def flattened(self) -> list[ClassDefinition]:
        result = []
        for component in self.components.values():
            if component.is_interface:
                continue
            needed: set[str] = set()
            methods = tuple(
                method if method.class_side else self._flat(component, method, needed)
                for method in component.definition.methods
            )
            for name, pragma in component.uses.items():
                if name not in needed:
                    raise component.error(pragma, f"{component.name} does not use {name}; remove the declaration")
            result.append(replace(component.definition, methods=methods))
        return result

    def _flat(self, component: Component, method: MethodDefinition, needed: set[str]) -> MethodDefinition:
        return replace(method, node=_Flattening(self, component, method, needed).method_node())


class _Flattening:
    """One method's way from sends to components to sends to self."""

    def __init__(self, program: _Program, component: Component, method: MethodDefinition, needed: set[str]) -> None:
        self.program = program
        self.component = component
        self.method = method
        self.needed = needed
        self.locals = {
            variable.name
            for node in ast.walk(method.node)
            if isinstance(node, ast.Method | ast.Block)
            for variable in (*node.parameters, *node.temporaries)
        }

    def fail(self, place: ast.Node | int, message: str) -> NoReturn:
        raise slang_error(self.method, self.method.node, place, message)

    def method_node(self) -> ast.Method:
        node = self.method.node
        for variable in (*node.parameters, *node.temporaries):
            self._refuse_hiding(variable)
        return replace(
            node,
            pragmas=tuple(pragma for pragma in node.pragmas if pragma.selector != SERVICE),
            statements=tuple(self.flat(each) for each in node.statements),
        )

    def flat(self, node: ast.Statement) -> ast.Statement:
        if isinstance(node, ast.Return):
            return replace(node, value=self.expression(node.value))
        return self.expression(node)

    def expression(self, node: ast.Expression) -> ast.Expression:
        if isinstance(node, ast.Variable):
            self._check_variable(node)
            return node
        if isinstance(node, ast.Assignment):
            self._check_variable(node.variable)
            return replace(node, value=self.expression(node.value))
        if isinstance(node, ast.Send):
            return self._send(node)
        if isinstance(node, ast.Cascade):
            return self._cascade(node)
        if isinstance(node, ast.Block):
            for variable in (*node.parameters, *node.temporaries):
                self._refuse_hiding(variable)
            return replace(node, statements=tuple(self.flat(each) for each in node.statements))
        return node

    def _send(self, node: ast.Send) -> ast.Expression:
        arguments = tuple(self.expression(each) for each in node.arguments)
        other = self._component_named(node.receiver)
        if other is None:
            if self._is_self(node.receiver):
                self._check_own(node.selector, node.arguments, node.selector_start)
                return replace(node, arguments=arguments)
            if passes_barrier(node):
                self._need_barrier(node)
            return replace(node, receiver=self.expression(node.receiver), arguments=arguments)
        to_self = replace(node, receiver=self._self_at(node.receiver), arguments=arguments)
        if node.selector in NAMING and isinstance(node.arguments[0], ast.Literal):
            name = str(node.arguments[0].value)
            if name not in (other.methods if node.selector == "addressOf:" else other.variables):
                self.fail(node.arguments[0], f"{other.name} has no {name}; see its class")
            return to_self
        if node.selector in other.methods:
            return to_self
        name = node.selector.removesuffix(":")
        if name not in other.variables:
            self.fail(node.selector_start, self._unknown(other, node.selector))
        if name in self.locals:
            self.fail(node.selector_start, f"{name} is also a temporary or parameter of this method; rename that")
        variable = ast.Variable(name, start=node.start, stop=node.stop)
        if not arguments:
            return variable
        return ast.Assignment(variable, arguments[0], start=node.start, stop=node.stop)

    def _cascade(self, node: ast.Cascade) -> ast.Expression:
        messages = tuple(
            replace(each, arguments=tuple(self.expression(argument) for argument in each.arguments))
            for each in node.messages
        )
        other = self._component_named(node.receiver)
        for each in node.messages:
            if other is not None and each.selector not in other.methods:
                self.fail(each, self._unknown(other, each.selector))
            if other is None and self._is_self(node.receiver):
                self._check_own(each.selector, each.arguments, each.start)
        receiver = self.expression(node.receiver) if other is None else self._self_at(node.receiver)
        return replace(node, receiver=receiver, messages=messages)

    def _component_named(self, receiver: ast.Expression) -> Component | None:
        """The component that a receiver names; it must be declared."""
        if not isinstance(receiver, ast.Variable) or receiver.name in self.locals:
            return None
        other = self.program.by_receiver.get(receiver.name)
        if other is None:
            return None
        if other is self.component:
            self.fail(receiver, f"{receiver.name} is this component; send to self")
        if other.name not in self.component.uses:
            self.fail(receiver, f"{self.component.name} does not use {other.name}; {self._remedy(other)}")
        self.needed.add(other.name)
        return other

    def _need_barrier(self, node: ast.Send) -> None:
        """The store of a reference is a use of the component that has the barrier, as if that were sent to."""
        barrier = self.program.barrier
        if barrier is None or BARRIER_ROUTINE in self.component.methods:
            return
        if barrier.name not in self.component.uses:
            self.fail(
                node.selector_start,
                f"{node.selector} stores a reference, and {self.component.name} does not use {barrier.name}; "
                f"{self._remedy(barrier)}, or write {WITHOUT_BARRIER} where the collector need not hear of it",
            )
        self.needed.add(barrier.name)

    def _check_own(self, selector: str, arguments: Sequence[ast.Expression], place: int) -> None:
        """What is sent to self is the component's own, an intrinsic, or for a driver's routine a service."""
        kinds: dict[str, dict[str, Component]] = {
            "addressOf:": self.program.owner,
            "addressOfState:": self.program.owner_of_variable,
        }
        named = selector
        owners: Callable[[str], Component | None] = self.program.owner.get
        if selector in kinds and isinstance(arguments[0], ast.Literal):
            named, owners = str(arguments[0].value), kinds[selector].get
            place = arguments[0].start
        owner = owners(named)
        if owner is None or owner is self.component:
            return
        if self.component.name in self.program.guests and named in self.program.services:
            return
        self.fail(
            place,
            f"{named} is of the component {owner.name}; send to {owner.receiver}, which <uses: #{owner.name}> declares",
        )

    def _check_variable(self, node: ast.Variable) -> None:
        name = node.name
        if name in self.locals or self.component.name in self.program.guests:
            return
        owner = self.program.owner_of_variable.get(name)
        if owner is None:
            other = self.program.by_receiver.get(name)
            if other is not None:
                self.fail(node, f"{name} is a component, no value; send to it")
        elif owner is not self.component:
            if name not in self.program.pinned:
                self.fail(node, f"{name} belongs to the component {owner.name}; write {owner.receiver} {name}")
            if owner.name not in self.component.uses:
                self.fail(node, f"{self.component.name} does not use {owner.name}; {self._remedy(owner)}")
            self.needed.add(owner.name)

    def _refuse_hiding(self, variable: ast.Variable) -> None:
        if variable.name in map(receiver_of, self.component.uses):
            self.fail(variable, f"{variable.name} hides the component of that name; rename the variable")

    def _unknown(self, other: Component, selector: str) -> str:
        owner = self.program.owner.get(selector)
        remedy = f"it is of {owner.name}" if owner is not None else "see its class"
        return f"{other.name} has no method or variable for {selector}; {remedy}"

    def _remedy(self, other: Component) -> str:
        return f"declare <uses: #{other.name}> in {self.component.name} class >> declareComponent"

    @staticmethod
    def _is_self(node: ast.Expression) -> bool:
        return isinstance(node, ast.Variable) and node.name == "self"

    @staticmethod
    def _self_at(node: ast.Expression) -> ast.Variable:
        return ast.Variable("self", start=node.start, stop=node.stop)
