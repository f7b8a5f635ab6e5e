"""Syntax trees to Squeak V3 bytecodes with closures.

Every expression is generated for what is wanted of it: its value on the stack, its effect only, a jump on its truth, or
its value as the answer of a method or block. So nothing is pushed to be popped at once, and conditions become jumps
without booleans in between. Globals and class variables become references that whoever installs the method resolves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from hardtalk.smalltalk.assembler import Assembler, Label, LimitError, encode
from hardtalk.smalltalk.ast import (
    Assignment,
    Block,
    BraceArray,
    Cascade,
    Expression,
    Literal,
    Method,
    Return,
    Send,
    Statement,
    Variable,
)
from hardtalk.smalltalk.bytecodes import SPECIAL_CONSTANTS
from hardtalk.smalltalk.compiled_method import (
    GREATEST_ARGUMENT_COUNT,
    GREATEST_PRIMITIVE,
    GREATEST_QUICK_PRIMITIVE,
    GREATEST_TEMPORARY_COUNT,
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
from hardtalk.smalltalk.inlining import inlined_message
from hardtalk.smalltalk.literals import LiteralValue, Symbol
from hardtalk.smalltalk.scope import Analysis, Environment, InstanceVariable, Scope, Temporary
from hardtalk.smalltalk.verifier import frame_size

__all__ = [
    "ClassBindingRef",
    "ClassVariableRef",
    "CompiledMethodSpec",
    "GlobalRef",
    "MethodLiteral",
    "compile_expression",
    "compile_method",
]

_SHORTER: Final = "Move a part of it to another method."
_GREATEST_STACKED_ELEMENTS: Final = 16
_GREATEST_BRACE_ELEMENTS: Final = 127
_GREATEST_BLOCK_ARGUMENTS: Final = 15
_GREATEST_COPIED_VALUES: Final = 15
_GREATEST_INSTANCE_VARIABLE: Final = 255
_GREATEST_CHARACTER: Final = 255
_RETURNABLE: Final = frozenset({"self", "true", "false", "nil"})


def compile_method(
    node: Method,
    *,
    class_name: str,
    class_side: bool = False,
    instance_variables: Sequence[str] = (),
    class_variables: Mapping[str, str] | None = None,
    is_known_global: Callable[[str], bool] | None = None,
) -> CompiledMethodSpec:
    """Compile a method of a class, or with `class_side` of its metaclass, whose instance variables are then meant.

    `instance_variables` has all slots in order, inherited ones first. `class_variables` maps each visible class variable
    to the name of the class that defines it. Without `is_known_global` every other capitalised name is a global.
    Raises SourceError.
    """
    environment = Environment(class_name, class_side, instance_variables, class_variables or {}, is_known_global)
    return _Generator(node, environment, answers_last=False).method()


def compile_expression(
    node: Method,
    *,
    class_name: str = "UndefinedObject",
    class_side: bool = False,
    instance_variables: Sequence[str] = (),
    class_variables: Mapping[str, str] | None = None,
    is_known_global: Callable[[str], bool] | None = None,
) -> CompiledMethodSpec:
    """Compile what `parse_expression` answered: a method #DoIt that answers the last statement's value."""
    environment = Environment(class_name, class_side, instance_variables, class_variables or {}, is_known_global)
    return _Generator(node, environment, answers_last=True).method()


class _Generator:
    def __init__(self, node: Method, environment: Environment, answers_last: bool) -> None:
        self.node = node
        self.environment = environment
        self.answers_last = answers_last
        self.analysis = Analysis(node, environment)
        self.assembler = Assembler()
        self.scope = self.analysis.scopes[id(node)]
        self.activation = self.scope

    # The method

    def method(self) -> CompiledMethodSpec:
        node = self.node
        assembler = self.assembler
        if len(node.parameters) > GREATEST_ARGUMENT_COUNT:
            raise node.error(
                node.parameters[GREATEST_ARGUMENT_COUNT],
                f"The method has more than {GREATEST_ARGUMENT_COUNT} arguments.",
                "Pass several values in one object.",
            )
        primitive = self.primitive()
        try:
            self.enter(self.scope)
            self.method_statements()
            code, source_map = assembler.assemble()
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
            self.is_large(code, len(literals)),
            self.scope.slot_count,
            len(node.parameters),
        )
        return CompiledMethodSpec(node.selector, header.pack(), literals, code, source_map)

    def method_statements(self) -> None:
        statements = self.node.statements
        if not self.answers_last:
            for statement in statements:
                self.effect(statement)
            self.at(self.node.stop)
            self.assembler.return_constant("self")
        elif statements:
            self.leading_statements(statements)
            last = statements[-1]
            self.answer(last.value if isinstance(last, Return) else last, is_from_block=False)
        else:
            self.assembler.return_constant("nil")

    def is_large(self, code: bytes, literal_count: int) -> bool:
        size = frame_size(code, self.scope.slot_count, literal_count)
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
        if len(found[0].values) > 1 or type(number) is not int or not 1 <= number <= GREATEST_PRIMITIVE:
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

    # Scopes

    def at(self, source_offset: int) -> None:
        """What is generated next comes from this place in the text."""
        self.assembler.source_offset = source_offset

    def enter(self, scope: Scope) -> None:
        """Make the vector of a method or inlined block, and nil where an earlier round of a loop left a value."""
        self.scope = scope
        if scope.vector is not None:
            self.assembler.emit("pushNewArray", 0, self.vector_size(scope))
            self.assembler.pop_into_temporary(self.slot(scope.vector))
        for temporary in scope.names.values():
            if self.analysis.needs_nil(temporary):
                self.assembler.push_constant("nil")
                self.assembler.pop_into_temporary(self.slot(temporary))

    def vector_size(self, scope: Scope) -> int:
        count = scope.remote_count
        if count > _GREATEST_BRACE_ELEMENTS:
            raise self.node.error(scope.node, f"More than {_GREATEST_BRACE_ELEMENTS} temporaries are shared.", _SHORTER)
        return count

    def slot(self, temporary: Temporary) -> int:
        return self.checked(self.activation.slots[temporary])

    def take_slot(self) -> int:
        return self.checked(self.activation.take_slot())

    def checked(self, slot: int) -> int:
        if slot >= GREATEST_TEMPORARY_COUNT:
            raise LimitError(
                self.activation.node.start,
                f"The method or block has more than {GREATEST_TEMPORARY_COUNT} arguments and temporaries.",
                _SHORTER,
            )
        return slot

    # Statements

    def effect(self, node: Statement) -> None:
        """Generate for the effect only."""
        if isinstance(node, Return):
            self.answer(node.value, is_from_block=False)
        elif isinstance(node, Assignment):
            self.value(node.value)
            self.pop_into(node.variable)
        elif isinstance(node, Send):
            if not self.inlined(node, wants_value=False):
                self.send(node)
                self.assembler.emit("pop")
        elif isinstance(node, Cascade):
            self.cascade(node)
            self.assembler.emit("pop")
        elif isinstance(node, BraceArray):
            for element in node.elements:
                self.effect(element)

    def answer(self, node: Expression, is_from_block: bool) -> None:
        """Generate the return of a value, from the method or from the closure to who evaluates it."""
        if isinstance(node, Send):
            row = inlined_message(node)
            if row is not None and row.selector in ("ifTrue:ifFalse:", "ifFalse:ifTrue:"):
                otherwise = Label()
                self.branch(node.receiver, row.selector != "ifTrue:ifFalse:", otherwise)
                self.answer_block(node.arguments[0], is_from_block)
                self.assembler.place(otherwise)
                self.answer_block(node.arguments[1], is_from_block)
                return
        if not is_from_block and isinstance(node, Variable) and node.name in _RETURNABLE:
            self.at(node.start)
            self.assembler.return_constant(node.name)
            return
        self.value(node)
        self.assembler.return_top(is_from_block)

    def answer_block(self, node: Expression, is_from_block: bool) -> None:
        """Generate the return of an inlined block's value."""
        block = self.begin_block(node)
        self.leading_statements(block.statements)
        last = block.statements[-1] if block.statements else Variable("nil", start=block.start)
        if isinstance(last, Return):
            self.effect(last)
        else:
            self.answer(last, is_from_block)
        self.end_block()

    def leading_statements(self, statements: Sequence[Statement]) -> None:
        for statement in statements[:-1]:
            self.effect(statement)

    # Inlined blocks

    def begin_block(self, node: Expression) -> Block:
        assert isinstance(node, Block)
        self.enter(self.analysis.scopes[id(node)])
        return node

    def end_block(self) -> None:
        assert self.scope.parent is not None
        self.scope = self.scope.parent

    def block_effect(self, node: Expression) -> None:
        block = self.begin_block(node)
        for statement in block.statements:
            self.effect(statement)
        self.end_block()

    def block_value(self, node: Expression) -> None:
        block = self.begin_block(node)
        self.leading_statements(block.statements)
        if not block.statements:
            self.assembler.push_constant("nil")
        else:
            last = block.statements[-1]
            if isinstance(last, Return):
                self.effect(last)
            else:
                self.value(last)
        self.end_block()

    def block_result(self, node: Expression, wants_value: bool) -> None:
        if wants_value:
            self.block_value(node)
        else:
            self.block_effect(node)

    # Conditions

    def branch(self, node: Expression, condition: bool, label: Label) -> None:
        """Jump to the label if the value is the boolean `condition`; go on if it is the other."""
        if isinstance(node, Variable) and node.name in ("true", "false"):
            if (node.name == "true") == condition:
                self.assembler.jump(label)
            return
        if isinstance(node, Send):
            row = inlined_message(node)
            if row is not None and row.selector in ("and:", "or:"):
                # `and:` is decided by false, `or:` by true.
                decisive = row.selector == "or:"
                if decisive == condition:
                    self.branch(node.receiver, condition, label)
                    self.branch_block(node.arguments[0], condition, label)
                else:
                    decided = Label()
                    self.branch(node.receiver, decisive, decided)
                    self.branch_block(node.arguments[0], condition, label)
                    self.assembler.place(decided)
                return
        self.value(node)
        self.assembler.jump_if(condition, label)

    def branch_block(self, node: Expression, condition: bool, label: Label) -> None:
        block = self.begin_block(node)
        self.leading_statements(block.statements)
        last = block.statements[-1] if block.statements else Variable("nil", start=block.start)
        if isinstance(last, Return):
            self.effect(last)
        else:
            self.branch(last, condition, label)
        self.end_block()

    # Values

    def value(self, node: Expression) -> None:
        """Generate a push of the value."""
        if isinstance(node, Variable):
            self.at(node.start)
            self.push(node)
        elif isinstance(node, Send):
            if not self.inlined(node, wants_value=True):
                self.send(node)
        elif isinstance(node, Literal):
            self.at(node.start)
            self.check_characters(node, node.value)
            self.assembler.push_literal(node.value)
        elif isinstance(node, Block):
            self.closure(node)
        elif isinstance(node, Assignment):
            self.value(node.value)
            self.store(node.variable)
        elif isinstance(node, Cascade):
            self.cascade(node)
        else:
            self.brace_array(node)

    def check_characters(self, node: Literal, value: LiteralValue) -> None:
        """Strings hold bytes, so a character beyond 255 cannot be in one."""
        if isinstance(value, str):
            for character in value:
                if ord(character) > _GREATEST_CHARACTER:
                    raise self.node.error(
                        node, f"The character `{character}` does not fit a byte.", "Use characters up to code 255."
                    )
        elif isinstance(value, tuple):
            for element in value:
                self.check_characters(node, element)

    def push(self, variable: Variable) -> None:
        assembler = self.assembler
        # The `nil` that an empty block answers stands in no text, so nothing binds it.
        binding = self.analysis.bindings.get(id(variable), "nil")
        if isinstance(binding, str):
            if binding == "thisContext":
                assembler.emit("pushThisContext")
            else:
                assembler.push_constant(binding)
        elif isinstance(binding, Temporary):
            if binding.is_remote:
                assembler.emit("pushRemoteTemporary", binding.index, self.slot(binding.holder))
            else:
                assembler.push_temporary(self.slot(binding))
        elif isinstance(binding, InstanceVariable):
            assembler.push_receiver_variable(self.instance_variable(variable, binding))
        else:
            assembler.push_literal_variable(binding)

    def store(self, variable: Variable) -> None:
        """Store the top of the stack and leave it there."""
        assembler = self.assembler
        binding = self.analysis.bindings[id(variable)]
        self.at(variable.start)
        if isinstance(binding, Temporary):
            if binding.is_remote:
                assembler.emit("storeRemoteTemporary", binding.index, self.slot(binding.holder))
            else:
                assembler.store_temporary(self.slot(binding))
        elif isinstance(binding, InstanceVariable):
            assembler.store_receiver_variable(self.instance_variable(variable, binding))
        elif not isinstance(binding, str):
            assembler.store_literal_variable(binding)

    def pop_into(self, variable: Variable) -> None:
        assembler = self.assembler
        binding = self.analysis.bindings[id(variable)]
        self.at(variable.start)
        if isinstance(binding, Temporary):
            if binding.is_remote:
                assembler.emit("popIntoRemoteTemporary", binding.index, self.slot(binding.holder))
            else:
                assembler.pop_into_temporary(self.slot(binding))
        elif isinstance(binding, InstanceVariable):
            assembler.pop_into_receiver_variable(self.instance_variable(variable, binding))
        elif not isinstance(binding, str):
            assembler.pop_into_literal_variable(binding)

    def instance_variable(self, variable: Variable, binding: InstanceVariable) -> int:
        if binding.index > _GREATEST_INSTANCE_VARIABLE:
            raise self.node.error(
                variable,
                f"`{variable.name}` is instance variable {binding.index}; the last possible is "
                f"{_GREATEST_INSTANCE_VARIABLE}.",
                "Give the class fewer instance variables.",
            )
        return binding.index

    def brace_array(self, node: BraceArray) -> None:
        count = len(node.elements)
        if count > _GREATEST_BRACE_ELEMENTS:
            raise self.node.error(
                node,
                f"The brace array has {count} elements; at most {_GREATEST_BRACE_ELEMENTS} are possible.",
                "Make several arrays and join them.",
            )
        if count <= _GREATEST_STACKED_ELEMENTS:
            for element in node.elements:
                self.value(element)
            self.at(node.start)
            self.assembler.emit("pushNewArray", int(count > 0), count)
            return
        self.at(node.start)
        self.assembler.emit("pushNewArray", 0, count)
        for index, element in enumerate(node.elements, 1):
            self.assembler.emit("duplicate")
            self.assembler.push_literal(index)
            self.value(element)
            self.assembler.send("at:put:", 2)
            self.assembler.emit("pop")

    # Sends

    def send(self, node: Send) -> None:
        is_super = self.receiver(node.receiver)
        for argument in node.arguments:
            self.value(argument)
        self.at(node.selector_start)
        self.send_message(node.selector, node.arguments, is_super)

    def receiver(self, node: Expression) -> bool:
        """Push a receiver; answer whether it is `super`."""
        if isinstance(node, Variable) and node.name == "super":
            self.at(node.start)
            self.assembler.push_constant("self")
            return True
        self.value(node)
        return False

    def send_message(self, selector: str, arguments: Sequence[Expression], is_super: bool) -> None:
        if len(arguments) > GREATEST_ARGUMENT_COUNT:
            raise LimitError(
                self.assembler.source_offset,
                f"The message has more than {GREATEST_ARGUMENT_COUNT} arguments.",
                "Pass several values in one object.",
            )
        self.assembler.send(selector, len(arguments), is_super)

    def cascade(self, node: Cascade) -> None:
        is_super = self.receiver(node.receiver)
        for index, message in enumerate(node.messages):
            is_last = index == len(node.messages) - 1
            if not is_last:
                self.assembler.emit("duplicate")
            for argument in message.arguments:
                self.value(argument)
            self.at(message.start)
            self.send_message(message.selector, message.arguments, is_super)
            if not is_last:
                self.assembler.emit("pop")

    # Closures

    def closure(self, node: Block) -> None:
        assembler = self.assembler
        if not assembler.is_reachable:
            return
        scope = self.analysis.scopes[id(node)]
        self.check_closure(node, scope)
        self.at(node.start)
        for holder in scope.copied:
            assembler.push_temporary(self.slot(holder))
        end = assembler.push_closure(len(scope.copied), len(node.parameters))
        outer_scope, outer_activation = self.scope, self.activation
        self.scope = self.activation = scope
        frame_start = len(node.parameters) + len(scope.copied)
        prologue = assembler.reserve()
        self.closure_body(node)
        assembler.fill(prologue, self.frame(scope, frame_start))
        self.scope, self.activation = outer_scope, outer_activation
        assembler.place(end)

    def check_closure(self, node: Block, scope: Scope) -> None:
        if len(node.parameters) > _GREATEST_BLOCK_ARGUMENTS:
            raise self.node.error(
                node, f"The block has more than {_GREATEST_BLOCK_ARGUMENTS} parameters.", "Pass several in one object."
            )
        if len(scope.copied) > _GREATEST_COPIED_VALUES:
            raise self.node.error(
                node, f"The block uses more than {_GREATEST_COPIED_VALUES} variables from outside.", _SHORTER
            )

    def closure_body(self, node: Block) -> None:
        self.leading_statements(node.statements)
        last = node.statements[-1] if node.statements else Variable("nil", start=node.start)
        if isinstance(last, Return):
            self.effect(last)
        else:
            self.answer(last, is_from_block=True)

    def frame(self, scope: Scope, frame_start: int) -> bytes:
        """The instructions with which a closure makes its own temporaries: its vector and nils."""
        vector_slot = scope.slots[scope.vector] if scope.vector is not None else -1
        return b"".join(
            encode("pushNewArray", 0, self.vector_size(scope))
            if slot == vector_slot
            else encode("pushConstant", SPECIAL_CONSTANTS.index("nil"))
            for slot in range(frame_start, scope.slot_count)
        )

    # Inlined messages

    def inlined(self, node: Send, wants_value: bool) -> bool:
        """Generate an inlined message; answer False, having done nothing, if the send is not one."""
        row = inlined_message(node)
        if row is None:
            return False
        self.at(node.selector_start)
        _INLINED[row.selector](self, node, wants_value)
        return True

    def if_one(self, node: Send, wants_value: bool) -> None:
        otherwise, end = Label(), Label()
        self.branch(node.receiver, node.selector == "ifFalse:", otherwise)
        self.block_result(node.arguments[0], wants_value)
        if wants_value:
            self.assembler.jump(end)
        self.assembler.place(otherwise)
        if wants_value:
            self.assembler.push_constant("nil")
            self.assembler.place(end)

    def if_both(self, node: Send, wants_value: bool) -> None:
        otherwise, end = Label(), Label()
        self.branch(node.receiver, node.selector == "ifFalse:ifTrue:", otherwise)
        self.two_branches(node.arguments[0], otherwise, node.arguments[1], end, wants_value)

    def two_branches(
        self, first: Expression, otherwise: Label, second: Expression, end: Label, wants_value: bool
    ) -> None:
        """The first block, and at label `otherwise` the second."""
        assert isinstance(second, Block)
        self.block_result(first, wants_value)
        if wants_value or second.statements:
            self.assembler.jump(end)
        self.assembler.place(otherwise)
        self.block_result(second, wants_value)
        self.assembler.place(end)

    def connective(self, node: Send, wants_value: bool) -> None:
        """`and:` and `or:`."""
        decided, end = Label(), Label()
        decisive = node.selector == "or:"
        self.branch(node.receiver, decisive, decided)
        self.block_result(node.arguments[0], wants_value)
        if wants_value:
            self.assembler.jump(end)
        self.assembler.place(decided)
        if wants_value:
            self.assembler.push_constant("true" if decisive else "false")
            self.assembler.place(end)

    def if_nil(self, node: Send, wants_value: bool) -> None:
        end = Label()
        self.value(node.receiver)
        if wants_value:
            self.assembler.emit("duplicate")
        self.compare_with_nil(False, end)
        if wants_value:
            self.assembler.emit("pop")
        self.block_result(node.arguments[0], wants_value)
        self.assembler.place(end)

    def if_not_nil(self, node: Send, wants_value: bool) -> None:
        otherwise, end = Label(), Label()
        self.value(node.receiver)
        self.bind_parameter(node.arguments[0])
        self.compare_with_nil(True, otherwise)
        self.block_result(node.arguments[0], wants_value)
        if wants_value:
            self.assembler.jump(end)
        self.assembler.place(otherwise)
        if wants_value:
            self.assembler.push_constant("nil")
            self.assembler.place(end)

    def if_nil_both(self, node: Send, wants_value: bool) -> None:
        otherwise, end = Label(), Label()
        is_nil_first = node.selector == "ifNil:ifNotNil:"
        self.value(node.receiver)
        self.bind_parameter(node.arguments[1 if is_nil_first else 0])
        self.compare_with_nil(not is_nil_first, otherwise)
        self.two_branches(node.arguments[0], otherwise, node.arguments[1], end, wants_value)

    def compare_with_nil(self, condition: bool, label: Label) -> None:
        self.assembler.push_constant("nil")
        self.assembler.send("==", 1)
        self.assembler.jump_if(condition, label)

    def bind_parameter(self, node: Expression) -> None:
        """Store the top of the stack in the block's parameter, if it has one."""
        assert isinstance(node, Block)
        for parameter in node.parameters:
            self.store(parameter)

    def while_loop(self, node: Send, wants_value: bool) -> None:
        start, end = Label(), Label()
        self.assembler.place(start)
        self.branch_block(node.receiver, node.selector.startswith("whileFalse"), end)
        if node.arguments:
            self.block_effect(node.arguments[0])
        self.assembler.jump(start)
        self.assembler.place(end)
        if wants_value:
            self.assembler.push_constant("nil")

    def repeat(self, node: Send, wants_value: bool) -> None:
        start = Label()
        self.assembler.place(start)
        self.block_effect(node.receiver)
        self.assembler.jump(start)

    def to_do(self, node: Send, wants_value: bool) -> None:
        block = node.arguments[-1]
        assert isinstance(block, Block)
        step = node.arguments[1].value if isinstance(node.arguments[1], Literal) else 1
        counter = self.slot(self.analysis.scopes[id(block)].names[block.parameters[0].name])
        self.value(node.receiver)
        self.start_counter(counter, wants_value)
        limit = node.arguments[0]
        if isinstance(limit, Literal):
            self.count(counter, lambda: self.value(limit), step, block)
        else:
            limit_slot = self.take_slot()
            self.value(limit)
            self.assembler.pop_into_temporary(limit_slot)
            self.count(counter, lambda: self.assembler.push_temporary(limit_slot), step, block)

    def times_repeat(self, node: Send, wants_value: bool) -> None:
        counter, limit_slot = self.take_slot(), self.take_slot()
        self.value(node.receiver)
        self.start_counter(limit_slot, wants_value)
        self.assembler.push_literal(1)
        self.assembler.pop_into_temporary(counter)
        self.count(counter, lambda: self.assembler.push_temporary(limit_slot), 1, node.arguments[0])

    def start_counter(self, slot: int, wants_value: bool) -> None:
        """Store the receiver; the value of a counting loop is its receiver, which then stays on the stack."""
        if wants_value:
            self.assembler.store_temporary(slot)
        else:
            self.assembler.pop_into_temporary(slot)

    def count(self, counter: int, push_limit: Callable[[], None], step: LiteralValue, block: Expression) -> None:
        """Run the block while the counter has not passed the limit."""
        assembler = self.assembler
        place = assembler.source_offset
        start, end = Label(), Label()
        assembler.place(start)
        assembler.push_temporary(counter)
        push_limit()
        assembler.send("<=" if isinstance(step, (int, float)) and step > 0 else ">=", 1)
        assembler.jump_if(False, end)
        self.block_effect(block)
        self.at(place)
        assembler.push_temporary(counter)
        assembler.push_literal(step)
        assembler.send("+", 1)
        assembler.pop_into_temporary(counter)
        assembler.jump(start)
        assembler.place(end)


_INLINED: Final[dict[str, Callable[[_Generator, Send, bool], None]]] = {
    "ifTrue:": _Generator.if_one,
    "ifFalse:": _Generator.if_one,
    "ifTrue:ifFalse:": _Generator.if_both,
    "ifFalse:ifTrue:": _Generator.if_both,
    "and:": _Generator.connective,
    "or:": _Generator.connective,
    "ifNil:": _Generator.if_nil,
    "ifNotNil:": _Generator.if_not_nil,
    "ifNil:ifNotNil:": _Generator.if_nil_both,
    "ifNotNil:ifNil:": _Generator.if_nil_both,
    "whileTrue:": _Generator.while_loop,
    "whileFalse:": _Generator.while_loop,
    "whileTrue": _Generator.while_loop,
    "whileFalse": _Generator.while_loop,
    "repeat": _Generator.repeat,
    "to:do:": _Generator.to_do,
    "to:by:do:": _Generator.to_do,
    "timesRepeat:": _Generator.times_repeat,
}
