"""What compiler and simulation say to one program: that it is Slang, or why it is not."""

from __future__ import annotations

from hardtalk.slang.compile import compile_program
from hardtalk.slang.simulate import Simulation
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.tonel import ClassDefinition


def refusal_by_compiler(classes: list[ClassDefinition]) -> str:
    """Its message, empty when the program is compiled."""
    try:
        compile_program(classes, {"Limit": 5}, ["run:"])
    except SourceError as error:
        return str(error)
    return ""


def refusal_by_simulation(classes: list[ClassDefinition]) -> str:
    """Its message, empty when every method is translated."""
    try:
        Simulation(classes, {"Limit": 5}).translate_all()
    except SourceError as error:
        return str(error)
    return ""
