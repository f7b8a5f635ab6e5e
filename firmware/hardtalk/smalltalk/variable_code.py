"""Bytecodes that read and write variables, and the frame that temporaries live in."""

from __future__ import annotations

from typing import Final

from hardtalk.smalltalk.assembler import Assembler, LimitError
from hardtalk.smalltalk.ast import Method, Variable
from hardtalk.smalltalk.bindings import InstanceVariable, Scope, Temporary
from hardtalk.smalltalk.compiled_method import GREATEST_TEMPORARY_COUNT
from hardtalk.smalltalk.scope import Analysis
from hardtalk.smalltalk.verifier import LAST_VARIABLE

SHORTER: Final = "Move a part of it to another method."
GREATEST_BRACE_ELEMENTS: Final = 127
_GREATEST_INSTANCE_VARIABLE: Final = LAST_VARIABLE


class VariableCode:
    """Code of one method into `assembler`. `scope` is that of the block at hand, `activation` the frame's."""

    def __init__(self, node: Method, analysis: Analysis, has_literal_table: bool = False) -> None:
        self.node = node
        self.analysis = analysis
        self.assembler = Assembler(has_literal_table)
        self.scope = analysis.scopes[id(node)]
        self.activation = self.scope
        self.turn_counters: dict[int, int] = {}
        """The slot that counts a loop's turns, by the identity of its body."""

    # Scopes

    def at(self, source_offset: int) -> None:
        """What is generated next comes from this place in the text."""
        self.assembler.source_offset = source_offset

    def enter(self, scope: Scope) -> None:
        """Make the vector of a method or inlined block, and nil where an earlier round of a loop left a value."""
        self.scope = scope
        if scope.vector is not None:
            self.assembler.emit("pushNewArray", 0, self.vector_size(scope))
            self.assembler.store_temporary(self.slot(scope.vector), pops=True)
        for temporary in scope.names.values():
            if self.analysis.needs_nil(temporary):
                self.assembler.push_constant("nil")
                self.assembler.store_temporary(self.slot(temporary), pops=True)

    def vector_size(self, scope: Scope) -> int:
        count = scope.remote_count
        if count > GREATEST_BRACE_ELEMENTS:
            raise self.node.error(scope.node, f"More than {GREATEST_BRACE_ELEMENTS} temporaries are shared.", SHORTER)
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
                SHORTER,
            )
        return slot

    # Variables

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

    def store(self, variable: Variable, pops: bool = False) -> None:
        """Store the top of the stack, and leave it there unless `pops`."""
        assembler = self.assembler
        binding = self.analysis.bindings[id(variable)]
        self.at(variable.start)
        if isinstance(binding, Temporary):
            if binding.is_remote:
                name = "popIntoRemoteTemporary" if pops else "storeRemoteTemporary"
                assembler.emit(name, binding.index, self.slot(binding.holder))
            else:
                assembler.store_temporary(self.slot(binding), pops)
        elif isinstance(binding, InstanceVariable):
            assembler.store_receiver_variable(self.instance_variable(variable, binding), pops)
        elif not isinstance(binding, str):
            assembler.store_literal_variable(binding, pops)

    def instance_variable(self, variable: Variable, binding: InstanceVariable) -> int:
        if binding.index > _GREATEST_INSTANCE_VARIABLE:
            raise self.node.error(
                variable,
                f"`{variable.name}` is instance variable {binding.index}; the last possible is "
                f"{_GREATEST_INSTANCE_VARIABLE}.",
                "Give the class fewer instance variables.",
            )
        return binding.index
