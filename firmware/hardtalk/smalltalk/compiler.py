"""Syntax trees to compiled methods of Squeak V3: the method around the bytecodes.

Globals and class variables become references among the literals that whoever installs the method resolves. A method
that only answers a constant or an instance variable gets the primitive that does so without a context.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from hardtalk.smalltalk.assembler import LimitError, LiteralsExhausted
from hardtalk.smalltalk.ast import Literal, Method, Return, Variable
from hardtalk.smalltalk.bindings import Environment, InstanceVariable
from hardtalk.smalltalk.bytecodes import SPECIAL_CONSTANTS
from hardtalk.smalltalk.compiled_method import (
    GREATEST_ARGUMENT_COUNT,
    GREATEST_PRIMITIVE,
    GREATEST_QUICK_PRIMITIVE,
    LARGE_FRAME,
    QUICK_CONSTANT_PRIMITIVE,
    QUICK_VARIABLE_PRIMITIVE,
    SMALL_FRAME,
    ClassBindingRef,
    ClassVariableRef,
    CompiledMethodSpec,
    GlobalRef,
    MethodHeader,
    MethodLiteral,
)
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.generator import Generator
from hardtalk.smalltalk.literals import Symbol
from hardtalk.smalltalk.scope import Analysis
from hardtalk.smalltalk.verifier import MOST_CLOSURES, MOST_FRAMES, VerificationError, frame_size

__all__ = [
    "ClassBindingRef",
    "ClassVariableRef",
    "CompiledMethodSpec",
    "GlobalRef",
    "MethodLiteral",
    "compile_expression",
    "compile_method",
]


def compile_method(
    node: Method,
    *,
    class_name: str,
    class_side: bool = False,
    instance_variables: Sequence[str] = (),
    class_variables: Mapping[str, str] | None = None,
    is_known_global: Callable[[str], bool] | None = None,
    is_fixed_global: Callable[[str], bool] | None = None,
) -> CompiledMethodSpec:
    """Compile a method of a class, or with `class_side` of its metaclass, whose variables are then meant.

    `instance_variables` has all slots in order, inherited ones first. `class_variables` maps each visible class
    variable to the name of the class that defines it. Without `is_known_global` every other capitalised name is a
    global. Raises SourceError.
    """
    environment = Environment(
        class_name, class_side, instance_variables, class_variables or {}, is_known_global, is_fixed_global
    )
    return _compile(node, environment, answers_last=False)


def compile_expression(
    node: Method,
    *,
    class_name: str = "UndefinedObject",
    class_side: bool = False,
    instance_variables: Sequence[str] = (),
    class_variables: Mapping[str, str] | None = None,
    is_known_global: Callable[[str], bool] | None = None,
    is_fixed_global: Callable[[str], bool] | None = None,
) -> CompiledMethodSpec:
    """Compile what `parse_expression` answered: a method #DoIt that answers the last statement's value."""
    environment = Environment(
        class_name, class_side, instance_variables, class_variables or {}, is_known_global, is_fixed_global
    )
    return _compile(node, environment, answers_last=True)


def _compile(node: Method, environment: Environment, answers_last: bool) -> CompiledMethodSpec:
    try:
        try:
            return _MethodCompiler(node, environment, answers_last).method()
        except LiteralsExhausted:
            return _MethodCompiler(node, environment, answers_last, has_literal_table=True).method()
    except RecursionError:
        raise node.error(0, "The method's expressions are nested too deeply.", "Split them by temporaries.") from None


class _MethodCompiler:
    def __init__(
        self, node: Method, environment: Environment, answers_last: bool, has_literal_table: bool = False
    ) -> None:
        self.node = node
        self.environment = environment
        self.answers_last = answers_last
        self.analysis = Analysis(node, environment)
        self.generator = Generator(node, self.analysis, has_literal_table)
        self.warnings: list[SourceError] = []

    def method(self) -> CompiledMethodSpec:
        node = self.node
        assembler = self.generator.assembler
        if len(node.parameters) > GREATEST_ARGUMENT_COUNT:
            raise node.error(
                node.parameters[GREATEST_ARGUMENT_COUNT],
                f"The method has more than {GREATEST_ARGUMENT_COUNT} arguments.",
                "Pass several values in one object.",
            )
        primitive = self.primitive()
        try:
            self.method_statements()
            code, source_map = assembler.assemble()
        except LiteralsExhausted:
            raise
        except LimitError as error:
            raise node.error(error.source_offset, error.message, error.remedy) from None
        literals = (
            *assembler.literals,
            Symbol(node.selector),
            ClassBindingRef(self.environment.class_name, self.environment.class_side),
        )
        header = MethodHeader(
            primitive or self.quick_primitive(),
            len(literals),
            self.is_large(code, source_map, len(literals)),
            self.generator.activation.slot_count,
            len(node.parameters),
        )
        warnings = (*self.warnings, *self.analysis.warnings)
        return CompiledMethodSpec(node.selector, header.pack(), literals, code, source_map, warnings)

    def method_statements(self) -> None:
        generator = self.generator
        statements = self.node.statements
        generator.enter(generator.scope)
        if not self.answers_last:
            for statement in statements:
                generator.effect(statement)
            generator.at(self.node.stop)
            generator.assembler.return_constant("self")
        elif statements:
            generator.leading_statements(statements)
            last = statements[-1]
            generator.answer(last.value if isinstance(last, Return) else last, is_from_block=False)
        else:
            generator.assembler.return_constant("nil")

    def is_large(self, code: bytes, source_map: Sequence[tuple[int, int]], literal_count: int) -> bool:
        try:
            size = frame_size(code, self.generator.activation.slot_count, literal_count)
        except VerificationError as error:
            if error.fault != "Closures":
                raise
            place = max((place for place in source_map if place[0] <= error.offset), default=(0, 0))
            raise self.node.error(
                place[1],
                f"Blocks are nested more than {MOST_FRAMES} deep, or the method has more than {MOST_CLOSURES}.",
                "Move some of them to another method.",
            ) from None
        if size > LARGE_FRAME:
            raise self.node.error(
                0,
                f"The method needs {size} slots for temporaries and stack; a context has {LARGE_FRAME}.",
                "Nest expressions less deeply, or move a part of it to another method.",
            )
        return size > SMALL_FRAME

    def primitive(self) -> int:
        """The number of the method's <primitive:> pragma, or 0."""
        found = [pragma for pragma in self.node.pragmas if pragma.selector.startswith("primitive:")]
        if not found:
            return 0
        if len(found) > 1:
            raise self.node.error(found[1], "The method has two primitives.", "Keep one of them.")
        number = found[0].values[0]
        if found[0].selector in ("primitive:module:", "primitive:module:error:"):
            message = "There are no primitives in modules: the method's own code is always run."
            remedy = "Name a primitive by its number, as in <primitive: 60>."
            self.warnings.append(self.node.error(found[0], message, remedy))
            return 0
        is_alone = len(found[0].values) == 1 or found[0].selector == "primitive:error:"
        if not is_alone or type(number) is not int or not 1 <= number <= GREATEST_PRIMITIVE:
            raise self.node.error(
                found[0],
                f"A primitive is given by one number from 1 to {GREATEST_PRIMITIVE}.",
                "Write <primitive: n> with a number of the primitive table.",
            )
        return number

    def quick_primitive(self) -> int:
        """The primitive of a method that only answers a constant or an instance variable, or 0."""
        node = self.node
        if node.parameters or self.answers_last or len(node.statements) > 1:
            return 0
        if not node.statements:
            return QUICK_CONSTANT_PRIMITIVE
        statement = node.statements[0]
        if not isinstance(statement, Return):
            return 0
        value = statement.value
        if isinstance(value, Literal):
            text = str(value.value) if type(value.value) is int else ""
            return QUICK_CONSTANT_PRIMITIVE + SPECIAL_CONSTANTS.index(text) if text in SPECIAL_CONSTANTS else 0
        if not isinstance(value, Variable):
            return 0
        binding = self.analysis.bindings[id(value)]
        if isinstance(binding, str) and binding in SPECIAL_CONSTANTS:
            return QUICK_CONSTANT_PRIMITIVE + SPECIAL_CONSTANTS.index(binding)
        if isinstance(binding, InstanceVariable):
            primitive = QUICK_VARIABLE_PRIMITIVE + binding.index
            return primitive if primitive <= GREATEST_QUICK_PRIMITIVE else 0
        return 0
