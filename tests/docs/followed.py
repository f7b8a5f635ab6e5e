"""A how-to page as a person follows it: files written, changes made, commands entered, in a copy of the checkout.

A fenced block of a page begins with its language and may name a file. With a file: the block is it, or is added at its
end. `diff` with a file: the lines with a blank or a minus are found there once, those with a blank or a plus take their
place. `console`: what follows `$` is entered; each line below is part of what the command prints, its words in order.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
COPIED: Final = (
    "boot", "docs", "drivers", "emulator", "examples", "firmware", "hal", "host", "tests", "pyproject.toml",
)  # fmt: skip
PORTIONS: Final = ("firmware", "hal", "emulator", "host")
BLOCK: Final = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND: Final = "$ "
SECONDS: Final = 540


class NotAsWritten(AssertionError):
    """The page says what is not so."""


@dataclass(frozen=True)
class Block:
    """A block of a page, with the line at which it stands."""

    page: str
    line: int
    language: str
    file: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page.name, text.count("\n", 0, each.start()) + 1, each["language"], each["file"] or "", each["text"])
        for each in BLOCK.finditer(text)
    ]


class Checkout:
    """A copy of the checkout, with `hardtalk` and `python` as its commands.

    What Python and numba have compiled is copied, too, and firmware is looked for in the user's cache: both go by what
    the files are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name)
            else:
                shutil.copy(source, folder / name)
        commands = folder / ".commands"
        commands.mkdir()
        start = "import sys; sys.argv[0] = 'hardtalk'; from hardtalk.cli.main import main; main()"
        for name, arguments in (("python", ""), ("hardtalk", f'-c "{start}"')):
            (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
            (commands / name).chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(str(folder / name) for name in PORTIONS),
            "COLUMNS": "200",
        }

    def write(self, block: Block) -> None:
        """Do what a block with a file says."""
        path = self.folder / block.file
        if block.language == "diff":
            path.write_text(changed(path.read_text(encoding="utf-8"), block), encoding="utf-8")
        elif path.exists():
            path.write_text(f"{path.read_text(encoding='utf-8').rstrip()}\n\n{block.text}", encoding="utf-8")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")

    def enter(self, block: Block) -> None:
        """Enter the block's commands. Raises NotAsWritten when one fails or prints something else."""
        for command, printed in commands_of(block):
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            told = f"{block.place}: {command}\n{done.stdout}{done.stderr}"
            if done.returncode:
                raise NotAsWritten(f"{told}\nends with {done.returncode}")
            for line in printed:
                if not re.search(r"\s+".join(map(re.escape, line.split())), done.stdout):
                    raise NotAsWritten(f"{told}\ndoes not print {line!r}")


def commands_of(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines below it."""
    lines = block.text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith(COMMAND)]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start].removeprefix(COMMAND), lines[start + 1 : stop]


def changed(text: str, block: Block) -> str:
    """The text with the block's change. Raises NotAsWritten unless what it changes is there once."""
    lines = block.text.splitlines()
    old, new = ("".join(f"{line[1:]}\n" for line in lines if line[0] in kept) for kept in (" -", " +"))
    if text.count(old) != 1:
        raise NotAsWritten(f"{block.place}: {block.file} has this {text.count(old)} times:\n{old}")
    return text.replace(old, new)
