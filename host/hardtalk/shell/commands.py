"""The commands of the prompt, one table: words that begin a line and are no variable of the program's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rich.table import Table

from hardtalk.bench.process_watch import ProcessWatch
from hardtalk.debugger.places import METHOD
from hardtalk.serial.brackets import is_complete, mismatch
from hardtalk.shell import debugging, holding, questions
from hardtalk.shell.devices import disturb, registers
from hardtalk.shell.errors import BadCommand
from hardtalk.shell.files import load, save, watch
from hardtalk.shell.session import Session

SHOWN_NAMES: Final = 200
WATCHED_MILLISECONDS: Final = 50


@dataclass(frozen=True)
class Command:
    """`does` gets the shell and what follows the word; `argument` is how help names that, empty for nothing."""

    word: str
    argument: str
    help: str
    does: Callable[[Session, str], None]
    works_stopped: bool = False
    """Whether it needs nothing of the board, which may stand still at a breakpoint."""
    takes_line: bool = False
    """Whether the argument is no Smalltalk, whose open brackets would go on in the next line."""


def show_help(shell: Session, word: str) -> None:
    """All commands, or one."""
    chosen = [each for each in COMMANDS.values() if word in ("", each.word)]
    if not chosen:
        raise BadCommand(f"there is no command {word}; help lists them")
    table = Table(box=None, pad_edge=False, show_header=False)
    for each in chosen:
        table.add_row(f"{each.word} {each.argument}".rstrip(), each.help)
    shell.console.print(table)
    if not word:
        shell.tell("Anything else is Smalltalk: an expression, a method (Foo >> bar [ ^ 3 ]) or a class.")


def rows(shell: Session, heads: tuple[str, ...], expression: str) -> None:
    """The board's answer as a table: tabs between the columns."""
    table = Table(box=None, pad_edge=False, header_style="")
    for head in heads:
        table.add_column(head)
    for line in questions.ask(shell.bench, expression):
        table.add_row(*line.split("\t"))
    shell.console.print(table)


def processes(shell: Session, _: str) -> None:
    """With the share of the processor that each gets in the time that follows."""
    answer = [line.split("\t") for line in questions.ask(shell.bench, questions.PROCESSES)]
    with ProcessWatch(shell.bench.board, shell.bench.source_map) as watch:
        shell.let_time_pass(WATCHED_MILLISECONDS)
    cycles = watch.cycles_by_name()
    table = Table(box=None, pad_edge=False, header_style="")
    for head in ("priority", "process", "share", "depth", "state"):
        table.add_column(head)
    for priority, name, depth, state in answer:
        share = cycles.get(f"{name} ({priority})", 0) / watch.elapsed
        table.add_row(priority, name, f"{share:.1%}" if share else "-", depth, state)
    shell.console.print(table)
    shell.tell(f"share: of the {WATCHED_MILLISECONDS} ms of the board's time that have passed meanwhile")


def lines(shell: Session, _: str) -> None:
    rows(shell, ("line", "device", "form", "line is", "failures", "storms"), questions.LINES)


def memory(shell: Session, _: str) -> None:
    rows(shell, ("what", "value"), questions.MEMORY)


def inspect(shell: Session, expression: str) -> None:
    for line in questions.ask(shell.bench, questions.INSPECT.format(expression=needed(expression, "an expression"))):
        shell.tell(line)


def explore(shell: Session, expression: str) -> None:
    for line in questions.ask(shell.bench, questions.EXPLORE.format(expression=needed(expression, "an expression"))):
        shell.tell(line)


def browse(shell: Session, name: str) -> None:
    if name.removesuffix(" class") not in shell.bench.console.prompt.model:
        raise BadCommand(f"there is no class {name or 'of that name: browse Timer'}{shell.meant(name)}")
    if name in shell.library.comments:
        shell.tell(shell.library.comments[name])
    for line in questions.ask(shell.bench, questions.BROWSE.format(name=name)):
        shell.tell(line)


def source(shell: Session, name: str) -> None:
    found = METHOD.fullmatch(name)
    if found is None:
        raise BadCommand("say which method: source Timer>>microseconds, source Timer class>>current")
    method = shell.library.methods.get(f"{found['class']}{' class' if found['side'] else ''}>>{found['selector']}")
    if method is None:
        others = ", ".join(shell.library.implementors(found["selector"])[:5])
        raise BadCommand(f"there is no source of {name}" + (f"; there is one of {others}" if others else ""))
    shell.tell(f"{method.file}:{method.line}")
    shell.tell(method.source)


def senders(shell: Session, selector: str) -> None:
    names(shell, shell.library.senders(needed(selector, "a selector").lstrip("#")), f"nobody sends {selector}")


def implementors(shell: Session, selector: str) -> None:
    names(
        shell, shell.library.implementors(needed(selector, "a selector").lstrip("#")), f"nobody implements {selector}"
    )


def names(shell: Session, found: list[str], none: str) -> None:
    for each in found[:SHOWN_NAMES]:
        shell.tell(each)
    if len(found) > SHOWN_NAMES:
        shell.tell(f"... {len(found) - SHOWN_NAMES} more")
    if not found:
        raise BadCommand(none)


def show_all(shell: Session, _: str) -> None:
    if not shell.last_answer:
        raise BadCommand("nothing has been answered yet")
    shell.tell(shell.last_answer)


def run(shell: Session, milliseconds: str) -> None:
    """Let time go on."""
    if not re.fullmatch(r"\d{1,6}", milliseconds):
        raise BadCommand("say how many milliseconds of the board's time: run 100")
    shell.let_time_pass(int(milliseconds))


def set_time(shell: Session, choice: str) -> None:
    """Whether the board's time goes on while the prompt waits."""
    if choice not in ("", "real", "stopped"):
        raise BadCommand("say time real or time stopped")
    if choice:
        shell.is_live = choice == "real"
    going = "goes on, no faster than real time," if shell.is_live else "stands still"
    shell.tell(f"The board's time {going} while the prompt waits.")


def leave(_shell: Session, _: str) -> None:
    raise EOFError


def needed(text: str, what: str) -> str:
    if not text:
        raise BadCommand(f"{what} is missing; help tells what each command takes")
    return text


COMMANDS: Final = {
    each.word: each
    for each in (
        Command("help", "[COMMAND]", "what there is", show_help, True),
        Command("inspect", "EXPRESSION", "an object's class, variables and elements", inspect),
        Command("explore", "EXPRESSION", "an object and what it is made of, four levels deep", explore),
        Command("browse", "CLASS", "a class: its comment, variables and messages", browse),
        Command("source", "CLASS>>SELECTOR", "a method's text and where it is", source, True),
        Command("senders", "SELECTOR", "who sends it", senders, True),
        Command("implementors", "SELECTOR", "who has such a method", implementors, True),
        Command("processes", "", "priority, name, stack depth and state of each process", processes),
        Command("lines", "", "who serves each interrupt line", lines),
        Command("memory", "", "how much is free, and the collector's counts", memory),
        Command(
            "registers", "[PERIPHERAL [REGISTER]]", "a device's registers and fields, or all devices", registers, True
        ),
        Command(
            "device",
            "PYTHON",
            "ask or disturb a simulated device: device LAMP.press(3)",
            disturb,
            True,
            takes_line=True,
        ),
        Command("load", "FILE", "file in a class, a chunk script or a GNU script", load, takes_line=True),
        Command("watch", "FOLDER", "file in what is saved there, until Control-C", watch, takes_line=True),
        Command("save", "FILE", "write what was entered here as a script for load", save, takes_line=True),
        Command(
            "break",
            "[PLACE]",
            "stop the board at CLASS>>SELECTOR, FILE:LINE or DEVICE REGISTER",
            debugging.set_breakpoint,
            True,
        ),
        Command(
            "hold",
            "[PLACE]",
            "hold the process that comes by CLASS>>SELECTOR or FILE:LINE, while all others go on",
            debugging.set_hold,
        ),
        Command(
            "held", "[NUMBER]", "the processes that are held; with a number, the one that is meant", holding.show_held
        ),
        Command("clear", "[NUMBER]", "forget a breakpoint, or all", debugging.clear, True),
        Command("continue", "", "go on from where the board stopped", debugging.go_on, True),
        Command("step", "", "go on to the next line, in whatever is sent", debugging.step, True),
        Command("over", "", "go on to the next line here", debugging.over, True),
        Command("out", "", "go on to where this method returns to", debugging.out, True),
        Command("back", "", "back in time to the breakpoint before", debugging.back, True),
        Command("restart", "[FRAME]", "begin the method of a frame of a held process again", holding.restart),
        Command("end", "", "end the process that is held", holding.end),
        Command(
            "frames",
            "",
            "the stack where the board stopped, or of the process that is held",
            debugging.show_frames,
            True,
        ),
        Command(
            "print",
            "[PATH]",
            "variables of a frame: all, self.lamp, list[3], 2.count of frame 2; of a held process any expression",
            debugging.show_value,
            True,
        ),
        Command("run", "MILLISECONDS", "let the board's time go on", run),
        Command("time", "[real | stopped]", "whether the board's time goes on while the prompt waits", set_time),
        Command("all", "", "the last answer in full", show_all, True),
        Command("exit", "", "leave; so does Control-D", leave, True),
    )
}


def is_whole(entry: str) -> bool:
    """Whether nothing more of an entry is to come: its brackets are closed, or can be no more, or it is a command that
    takes the line."""
    command = command_in(entry.strip(), set())
    return is_complete(entry) or mismatch(entry) is not None or (command is not None and command[0].takes_line)


def command_in(entry: str, variables: set[str]) -> tuple[Command, str] | None:
    """The command that a line begins with, and what follows; None for Smalltalk. A variable of the program's own hides
    the command of its name, and `help := 3` or `source foo: 4` is Smalltalk."""
    word, _, rest = entry.partition(" ")
    command = COMMANDS.get(word)
    rest = rest.strip()
    if command is None or word in variables or "\n" in entry or rest.startswith((":=", "_ ", ";")):
        return None
    if rest.startswith(".") and not command.takes_line:  # `watch .` and `load ../x.st` are what they look like
        return None
    if not command.argument and rest:
        return None
    return command, rest
