"""`hardtalk boot`: build, boot, show what was built and how it started, then a Smalltalk prompt."""

import sys
import time
from dataclasses import replace
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from hardtalk.bench import Bench, BenchError, BoardAsksForReset
from hardtalk.bench import boot as boot_board
from hardtalk.bench.firmware import driver_names
from hardtalk.bench.hand import carry_out, read_strokes
from hardtalk.build.collectors import TREADMILL
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.film import checked_film, film_of
from hardtalk.cli.options import ARM926, NO_PARTS, Collector, CycleModel, Flash, Input, Parts, Record, Screenshot
from hardtalk.cli.screenshot import checked_png, write_screenshot
from hardtalk.cli.waiting import end_waiting
from hardtalk.report.durations import microseconds
from hardtalk.serial import PseudoTerminal
from hardtalk.shell.shell import Shell

PTY_SLICE_CYCLES = 2_000_000
WEB_PORT = 8765


def boot(
    *,
    parts: Parts = NO_PARTS,
    flash: Flash = None,
    from_flash: Annotated[
        bool, Parameter(negative="", help="Load nothing: the boot loader in the flash starts the firmware of a slot.")
    ] = False,
    screenshot: Screenshot = None,
    record: Record = None,
    input: Input = None,
    pty: Annotated[
        bool, Parameter(negative="", help="Give the serial line to a pseudo-terminal, not to a prompt.")
    ] = False,
    web: Annotated[
        bool, Parameter(negative="", help="Serve a page with the running board on this machine, not a prompt.")
    ] = False,
    port: Annotated[int, Parameter(help="Where --web serves it; 0 takes any port that is free.")] = WEB_PORT,
    collector: Collector = TREADMILL,
    model: CycleModel = ARM926,
) -> int:
    """Build the firmware, boot it on the emulated board, and leave you at a Smalltalk prompt."""
    console = output.console()
    picture_file, film_file = checked_png(screenshot), checked_film(record)
    if web and pty:
        raise UserError("--web and --pty: the serial line has one end", "Give one of them.")
    if from_flash and flash is None:
        raise UserError("--from-flash needs the flash", "Give its image with --flash IMAGE.")
    if from_flash and flash is not None and not flash.exists():
        raise UserError(f"{flash}: there is no such file", f"make it with hardtalk flash install FIRMWARE {flash}")
    options = replace(parts.boot_options(model, collector, flash), starts_from_flash=from_flash)
    strokes = read_strokes(input) if input is not None else []
    bench = boot_board(options, console.out)
    carry_out(bench.board, strokes)
    film = film_of(bench.board, film_file)
    for line in summary(bench):
        console.print(Text(line), soft_wrap=True)
    console.out(bench.text, end="" if bench.text.endswith("\n") else "\n", highlight=False)
    if from_flash and bench.slot is None and not (pty or web):
        raise BenchError(
            f"{flash}: the boot loader waits for a firmware",
            "install one with hardtalk flash install, or send one: --pty gives the line to a terminal program",
        )
    end_waiting()
    if pty:
        serve_terminal(bench, console)
    elif web:
        serve_web(bench, port, console)
    else:
        Shell(bench, console).run(sys.stdin)
    write_screenshot(bench.board, picture_file)
    if film is not None:
        console.print(film.write(), highlight=False, soft_wrap=True, markup=False)
    return 0


def summary(bench: Bench) -> list[str]:
    firmware, board = bench.firmware, bench.board
    sizes = "  ".join(f"{name.lstrip('.')} {size:,}" for name, size in bench.source_map.section_sizes.items())
    counts = "  ".join(f"{count:,} {name}" for name, count in firmware.counts.items())
    origin = "unchanged since the last build" if firmware.is_from_cache else "built now"
    first = f"{bench.first_line_cycles:,} cycles ({microseconds(bench.first_line_cycles, board.chip.cpu_hertz)})"
    return [
        f"firmware    {bench.firmware_hash}, {origin} in {sum(firmware.timings.values()):.1f} s",
        f"bytes       {sizes}",
        f"contents    {counts}",
        f"drivers     {', '.join(driver_names(bench.options))}",
        f"first line  {first} on {board.model}, {board.chip.cpu_hertz // 10**6} MHz",
    ]


def serve_terminal(bench: Bench, console: Console) -> None:
    """Pass bytes between UART0 and the pseudo-terminal until Control-C, the board no faster than its real clock."""
    uart = bench.board.uart(0)
    slice_seconds = PTY_SLICE_CYCLES / bench.board.chip.cpu_hertz
    with PseudoTerminal() as terminal:
        console.print(f"serial line: {terminal.name} (Control-C ends the board)", soft_wrap=True)
        terminal.write(bench.text.replace("\n", "\r\n").encode("latin-1"))
        due = time.monotonic()
        try:
            while True:
                uart.send(terminal.read())
                run_slice(bench)
                terminal.write(uart.take())
                due = max(due + slice_seconds, time.monotonic())
                time.sleep(max(due - time.monotonic(), 0))
        except KeyboardInterrupt:
            console.print()


def serve_web(bench: Bench, port: int, console: Console) -> None:
    from hardtalk.web import serve_page  # takes longer than a boot that serves none should

    serve_page(bench, port, lambda text: console.print(f"page: {text} (Control-C ends the board)", soft_wrap=True))
    console.print()


def run_slice(bench: Bench) -> None:
    """A board that starts from flash may reset itself."""
    try:
        bench.console.run(PTY_SLICE_CYCLES)
    except BoardAsksForReset:
        if not bench.board.starts_from_flash:
            raise
        bench.board.reset()
