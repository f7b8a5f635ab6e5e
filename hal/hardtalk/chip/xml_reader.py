"""XML elements that know their place in the file, so that an error can point at it.

ElementTree drops line numbers; this is the same tree made from the same parser (expat) with them kept.
"""

from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from hardtalk.chip.errors import ChipError


@dataclass
class Element:
    """A tag with its children, its text and its place (from 1)."""

    tag: str
    attributes: dict[str, str]
    line: int
    column: int
    document: "Document"
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def find(self, tag: str) -> "Element | None":
        return next((child for child in self.children if child.tag == tag), None)

    def find_all(self, tag: str) -> list["Element"]:
        return [child for child in self.children if child.tag == tag]

    def error(self, message: str, remedy: str) -> ChipError:
        source = self.document.lines[self.line - 1] if self.line <= len(self.document.lines) else ""
        return ChipError(message, remedy, self.document.file, self.line, self.column, source)


@dataclass
class Document:
    """An XML file being read."""

    file: Path
    lines: list[str]


def read_xml(file: Path) -> Element:
    """The root element of `file`; ChipError when it cannot be read or is not XML."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ChipError(
            f"cannot read the file: {error.strerror}", "give the path of an existing SVD file", file
        ) from error
    document = Document(file, data.decode("utf-8", "replace").splitlines())
    open_elements: list[Element] = []
    roots: list[Element] = []
    parser = expat.ParserCreate()

    def start(tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1, document)
        (open_elements[-1].children if open_elements else roots).append(element)
        open_elements.append(element)

    def end(_tag: str) -> None:
        element = open_elements.pop()
        element.text = element.text.strip()

    def text(data: str) -> None:
        if open_elements:
            open_elements[-1].text += data

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except (LookupError, ValueError) as error:
        raise ChipError(f"the file's encoding is not known: {error}", 'declare encoding="utf-8"', file, 1, 1) from error
    except expat.ExpatError as error:
        line, column = error.lineno, error.offset + 1
        source = document.lines[line - 1] if 0 < line <= len(document.lines) else ""
        message = f"not well-formed XML: {expat.ErrorString(error.code)}"
        raise ChipError(message, "close every tag and write & as &amp;", file, line, column, source) from error
    return roots[0]
