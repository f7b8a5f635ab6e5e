"""`build_image`: class definitions in, the bytes of an object memory out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hardtalk.image.bootstrap import Bootstrap, InstalledMethod
from hardtalk.image.compiling import compile_classes, environment
from hardtalk.image.compiling import compiled as compiled_method
from hardtalk.image.hierarchy import sort_classes
from hardtalk.image.world import GLOBALS, Entry, World
from hardtalk.smalltalk.ast import Return, Variable
from hardtalk.smalltalk.compiled_method import CompiledMethodSpec
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition
from hardtalk.vm import object_format as of


@dataclass(frozen=True)
class MethodSymbol:
    """Where a compiled method lies; `lines` pairs the address of a bytecode with its source line, ascending."""

    name: str
    address: int
    size: int
    file: str
    line: int
    lines: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Image:
    """An object memory laid out at `base`. All objects are on one closed ring in address order, from `base` on.
    `warnings` are of its sources."""

    data: bytes
    base: int
    special_objects: int
    symbols: tuple[MethodSymbol, ...]
    object_count: int
    class_count: int
    warnings: tuple[str, ...] = ()

    @property
    def method_count(self) -> int:
        return len(self.symbols)


def build_image(
    classes: Sequence[ClassDefinition],
    base: int,
    entry: Entry | None = None,
    is_of_system: Callable[[str], bool] = lambda _: False,
    instead: Mapping[tuple[str, bool, str], CompiledMethodSpec] = MappingProxyType({}),
) -> Image:
    """The image of these classes at address `base`. Raises SourceError or ImageError, with place and remedy.

    `is_of_system` says of a class's name whether its binding and its class variables are the system's own: what is
    compiled later does not store into them. `instead` has other bytecodes of methods, by class, whether it is the class
    side, and selector.
    """
    hierarchy = sort_classes(classes)
    bootstrap = Bootstrap(hierarchy, is_of_system)
    bootstrap.make_classes()
    bootstrap.fill_classes(GLOBALS)
    compiled = compile_classes(hierarchy, bootstrap.globals)
    bootstrap.install_methods({name: each.with_methods(name, instead) for name, each in compiled.items()})
    special_objects = World(bootstrap, entry or Entry()).build()
    bootstrap.memory.lay_out(base)
    return Image(
        bootstrap.memory.serialise(base),
        base,
        special_objects.address,
        tuple(_symbol(method) for method in bootstrap.methods),
        len(bootstrap.memory.objects),
        len(hierarchy.classes),
        (*hierarchy.warnings, *(warning for each in compiled.values() for warning in each.warnings)),
    )


def compiled_by(
    classes: Sequence[ClassDefinition], is_chosen: Callable[[ClassDefinition, MethodDefinition], bool]
) -> Iterator[tuple[str, MethodDefinition, CompiledMethodSpec]]:
    """The methods that are chosen, as the image of these classes will have them, with their classes' names."""
    hierarchy = sort_classes(classes)
    known = frozenset(GLOBALS) | hierarchy.classes.keys()
    for name, definition in hierarchy.classes.items():
        for method in definition.methods:
            if is_chosen(definition, method):
                yield name, method, compiled_method(method, environment(hierarchy, name, method.class_side), known)


def getters_in(classes: Sequence[ClassDefinition]) -> dict[str, int]:
    """Selectors of methods that only answer a variable of their receiver, with its index; none that is not the same in
    all classes that have such a method."""
    hierarchy = sort_classes(classes)
    found: dict[str, set[int]] = {}
    for name, definition in hierarchy.classes.items():
        variables = hierarchy.shapes[name].variables
        for method in definition.methods:
            answered = method.node.statements[0] if len(method.node.statements) == 1 else None
            if method.class_side or not isinstance(answered, Return) or not isinstance(answered.value, Variable):
                continue
            if answered.value.name in variables:
                found.setdefault(method.selector, set()).add(variables.index(answered.value.name))
    return {selector: next(iter(indices)) for selector, indices in sorted(found.items()) if len(indices) == 1}


def _symbol(method: InstalledMethod) -> MethodSymbol:
    start = method.object.address + of.slot_offset(len(method.object.slots))
    lines = method.spec.lines(method.definition.source, method.definition.line)
    return MethodSymbol(
        method.name,
        method.object.address,
        of.BODY_OFFSET + method.object.body_bytes,
        method.definition.file,
        method.definition.line,
        tuple((start + offset, line) for offset, line in lines),
    )
