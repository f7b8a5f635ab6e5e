"""What the virtual machine follows is stated alike on the host and in the class library."""

from __future__ import annotations

import re

from hardtalk.build import BuildOptions
from hardtalk.build.sources import class_paths, read_classes
from hardtalk.vm.special_objects import FOLLOWED


def test_the_class_library_knows_the_same_variables() -> None:
    methods = [each for definition in read_classes(class_paths(BuildOptions())) for each in definition.methods]
    (method,) = (each for each in methods if each.selector == "variablesOfVirtualMachine")
    names, counts = re.findall(r"#\(([\w ]+)\)", method.source)
    stated = dict(zip(names.split(), map(int, counts.split()), strict=True))
    assert stated == {name: entry.followed for name, entry in FOLLOWED.items()}
