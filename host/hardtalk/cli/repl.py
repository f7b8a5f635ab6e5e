"""`hardtalk repl`: a board with a prompt and nothing else, or a script run through it."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hardtalk.bench import boot
from hardtalk.bench.hand import carry_out, read_strokes
from hardtalk.cli import output
from hardtalk.cli.film import checked_film, film_of
from hardtalk.cli.options import ARM926, NO_PARTS, CycleModel, Flash, Input, Parts, Record, Screenshot
from hardtalk.cli.screenshot import checked_png, write_screenshot
from hardtalk.cli.waiting import end_waiting
from hardtalk.shell.shell import ENTRY_SECONDS, Shell
from hardtalk.smalltalk.source_file import read_source_file


def repl(
    *,
    script: Annotated[Path | None, Parameter(help="Run this file (chunk format, Tonel, GNU syntax) and end.")] = None,
    entry_seconds: Annotated[
        float,
        Parameter(help="How long an entry of the script, or of what comes through a pipe, may take on the board."),
    ] = ENTRY_SECONDS,
    parts: Parts = NO_PARTS,
    flash: Flash = None,
    screenshot: Screenshot = None,
    record: Record = None,
    input: Input = None,
    model: CycleModel = ARM926,
) -> int:
    """Talk Smalltalk to a booted board; with --script, exit with 1 when an entry of the script fails."""
    console = output.console()
    text = read_source_file(script) if script is not None else ""
    picture_file, film_file = checked_png(screenshot), checked_film(record)
    strokes = read_strokes(input) if input is not None else []
    bench = boot(parts.boot_options(model, flash=flash), console.out)
    carry_out(bench.board, strokes)
    film = film_of(bench.board, film_file)
    shell = Shell(bench, console)
    if script is None:
        end_waiting()
        shell.run(sys.stdin, entry_seconds)
    is_fine = script is None or shell.run_script(text, str(script), entry_seconds)
    write_screenshot(bench.board, picture_file)
    if film is not None:
        console.print(film.write(), highlight=False, soft_wrap=True, markup=False)
    return 0 if is_fine else 1
