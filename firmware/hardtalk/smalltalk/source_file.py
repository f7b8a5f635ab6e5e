"""Text of source files, however their editor has written them: with a byte-order mark, with CR or CR LF as line ends,
in UTF-8, UTF-16 or Latin-1. What comes out has lines that end in LF, also those within strings."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from hardtalk.smalltalk.filetree import chunks

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_source_file(path: Path) -> str:
    """The text of a file, in chunks when it is one of a FileTree package. Raises OSError."""
    return chunks(path, decoded(path.read_bytes()))


def decoded(data: bytes) -> str:
    """The text that the bytes are. What is no UTF-8 is Latin-1, in which every byte is a character."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, errors="replace")
            break
    else:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
