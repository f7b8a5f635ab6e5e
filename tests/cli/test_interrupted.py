"""Control-C ends a command and the processes that it has begun, soon and without a word of theirs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hardtalk.board.interruption import interrupts_deferred
from hardtalk.cli.main import INTERRUPTED_EXIT_CODE
from hardtalk.cli.worker_pool import WorkerPool

SOON_SECONDS = 4  # two are wanted; other tests may keep the processors busy
PROGRAM = Path(sys.executable).with_name("hardtalk")


def interrupted(arguments: list[str], after: float) -> tuple[int, float, str]:
    """Exit code, seconds to the end and errors told, when the terminal sends an interrupt to all of its processes."""
    process = subprocess.Popen(
        [PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(after)
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    return process.returncode, time.monotonic() - began, errors


@pytest.mark.parametrize("after", [1.5, 2.5, 8.0])
@pytest.mark.parametrize(
    "arguments",
    [
        ["inject", "--primitives", "--calls", "100000", "--jobs", "2"],
        ["latency", "--count", "100000", "--workers", "2"],
    ],
)
def test_processes_end_soon(arguments: list[str], after: float) -> None:
    code, seconds, errors = interrupted(arguments, after)
    assert (code, errors) == (INTERRUPTED_EXIT_CODE, "")
    assert seconds < SOON_SECONDS


def test_an_interrupt_that_is_deferred_is_raised_at_the_end() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts_deferred():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        reached.append(True)
    assert reached
    with interrupts_deferred():
        pass


def test_work_is_done_and_errors_come_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with WorkerPool(2) as pool:
        assert list(pool.map(abs, [-3, 4])) == [3, 4]
        with pytest.raises(ValueError, match="invalid literal"):
            pool.submit(int, "no number").result()
    assert signal.getsignal(signal.SIGINT) is before
