"""`hardtalk`: the commands and what happens to their errors.

Commands are named by module so that `hardtalk --help` imports none of them.
"""

import os
import sys
from importlib.metadata import version
from typing import Any

from cyclopts import App

from hardtalk.cli.errors import UserError

INTERRUPTED_EXIT_CODE = 130

app = App(
    name="hardtalk",
    help="Hard real-time Smalltalk on bare metal: build the firmware, run it on the emulated board, measure it.",
    version=lambda: version("hardtalk"),
    result_action="return_value",
)
for command, module in {
    "build": "building",
    "boot": "boot",
    "repl": "repl",
    "test": "sunit",
    "latency": "latency",
    "trace": "tracing",
    "uart": "uart",
    "bench": "bench",
    "threadmetric": "threadmetric",
    "speed": "speed",
    "memory": "memory",
    "soak": "soak",
    "inject": "inject",
    "explain": "explain",
}.items():
    app.command(f"hardtalk.cli.{module}:{command}", name=command)


def user_message(error: BaseException) -> tuple[str, int] | None:
    """The message and exit code of an error that the user can mend; None for a defect of Hardtalk's own."""
    from hardtalk.board import BoardError, DeviceFailure
    from hardtalk.build import BUILD_ERRORS

    if isinstance(error, UserError):
        return str(error), error.exit_code
    if isinstance(error, (BoardError, DeviceFailure, *BUILD_ERRORS)):
        return str(error), 2
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}", 2
    return None


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and answer its exit code."""
    try:
        result: Any = app(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED_EXIT_CODE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        message = user_message(error)
        if message is None:
            raise
        print(f"hardtalk: {message[0]}", file=sys.stderr)
        return message[1]
    return result if isinstance(result, int) else 0


def main() -> None:
    sys.exit(run())
