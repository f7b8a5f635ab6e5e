"""`hardtalk repl`: a board with a prompt and nothing else, or a script run through it."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hardtalk.cli import output
from hardtalk.cli.boards import boot_bench
from hardtalk.cli.options import ARM926, CycleModel, Device, Drivers, Svds
from hardtalk.cli.shell import Shell


def repl(
    *,
    script: Annotated[Path | None, Parameter(help="Run this file (chunk format or Tonel) and end.")] = None,
    driver: Drivers = None,
    svd: Svds = None,
    device: Device = None,
    model: CycleModel = ARM926,
) -> int:
    """Talk Smalltalk to a booted board; with --script, exit with 1 when an entry of the script fails."""
    console = output.console()
    text = script.read_text(encoding="utf-8") if script is not None else ""
    bench = boot_bench(driver or [], svd or [], device, model, console.out)
    shell = Shell(bench, console)
    if script is not None:
        return 0 if shell.run_script(text, str(script)) else 1
    shell.run(sys.stdin)
    return 0
