"""`hardtalk gdb`: a board under GDB, forwards and backwards."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hardtalk.bench import Bench, boot
from hardtalk.build.sources import text_root
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import ARM926, NO_PARTS, CycleModel, Parts
from hardtalk.cli.waiting import end_waiting
from hardtalk.debugger.session import server_of

GDB: Final = "gdb-multiarch"


def gdb(
    *arguments: Annotated[
        str, Parameter(help="What GDB gets as well, after --: -batch, -ex COMMAND.", allow_leading_hyphen=True)
    ],
    port: Annotated[
        int | None, Parameter(help="Start no GDB, but wait for one at this port of this machine; 0 takes any.")
    ] = None,
    elf: Annotated[Path, Parameter(help="With --port: where the firmware's ELF is written, for GDB.")] = Path(
        "firmware.elf"
    ),
    reset: Annotated[
        bool, Parameter(negative="", help="Stop before the first instruction, not after booting.")
    ] = False,
    parts: Parts = NO_PARTS,
    model: CycleModel = ARM926,
) -> int:
    """Debug the board with GDB: breakpoints at lines of Slang, boot code and C, watchpoints, and back in time."""
    console = output.console()
    if port is None and shutil.which(GDB) is None:
        raise UserError(f"{GDB} is not installed", "install it, or give --port and attach another debugger")
    bench = boot(parts.boot_options(model), console.out)
    server = server_of(bench, port or 0, reset)
    end_waiting()
    if port is not None:
        elf.write_bytes(bench.firmware.elf)
        command = " ".join(map(quoted, gdb_command(bench, server.port, elf)))
        console.print(
            f"waits at port {server.port} (Control-C ends the board):\n{command}", soft_wrap=True, markup=False
        )
        server.serve()
        return 0
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "firmware.elf"
        file.write_bytes(bench.firmware.elf)
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            process = subprocess.Popen([*gdb_command(bench, server.port, file), *arguments], preexec_fn=hear_interrupts)
            server.serve(lambda: process.poll() is None)
            return process.wait()
        finally:
            signal.signal(signal.SIGINT, before)


def hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def gdb_command(bench: Bench, port: int, elf: Path) -> list[str]:
    """GDB on the firmware, with the folders of its sources, attached to the board."""
    folders: Sequence[Path] = (text_root(), *bench.options.class_folders)
    orders = [*(f"directory {folder}" for folder in folders), f"target remote :{port}"]
    return [GDB, "-q", *(word for order in orders for word in ("-ex", order)), str(elf)]


def quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word
