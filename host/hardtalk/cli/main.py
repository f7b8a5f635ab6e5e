"""`hardtalk`: the commands and what happens to their errors.

Commands are named by module so that `hardtalk --help` imports none of them.
"""

import gc
import os
import sys
from importlib.metadata import version
from typing import Any

from cyclopts import App

INTERRUPTED_EXIT_CODE = 130

app = App(
    name="hardtalk",
    help="Hard real-time Smalltalk on bare metal: build the firmware, run it on the emulated board, measure it.",
    version=lambda: f"hardtalk {version('hardtalk')}",
    result_action="return_value",
)
for command, place in {
    "build": "building:build",
    "boot": "boot:boot",
    "repl": "repl:repl",
    "test": "sunit:test",
    "new": "new:new",
    "latency": "latency:app",
    "bound": "bound:bound",
    "trace": "tracing:trace",
    "uart": "uart:uart",
    "mediawire": "mediawire:mediawire",
    "ring": "ring:ring",
    "bench": "bench:bench",
    "threadmetric": "threadmetric:threadmetric",
    "speed": "speed:speed",
    "memory": "memory:app",
    "soak": "soak:soak",
    "inject": "inject:inject",
    "gdb": "gdb:gdb",
    "explain": "explain:explain",
    "docs": "docs:docs",
    "fuzz": "fuzz:fuzz",
    "flash": "flash:app",
}.items():
    app.command(f"hardtalk.cli.{place}", name=command)
app.register_install_completion_command(add_to_startup=False, help="Let the shell complete commands and options.")


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and answer its exit code."""
    if any("\0" in each for each in arguments or ()):
        from hardtalk.cli.errors import WRONG_INPUT

        print("hardtalk: an argument has a byte 0 in it; write it without", file=sys.stderr)
        return WRONG_INPUT
    try:
        result: Any = app(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # it came while a class was made, which Python tells so
            return INTERRUPTED_EXIT_CODE
        from hardtalk.cli.errors import exit_code, message

        code = exit_code(error)
        if code is None:
            raise
        print(f"hardtalk: {message(error)}", file=sys.stderr)
        return code
    return result if isinstance(result, int) else 0


def main() -> None:
    code = run()
    gc.freeze()  # what is left ends with the process: to look through a board's objects before takes half a second
    sys.exit(code)
