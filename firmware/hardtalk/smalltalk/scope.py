"""Scope analysis: what each name means, and where each temporary lives.

Every block written out as an argument of an inlined message shares the activation of the method or closure around it;
all other blocks are closures with an activation of their own. A closure copies the values of outer temporaries when it
is made (Miranda's model). That is right as long as nothing assigns to the temporary afterwards; one that may be
assigned to later lives in a vector, an Array made on entry to the block that declares it, and closures copy the vector.

A captured temporary needs a vector when something assigns to it after the closure's making has begun, in the order of
the text (so also when the closure itself does), or when assignment and closure are in one loop that the temporary
outlives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from hardtalk.smalltalk.ast import (
    PSEUDO_VARIABLES,
    Assignment,
    Block,
    Cascade,
    Method,
    Node,
    Send,
    Statement,
    Variable,
    children,
    walk,
)
from hardtalk.smalltalk.bindings import Binding, Environment, InstanceVariable, Loop, Scope, Temporary
from hardtalk.smalltalk.compiled_method import ClassVariableRef, GlobalRef
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.inlining import block_operands, inlined_message, misshapen_block

_DECLARE: Final = "Declare it as a temporary, an instance variable or a class variable, or correct its spelling."


class Analysis:
    """The result: `bindings` by identity of the Variable's node, `scopes` by identity of the Method's or Block's, and
    `warnings` of names that hide others."""

    def __init__(self, method: Method, environment: Environment) -> None:
        self.method = method
        self.environment = environment
        self.bindings: dict[int, Binding] = {}
        self.scopes: dict[int, Scope] = {}
        self.warnings: list[SourceError] = []
        self._instance_variables = {name: index for index, name in enumerate(environment.instance_variables)}
        self._event = 0
        self._loops: list[Loop] = []
        self._uses: list[tuple[Scope, Temporary]] = []
        self._scope_list: list[Scope] = []
        self._analyse_method()
        self._choose_vectors()
        self._list_copied_values()
        self._lay_out_frames()

    # Names

    def _analyse_method(self) -> None:
        scope = self._open(self.method, None, is_inlined=False)
        self._statements(self.method.statements, scope)

    def _open(self, node: Method | Block, parent: Scope | None, is_inlined: bool, is_repeated: bool = False) -> Scope:
        scope = Scope(node, parent, is_inlined, self._event, is_repeated)
        self.scopes[id(node)] = scope
        self._scope_list.append(scope)
        for declared in node.parameters:
            self._declare(declared, scope, is_parameter=True)
        for declared in node.temporaries:
            self._declare(declared, scope, is_parameter=False)
        return scope

    def _declare(self, variable: Variable, scope: Scope, is_parameter: bool) -> None:
        name = variable.name
        if name in PSEUDO_VARIABLES:
            raise self.method.error(variable, f"`{name}` cannot be declared.", "Choose another name.")
        if name in scope.names:
            raise self.method.error(variable, f"`{name}` is declared twice.", "Remove or rename one of them.")
        hidden = self._hidden_by(name, scope)
        if hidden:
            place = "its block" if isinstance(scope.node, Block) else "the method"
            remedy = f"Within {place} the inner one is meant. Choose another name to avoid the doubt."
            self.warnings.append(self.method.error(variable, f"`{name}` hides {hidden}.", remedy))
        temporary = Temporary(name, scope, is_parameter)
        scope.names[name] = temporary
        self.bindings[id(variable)] = temporary

    def _hidden_by(self, name: str, scope: Scope) -> str:
        outer = scope.parent
        while outer is not None:
            if name in outer.names:
                return "a variable of an outer block or of the method"
            outer = outer.parent
        if name in self._instance_variables:
            return "an instance variable"
        return "a class variable" if name in self.environment.class_variables else ""

    def _lookup(self, variable: Variable, scope: Scope) -> Binding:
        name = variable.name
        found: Scope | None = scope
        while found is not None:
            temporary = found.names.get(name)
            if temporary is not None:
                return temporary
            found = found.parent
        if name in PSEUDO_VARIABLES:
            return name
        index = self._instance_variables.get(name)
        if index is not None:
            return InstanceVariable(index)
        class_name = self.environment.class_variables.get(name)
        if class_name is not None:
            return ClassVariableRef(class_name, name)
        is_known = self.environment.is_known_global
        if is_known(name) if is_known else name[0].isupper():
            return GlobalRef(name)
        raise self.method.error(variable, f"`{name}` is not declared.", self._remedy(name, scope))

    def _remedy(self, name: str, scope: Scope) -> str:
        visible = [*self._instance_variables, *self.environment.class_variables, *sorted(PSEUDO_VARIABLES)]
        found: Scope | None = scope
        while found is not None:
            visible.extend(found.names)
            found = found.parent
        near = get_close_matches(name, visible, 1)
        return f"Did you mean `{near[0]}`? {_DECLARE}" if near else _DECLARE

    # Uses, in the order of evaluation

    def _statements(self, statements: Sequence[Statement], scope: Scope) -> None:
        for statement in statements:
            self._visit(statement, scope)

    def _visit(self, node: Node, scope: Scope) -> None:
        if isinstance(node, Variable):
            self._use(node, scope)
        elif isinstance(node, Send):
            self._send(node, scope)
        elif isinstance(node, Block):
            self._closure(node, scope)
        elif isinstance(node, Assignment):
            self._visit(node.value, scope)
            self._assign(node.variable, scope)
        elif isinstance(node, Cascade):
            self._receiver(node.receiver, scope)
            for message in node.messages:
                for argument in message.arguments:
                    self._visit(argument, scope)
        else:
            for child in children(node):
                self._visit(child, scope)

    def _receiver(self, node: Node, scope: Scope) -> None:
        if isinstance(node, Variable) and node.name == "super":
            self.bindings[id(node)] = "super"
        else:
            self._visit(node, scope)

    def _send(self, send: Send, scope: Scope) -> None:
        misshapen = misshapen_block(send)
        if misshapen:
            block, shape = misshapen
            wanted = " or ".join(str(count) for count in shape)
            count = len(block.parameters)
            raise self.method.error(
                block,
                f"The block has {count} parameter{'' if count == 1 else 's'}, but `{send.selector}` gives it {wanted}.",
                "Change the block's parameters.",
            )
        row = inlined_message(send)
        if row is None:
            self._receiver(send.receiver, scope)
            for argument in send.arguments:
                self._visit(argument, scope)
            return
        first = self._next_event()
        block_ids = {id(operand) for _, operand in block_operands(send, row)}
        for operand in (send.receiver, *send.arguments):
            if isinstance(operand, Block) and id(operand) in block_ids:
                inner = self._open(operand, scope, is_inlined=True, is_repeated=row.is_loop)
                self._statements(operand.statements, inner)
            else:
                self._visit(operand, scope)
                first = self._next_event()
        if row.is_loop:
            self._loops.append(Loop(scope.activation, first, self._next_event()))

    def _closure(self, block: Block, scope: Scope) -> None:
        self._next_event()
        inner = self._open(block, scope, is_inlined=False)
        self._statements(block.statements, inner)

    def _use(self, variable: Variable, scope: Scope) -> None:
        if variable.name == "super":
            raise self.method.error(variable, "`super` is not a value.", "Send it a message, or write `self`.")
        binding = self._lookup(variable, scope)
        self.bindings[id(variable)] = binding
        if isinstance(binding, Temporary):
            self._note_use(binding, scope)

    def _assign(self, variable: Variable, scope: Scope) -> None:
        if variable.name in PSEUDO_VARIABLES:
            raise self.method.error(variable, f"`{variable.name}` cannot be assigned to.", "Assign to a variable.")
        binding = self._lookup(variable, scope)
        self.bindings[id(variable)] = binding
        if isinstance(binding, GlobalRef):
            self._check_global(variable)
        if not isinstance(binding, Temporary):
            return
        if binding.is_parameter:
            message = f"`{binding.name}` is a parameter and cannot be assigned to."
            raise self.method.error(variable, message, "Assign to a temporary instead.")
        self._note_use(binding, scope)
        binding.assignments.append(self._next_event())

    def _check_global(self, variable: Variable) -> None:
        is_fixed = self.environment.is_fixed_global
        if is_fixed is not None and is_fixed(variable.name):
            message = f"`{variable.name}` belongs to the firmware and cannot be assigned to."
            raise self.method.error(variable, message, "Assign to a variable of your own, or choose another name.")

    def _note_use(self, temporary: Temporary, scope: Scope) -> None:
        """Record a use by a closure, in another activation than that of the declaration."""
        home = temporary.scope.activation
        user = scope.activation
        if user is home:
            return
        self._uses.append((user, temporary))
        while user.parent is not None and user.parent.activation is not home:
            user = user.parent.activation
        temporary.captures.append(user.first_event)

    def _next_event(self) -> int:
        self._event += 1
        return self._event

    # Places

    def _choose_vectors(self) -> None:
        for scope in self._scope_list:
            for temporary in scope.names.values():
                if temporary.captures and self._may_change_after_capture(temporary):
                    temporary.index = scope.remote_count
                    temporary.is_remote = True
            if scope.remote_count:
                scope.vector = Temporary("a vector", scope)

    def _may_change_after_capture(self, temporary: Temporary) -> bool:
        if not temporary.assignments:
            return False
        if max(temporary.assignments) > min(temporary.captures):
            return True
        declared = temporary.scope.first_event
        return any(
            loop.activation is temporary.scope.activation
            and declared < loop.first
            and any(loop.first <= event <= loop.last for event in temporary.assignments)
            and any(loop.first <= event <= loop.last for event in temporary.captures)
            for loop in self._loops
        )

    def _list_copied_values(self) -> None:
        for user, temporary in self._uses:
            holder = temporary.holder
            home = temporary.scope.activation
            activation = user
            while activation is not home:
                activation.copied[holder] = None
                assert activation.parent is not None
                activation = activation.parent.activation

    def _lay_out_frames(self) -> None:
        for scope in self._scope_list:
            if not scope.is_inlined:
                for temporary in self._frame_start(scope):
                    scope.slots[temporary] = scope.take_slot()
        for scope in self._scope_list:
            activation = scope.activation
            if scope.vector is not None:
                activation.slots[scope.vector] = activation.take_slot()
            for temporary in scope.names.values():
                if not temporary.is_remote and temporary not in activation.slots:
                    activation.slots[temporary] = activation.take_slot()

    def _frame_start(self, scope: Scope) -> Iterator[Temporary]:
        for temporary in scope.names.values():
            if temporary.is_parameter:
                yield temporary
        yield from scope.copied

    # Questions of the code generator

    def needs_nil(self, temporary: Temporary) -> bool:
        """Whether a temporary of an inlined block must be made nil on entry: an earlier round may have set it."""
        scope = temporary.scope
        if temporary.is_parameter or temporary.is_remote or not scope.is_inlined:
            return False
        outer: Scope | None = scope
        while outer is not None and outer.is_inlined:
            if outer.is_repeated:
                return not _is_assigned_first(temporary.name, scope.node.statements)
            outer = outer.parent
        return False


def _is_assigned_first(name: str, statements: Sequence[Statement]) -> bool:
    """Whether the first statement that mentions the name is an assignment to it that does not use it."""
    for statement in statements:
        if _mentions(statement, name):
            return (
                isinstance(statement, Assignment)
                and statement.variable.name == name
                and not _mentions(statement.value, name)
            )
    return True


def _mentions(node: Node, name: str) -> bool:
    return any(isinstance(inner, Variable) and inner.name == name for inner in walk(node))
