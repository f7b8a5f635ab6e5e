"""Bootstraps a class library into an object memory, in named phases.

1. *kernel*: nil, false and true, then for each class a class object and its metaclass, still without contents; from
   here on any literal can be made. The circle at the root (Metaclass class class == Metaclass) closes by itself, since
   all of them exist before any refers to another.
2. *fill*: superclasses, formats, names, variables, pools.
3. *methods*: compiled methods with their literals, method dictionaries.
4. *world*: character table, Smalltalk, Processor, the start-up process, the symbol table, special objects.
5. *layout*: addresses and bytes (`ObjectMemory`).

Everything is made in the order of the sorted hierarchy, so equal sources give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from hardtalk.image.compiling import CompiledClass
from hardtalk.image.dictionaries import identity_array, method_dictionary_slots
from hardtalk.image.errors import ImageError, did_you_mean
from hardtalk.image.hierarchy import Hierarchy
from hardtalk.image.literals import LiteralObjects
from hardtalk.image.objects import ImageObject, ObjectMemory, Value
from hardtalk.smalltalk.compiled_method import (
    ClassBindingRef,
    ClassVariableRef,
    CompiledMethodSpec,
    GlobalRef,
    MethodLiteral,
)
from hardtalk.smalltalk.tonel import MethodDefinition
from hardtalk.smalltalk.verifier import needs_of
from hardtalk.vm import object_format as of
from hardtalk.vm.special_objects import FOLLOWED


@dataclass
class InstalledMethod:
    """A compiled method in the image with where it came from."""

    class_name: str
    definition: MethodDefinition
    spec: CompiledMethodSpec
    object: ImageObject

    @property
    def name(self) -> str:
        side = " class" if self.definition.class_side else ""
        return f"{self.class_name}{side}>>{self.definition.selector}"


@dataclass
class Bootstrap:
    """The state that the phases share.

    `is_of_system` says of a class whether its variables are changed by its own methods alone.
    """

    hierarchy: Hierarchy
    is_of_system: Callable[[str], bool]
    memory: ObjectMemory = field(default_factory=ObjectMemory)
    classes: dict[str, ImageObject] = field(default_factory=dict)
    metaclasses: dict[str, ImageObject] = field(default_factory=dict)
    globals: dict[str, ImageObject] = field(default_factory=dict)
    class_variables: dict[tuple[str, str], ImageObject] = field(default_factory=dict)
    methods: list[InstalledMethod] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.literals = LiteralObjects(self.memory, self.class_named)
        self.nil = self.literals.nil

    def class_named(self, name: str) -> ImageObject:
        """The class object; an ImageError tells that the library lacks a class every image needs."""
        if name not in self.classes:
            raise ImageError(
                f"the class library has no class {name}, which every image needs. "
                f"{did_you_mean(name, self.classes)}Add firmware/kernel/{name}.class.st."
            )
        return self.classes[name]

    def instance(self, class_name: str, **values: Value) -> ImageObject:
        """A new object of pointers with these named variables, the others nil."""
        class_object = self.class_named(class_name)
        shape = self.hierarchy.shapes[class_name]
        for name in values:
            if name not in shape.variables:
                raise ImageError(
                    f"class {class_name} has no variable {name}, which the image has to set. Its "
                    f"variables are {', '.join(shape.variables)}; keep the virtual machine's names."
                )
        return self.memory.add(
            class_object, shape.object_format, [values.get(name, self.nil) for name in shape.variables]
        )

    def association(self, key: Value, value: Value, class_name: str = "Association") -> ImageObject:
        return self.instance(class_name, key=key, value=value)

    def dictionary(self, class_name: str, associations: Mapping[str, ImageObject]) -> ImageObject:
        """A Dictionary by Symbols, hashed by identity."""
        elements = [
            (self.literals.symbol(name).identity_hash, association) for name, association in associations.items()
        ]
        array = identity_array(self.memory, self.class_named("Array"), self.nil, elements)
        return self.instance(class_name, tally=len(elements), array=array)

    # Phase 1

    def make_classes(self) -> None:
        """Class objects and metaclasses, still empty; the classes of nil, false and true."""
        for name in self.hierarchy.classes:
            self.classes[name] = self.memory.add(None, of.FORMATS["FormatFixed"])
            self.metaclasses[name] = self.memory.add(None, of.FORMATS["FormatFixed"])
        for name in self.hierarchy.classes:
            self.classes[name].class_object = self.metaclasses[name]
            self.metaclasses[name].class_object = self.class_named("Metaclass")
        for value, name in (
            (self.nil, "UndefinedObject"),
            (self.literals.true, "True"),
            (self.literals.false, "False"),
        ):
            value.class_object = self.class_named(name)

    # Phase 2

    def fill_classes(self, global_names: Iterable[str]) -> None:
        """Variables of classes and metaclasses, class variables, and the associations of globals."""
        for name in (*self.hierarchy.classes, *global_names):
            if name in self.globals:
                raise ImageError(f"the global {name} is also a class. Rename one of them.")
            kind = "SystemBinding" if name not in self.hierarchy.classes or self.is_of_system(name) else "Association"
            self.globals[name] = self.association(self.literals.symbol(name), self.classes.get(name, self.nil), kind)
        for name in self.hierarchy.classes:
            self._fill_class(name)
            self._fill_metaclass(name)

    def _fill_class(self, name: str) -> None:
        definition = self.hierarchy.classes[name]
        pool: dict[str, ImageObject] = {}
        for variable in definition.class_variables:
            kind = "SystemVariable" if self.is_of_system(name) else "Association"
            pool[variable] = self.association(self.literals.symbol(variable), self.nil, kind)
            self.class_variables[name, variable] = pool[variable]
        subclasses: list[Value] = [self.classes[each] for each in self.hierarchy.subclasses(name)]
        self._fill(
            self.classes[name],
            "Class",
            {
                "superclass": self.classes[definition.superclass] if definition.superclass else self.nil,
                "format": self.hierarchy.shapes[name].class_format,
                "instanceVariables": self._strings(definition.instance_variables),
                "subclasses": self.literals.array(subclasses) if subclasses else self.nil,
                "name": self.literals.symbol(name),
                "classPool": self.dictionary("IdentityDictionary", pool) if pool else self.nil,
            },
            len(self.hierarchy.shapes[name].class_side_variables),
        )

    def _fill_metaclass(self, name: str) -> None:
        definition = self.hierarchy.classes[name]
        slots = len(self.hierarchy.shapes["Class"].variables) + len(self.hierarchy.shapes[name].class_side_variables)
        superclass = self.metaclasses[definition.superclass] if definition.superclass else self.class_named("Class")
        self._fill(
            self.metaclasses[name],
            "Metaclass",
            {
                "superclass": superclass,
                "format": slots * of.CLASS_FORMAT_FACTOR + of.FORMATS["FormatFixed"],
                "instanceVariables": self._strings(definition.class_instance_variables),
                "thisClass": self.classes[name],
            },
            0,
        )

    def _fill(self, target: ImageObject, class_name: str, values: Mapping[str, Value], further_slots: int) -> None:
        variables = self.hierarchy.shapes[class_name].variables
        for name in values:
            if name not in variables:
                raise ImageError(
                    f"class {class_name} has no variable {name}; the virtual machine's layout of classes "
                    "is in docs/object-format.md."
                )
        target.slots = [values.get(name, self.nil) for name in variables] + [self.nil] * further_slots

    def _strings(self, names: Iterable[str]) -> Value:
        strings: list[Value] = [self.literals.string(name) for name in names]
        return self.literals.array(strings) if strings else self.nil

    # Phase 3

    def install_methods(self, compiled: Mapping[str, CompiledClass]) -> None:
        """Compiled methods and the method dictionaries of both sides of every class."""
        for name in self.hierarchy.classes:
            sides: dict[bool, dict[ImageObject, ImageObject]] = {False: {}, True: {}}
            metaclass_binding = self.association(self.nil, self.metaclasses[name])
            for definition, spec in compiled[name].methods:
                binding = metaclass_binding if definition.class_side else self.globals[name]
                method = self._method(spec, binding, "Behavior" if definition.class_side else name)
                sides[definition.class_side][self.literals.symbol(definition.selector)] = method
                self.methods.append(InstalledMethod(name, definition, spec, method))
            for target, methods in ((self.classes[name], sides[False]), (self.metaclasses[name], sides[True])):
                slots = method_dictionary_slots(self.memory, self.class_named("Array"), self.nil, methods)
                target.slots[METHOD_DICTIONARY_SLOT] = self.memory.add(
                    self.class_named("MethodDictionary"), of.FORMATS["FormatFixedAndIndexable"], slots
                )

    def _method(self, spec: CompiledMethodSpec, class_binding: ImageObject, class_name: str) -> ImageObject:
        slots: list[Value] = [spec.header >> 1]
        slots += [self._literal(literal, class_binding) for literal in spec.literals]
        fields = spec.fields
        owner = next((FOLLOWED[name] for name in self.hierarchy.superclasses(class_name) if name in FOLLOWED), None)
        needs = needs_of(spec.bytecodes, fields.temporary_count, fields.literal_count, has_machine_code=True)
        code = spec.bytecodes + (needs.trusted_trailer(owner.index, owner.followed) if owner else needs.trailer)
        return self.memory.add(self.class_named("CompiledMethod"), of.FORMATS["FormatMethod"], slots, code)

    def _literal(self, literal: MethodLiteral, class_binding: ImageObject) -> Value:
        if isinstance(literal, GlobalRef):
            return self.globals[literal.name]
        if isinstance(literal, ClassVariableRef):
            return self.class_variables[literal.class_name, literal.name]
        if isinstance(literal, ClassBindingRef):
            return class_binding
        return self.literals.value(literal)


METHOD_DICTIONARY_SLOT = of.SLOTS["Class"].index("MethodDictionary")
