"""The prompt at a real pseudo-terminal: keys in, what a person sees out."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_SECONDS = 60
EDITING_ENDS = "\x1b[?2004l"
CURSOR_ASKED, CURSOR_ANSWER = b"\x1b[6n", b"\x1b[1;1R"


class Terminal:
    """`hardtalk repl` with its keyboard and screen."""

    def __init__(self, state: Path) -> None:
        process, self.file = pty.fork()
        if not process:
            os.environ |= {"TERM": "xterm", "XDG_STATE_HOME": str(state), "COLUMNS": "120"}
            program = str(Path(sys.executable).with_name("hardtalk"))
            os.execv(program, [program, "repl"])
        self.process = process
        self.exit_code: int | None = None

    def type(self, keys: str) -> None:
        os.write(self.file, keys.encode())

    def end(self) -> int:
        """The exit code, once it has one."""
        if self.exit_code is None:
            self.exit_code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        return self.exit_code

    def wait_for(self, *texts: str) -> str:
        """What is shown until one of the texts is. A failure shows what was."""
        seen = b""
        end = time.monotonic() + PATIENCE_SECONDS
        while not any(text.encode() in seen for text in texts):
            assert time.monotonic() < end, seen.decode(errors="replace")
            if select.select([self.file], [], [], 0.1)[0]:
                data = os.read(self.file, 65536)
                if CURSOR_ASKED in data:
                    os.write(self.file, CURSOR_ANSWER)
                seen += data
        return seen.decode(errors="replace")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    try:
        terminal.wait_for("\x1b[?25h")
        yield terminal
    finally:
        os.close(terminal.file)
        terminal.end()


def test_a_session(terminal: Terminal, tmp_path: Path) -> None:
    terminal.type("6 * 7\r")
    terminal.wait_for("42\r\n")
    terminal.type("(10 +\r")
    terminal.wait_for("|\x1b")
    terminal.type("3) * 10\r")
    terminal.wait_for("130\r\n")
    terminal.type("3 ]")
    terminal.wait_for("] closes nothing")
    terminal.type("\x15SmallInteger maxV\t")
    terminal.wait_for("maxVal", "al\x1b")  # only what has changed is drawn
    terminal.type("\r")
    terminal.wait_for("1073741823\r\n")
    terminal.type("\x1b[A\x1b[A\x1b[A\r")  # the entry of two lines again, its first line first
    terminal.wait_for("130\r\n")
    terminal.type("[ true ] whileTrue\r")
    terminal.wait_for(EDITING_ENDS)
    time.sleep(0.5)
    terminal.type("\x03")
    terminal.wait_for("interrupted")
    terminal.type("time real\r")
    terminal.wait_for("goes on")
    terminal.type("[ (Delay forMilliseconds: 300) wait. Transcript show: 'tick', 'tock'; cr ] fork. 1\r")
    terminal.wait_for("ticktock")
    terminal.type("exit\r")
    assert terminal.end() == 0
    assert "SmallInteger maxVal" in (tmp_path / "hardtalk" / "history").read_text()


def test_a_process_that_keeps_the_prompt_from_the_processor_does_not_keep_its_user(terminal: Terminal) -> None:
    terminal.type("[ [ true ] whileTrue ] forkAt: 80 named: 'greedy'\r")
    terminal.wait_for(EDITING_ENDS)
    for _ in range(3):
        time.sleep(1)
        terminal.type("\x03")
    terminal.wait_for("the board does not answer, and what was entered is given up: greedy (80) is busy")
    terminal.type("exit\r")
    assert terminal.end() == 0
