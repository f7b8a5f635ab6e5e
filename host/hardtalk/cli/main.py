"""`hardtalk`: one command line from its words to its exit code."""

import gc
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from hardtalk.cli.commands import COMMANDS
from hardtalk.cli.waiting import waiting

INTERRUPTED = 130
MOST_BRACKETS = 20

app = App(
    name="hardtalk",
    help="Hard real-time Smalltalk on bare metal: build the firmware, run it on the emulated board, measure it.",
    version=lambda: f"hardtalk {version('hardtalk')}",
    result_action="return_value",
)
for number, (title, commands) in enumerate(COMMANDS.items()):
    group = Group(title, sort_key=number)
    for name, command in commands.items():
        app.command(f"hardtalk.cli.{command.place}", name=name, help=command.summary, group=group)
app.register_install_completion_command(add_to_startup=False, help="Let the shell complete commands and options.")


launcher = app.meta


@launcher.default
def launch(
    *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    board: Annotated[
        Path | None,
        Parameter(help="A file that says what differs from the shipped board, for any command: clocks, RAM, devices."),
    ] = None,
) -> Any:
    """The command of these words, on the user's board if a file describes one."""
    if board is not None:
        from hardtalk.chip import use_board

        use_board(board)
    return app(words)


def remembered_durations() -> Path:
    from hardtalk.build.options import default_cache_folder

    return default_cache_folder() / "durations.json"


def unreadable(arguments: Sequence[str]) -> str:
    """What is wrong with them before anything else is looked at; "" when nothing is. Options that may be given again
    take a list in brackets, too, which is read by recursion."""
    for each in arguments:
        if "\0" in each:
            return "an argument has a byte 0 in it; write it without"
        if each.lstrip().startswith("[") and each.count("[") > MOST_BRACKETS:
            start = each[:MOST_BRACKETS]
            return f"an argument has more than {MOST_BRACKETS} brackets, {start}…; write a list as [1, 2]"
    return ""


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and answer its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if reason := unreadable(words):
        from hardtalk.cli.errors import WRONG_INPUT

        print(f"hardtalk: {reason}", file=sys.stderr)
        return WRONG_INPUT
    try:
        with waiting(words, remembered_durations):
            result: Any = launcher(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # it came while a class was made, which Python tells so
            return INTERRUPTED
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
