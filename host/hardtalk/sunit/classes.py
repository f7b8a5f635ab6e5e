"""The SUnit classes among Tonel sources, and which of their methods are tests: the board is not asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hardtalk.bench import Bench, BootOptions, UnfitRequest
from hardtalk.build.sources import class_paths, display_name, paths_in, read_classes
from hardtalk.smalltalk.tonel import ClassDefinition
from hardtalk.symbols.source_map import Place

TEST_CASE = "TestCase"


@dataclass(frozen=True)
class SUnitClass:
    """A concrete test class with the selectors of its tests, its own before inherited ones, and where each begins."""

    name: str
    selectors: tuple[str, ...]
    file: str
    places: dict[str, Place] = field(default_factory=dict, compare=False)


def sunit_classes(definitions: Sequence[ClassDefinition]) -> list[SUnitClass]:
    """The classes below TestCase that have tests, in the order of their names; a superclass alone is not run."""
    by_name = {each.name: each for each in definitions if not each.is_extension}
    extended = {each.name: each.superclass for each in by_name.values() if each.superclass}
    superclasses = set(extended.values())
    found = []
    for name, definition in sorted(by_name.items()):
        chain = superclass_chain(definition, by_name)
        if chain[-1].superclass != TEST_CASE and not any(each.superclass == TEST_CASE for each in chain):
            continue
        places: dict[str, Place] = {}
        for method in (method for each in chain for method in each.methods):
            if method.selector.startswith("test") and ":" not in method.selector and not method.class_side:
                places.setdefault(method.selector, Place(method.file, method.line))
        is_abstract = name in superclasses and not any(m.selector.startswith("test") for m in definition.methods)
        if places and not is_abstract:
            found.append(SUnitClass(name, tuple(places), definition.file, places))
    return found


def classes_in(bench: Bench, folder: Path) -> list[SUnitClass]:
    """Those of a folder whose classes are in the firmware. UnfitRequest when it has none."""
    in_folder = {display_name(path) for path in paths_in(folder.resolve(), ".class.st")}
    definitions = read_classes(class_paths(bench.options))
    classes = [each for each in sunit_classes(definitions) if each.file in in_folder]
    if not classes:
        raise UnfitRequest(f"{folder}: no subclass of TestCase with a method test…", "Give a folder that has tests.")
    return classes


def with_folder(options: BootOptions, folder: Path) -> BootOptions:
    """The classes of the folder in the firmware, too."""
    return replace(options, drivers=(*options.drivers, folder))


def superclass_chain(definition: ClassDefinition, by_name: dict[str, ClassDefinition]) -> list[ClassDefinition]:
    """The class and those of its superclasses that are among `by_name`, up to TestCase."""
    chain = [definition]
    while chain[-1].superclass in by_name and chain[-1].superclass != TEST_CASE:
        following = by_name[str(chain[-1].superclass)]
        if following in chain:
            break
        chain.append(following)
    return chain
