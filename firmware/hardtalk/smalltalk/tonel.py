"""Tonel files: one class, or one extension of a class, with its methods.

    "The class's comment."
    Class {
        #name : #Point,
        #superclass : #Object,
        #instVars : [ 'x', 'y' ],
        #category : #'Kernel-Graphics'
    }

    { #category : #accessing }
    Point >> x [
        ^ x
    ]

A method's body ends at the bracket that matches its first one, not counting brackets in strings, comments and
characters. The text of a method, as kept in `MethodDefinition.source`, is its pattern followed by its body without the
brackets; lines and columns stay those of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from hardtalk.smalltalk.ast import PSEUDO_VARIABLES, Method
from hardtalk.smalltalk.errors import SourceError
from hardtalk.smalltalk.parser import parse_method
from hardtalk.smalltalk.scanner import NAME
from hardtalk.smalltalk.source_file import read_source_file
from hardtalk.smalltalk.text_reader import TextReader

KINDS: Final = ("normal", "variable", "words", "bytes", "weak")
EXTENSION: Final = "extension"
DEFAULT_CATEGORY: Final = "as yet unclassified"

_COMMENT: Final = re.compile(r'"([^"]*(?:""[^"]*)*)"')
_SYMBOL: Final = re.compile(r"#(?:'([^']*(?:''[^']*)*)'|([A-Za-z_][A-Za-z0-9_]*))")
_STRING: Final = re.compile(r"'([^']*(?:''[^']*)*)'")
_HEAD: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(\s+class)?\s*>>\s*")
_BODY: Final = re.compile(r"""\$[\s\S]|'[^']*(?:''[^']*)*'|"[^"]*"|[\[\]'"]""")
BLANK_LINE_END: Final = re.compile(r"[ \t\r]*(\n|$)")

NAME_LISTS: Final = {
    "instVars": "instance_variables",
    "classVars": "class_variables",
    "classInstVars": "class_instance_variables",
    "pools": "pools",
}
_SINGLE_KEYS: Final = ("name", "superclass", "type", "category", "package", "tag")
_TOOLS_KEYS: Final = frozenset({"commentStamp", "stamp", "timestamp"})
"""What other Smalltalks note for their tools; it means nothing here."""
_TRAIT_KEYS: Final = frozenset({"traits", "classTraits"})
NO_TRAITS: Final = "There are no traits here."
TRAITS_REMEDY: Final = "Write the methods into the classes that use them."
_NEXT_METHOD: Final = re.compile(r"^(?:\{|[A-Za-z_][A-Za-z0-9_]*(?:\s+class)?\s*>>)", re.MULTILINE)

_Value: TypeAlias = str | tuple[str, ...] | None
_Properties: TypeAlias = dict[str, tuple[int, _Value]]


@dataclass(frozen=True, slots=True)
class MethodDefinition:
    """A method with its text. `line` is the line of `file` on which `source` starts."""

    class_side: bool
    selector: str
    category: str
    source: str
    file: str = field(default="<text>", compare=False)
    line: int = field(default=1, compare=False)
    node: Method = field(default=Method(""), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ClassDefinition:
    """A class, or with kind `extension` methods for a class defined elsewhere."""

    name: str
    superclass: str | None = None
    instance_variables: tuple[str, ...] = ()
    class_variables: tuple[str, ...] = ()
    class_instance_variables: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    category: str = ""
    kind: str = "normal"
    comment: str = ""
    methods: tuple[MethodDefinition, ...] = ()
    file: str = field(default="<text>", compare=False)
    line: int = field(default=1, compare=False)

    @property
    def is_extension(self) -> bool:
        return self.kind == EXTENSION


def read_class_file(path: Path, name: str | None = None) -> ClassDefinition:
    """The class in a Tonel file; errors call the file `name` (its path if not given)."""
    return read_class(read_source_file(path), name or str(path))


@lru_cache(maxsize=1024)
def class_category(text: str, file: str) -> str:
    """The category of the class or extension that a Tonel text defines; its methods are not read."""
    return _Reader(text, file).head().category


def read_class(text: str, file: str = "<text>", refused: list[SourceError] | None = None) -> ClassDefinition:
    """The class or extension that a Tonel text defines, with its methods parsed. With a list `refused` a method that
    cannot be read is left out, and the complaint about it put there."""
    return _read(text, file) if refused is None else _Reader(text, file, refused).class_definition()


@lru_cache(maxsize=1024)
def _read(text: str, file: str) -> ClassDefinition:
    """Kept, for definitions do not change, and each firmware and each prompt needs the same ones."""
    return _Reader(text, file).class_definition()


class _Reader(TextReader):
    space = re.compile(r"\s+")

    def __init__(self, text: str, file: str, refused: list[SourceError] | None = None) -> None:
        super().__init__(text, file)
        self.refused = refused

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The match of the pattern after white space, stepped over."""
        self.skip_space()
        return super().take(pattern)

    def found(self, literal: str) -> bool:
        self.skip_space()
        if not self.text.startswith(literal, self.offset):
            return False
        self.offset += len(literal)
        return True

    def line_at(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    # The class

    def class_definition(self) -> ClassDefinition:
        head = self.head()
        return replace(head, methods=self.methods(head.name))

    def head(self) -> ClassDefinition:
        """What stands before the methods."""
        comment = self.take(_COMMENT)
        self.skip_space()
        start = self.offset
        keyword = self.take(NAME)
        if keyword is not None and keyword.group() == "Trait":
            self.fail(start, NO_TRAITS, TRAITS_REMEDY)
        if keyword is None or keyword.group() not in ("Class", "Extension"):
            remedy = "Start the file with its class, behind its comment."
            self.fail(start, "Expected `Class {` or `Extension {`.", remedy)
        entries = self.entries()
        for key, (offset, value) in entries.items():
            if key in _TRAIT_KEYS:
                if value not in ("", "{}", ()):
                    self.fail(offset, NO_TRAITS, TRAITS_REMEDY)
            elif key not in _SINGLE_KEYS and key not in NAME_LISTS and key not in _TOOLS_KEYS:
                known = ", ".join(f"#{known}" for known in (*_SINGLE_KEYS, *NAME_LISTS))
                self.fail(offset, f"#{key} is not a property of a class.", f"Use one of: {known}.")
        name, superclass, kind = self.identity(entries, start, is_extension=keyword.group() == "Extension")
        lists = {field_name: self.names(entries, key) for key, field_name in NAME_LISTS.items()}
        category = self.single(entries, "category") or self.single(entries, "package") or ""
        return ClassDefinition(
            name,
            superclass,
            category=category,
            kind=kind,
            comment=comment[1].replace('""', '"').strip() if comment else "",
            methods=(),
            file=self.file,
            line=self.line_at(start),
            **lists,
        )

    def identity(self, entries: _Properties, start: int, is_extension: bool) -> tuple[str, str | None, str]:
        name = self.single(entries, "name")
        if not name:
            self.fail(start, "The class has no #name.", "Add `#name : #TheClass`.")
        self.check_class_name(entries["name"][0], name)
        if is_extension:
            return name, None, EXTENSION
        if "superclass" not in entries:
            self.fail(start, f"The class {name} has no #superclass.", "Add `#superclass : #Object`.")
        superclass = self.single(entries, "superclass")
        if superclass not in (None, "nil"):
            self.check_class_name(entries["superclass"][0], superclass)
        kind = self.single(entries, "type") or "normal"
        if kind not in KINDS:
            self.fail(entries["type"][0], f"`{kind}` is not a type of class.", f"Use one of: {', '.join(KINDS)}.")
        return name, superclass, kind

    def check_class_name(self, offset: int, name: str) -> None:
        if not NAME.fullmatch(name) or name in PSEUDO_VARIABLES:
            self.fail(offset, f"`{name}` is not a class's name.", "Names have letters, digits and `_`.")

    def entries(self) -> _Properties:
        """The keys of `{ #key : value, ... }`, each with its offset and value."""
        self.skip_space()
        opener = self.offset
        if not self.found("{"):
            self.fail(opener, "Expected `{`.", "Write the properties as { #name : #TheClass, ... }.")
        entries: _Properties = {}
        while not self.found("}"):
            if entries and not self.found(","):
                self.fail(self.offset, "Expected `,` or `}` behind a property.", "Separate properties by commas.")
            self.skip_space()
            start = self.offset
            key = self.take(_SYMBOL)
            if key is None or not self.found(":"):
                self.fail(start, "Expected a property.", "Write it as #name : #TheClass.")
            name = key[2] or key[1]
            if name in entries:
                self.fail(start, f"The property #{name} is given twice.", "Keep one of them.")
            entries[name] = (start, self.value())
        return entries

    def value(self) -> _Value:
        if self.found("["):
            elements: list[str] = []
            while not self.found("]"):
                if elements and not self.found(","):
                    self.fail(self.offset, "Expected `,` or `]` in a list.", "Separate the names by commas.")
                elements.append(self.name_or_string())
            return tuple(elements)
        if self.found("nil"):
            return None
        return self.name_or_string()

    def name_or_string(self) -> str:
        match = self.take(_SYMBOL)
        if match:
            return match[2] or match[1].replace("''", "'")
        match = self.take(_STRING)
        if match is None:
            self.fail(self.offset, "Expected a symbol or a string.", "Write #Name, #'a name' or 'name'.")
        return match[1].replace("''", "'")

    def single(self, entries: _Properties, key: str) -> str | None:
        offset, value = entries.get(key, (0, None))
        if isinstance(value, tuple):
            self.fail(offset, f"#{key} takes one value, not a list.", f"Write #{key} : #Value.")
        return value

    def names(self, entries: _Properties, key: str) -> tuple[str, ...]:
        offset, value = entries.get(key, (0, ()))
        if not isinstance(value, tuple):
            self.fail(offset, f"#{key} takes a list.", f"Write #{key} : [ 'name', 'another' ].")
        for name in value:
            if not NAME.fullmatch(name):
                self.fail(offset, f"`{name}` is not a variable's name.", "Names have letters, digits and `_`.")
            if name in PSEUDO_VARIABLES:
                self.fail(offset, f"`{name}` cannot be declared.", "Choose another name.")
            if value.count(name) > 1:
                self.fail(offset, f"`{name}` is listed twice in #{key}.", "Keep one of them.")
        return value

    # Methods

    def methods(self, class_name: str) -> tuple[MethodDefinition, ...]:
        methods = []
        seen: dict[tuple[bool, str], int] = {}
        self.skip_space()
        while self.offset < len(self.text):
            start = self.offset
            try:
                method = self.method(class_name)
            except SourceError as error:
                if self.refused is None:
                    raise
                self.refused.append(error)
                self.skip_method(start)
                continue
            key = (method.class_side, method.selector)
            if key in seen:
                receiver = f"{class_name} class" if method.class_side else class_name
                raise method.node.error(
                    0,
                    f"{receiver} >> {method.selector} is defined twice.",
                    f"Remove or rename one of them; the first is on line {seen[key]}.",
                )
            seen[key] = method.line
            methods.append(method)
            self.skip_space()
        return tuple(methods)

    def skip_method(self, start: int) -> None:
        """Go on behind a method that started there and could not be read: where its bracket was found, or where
        something looks like the next one."""
        head = _HEAD.search(self.text, start)
        if self.text[self.offset - 1] != "]" or self.offset <= start:
            behind = max(self.offset, head.end() if head else start) + 1
            match = _NEXT_METHOD.search(self.text, behind)
            self.offset = match.start() if match else len(self.text)
        self.skip_space()

    def method(self, class_name: str) -> MethodDefinition:
        category = DEFAULT_CATEGORY
        if self.text.startswith("{", self.offset):
            start = self.offset
            entries = self.entries()
            if set(entries) - {"category"} - _TOOLS_KEYS:
                self.fail(start, "A method's only property is #category.", "Write { #category : #name }.")
            category = self.single(entries, "category") or DEFAULT_CATEGORY
        self.skip_space()
        start = self.offset
        head = self.take(_HEAD)
        if head is None:
            self.fail(
                start, "Expected a method.", "Write `Class >> selector [ ... ]`, with { #category : #name } before it."
            )
        if head[1] != class_name:
            self.fail(
                start, f"This method is of {head[1]}, but the file is of {class_name}.", "Keep one class in one file."
            )
        pattern_start = self.offset
        body_start, body_stop = self.brackets(pattern_start)
        pattern = self.text[pattern_start : body_start - 1]
        body = self.text[body_start:body_stop]
        self.offset = body_stop + 1
        source = pattern.rstrip() + body if BLANK_LINE_END.match(body) else f"{pattern} {body}"
        line_start = self.text.rfind("\n", 0, pattern_start) + 1
        line = self.line_at(pattern_start)
        node = parse_method(source.rstrip(), self.file, line, self.text[line_start:pattern_start])
        return MethodDefinition(head[2] is not None, node.selector, category, node.source, self.file, line, node)

    def brackets(self, pattern_start: int) -> tuple[int, int]:
        """The offsets behind the opening bracket of a method's body and of the closing one."""
        depth = 0
        opener = pattern_start
        for match in _BODY.finditer(self.text, pattern_start):
            text = match.group()
            if text == "[":
                depth += 1
                if depth == 1:
                    opener = match.start()
            elif text == "]":
                depth -= 1
                if depth == 0:
                    return opener + 1, match.start()
                if depth < 0:
                    self.fail(match.start(), "`]` closes nothing.", "Open the method's body by `[` behind its pattern.")
            elif text in "'\"":
                what = "string" if text == "'" else "comment"
                self.fail(
                    match.start(),
                    f"The {what} that starts here has no closing quote.",
                    f"Close it with `{text}`, or look for a quote missing before it.",
                )
        if depth == 0:
            self.fail(pattern_start, "The method has no body.", "Write its statements in brackets: selector [ ... ].")
        self.fail(opener, "The method's body is not closed.", "Add `]`, or look for a bracket missing within it.")
