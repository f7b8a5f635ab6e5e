"""Compiles the methods of all classes; what a method sees is worked out once for each side of a class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hardtalk.image.errors import ImageError, did_you_mean
from hardtalk.image.hierarchy import Hierarchy
from hardtalk.smalltalk.ast import Variable, walk
from hardtalk.smalltalk.bindings import Environment
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec, GlobalRef
from hardtalk.smalltalk.compiler import compile_method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import MethodDefinition
from hardtalk.vm.primitive_pragma import check_primitive


@dataclass(frozen=True)
class CompiledClass:
    """The compiled methods of a class, in the order of its definition."""

    methods: tuple[tuple[MethodDefinition, CompiledMethodSpec], ...]

    def with_methods(self, name: str, instead: Mapping[tuple[str, bool, str], CompiledMethodSpec]) -> CompiledClass:
        """The class of this name with other bytecodes of those methods that are in `instead`."""
        if not instead:
            return self
        places = ((name, method.class_side, method.selector) for method, _ in self.methods)
        return CompiledClass(
            tuple(
                (method, instead.get(place, spec)) for place, (method, spec) in zip(places, self.methods, strict=True)
            )
        )

    @property
    def warnings(self) -> list[str]:
        return [each.as_warning() for _, spec in self.methods for each in spec.warnings]


def compile_classes(hierarchy: Hierarchy, globals_: Iterable[str]) -> dict[str, CompiledClass]:
    """All methods of all classes. Raises SourceError with the place of the first mistake."""
    known = frozenset(globals_) | hierarchy.classes.keys()
    found = {}
    for name, definition in hierarchy.classes.items():
        environments = {side: environment(hierarchy, name, side) for side in (False, True)}
        methods = tuple(
            (method, compiled(method, environments[method.class_side], known)) for method in definition.methods
        )
        for method, spec in methods:
            _check_globals(method, spec, known)
        found[name] = CompiledClass(methods)
    return found


def compiled(method: MethodDefinition, seen: Environment, known: frozenset[str]) -> CompiledMethodSpec:
    """The method of a class that sees these names; `known` are the globals."""
    check_primitive(method.node)
    return compile_method(
        method.node,
        class_name=seen.class_name,
        class_side=seen.class_side,
        instance_variables=seen.instance_variables,
        class_variables=seen.class_variables,
        is_fixed_global=known.__contains__,
    )


def environment(hierarchy: Hierarchy, class_name: str, class_side: bool) -> Environment:
    """The names that methods of this side of the class see."""
    class_variables: dict[str, str] = {}
    for each in reversed(hierarchy.superclasses(class_name)):
        definition = hierarchy.classes[each]
        for pool in definition.pools:
            if pool not in hierarchy.classes:
                raise ImageError(
                    f"{definition.file}:{definition.line}: {each} uses the pool {pool}, which is no "
                    f"class. {did_you_mean(pool, hierarchy.classes)}"
                    "A pool is a class with class variables."
                )
            class_variables.update(dict.fromkeys(hierarchy.classes[pool].class_variables, pool))
        class_variables.update(dict.fromkeys(definition.class_variables, each))
    shape = hierarchy.shapes[class_name]
    variables = hierarchy.shapes["Class"].variables + shape.class_side_variables if class_side else shape.variables
    return Environment(class_name, class_side, variables, class_variables)


def _check_globals(method: MethodDefinition, spec: CompiledMethodSpec, known: frozenset[str]) -> None:
    for literal in spec.literals:
        if isinstance(literal, GlobalRef) and literal.name not in known:
            raise undeclared(method, literal.name, known)


def undeclared(method: MethodDefinition, name: str, known: Iterable[str]) -> SourceError:
    """The complaint about a capitalised name that nothing defines, with its place."""
    offset = next((node.start for node in walk(method.node) if isinstance(node, Variable) and node.name == name), 0)
    return method.node.error(
        offset,
        f"`{name}` is not declared.",
        f"{did_you_mean(name, known)}Define the class or the global, or correct the spelling.",
    )
