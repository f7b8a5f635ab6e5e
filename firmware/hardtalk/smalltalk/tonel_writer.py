"""Class files written: a class with its methods as Tonel text, which `hardtalk.smalltalk.tonel` reads."""

from __future__ import annotations

import re
from typing import Final

from hardtalk.smalltalk.scanner import KEYWORD_SELECTOR, NAME
from hardtalk.smalltalk.tonel import BLANK_LINE_END, NAME_LISTS, ClassDefinition, MethodDefinition

_KEYWORD_PART: Final = r"[A-Za-z_][A-Za-z0-9_]*:\s*[A-Za-z_][A-Za-z0-9_]*"
_PATTERN: Final = re.compile(
    rf"\s*(?:{_KEYWORD_PART}(?:\s+{_KEYWORD_PART})*|[A-Za-z_][A-Za-z0-9_]*|[^A-Za-z0-9_\s]+\s*[A-Za-z_][A-Za-z0-9_]*)"
)


def write_class(definition: ClassDefinition) -> str:
    """The Tonel text of a class or extension; reading it gives an equal definition."""
    lines = []
    if definition.comment:
        comment = definition.comment.replace('"', '""')
        lines.append(f'"\n{comment}\n"' if "\n" in comment else f'"{comment}"')
    lines.append("Extension {" if definition.is_extension else "Class {")
    lines.append(",\n".join(f"\t#{key} : {value}" for key, value in _properties(definition)))
    lines.append("}")
    parts = ["\n".join(lines) + "\n"]
    parts.extend(_method_text(definition.name, method) for method in definition.methods)
    return "\n".join(parts)


def _properties(definition: ClassDefinition) -> list[tuple[str, str]]:
    properties = [("name", _symbol(definition.name))]
    if not definition.is_extension:
        properties.append(("superclass", _symbol(definition.superclass) if definition.superclass else "nil"))
        if definition.kind != "normal":
            properties.append(("type", _symbol(definition.kind)))
    for key, field_name in NAME_LISTS.items():
        names = getattr(definition, field_name)
        if names:
            properties.append((key, "[ " + ", ".join(f"'{name}'" for name in names) + " ]"))
    if definition.category:
        properties.append(("category", _symbol(definition.category)))
    return properties


def _method_text(class_name: str, method: MethodDefinition) -> str:
    receiver = f"{class_name} class" if method.class_side else class_name
    stop = pattern_stop(method.source)
    pattern, body = method.source[:stop], method.source[stop:].rstrip()
    gap_length = len(body) - len(body.lstrip(" \t"))
    if BLANK_LINE_END.match(body):
        opening = f" [{body}"
    else:
        middle = gap_length // 2
        opening = f"{body[:middle]}[{body[middle + 1 :] if gap_length else body}"
    return f"{{ #category : {_symbol(method.category)} }}\n{receiver} >> {pattern}{opening}\n]\n"


def pattern_stop(source: str) -> int:
    """The offset behind the selector and arguments with which a method's text starts."""
    match = _PATTERN.match(source)
    if match is None:
        raise ValueError(f"not a method: {source[:40]!r}")
    return match.end()


def _symbol(name: str) -> str:
    if NAME.fullmatch(name) or KEYWORD_SELECTOR.fullmatch(name):
        return f"#{name}"
    quoted = name.replace("'", "''")
    return f"#'{quoted}'"
