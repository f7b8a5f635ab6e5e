"""`hardtalk gdb` with the real GDB: lines, calls, steps and going back, as a person enters them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hardtalk.build.sources import text_root

GDB = "gdb-multiarch"
EXAMPLE = Path(__file__).parents[2] / "examples" / "thermometer"
COMMAND = (sys.executable, "-c", "import sys; from hardtalk.cli.main import main; main()", "gdb")
SECONDS = 60
WORK = "monitor enter 3 printString"

pytestmark = pytest.mark.skipif(shutil.which(GDB) is None, reason=f"{GDB} is not installed")


def debug(*commands: str, options: tuple[str, ...] = ()) -> str:
    """What GDB prints when it does these."""
    scripted = [argument for command in commands for argument in ("-ex", command)]
    done = subprocess.run(
        [*COMMAND, *options, "--", "-batch", "-nx", *scripted],
        capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def line_of(file: str, text: str) -> int:
    lines = (text_root() / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def values(shown: str) -> list[str]:
    return re.findall(r"^\$\d+ = (.*)$", shown, re.MULTILINE)


def test_breakpoint_at_a_line_calls_and_the_source() -> None:
    file, text = "firmware/vm/memory/BumpArea.class.st", "freeMemory bumpNext: block + (1 << order)."
    line = line_of(file, text)
    shown = debug(
        f"break BumpArea.class.st:{line}", f"info line BumpArea.class.st:{line}", WORK, "continue", "backtrace", "list",
        "finish", "info symbol $pc",
    )  # fmt: skip
    assert f'Line {line} of "{file}" starts at address' in shown
    assert f"Breakpoint 1, BlockAllocator>>takeUnlistedBlock: () at {file}:{line}" in shown
    assert f"{line}\t\t{text}" in shown
    frames = re.findall(r"^#\d+ .*?([\w:]+>>[\w:]+) \(\)", shown, re.MULTILINE)
    assert frames[0] == "BlockAllocator>>takeUnlistedBlock:"
    assert len(frames) > 2
    assert "Backtrace stopped" not in shown
    assert f"{frames[1]} + " in shown


def test_back_to_a_breakpoint_with_the_same_registers_and_memory() -> None:
    look = ("info registers", "print $instructions", "print bumpNext", "x/64xw $sp")
    shown = debug(
        "break BumpArea.class.st:59", WORK, "continue", "echo first\\n", *look, "echo end\\n", "step", "stepi", "next",
        "continue", "stepi", "reverse-continue", "reverse-continue", "echo again\\n", *look, "echo end\\n",
    )  # fmt: skip
    first = shown.split("first\n")[1].split("end\n")[0]
    again = shown.split("again\n")[1].split("end\n")[0]
    assert first.count("\n") > 30
    assert re.sub(r"^\$\d+", "$", again, flags=re.MULTILINE) == re.sub(r"^\$\d+", "$", first, flags=re.MULTILINE)


def test_back_to_whoever_wrote_a_word_last() -> None:
    shown = debug(
        'break -function "Interrupts>>handleInterrupts"', WORK, "continue", "delete", "watch pendingLines",
        "reverse-continue", "info symbol $pc", "x/i $pc", "reverse-continue",
    )  # fmt: skip
    assert "Hardware watchpoint 2: pendingLines\n\nOld value = 4096\nNew value = 0\n" in shown
    assert "interruptEntry + " in shown
    assert re.search(r"=> 0x\w+ <interruptEntry\+\d+>:\s+str\s+r3", shown)
    assert "No more reverse-execution history." in shown


def test_steps_and_steps_back() -> None:
    shown = debug(
        WORK, "break BumpArea.class.st:59", "continue", "print $instructions", "stepi 7", "print $instructions",
        "reverse-stepi 7", "print $instructions", "reverse-stepi", "print $instructions",
    )  # fmt: skip
    first, after, back, before = map(int, values(shown))
    assert (after, back, before) == (first + 7, first, first - 1)


def test_a_device_and_a_driver_of_the_users_own() -> None:
    options = ("--driver", str(EXAMPLE), "--device", str(EXAMPLE / "thermometer.py"))
    shown = debug("monitor device THERMO", "monitor enter Thermometer start next", "tbreak waitForInterrupt",
                  "continue", "monitor time", options=options)  # fmt: skip
    assert re.search(r"^\w+ +0x0000", shown, re.MULTILINE)
    assert "waitForInterrupt () at boot/interrupts.s:" in shown


def test_from_the_first_instruction() -> None:
    shown = debug("print $instructions", "info symbol $pc", "break BumpArea.class.st:59", "continue", "backtrace",
                  options=("--reset",))  # fmt: skip
    assert values(shown) == ["0"]
    assert "startMachine in section .boot" in shown
    assert "#1  0x" in shown


def test_a_port_for_any_debugger(tmp_path: Path) -> None:
    elf = tmp_path / "firmware.elf"
    process = subprocess.Popen([*COMMAND, "--port", "0", "--elf", str(elf)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = re.search(r"waits at port (\d+)", process.stdout.readline())
        assert port is not None
        done = subprocess.run(
            [GDB, "-batch", "-nx", "-ex", f"target remote :{port[1]}", "-ex", "info symbol $pc", str(elf)],
            capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert "in section" in done.stdout
    finally:
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        process.wait(SECONDS)
    assert time.monotonic() - started < 2


def test_without_gdb_the_command_says_so(tmp_path: Path) -> None:
    done = subprocess.run([*COMMAND], capture_output=True, text=True, timeout=SECONDS,
                          env={**os.environ, "PATH": str(tmp_path)})  # fmt: skip
    assert done.returncode == 2
    assert "gdb-multiarch is not installed" in done.stderr


def test_an_editor_drives_it_by_the_machine_interface() -> None:
    """As an editor's adapter does: a breakpoint at a line, frames with their files, a variable, a line backwards."""
    process = subprocess.Popen(
        [*COMMAND, "--", "--interpreter=mi2", "-nx"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd="/"
    )
    written, read = process.stdin, process.stdout
    assert written is not None
    assert read is not None

    def ask(command: str, until: str) -> str:
        written.write(f"{command}\n")
        written.flush()
        for line in read:
            if line.startswith(("^error", until)):
                return line
        raise AssertionError(f"GDB ended before {until}")

    try:
        assert 'line="59"' in ask("-break-insert BumpArea.class.st:59", "^done")
        ask(f'-interpreter-exec console "{WORK}"', "^done")
        assert 'reason="breakpoint-hit"' in ask("-exec-continue", "*stopped")
        frames = ask("-stack-list-frames 0 1", "^done")
        assert frames.count("fullname=") == 2
        assert 'file="firmware/vm/memory/BumpArea.class.st"' in frames
        assert 'value="' in ask("-data-evaluate-expression bumpNext", "^done")
        assert 'reason="end-stepping-range"' in ask("-exec-next --reverse", "*stopped")
        ask("-gdb-exit", "^exit")
        assert process.wait(timeout=SECONDS) == 0
    finally:
        process.kill()
