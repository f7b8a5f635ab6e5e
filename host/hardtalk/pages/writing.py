"""Pages with sections: what stands between the marks, made anew."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hardtalk.build.sources import text_root
from hardtalk.pages.errors import PageError

MARK: Final = re.compile(r"<!-- made: (?P<name>[\w-]+) -->\n")


@dataclass(frozen=True)
class Page:
    """A file as it is, and as it should be."""

    path: Path
    text: str
    made: str

    @property
    def is_stale(self) -> bool:
        return self.text != self.made

    def write(self) -> None:
        self.path.write_text(self.made, encoding="utf-8")


def documentation_folder() -> Path:
    """The folder `docs` of a checkout. Raises PageError where the project is installed without its documentation."""
    folder = text_root() / "docs"
    if not folder.is_dir():
        raise PageError(f"{folder}: there is no documentation here", "Run hardtalk docs in a checkout.")
    return folder


def made_pages(folder: Path, sections: Mapping[str, Callable[[], str]]) -> Iterator[Page]:
    """The pages that have sections, in the order of their names, each section made once."""
    contents: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if MARK.search(text):
            yield Page(path, text, made_anew(path, text, sections, contents))


def made_anew(
    path: Path, text: str, sections: Mapping[str, Callable[[], str]], contents: dict[str, str] | None = None
) -> str:
    """The page's text with its sections made; `contents` keeps those that have been."""
    kept = {} if contents is None else contents
    made, at = "", 0
    while mark := MARK.search(text, at):
        name, line = mark["name"], text.count("\n", 0, mark.start()) + 1
        end = f"<!-- end: {name} -->"
        stop = text.find(end, mark.end())
        if name not in sections:
            raise PageError(f"{path}:{line}: there is no section {name}", f"There are {', '.join(sorted(sections))}.")
        if stop < 0:
            raise PageError(f"{path}:{line}: the section {name} does not end", f"Write {end} behind it.")
        if name not in kept:
            kept[name] = sections[name]()
        made += f"{text[at : mark.end()]}{kept[name]}\n"
        at = stop
    return made + text[at:]
