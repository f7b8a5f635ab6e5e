"""Files of GNU Smalltalk's syntax: classes and methods in square brackets, statements between them.

    Object subclass: Account [
        | balance |
        <comment: 'I am an account.'>
        Account class >> new [ ^ super new init ]
        init [ <category: 'private'> balance := 0 ]
    ]
    Account extend [ deposit: amount [ balance := balance + amount ] ]
    Account class >> empty [ ^ self new ]
    Eval [ | a | a := Account new. a deposit: 3 ]

What is read is a list of the same parts as a file-in's: classes without their methods, methods, statements; and of
complaints, in the place of what cannot be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Final, NoReturn, TypeAlias

from hardtalk.smalltalk.chunk import CommentChunk, ExpressionChunk, MethodChunk, RefusedChunk
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.parser import parse_expression, parse_method
from hardtalk.smalltalk.text_reader import TextReader
from hardtalk.smalltalk.tonel import DEFAULT_CATEGORY, ClassDefinition

Part: TypeAlias = ClassDefinition | ExpressionChunk | MethodChunk | CommentChunk | RefusedChunk

_NAMESPACE: Final = r"(?:Smalltalk\.)?"
_NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
_LOOKS_GNU: Final = re.compile(
    rf"^\s*(?:Eval\s*\[|{_NAMESPACE}{_NAME}\s+subclass:\s*#?{_NAME}\s*\[|{_NAME}(?:\s+class)?\s+extend\s*\[)",
    re.MULTILINE,
)
_EVAL: Final = re.compile(r"Eval\s*\[")
_SUBCLASS: Final = re.compile(rf"{_NAMESPACE}(?P<superclass>{_NAME})\s+subclass:\s*#?(?P<name>{_NAME})\s*\[")
_EXTEND: Final = re.compile(rf"{_NAMESPACE}(?P<name>{_NAME})(?P<side>\s+class)?\s+extend\s*\[")
_METHOD: Final = re.compile(
    rf"{_NAMESPACE}(?P<name>{_NAME})(?P<side>\s+class)?\s*>>\s*(?P<pattern>[^\[\]'\"#.!]*?)\s*\["
)
_VARIABLES: Final = re.compile(rf"\|(?P<names>(?:\s*{_NAME})*)\s*\|")
_CLASS_SIDE: Final = re.compile(rf"{_NAME}\s+class\s*\[")
_BEGINNING: Final = re.compile(
    rf"^(?:Eval\s*\[|{_NAMESPACE}{_NAME}(?:\s+class)?\s+(?:subclass:\s*#?{_NAME}\s*\[|extend\s*\[|>>))", re.MULTILINE
)
"""Of a part; what cannot be read ends before it."""
_SHARED: Final = re.compile(rf"(?P<name>{_NAME})\s*:=\s*")
_PROPERTY: Final = re.compile(r"<\s*(?P<key>\w+):\s*(?:'(?P<text>[^']*(?:''[^']*)*)'|(?P<word>[^>]*?))\s*>")
_OWN_METHOD: Final = re.compile(r"(?P<pattern>[^\[\]'\"#.!<>]*|[^\w\s\[\]'\"#.!]+\s*\w+)\s*\[")
_LAST_NAME: Final = re.compile(r"\b[A-Z]\w*\Z")
_DELIMITER: Final = re.compile(r"""\$[\s\S]|'[^']*(?:''[^']*)*'|"[^"]*"|[\[\](){}.!'"]""")
_SHAPES: Final = {
    "pointer": "variable",
    "byte": "bytes",
    "character": "bytes",
    "word": "words",
    "uint": "words",
    "nil": "normal",
}


def is_gnu(text: str) -> bool:
    """Whether the text has classes or statements in brackets, as GNU Smalltalk writes them."""
    return _LOOKS_GNU.search(text) is not None


def read_gnu(text: str, file: str = "<text>") -> list[Part]:
    """The parts of the text, in order."""
    return _Reader(text, file).parts()


@dataclass
class _Body:
    """What is known of a class while its brackets are read. `definition` is None in an extension; `initial` are class
    variables with the places of their first values. It `is_refused` when its objects cannot be as it
    says."""

    name: str
    class_side: bool
    definition: ClassDefinition | None
    category: str = DEFAULT_CATEGORY
    initial: list[tuple[str, int, int]] = field(default_factory=list)
    is_refused: bool = False


class _Reader(TextReader):
    space = re.compile(r"(?:\s+|\"[^\"]*\")*")

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text, file)
        self.found: list[Part] = []

    def parts(self) -> list[Part]:
        self.skip_space()
        while self.offset < len(self.text):
            start = self.offset
            try:
                self.part()
            except SourceError as error:
                self.found.append(RefusedChunk(error))
                beginning = _BEGINNING.search(self.text, max(self.offset, start + 1))
                self.offset = beginning.start() if beginning is not None else len(self.text)
            self.skip_space()
        return self.found

    def part(self) -> None:
        start = self.offset
        if self.take(_EVAL):
            body = self.offset
            self.offset = self.closing(body - 1) + 1
            self.expression(body, self.offset - 1)
        elif match := self.take(_SUBCLASS):
            self.class_body(match["name"], False, self.definition(match, start))
        elif match := self.take(_EXTEND):
            self.class_body(match["name"], match["side"] is not None, None)
        elif match := self.take(_METHOD):
            self.method(match["name"], match["side"] is not None, match.start("pattern"), DEFAULT_CATEGORY)
        elif self.take(_VARIABLES):
            pass  # of all statements that follow: they become globals
        else:
            stop = self.statement_end(start)
            self.expression(start, stop)
            self.offset = stop + 1

    def definition(self, match: re.Match[str], start: int) -> ClassDefinition:
        superclass = None if match["superclass"] == "nil" else match["superclass"]
        line = self.text.count("\n", 0, start) + 1
        return ClassDefinition(match["name"], superclass, category="User", file=self.file, line=line)

    # Classes

    def class_body(self, name: str, class_side: bool, definition: ClassDefinition | None) -> None:
        """Variables and properties make the class, those of an extension are added to it; methods follow. What cannot
        be read is told, and the rest goes on."""
        stop = self.closing(self.offset - 1)
        place = len(self.found)
        body = _Body(name, class_side, definition)
        self.elements(body, stop)
        self.offset = stop + 1
        if body.is_refused:
            self.found[place:] = [each for each in self.found[place:] if isinstance(each, RefusedChunk)]
            return
        if body.definition is not None:
            self.found.insert(place, body.definition)
        for position, (variable, first, last) in enumerate(body.initial, place + 1):
            before = len(self.found)
            self.first_value(name, variable, first, last)
            if len(self.found) > before:
                self.found.insert(position, self.found.pop())

    def elements(self, body: _Body, stop: int) -> None:
        self.skip_space()
        while self.offset < stop:
            start = self.offset
            try:
                self.element(body, start, stop)
            except SourceError as error:
                self.found.append(RefusedChunk(error))
                self.offset = max(self.offset, min(self.statement_end(start) + 1, stop))
            self.skip_space()

    def element(self, body: _Body, start: int, stop: int) -> None:
        if match := self.take(_PROPERTY):
            if body.definition is not None:
                body.is_refused = True
                body.definition = self.with_property(body.definition, match)
                body.is_refused = False
            elif match["key"] == "category":
                body.category = _text_of(match)
        elif match := self.take(_VARIABLES):
            kind = "class_instance_variables" if body.class_side else "instance_variables"
            if body.definition is not None:
                names = getattr(body.definition, kind) + tuple(match["names"].split())
                body.definition = replace(body.definition, **{kind: names})
            else:
                side = " class" if body.class_side else ""
                for each in re.finditer(_NAME, match["names"]):
                    first = match.start("names") + each.start()
                    self.expression(first, first + len(each[0]), f"{body.name}{side} addInstVarNamed: '", "'")
        elif self.take(_CLASS_SIDE):
            end = self.closing(self.offset - 1)
            inner = replace(body, class_side=True)
            self.elements(inner, end)
            body.definition = inner.definition
            self.offset = end + 1
        elif match := self.take(_SHARED):
            end = self.statement_end(self.offset)
            initial = (match["name"], self.offset, min(end, stop))
            if body.definition is not None:
                names = (*body.definition.class_variables, match["name"])
                body.definition = replace(body.definition, class_variables=names)
                body.initial.append(initial)
            else:
                self.expression(*match.span("name"), f"{body.name} addClassVarNamed: '", "'")
                self.first_value(body.name, *initial)
            self.offset = end + 1
        elif match := self.take(_METHOD):
            self.method(match["name"], match["side"] is not None, match.start("pattern"), body.category)
        elif self.take(_OWN_METHOD):
            self.method(body.name, body.class_side, start, body.category)
        else:
            remedy = "Write methods as selector [ ... ], variables as | a b |."
            self.fail(start, "Expected a method, variables or a property.", remedy)

    def first_value(self, name: str, variable: str, first: int, last: int) -> None:
        self.expression(first, last, f"{name} classVarNamed: #{variable} put: (", ")")

    def with_property(self, definition: ClassDefinition, match: re.Match[str]) -> ClassDefinition:
        key, text = match["key"], _text_of(match)
        if key == "category":
            return replace(definition, category=text)
        if key == "comment":
            return replace(definition, comment=text)
        if key == "import":
            return replace(definition, pools=(*definition.pools, text.removeprefix("Smalltalk.")))
        if key == "shape":
            if text.lstrip("#") not in _SHAPES:
                remedy = f"Use one of: {', '.join(f'#{each}' for each in _SHAPES)}."
                self.fail(match.start(), f"`{text}` is not a shape that objects have here.", remedy)
            return replace(definition, kind=_SHAPES[text.lstrip("#")])
        return definition

    # Methods and statements

    def method(self, class_name: str, class_side: bool, pattern_start: int, category: str) -> None:
        """The offset is behind the body's opening bracket."""
        opener = self.offset - 1
        stop = self.closing(opener)
        source = f"{self.text[pattern_start:opener]} {self.text[opener + 1 : stop]}".rstrip()
        line = self.text.count("\n", 0, pattern_start) + 1
        prefix = self.text[self.text.rfind("\n", 0, pattern_start) + 1 : pattern_start]
        self.offset = stop + 1
        try:
            node = parse_method(source, self.file, line, prefix)
        except SourceError as error:
            self.found.append(RefusedChunk(error))
            return
        own = next((each.values[0] for each in node.pragmas if each.selector == "category:"), category)
        self.found.append(MethodChunk(class_name, class_side, str(own), source, self.file, line, node))

    def expression(self, start: int, stop: int, before: str = "", behind: str = "") -> None:
        raw = self.text[start:stop]
        offset = start + len(raw) - len(raw.lstrip())
        if not raw.strip():
            return
        source = before + raw.strip() + behind
        line = self.text.count("\n", 0, offset) + 1
        prefix = self.text[self.text.rfind("\n", 0, offset) + 1 : offset].removesuffix(before)
        try:
            node = parse_expression(source, self.file, line, prefix)
        except SourceError as error:
            self.found.append(RefusedChunk(error))
            return
        self.found.append(ExpressionChunk(source, self.file, line, node))

    def statement_end(self, start: int) -> int:
        """The offset of the full stop or exclamation mark that ends the statement, or of the text's end."""
        depth = 0
        for match in _DELIMITER.finditer(self.text, start):
            text = match.group()
            if text in "([{":
                depth += 1
            elif text in ")]}":
                depth -= 1
                if depth < 0:
                    return match.start()
            elif text in "'\"":
                self.unclosed(match)
            elif depth == 0 and text in ".!" and not self.is_within(match.start()):
                return match.start()
        return len(self.text)

    def is_within(self, offset: int) -> bool:
        """Whether the full stop is one of a number or of a name in a namespace."""
        if self.text[offset] != ".":
            return False
        following = self.text[offset + 1 : offset + 2]
        name = _LAST_NAME.search(self.text, self.text.rfind("\n", 0, offset) + 1, offset)
        return following.isdigit() or (following.isupper() and name is not None)

    def closing(self, opener: int) -> int:
        """The offset of the bracket that closes the one at `opener`."""
        depth = 0
        for match in _DELIMITER.finditer(self.text, opener):
            text = match.group()
            if text == "[":
                depth += 1
            elif text == "]":
                depth -= 1
                if depth == 0:
                    return match.start()
            elif text in "'\"":
                self.unclosed(match)
        self.fail(opener, "The bracket is not closed.", "Add `]`, or look for a bracket or a quote missing within.")

    def unclosed(self, match: re.Match[str]) -> NoReturn:
        what = "string" if match.group() == "'" else "comment"
        remedy = f"Close it with `{match.group()}`, or look for a quote missing before it."
        self.fail(match.start(), f"The {what} that starts here has no closing quote.", remedy)


def _text_of(match: re.Match[str]) -> str:
    return match["text"].replace("''", "'") if match["text"] is not None else match["word"].strip()
