"""Syntax trees to text, so that parsing the text gives an equal tree.

Comments are not part of a tree and are lost. One statement stands on a line; blocks that hold at most one short
statement stay on theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hardtalk.smalltalk.ast import (
    Assignment,
    Block,
    BraceArray,
    Cascade,
    Expression,
    Literal,
    Message,
    Method,
    Pragma,
    Return,
    Send,
    Statement,
    Variable,
)
from hardtalk.smalltalk.literals import Character, LiteralValue, Symbol
from hardtalk.smalltalk.number_syntax import print_number
from hardtalk.smalltalk.parser import DO_IT
from hardtalk.smalltalk.scanner import BINARY_SELECTOR, KEYWORD_SELECTOR, NAME, argument_count

_PRIMARY: Final = 0
_UNARY: Final = 1
_BINARY: Final = 2
_KEYWORD: Final = 3
_CASCADE: Final = 4
"""How loosely an expression binds: it needs parentheses where a tighter one is wanted."""

_GREATEST_ONE_LINE_BLOCK: Final = 60


def print_method(method: Method) -> str:
    """The method's text; an expression (selector `DoIt`) has no pattern."""
    lines = []
    if method.selector != DO_IT:
        lines.append(_signature(method.selector, [parameter.name for parameter in method.parameters]))
    lines.extend(f"\t{_pragma(pragma)}" for pragma in method.pragmas)
    if method.temporaries:
        lines.append(f"\t{_temporaries(method.temporaries)}")
    lines.extend(_statement_lines(method.statements, 1))
    return "\n".join(lines)


def print_node(node: Expression | Return) -> str:
    """The text of an expression or statement."""
    return _statement(node, 0)


def print_literal(value: LiteralValue) -> str:
    """The text of a literal, with `#` before symbols and arrays."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Symbol):
        return _symbol(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Character):
        return "$" + chr(value.code)
    if isinstance(value, bytes):
        return "#[" + " ".join(str(byte) for byte in value) + "]"
    if isinstance(value, tuple):
        return "#(" + " ".join(print_literal(element) for element in value) + ")"
    return print_number(value)


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def _symbol(name: str) -> str:
    if NAME.fullmatch(name) or KEYWORD_SELECTOR.fullmatch(name) or BINARY_SELECTOR.fullmatch(name):
        return f"#{name}"
    return f"#{_quoted(name)}"


def _signature(selector: str, operands: Sequence[str]) -> str:
    """A selector with its operands put between its parts."""
    if not operands:
        return selector
    if not selector.endswith(":"):
        return f"{selector} {operands[0]}"
    parts = selector.split(":")[:-1]
    return " ".join(f"{part}: {operand}" for part, operand in zip(parts, operands, strict=True))


def _pragma(pragma: Pragma) -> str:
    text = _signature(pragma.selector, [print_literal(value) for value in pragma.values])
    # A binary symbol would swallow the closing bracket.
    return f"<{text} >" if text[-1:] in "+-/\\*~<>=@%|&?,!" else f"<{text}>"


def _temporaries(temporaries: Sequence[Variable]) -> str:
    return "| " + " ".join(temporary.name for temporary in temporaries) + " |"


def _statement_lines(statements: Sequence[Statement], depth: int) -> list[str]:
    indent = "\t" * depth
    last = len(statements) - 1
    return [
        f"{indent}{_statement(statement, depth)}{'' if index == last else '.'}"
        for index, statement in enumerate(statements)
    ]


def _statement(node: Statement, depth: int) -> str:
    if isinstance(node, Return):
        return f"^ {_expression(node.value, depth)}"
    return _expression(node, depth)


def _expression(node: Expression, depth: int) -> str:
    if isinstance(node, Variable):
        return node.name
    if isinstance(node, Literal):
        return print_literal(node.value)
    if isinstance(node, Assignment):
        return f"{node.variable.name} := {_expression(node.value, depth)}"
    if isinstance(node, Block):
        return _block(node, depth)
    if isinstance(node, BraceArray):
        return "{ " + ". ".join(_expression(element, depth) for element in node.elements) + " }"
    if isinstance(node, Cascade):
        first = node.messages[0]
        binding = _binding_of_selector(first.selector)
        receiver = _within(node.receiver, _receiver_binding(binding), depth)
        messages = ";\n".join(
            ("\t" * (depth + 1) if index else " ") + _message(message, depth + 1)
            for index, message in enumerate(node.messages)
        )
        return receiver + messages
    binding = _binding_of_selector(node.selector)
    receiver = _within(node.receiver, _receiver_binding(binding), depth)
    return f"{receiver} {_message(Message(node.selector, node.arguments), depth)}"


def _message(message: Message, depth: int) -> str:
    argument_binding = _UNARY if _binding_of_selector(message.selector) == _BINARY else _BINARY
    return _signature(message.selector, [_within(argument, argument_binding, depth) for argument in message.arguments])


def _within(node: Expression, loosest: int, depth: int) -> str:
    """The expression, in parentheses if it binds more loosely than its place allows."""
    text = _expression(node, depth)
    return f"({text})" if _binding(node) > loosest else text


def _receiver_binding(binding: int) -> int:
    """The loosest receiver of a message of this kind; keyword messages do not chain."""
    return _BINARY if binding == _KEYWORD else binding


def _binding(node: Expression) -> int:
    if isinstance(node, Send):
        return _binding_of_selector(node.selector)
    if isinstance(node, (Assignment, Cascade)):
        return _CASCADE
    return _PRIMARY


def _binding_of_selector(selector: str) -> int:
    if selector.endswith(":"):
        return _KEYWORD
    return _BINARY if argument_count(selector) else _UNARY


def _block(block: Block, depth: int) -> str:
    head = "".join(f" :{parameter.name}" for parameter in block.parameters) + (" |" if block.parameters else "")
    declarations = [_temporaries(block.temporaries)] if block.temporaries else []
    declarations.extend(_pragma(pragma) for pragma in block.pragmas)
    if len(block.statements) + len(declarations) <= 1:
        inner = declarations[0] if declarations else "".join(_statement(node, depth) for node in block.statements)
        if len(inner) <= _GREATEST_ONE_LINE_BLOCK and "\n" not in inner:
            return f"[{head} {inner} ]" if head or inner else "[ ]"
    lines = [f"[{head}"]
    lines.extend("\t" * (depth + 1) + declaration for declaration in declarations)
    lines.extend(_statement_lines(block.statements, depth + 1))
    return "\n".join(lines) + " ]"
