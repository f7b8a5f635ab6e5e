"""Phase 4 of the bootstrap: the objects that make classes a running system.

The names of classes and variables used here are an agreement with `firmware/kernel`; each is checked when it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hardtalk.image.bootstrap import Bootstrap
from hardtalk.image.dictionaries import hashed_array
from hardtalk.image.errors import ImageError
from hardtalk.image.literals import CHARACTER_TABLE_SIZE
from hardtalk.image.objects import Address, ImageObject, Value
from hardtalk.smalltalk.bytecodes import SPECIAL_SELECTORS
from hardtalk.vm import object_format as of
from hardtalk.vm.constants import PRIORITY_COUNT
from hardtalk.vm.native import LINE_ARRAY_PLACES
from hardtalk.vm.special_objects import SPECIAL_OBJECT_COUNT, SPECIAL_OBJECTS
from hardtalk.vm.string_hash import string_hash

GLOBALS = ("Smalltalk", "Processor", "Transcript")
"""Globals that are no classes. Smalltalk and Processor are made here, the others by the library at start-up."""

STARTUP_PRIORITY = 40


@dataclass(frozen=True)
class Entry:
    """The method that the start-up process runs: a class-side selector without arguments."""

    class_name: str = "SystemStartup"
    selector: str = "start"
    initializers_variable: str = "ClassInitializers"


class World:
    """Makes the special objects on top of finished classes."""

    def __init__(self, bootstrap: Bootstrap, entry: Entry) -> None:
        self.boot = bootstrap
        self.literals = bootstrap.literals
        self.entry = entry
        self.startup_process = bootstrap.nil
        self.registry = bootstrap.instance("SymbolRegistry")

    def build(self) -> ImageObject:
        """The special objects array, after everything it holds."""
        self._make_class_initializers()
        self.startup_process = self._make_startup_process()
        self._make_processor()
        special = self._make_special_objects()
        self._make_symbol_table()
        return special

    def _set_global(self, name: str, value: ImageObject) -> None:
        self.boot.globals[name].slots[ASSOCIATION_VALUE_SLOT] = value

    def _make_class_initializers(self) -> None:
        """Classes with a class-side `initialize`, superclasses first, for the library to run at its first start."""
        names = [
            name
            for name, definition in self.boot.hierarchy.classes.items()
            if any(m.class_side and m.selector == "initialize" for m in definition.methods)
        ]
        classes: list[Value] = [self.boot.classes[name] for name in names]
        self._set_class_variable(self.entry.class_name, self.entry.initializers_variable, self.literals.array(classes))

    def _make_startup_process(self) -> ImageObject:
        name = f"{self.entry.class_name} class>>{self.entry.selector}"
        method = next((m for m in self.boot.methods if m.name == name), None)
        if method is None:
            raise ImageError(f"no method {name}: the start-up process runs it. Define it in firmware/kernel.")
        fields = method.spec.fields
        slot_count = of.LARGE_CONTEXT_SLOTS if fields.is_large else of.SMALL_CONTEXT_SLOTS
        context = self.boot.memory.add(self.boot.class_named("MethodContext"), of.FORMATS["FormatEscapedContext"])
        first_bytecode = of.slot_offset(len(method.object.slots))
        stack_top = of.slot_offset(of.CONTEXT_FIXED_SLOTS + fields.temporary_count - 1)
        values: Mapping[str, Value] = {
            "Sender": self.boot.nil,
            "Pc": Address(method.object, first_bytecode + RESUME_PC_BIAS),
            "StackPointer": Address(context, stack_top),
            "Method": method.object,
            "Closure": self.boot.nil,
            "Receiver": self.boot.classes[self.entry.class_name],
        }
        context.slots = [values[slot] for slot in of.SLOTS["Context"][: of.CONTEXT_FIXED_SLOTS]]
        context.slots += [self.boot.nil] * slot_count
        return self.boot.instance(
            "Process",
            suspendedContext=Address(context, SUSPENDED_CONTEXT_TAG),
            priority=STARTUP_PRIORITY,
            name=self.literals.string("start-up"),
        )

    def _make_processor(self) -> None:
        lists = self.ready_lists = [self.boot.instance("ProcessList") for _ in range(PRIORITY_COUNT)]
        processor = self.boot.instance(
            "ProcessorScheduler", quiescentProcessLists=self.literals.array(lists), activeProcess=self.startup_process
        )
        self._set_global("Processor", processor)
        self._set_global("Smalltalk", self.boot.dictionary(SMALLTALK_CLASS, self.boot.globals))

    def _make_special_objects(self) -> ImageObject:
        makers: Mapping[str, Callable[[str], Value]] = {
            "object": self._special_object,
            "array": self._special_array,
            "class": self.boot.class_named,
            "driver": lambda name: self.boot.classes.get(name, self.boot.nil),
            "symbol": self.literals.symbol,
            "association": lambda name: self.boot.globals[name],
        }
        slots: list[Value] = [self.boot.nil] * SPECIAL_OBJECT_COUNT
        for entry in SPECIAL_OBJECTS:
            slots[entry.index] = makers[entry.kind](entry.name)
        return self.literals.array(slots)

    def _special_object(self, name: str) -> Value:
        known: Mapping[str, Value] = {
            "nil": self.boot.nil,
            "false": self.literals.false,
            "true": self.literals.true,
            "Processor": self.boot.globals["Processor"].slots[ASSOCIATION_VALUE_SLOT],
            "Smalltalk": self.boot.globals["Smalltalk"].slots[ASSOCIATION_VALUE_SLOT],
            "startUpProcess": self.startup_process,
            "symbolRegistry": self.registry,
        }
        if name in known:
            return known[name]
        if name.endswith("List"):
            return self.boot.instance("ProcessList")
        if name.endswith("Semaphore") or name == "vmMethod":
            return self.boot.nil  # until the library registers one, the virtual machine makes it
        raise ImageError(f"special object {name} is unknown to the image builder. Add it to hardtalk.image.world.")

    def _special_array(self, name: str) -> Value:
        if name == "specialSelectors":
            pairs: list[Value] = []
            for selector, argument_count in SPECIAL_SELECTORS:
                pairs += [self.literals.symbol(selector), argument_count]
            return self.literals.array(pairs)
        if name == "characterTable":
            return self.literals.array([self.literals.character(code) for code in range(CHARACTER_TABLE_SIZE)])
        if name == "lineSemaphores":
            return self.literals.array([self.boot.nil] * LINE_ARRAY_PLACES)
        if name == "readyLists":
            return self.literals.array(self.ready_lists)
        raise ImageError(f"special array {name} is unknown to the image builder. Add it to hardtalk.image.world.")

    def _make_symbol_table(self) -> None:
        """Where `Symbol class` finds symbols by their bytes; made last, when all of them exist."""
        elements = [(string_hash(name.encode("latin-1")), symbol) for name, symbol in self.literals.symbols.items()]
        array = hashed_array(self.boot.memory, self.boot.class_named("Array"), self.boot.nil, elements)
        names = self.boot.hierarchy.shapes["SymbolRegistry"].variables
        values: Mapping[str, Value] = {"tally": len(elements), "array": array}
        self.registry.slots[:] = [values[name] for name in names]
        self._set_class_variable("Symbol", "SymbolTable", self.registry)

    def _set_class_variable(self, class_name: str, variable: str, value: ImageObject) -> None:
        if (class_name, variable) not in self.boot.class_variables:
            raise ImageError(
                f"class {class_name} has no class variable {variable}, which the image has to set. "
                f"Declare it in firmware/kernel/{class_name}.class.st."
            )
        self.boot.class_variables[class_name, variable].slots[ASSOCIATION_VALUE_SLOT] = value


ASSOCIATION_VALUE_SLOT = of.SLOTS["Association"].index("Value")
SMALLTALK_CLASS = "SystemDictionary"
RESUME_PC_BIAS = -1
"""A context that is resumed goes on with the bytecode after its pc."""
SUSPENDED_CONTEXT_TAG = 1
"""`suspendedContext` of a process that does not run holds the context's address with a SmallInteger's tag."""
