"""The classes to be bootstrapped: extensions merged in, superclasses first, shapes worked out and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hardtalk.image.errors import ImageError, did_you_mean
from hardtalk.smalltalk.tonel import ClassDefinition, MethodDefinition
from hardtalk.vm import object_format as of
from hardtalk.vm.constants import MOST_SUPERCLASSES
from hardtalk.vm.relied_methods import reliance

FORMAT_EMPTY, FORMAT_FIXED, FORMAT_INDEXABLE, FORMAT_BOTH = 0, 1, 2, 3
FORMAT_WEAK, FORMAT_WORDS, FORMAT_BYTES = 4, 6, 8
KIND_FORMATS = {"weak": FORMAT_WEAK, "words": FORMAT_WORDS, "bytes": FORMAT_BYTES}
VM_FORMATS = {
    "CompiledMethod": of.FORMATS["FormatMethod"],
    "MethodContext": of.FORMATS["FormatEscapedContext"],
    "BlockContext": of.FORMATS["FormatEscapedContext"],
    "NativeRecord": of.FORMATS["FormatNative"],
}
"""Classes whose instances only the VM fills, in formats that no declaration names."""

SEALED = frozenset(
    (
        "BlockClosure",
        "Character",
        "False",
        "Float",
        "LargeNegativeInteger",
        "LargePositiveInteger",
        "MethodDictionary",
        "ProcessorScheduler",
        "SmallInteger",
        "Symbol",
        "True",
        "UndefinedObject",
    )
)
"""Classes by which alone the VM knows their instances: those of a subclass would be none."""


@dataclass(frozen=True)
class Shape:
    """What the instances of a class look like: all named variables in order, and the object format."""

    variables: tuple[str, ...]
    class_side_variables: tuple[str, ...]
    object_format: int

    @property
    def class_format(self) -> int:
        """Slot `format` of the class."""
        return len(self.variables) * of.CLASS_FORMAT_FACTOR + self.object_format


@dataclass(frozen=True)
class Hierarchy:
    """Definitions by name, superclasses before subclasses, and their shapes. `warnings` tell of replaced methods."""

    classes: dict[str, ClassDefinition]
    shapes: dict[str, Shape]
    warnings: tuple[str, ...] = ()

    def superclasses(self, name: str) -> list[str]:
        """The class and its superclasses, nearest first."""
        chain = []
        each: str | None = name
        while each is not None:
            chain.append(each)
            each = self.classes[each].superclass
        return chain

    def subclasses(self, name: str) -> list[str]:
        return [each.name for each in self.classes.values() if each.superclass == name]


def sort_classes(definitions: Iterable[ClassDefinition]) -> Hierarchy:
    """The hierarchy of these definitions, in any order, extensions among them. Raises ImageError."""
    warnings: list[str] = []
    merged = _merged(list(definitions), warnings)
    ordered: dict[str, ClassDefinition] = {}
    shapes: dict[str, Shape] = {}
    for name in sorted(merged):
        _visit(name, merged, ordered, shapes, ())
    return Hierarchy(ordered, shapes, tuple(warnings))


def _place(definition: ClassDefinition) -> str:
    return f"{definition.file}:{definition.line}"


def _merged(definitions: Sequence[ClassDefinition], warnings: list[str]) -> dict[str, ClassDefinition]:
    classes: dict[str, ClassDefinition] = {}
    for each in definitions:
        if each.is_extension:
            continue
        if each.name in classes:
            raise ImageError(
                f"{_place(each)}: class {each.name} is defined already, in {_place(classes[each.name])}. "
                "Rename one, or make it an Extension."
            )
        classes[each.name] = replace(each, superclass=None) if each.superclass == "nil" else each
    own = {(each.name, method.class_side, method.selector) for each in classes.values() for method in each.methods}
    for each in sorted(definitions, key=_place):
        if each.is_extension:
            if each.name not in classes:
                raise ImageError(
                    f"{_place(each)}: this extends {each.name}, which no file defines. "
                    f"{did_you_mean(each.name, classes)}Add the class or correct the name."
                )
            target = classes[each.name]
            classes[each.name] = replace(target, methods=_merged_methods(target, each, own, warnings))
    return classes


def _merged_methods(
    target: ClassDefinition, extension: ClassDefinition, own: set[tuple[str, bool, str]], warnings: list[str]
) -> tuple[MethodDefinition, ...]:
    """The methods with those of the extension, which take the place of the class's own. Each replaces one at most."""
    methods = {(method.class_side, method.selector): method for method in target.methods}
    for method in extension.methods:
        key = (method.class_side, method.selector)
        if other := methods.get(key):
            place = f"{method.file}:{method.line}: "
            side = " class" if method.class_side else ""
            old = f"{target.name}{side}>>{method.selector}, from {other.file}:{other.line}"
            if (target.name, *key) not in own:
                raise ImageError(f"{place}another extension has {old}. Rename one of them.")
            reason = reliance(target.name, *key)
            if reason:
                raise ImageError(f"{place}this would replace {old}: {reason}. Define it in a subclass.")
            warnings.append(f"{place}warning: this replaces {old}.")
            own.discard((target.name, *key))
        methods[key] = method
    return tuple(methods.values())


def _visit(
    name: str,
    merged: dict[str, ClassDefinition],
    ordered: dict[str, ClassDefinition],
    shapes: dict[str, Shape],
    path: tuple[str, ...],
) -> None:
    if name in ordered:
        return
    definition = merged[name]
    if name in path:
        raise ImageError(
            f"{_place(definition)}: {name} is its own superclass: {' < '.join((*path, name))}. Break the circle."
        )
    if definition.superclass is not None:
        if definition.superclass not in merged:
            others = set(merged) - {name}
            raise ImageError(
                f"{_place(definition)}: {name} has the superclass {definition.superclass}, which no file "
                f"defines. {did_you_mean(definition.superclass, others)}Add it or correct the name."
            )
        if definition.superclass in SEALED and name not in SEALED:
            raise ImageError(
                f"{_place(definition)}: {definition.superclass} cannot have subclasses: the virtual machine knows its "
                f"instances by their class. Choose another superclass for {name}."
            )
        _visit(definition.superclass, merged, ordered, shapes, (*path, name))
    _check_depth(definition, ordered)
    ordered[name] = definition
    shapes[name] = _shape(definition, shapes.get(definition.superclass or ""))


def _check_depth(definition: ClassDefinition, ordered: dict[str, ClassDefinition]) -> None:
    count, above = 0, definition.superclass
    while above is not None:
        count, above = count + 1, ordered[above].superclass
    if count > MOST_SUPERCLASSES:
        raise ImageError(
            f"{_place(definition)}: {definition.name} would have {count} superclasses, and a class has at most "
            f"{MOST_SUPERCLASSES}. Choose another superclass."
        )


def _shape(definition: ClassDefinition, inherited: Shape | None) -> Shape:
    superclass = inherited or Shape((), (), FORMAT_EMPTY)
    for own, all_of_them in (
        (definition.instance_variables, superclass.variables),
        (definition.class_instance_variables, superclass.class_side_variables),
    ):
        for variable in own:
            if variable in all_of_them:
                raise ImageError(
                    f"{_place(definition)}: {definition.name} inherits the variable {variable}. "
                    "Remove it here or rename it."
                )
    variables = superclass.variables + definition.instance_variables
    return Shape(
        variables,
        superclass.class_side_variables + definition.class_instance_variables,
        _object_format(definition, superclass.object_format, len(variables)),
    )


def _object_format(definition: ClassDefinition, inherited: int, named: int) -> int:
    if definition.name in VM_FORMATS:
        return VM_FORMATS[definition.name]
    if inherited in VM_FORMATS.values():
        raise ImageError(
            f"{_place(definition)}: {definition.superclass} cannot have subclasses: only the virtual "
            "machine makes its instances. Choose another superclass."
        )
    raw = inherited if inherited in (FORMAT_WORDS, FORMAT_BYTES) else KIND_FORMATS.get(definition.kind, FORMAT_EMPTY)
    if raw in (FORMAT_WORDS, FORMAT_BYTES):
        if named:
            raise ImageError(
                f"{_place(definition)}: {definition.name} has raw elements and named variables. "
                "Keep the raw part in an object of its own."
            )
        if definition.kind not in ("normal", *(kind for kind, value in KIND_FORMATS.items() if value == raw)):
            raise ImageError(
                f"{_place(definition)}: {definition.name} is of type {definition.kind}, its superclass "
                "has other raw elements. Use the superclass's type."
            )
        return raw
    if definition.kind == "weak" or inherited == FORMAT_WEAK:
        return FORMAT_WEAK
    is_indexable = definition.kind == "variable" or inherited in (FORMAT_INDEXABLE, FORMAT_BOTH)
    if is_indexable:
        return FORMAT_BOTH if named else FORMAT_INDEXABLE
    return FORMAT_FIXED if named else FORMAT_EMPTY
