"""Command lines, run as the shell would: all but the work, which ends where a build or a task of a pool would begin."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, Final, NoReturn

from hardtalk.build import builder
from hardtalk.fuzz.kind import Kind
from hardtalk.report.errors import ReportedError

NAME: Final = "arguments"
EXAMPLES: Final = (
    "build --map --out firmware.elf",
    "build --driver examples/thermometer --svd examples/thermometer/thermometer.svd --collector stop-the-world",
    "boot --model arm926-cold --device examples/thermometer/thermometer.py --pty",
    "boot --web --port 0",
    "repl --script hello.st",
    "test firmware/kernel-tests --model arm926",
    "latency --load idle --load sends --form both --count 100 --seed 2 --workers 1 --json latency.json",
    "latency sweep --load sends --window 5 --deadline 100us --workers 1",
    "latency --baseline latency.json --csv rows.csv --html page.html",
    "trace --load sends --perfetto trace.perfetto --count 3 --line TIMER --form native",
    "uart --load sends --baud 115200 --rate 9600 --count 10",
    "bench --json bench.json --model arm926-warm",
    "threadmetric --json metrics.json",
    "speed --rounds 3 --turns 10",
    "memory --program trees --heap 4M --limit 100us --plot heap.svg",
    "memory compare --heap 512K --rounds 2",
    "memory image --collector treadmill",
    "soak --cycles 1000000 --boards 2 --seed 3 --executor threads --audit-every 5 --jobs 1",
    "inject --collection --program both --heap 2M --first 0 --count 10",
    "inject --forms --jobs 2",
    "inject --random 100 --seed 1",
    "inject --processes 10",
    "explain 0x10234",
    "explain startMachine --elf firmware.elf",
    "explain --facts",
    "--help",
    "--version",
)


class WorkBegins(Exception):
    """The arguments are good enough for work to begin."""


class Refused(ReportedError):
    """A command ended with a message: its text."""


def arguments_kind(run: Callable[[list[str]], int]) -> Kind:
    """`run` answers the exit code of a command line. An input has one argument a line."""

    def examples() -> tuple[bytes, ...]:
        return tuple(text.replace(" ", "\n").encode() for text in EXAMPLES)

    def attempt(data: bytes) -> None:
        arguments = data.decode("utf-8", "surrogateescape").split("\n")
        if "fuzz" in arguments:
            return
        output = io.StringIO()
        code = 0
        with work_stopped(), redirect_stdout(output), redirect_stderr(output):
            try:
                code = run(arguments)
            except WorkBegins:
                return
            except SystemExit as stop:
                code = stop.code if isinstance(stop.code, int) else 1
        if code:
            raise Refused(output.getvalue())

    return Kind(NAME, examples, attempt)


@contextmanager
def work_stopped() -> Iterator[None]:
    """Meanwhile builds and tasks of process pools raise WorkBegins."""

    def stop(*_arguments: Any, **_named: Any) -> NoReturn:
        raise WorkBegins

    places: tuple[tuple[Any, str], ...] = ((builder._Build, "run"), (ProcessPoolExecutor, "submit"))
    before = [getattr(owner, name) for owner, name in places]
    for owner, name in places:
        setattr(owner, name, stop)
    try:
        yield
    finally:
        for (owner, name), value in zip(places, before, strict=True):
            setattr(owner, name, value)
