"""All sections of the documentation that are made, by name."""

from collections.abc import Callable, Mapping
from typing import Final

from hardtalk.pages import budgets, components, costs, instructions, machine, objects, packages, peripherals, slang

SECTIONS: Final[Mapping[str, Callable[[], str]]] = {
    "packages": packages.packages_section,
    "object-header": objects.header_section,
    "object-formats": objects.formats_section,
    "object-colours": objects.colours_section,
    "object-slots": objects.slots_section,
    "object-sizes": objects.sizes_section,
    "method-header": objects.method_header_section,
    "registers": machine.registers_section,
    "special-objects": machine.special_objects_section,
    "memory-map": machine.memory_section,
    "counters": machine.counters_section,
    "primitive-failures": machine.primitive_failures_section,
    "facts": machine.facts_section,
    "components": components.components_section,
    "bytecodes": instructions.bytecodes_section,
    "special-selectors": instructions.special_selectors_section,
    "own-primitives": instructions.own_primitives_section,
    "squeak-primitives": instructions.squeak_primitives_section,
    "slang-intrinsics": slang.intrinsics_section,
    "path-costs": costs.costs_section,
    "mediawire-registers": peripherals.mediawire_section,
    "budgets": budgets.budgets_section,
}
