"""Components: which class of a Slang program uses which, and what abstract components stand between them.

Read from the class-side methods `declareComponent`; checked here are the declarations themselves (names, circles,
interfaces and their providers), the sends by `component_sends`. See docs/slang.md, "Components".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from hardtalk.slang.errors import slang_error
from hardtalk.smalltalk import ast
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition

DECLARATION: Final = "declareComponent"
SERVICE: Final = "service"
USES: Final = "uses:"
PROVIDES: Final = "provides:"
INTERFACE: Final = "interface"


@dataclass(eq=False)
class Component:
    """A class with what it declares: pragmas by the name of the component that is used or provided."""

    definition: ClassDefinition
    declaration: MethodDefinition | None = None
    uses: dict[str, ast.Pragma] = field(default_factory=dict)
    provides: dict[str, ast.Pragma] = field(default_factory=dict)
    is_interface: bool = False
    methods: dict[str, MethodDefinition] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def receiver(self) -> str:
        """The name under which others send to it."""
        return receiver_of(self.name)

    @property
    def variables(self) -> tuple[str, ...]:
        return self.definition.instance_variables

    def error(self, place: ast.Pragma, message: str) -> SourceError:
        """A complaint about one of the declarations; a semicolon begins the remedy."""
        assert self.declaration is not None
        return slang_error(self.declaration, self.declaration.node, place, message)


def receiver_of(name: str) -> str:
    """`Scheduler` is sent to as `scheduler`."""
    return name[0].lower() + name[1:]


def components_of(classes: Sequence[ClassDefinition]) -> dict[str, Component]:
    """The components by name, their declarations found right."""
    components = {definition.name: _component(definition) for definition in classes}
    for component in components.values():
        _refuse_inheritance(component.definition, components)
        _check_names(component, components)
    for component in components.values():
        if component.is_interface:
            _check_provided(component, components)
    _refuse_circles(components)
    return components


def arrows(components: dict[str, Component]) -> Iterator[tuple[str, str, ast.Pragma]]:
    """From each component to those that it uses or provides, with the declaration."""
    for component in components.values():
        for declared in (component.uses, component.provides):
            for name, pragma in declared.items():
                yield component.name, name, pragma


def _component(definition: ClassDefinition) -> Component:
    component = Component(definition)
    for method in definition.methods:
        if not method.class_side:
            component.methods[method.selector] = method
        elif method.selector == DECLARATION:
            component.declaration = method
            for pragma in method.node.pragmas:
                _declare(component, pragma)
    return component


def _refuse_inheritance(definition: ClassDefinition, components: dict[str, Component]) -> None:
    if definition.superclass in components:
        raise SourceError(
            definition.file,
            definition.line,
            1,
            f"#{definition.name}",
            f"{definition.name} inherits from {definition.superclass}, but a component inherits nothing",
            f"Write #superclass : #Object, and <uses: #{definition.superclass}> in declareComponent.",
        )


def _declare(component: Component, pragma: ast.Pragma) -> None:
    if pragma.selector == INTERFACE:
        component.is_interface = True
        return
    declared = {USES: component.uses, PROVIDES: component.provides}.get(pragma.selector)
    if declared is None:
        raise component.error(pragma, f"unknown pragma <{pragma.selector}>; see docs/slang.md, Components")
    name = str(pragma.values[0])
    if name in declared:
        raise component.error(pragma, f"{name} is declared twice; keep one of the declarations")
    declared[name] = pragma


def _check_names(component: Component, components: dict[str, Component]) -> None:
    for name, pragma in (component.uses | component.provides).items():
        if name not in components:
            near = get_close_matches(name, components, 1)
            hint = f"did you mean {near[0]}?" if near else "declare one of the program's classes"
            raise component.error(pragma, f"there is no component {name}; {hint}")
        if name == component.name:
            raise component.error(pragma, f"{name} declares itself; its own methods are sent to self")
    for name, pragma in component.uses.items():
        if component.is_interface:
            raise component.error(
                pragma, f"the interface {component.name} uses {name}; an interface has no code: its providers use"
            )
    for name, pragma in component.provides.items():
        provided = components[name]
        if not provided.is_interface:
            raise component.error(pragma, f"{name} is no interface; provide an interface, or use the component")
        if not set(component.methods) & set(provided.methods) and not set(component.variables) & set(
            provided.variables
        ):
            raise component.error(pragma, f"{component.name} has nothing that {name} asks for; remove the declaration")


def _check_provided(interface: Component, components: dict[str, Component]) -> None:
    providers = [each for each in components.values() if interface.name in each.provides]
    for selector, method in interface.methods.items():
        having = [each.name for each in providers if selector in each.methods]
        if method.node.statements or method.node.pragmas:
            raise slang_error(
                method,
                method.node,
                method.node,
                f"{interface.name} is an interface: {selector} has no code here; write it in a component that provides "
                f"{interface.name}",
            )
        if len(having) > 1:
            raise slang_error(
                method,
                method.node,
                method.node,
                f"{selector} is provided by {' and '.join(having)}; keep one of them",
            )
        if not having and providers:
            raise slang_error(
                method,
                method.node,
                method.node,
                f"no component provides {selector}; write it in {' or '.join(each.name for each in providers)}",
            )
    for name in interface.variables:
        if providers and not any(name in each.variables for each in providers):
            definition = interface.definition
            raise SourceError(
                definition.file,
                definition.line,
                1,
                f"#{interface.name}",
                f"no component provides the variable {name}",
                f"Declare it in {' or '.join(each.name for each in providers)}.",
            )


def _refuse_circles(components: dict[str, Component]) -> None:
    below: dict[str, list[tuple[str, ast.Pragma]]] = {name: [] for name in components}
    for name, other, pragma in arrows(components):
        below[name].append((other, pragma))
    finished: set[str] = set()

    def visit(name: str, path: list[str]) -> None:
        for other, pragma in below[name]:
            if other in path:
                circle = " -> ".join([*path[path.index(other) :], other])
                raise components[name].error(
                    pragma, f"a circle of components: {circle}; move what is used, or let an interface stand between"
                )
            if other not in finished:
                visit(other, [*path, other])
        finished.add(name)

    for name in components:
        if name not in finished:
            visit(name, [name])
