"""Recursive-descent parser for Smalltalk and Slang.

One grammar serves both languages. Beyond classic Smalltalk it reads brace arrays, byte arrays and pragmas; pragmas
stand before or behind a method's temporaries and, for Slang's loop bounds, first in a block. `1to: 5` and the old
`_` for `:=` are read as elsewhere. A statement behind `^` is an error because it is never reached.
"""

from __future__ import annotations

from fractions import Fraction
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
from hardtalk.smalltalk.literal_parser import CONSTANTS, LiteralParser, negated

DO_IT: Final = "DoIt"

_VALUE_STARTS: Final = frozenset({"name", "number", "string", "symbol", "character", "#(", "#[", "(", "[", "{"})
_ERROR_VARIABLES: Final = frozenset({"primitive:error:", "primitive:module:error:"})
"""Pragmas whose last argument names a temporary."""


def parse_method(source: str, file: str = "<text>", line: int = 1, prefix: str = "") -> Method:
    """The method with this text (pattern and body, no brackets). `line` is the text's first line in `file`."""
    return _Parser(source, file, line, prefix).method()


def parse_expression(source: str, file: str = "<text>", line: int = 1, prefix: str = "") -> Method:
    """Temporaries and statements to be run once: a method with selector `DoIt` and no parameters."""
    return _Parser(source, file, line, prefix).do_it()


def parse_literal(source: str, file: str = "<text>", line: int = 1, prefix: str = "") -> Literal:
    """The one literal that the source consists of, with bare words as Symbols."""
    return _Parser(source, file, line, prefix).whole_literal()


class _Parser(LiteralParser):
    # Methods

    def method(self) -> Method:
        selector, parameters = self.pattern()
        pragmas, temporaries = self.method_declarations()
        return self.finish(selector, parameters, pragmas, temporaries)

    def do_it(self) -> Method:
        return self.finish(DO_IT, (), (), self.temporaries())

    def finish(
        self,
        selector: str,
        parameters: tuple[Variable, ...],
        pragmas: tuple[Pragma, ...],
        temporaries: tuple[Variable, ...],
    ) -> Method:
        statements = self.statements("end")
        if self.kinds[self.index] != "end":
            if self.kinds[self.index] in (")", "]", "}"):
                self.fail(
                    self.index, f"`{self.texts[self.index]}` closes nothing.", "Remove it, or open a bracket before it."
                )
            self.expected("`.` or the end of the method", "Separate statements by `.`.")
        return Method(
            selector,
            parameters,
            temporaries,
            pragmas,
            statements,
            self.source,
            self.file,
            self.line,
            self.prefix,
            start=0,
            stop=len(self.source),
        )

    def pattern(self) -> tuple[str, tuple[Variable, ...]]:
        kind = self.kinds[self.index]
        if kind == "name":
            self.index += 1
            return self.texts[self.index - 1], ()
        if kind == "binary" or kind == "|":
            selector = self.binary_selector()
            return selector, (self.declaration("the argument of the binary selector"),)
        if kind != "keyword":
            self.expected("a method's selector", "Start with the selector and its arguments, as in `at: index`.")
        selector = ""
        parameters = []
        while self.kinds[self.index] == "keyword":
            selector += self.texts[self.index]
            self.index += 1
            parameters.append(self.declaration(f"the argument of `{self.texts[self.index - 1]}`"))
        return selector, tuple(parameters)

    def method_declarations(self) -> tuple[tuple[Pragma, ...], tuple[Variable, ...]]:
        pragmas = self.pragmas()
        temporaries = self.temporaries()
        pragmas += self.pragmas()
        codes = [pragma.arguments[-1] for pragma in pragmas if pragma.selector in _ERROR_VARIABLES]
        declared = {variable.name for variable in temporaries}
        names = [code for code in codes if code.value not in declared]
        named = tuple(Variable(str(code.value), start=code.start, stop=code.stop) for code in names)
        return pragmas, temporaries + named

    def declaration(self, what: str) -> Variable:
        start = self.starts[self.index]
        name = self.take("name", what, "Write a name here.")
        return Variable(name, start=start, stop=start + len(name))

    def temporaries(self) -> tuple[Variable, ...]:
        if self.kinds[self.index] != "|":
            return ()
        self.index += 1
        names = []
        while self.kinds[self.index] == "name":
            names.append(self.declaration("a temporary"))
        self.take("|", "`|` at the end of the temporaries", "List names only, separated by spaces: | a b |.")
        return tuple(names)

    def pragmas(self) -> tuple[Pragma, ...]:
        if self.kinds[self.index] != "binary" or self.texts[self.index] != "<":
            return ()
        pragmas = []
        while self.kinds[self.index] == "binary" and self.texts[self.index] == "<":
            pragmas.append(self.pragma())
        return tuple(pragmas)

    def pragma(self) -> Pragma:
        start = self.starts[self.index]
        self.index += 1
        selector = ""
        arguments: list[Literal] = []
        if self.kinds[self.index] == "name":
            selector = self.texts[self.index]
            self.index += 1
        else:
            while self.kinds[self.index] == "keyword":
                selector += self.texts[self.index]
                self.index += 1
                is_variable = selector in _ERROR_VARIABLES
                if self.kinds[self.index] == "name" and self.texts[self.index] not in CONSTANTS and not is_variable:
                    name = self.texts[self.index]
                    self.fail(self.index, "A pragma's argument is a literal.", f"For a Symbol write `#{name}`.")
                arguments.append(self.literal())
        if not selector:
            self.expected("a pragma's selector", "Write it as in <primitive: 60>.")
        text = self.texts[self.index]
        if self.kinds[self.index] != "binary" or text[0] != ">":
            self.expected("`>` at the end of the pragma", "Close the pragma with `>`.")
        if len(text) > 1:
            self.split_token(1)
        self.index += 1
        return Pragma(selector, tuple(arguments), start=start, stop=self.stop())

    def split_token(self, length: int) -> None:
        """Make two tokens of the binary token at hand (`><`, where one pragma follows another)."""
        index = self.index
        text = self.texts[index]
        self.texts[index] = text[:length]
        self.texts.insert(index + 1, text[length:])
        self.kinds.insert(index + 1, "binary")
        self.starts.insert(index + 1, self.starts[index] + length)

    # Statements and expressions

    def statements(self, closer: str) -> tuple[Statement, ...]:
        statements: list[Statement] = []
        kinds = self.kinds
        while kinds[self.index] != closer:
            if kinds[self.index] == ".":  # an empty statement
                self.index += 1
                continue
            if kinds[self.index] == "^":
                start = self.starts[self.index]
                self.index += 1
                value = self.expression()
                statements.append(Return(value, start=start, stop=self.stop()))
                while kinds[self.index] == ".":
                    self.index += 1
                if kinds[self.index] not in (closer, "end", ")", "]", "}"):
                    remedy = "End the method or block with the `^` statement."
                    self.fail(self.index, "What follows `^` is never reached.", remedy)
                break
            statements.append(self.expression())
            if kinds[self.index] != ".":
                break
            self.index += 1
        return tuple(statements)

    def expression(self) -> Expression:
        index = self.index
        if self.kinds[index] == "name" and (self.kinds[index + 1] == "assign" or self.is_old_assignment(index + 1)):
            start = self.starts[index]
            name = self.texts[index]
            self.index += 2
            value = self.expression()
            return Assignment(Variable(name, start=start, stop=start + len(name)), value, start=start, stop=self.stop())
        start = self.starts[index]
        receiver = self.keyword_send(self.binary_send(self.unary_sends(self.primary(), start), start), start)
        if self.kinds[self.index] == ";":
            return self.cascade(receiver, start)
        return receiver

    def unary_sends(self, receiver: Expression, start: int) -> Expression:
        kinds = self.kinds
        while kinds[self.index] == "name":
            selector = self.texts[self.index]
            selector_start = self.starts[self.index]
            self.index += 1
            receiver = Send(
                receiver, selector, (), start=start, stop=selector_start + len(selector), selector_start=selector_start
            )
        return receiver

    def binary_send(self, receiver: Expression, start: int) -> Expression:
        kinds = self.kinds
        while kinds[self.index] == "binary" or kinds[self.index] == "|":
            selector_start = self.starts[self.index]
            selector = self.binary_selector()
            argument = self.unary_operand()
            receiver = Send(
                receiver, selector, (argument,), start=start, stop=self.stop(), selector_start=selector_start
            )
        return receiver

    def binary_selector(self) -> str:
        """Step over a binary selector: the token at hand and what touches it, for `|` is a token of its own."""
        selector = self.texts[self.index]
        self.index += 1
        while (
            self.kinds[self.index] in ("binary", "|")
            and self.starts[self.index] == self.stop()
            and not self.is_negative_number()
        ):
            selector += self.texts[self.index]
            self.index += 1
        return selector

    def is_old_assignment(self, index: int) -> bool:
        """Whether the token is the `_` that was once written for `:=`, with a value behind it."""
        return self.texts[index] == "_" and self.kinds[index + 1] in _VALUE_STARTS

    def unary_operand(self) -> Expression:
        start = self.starts[self.index]
        return self.unary_sends(self.primary(), start)

    def keyword_send(self, receiver: Expression, start: int) -> Expression:
        if self.kinds[self.index] != "keyword":
            return receiver
        selector_start = self.starts[self.index]
        selector, arguments = self.keyword_arguments()
        return Send(receiver, selector, arguments, start=start, stop=self.stop(), selector_start=selector_start)

    def keyword_arguments(self) -> tuple[str, tuple[Expression, ...]]:
        selector = ""
        arguments = []
        while self.kinds[self.index] == "keyword":
            selector += self.texts[self.index]
            self.index += 1
            start = self.starts[self.index]
            arguments.append(self.binary_send(self.unary_operand(), start))
        return selector, tuple(arguments)

    def cascade(self, first: Expression, start: int) -> Expression:
        if not isinstance(first, Send) or first.start != start:
            self.fail(self.index, "A cascade needs a message before its `;`.", "Send a message first: `a b; c`.")
        messages = [Message(first.selector, first.arguments, start=first.selector_start, stop=first.stop)]
        while self.kinds[self.index] == ";":
            self.index += 1
            messages.append(self.cascade_message())
        return Cascade(first.receiver, tuple(messages), start=start, stop=self.stop())

    def cascade_message(self) -> Message:
        kind = self.kinds[self.index]
        start = self.starts[self.index]
        selector = self.texts[self.index]
        arguments: tuple[Expression, ...] = ()
        if kind == "name":
            self.index += 1
        elif kind == "binary" or kind == "|":
            selector = self.binary_selector()
            arguments = (self.unary_operand(),)
        elif kind == "keyword":
            selector, arguments = self.keyword_arguments()
        else:
            self.expected("a message behind `;`", "Write the next message of the cascade.")
        return Message(selector, arguments, start=start, stop=self.stop())

    def primary(self) -> Expression:
        index = self.index
        kind = self.kinds[index]
        start = self.starts[index]
        if kind == "name":
            self.index += 1
            name = self.texts[index]
            self.check_namespace(index)
            return Variable(name, start=start, stop=start + len(name))
        if kind == "[":
            return self.block()
        if kind == "(":
            self.open()
            value = self.expression()
            self.close(index, "parenthesis")
            return value
        if kind == "{":
            return self.brace_array()
        if kind == "number" or (kind == "binary" and self.is_negative_number()):
            return self.number_expression()
        if kind in ("string", "symbol", "character", "#(", "#["):
            return self.literal()
        if kind == "assign":
            self.fail(index, "Only a variable can be assigned to.", "Write a variable's name before `:=`.")
        self.expected("an expression", "Write a variable, a literal, a block or a parenthesis here.")

    def check_namespace(self, index: int) -> None:
        """`Name.Other` without a space is a variable of a namespace elsewhere; read as two statements it would silently
        mean something else."""
        kinds, texts, starts = self.kinds, self.texts, self.starts
        if kinds[index + 1] != "." or kinds[index + 2] not in ("name", "keyword"):
            return
        is_joined = starts[index + 2] == starts[index + 1] + 1 == starts[index] + len(texts[index]) + 1
        if is_joined and texts[index][0].isupper() and texts[index + 2][0].isupper():
            remedy = f"Write `{texts[index + 2]}` alone, or a space behind the full stop that ends a statement."
            self.fail(index, f"`{texts[index]}.{texts[index + 2]}`: there are no namespaces.", remedy)

    def number_expression(self) -> Expression:
        """A number; one that is a Fraction is the quotient of its parts."""
        start, is_negative = self.starts[self.index], self.is_negative_number()
        self.index += 2 if is_negative else 1
        value = self.number(self.index - 1)
        place = {"start": start, "stop": self.stop()}
        if not isinstance(value, Fraction):
            return Literal(negated(value) if is_negative else value, **place)
        numerator = -value.numerator if is_negative else value.numerator
        divisor = Literal(value.denominator, **place)
        return Send(Literal(numerator, **place), "/", (divisor,), selector_start=start, **place)

    def block(self) -> Block:
        start = self.starts[self.index]
        opener = self.open()
        parameters = []
        while self.kinds[self.index] == ":":
            self.index += 1
            parameters.append(self.declaration("a block parameter's name"))
        if parameters and self.kinds[self.index] != "]":
            remedy = "Separate parameters from statements: [:each | ...]."
            self.take("|", "`|` at the end of the block's parameters", remedy)
        temporaries = self.temporaries()
        pragmas = self.pragmas()
        statements = self.statements("]")
        self.close(opener, "block")
        return Block(tuple(parameters), temporaries, pragmas, statements, start=start, stop=self.stop())

    def brace_array(self) -> BraceArray:
        start = self.starts[self.index]
        opener = self.open()
        elements = []
        while self.kinds[self.index] != "}":
            if self.kinds[self.index] == ".":
                self.index += 1
                continue
            elements.append(self.expression())
            if self.kinds[self.index] != ".":
                break
        self.close(opener, "brace array")
        return BraceArray(tuple(elements), start=start, stop=self.stop())
