"""Puts together what debugging one booted board takes."""

from __future__ import annotations

from hardtalk.bench import Bench
from hardtalk.board.lookout import Lookout
from hardtalk.debugger.gdb_server import GdbServer
from hardtalk.debugger.history import History
from hardtalk.debugger.machine import Machine
from hardtalk.debugger.monitor import Monitor
from hardtalk.symbols.bytecode_routines import bytecode_routines
from hardtalk.vm.constants import PINNED_REGISTERS


def history_of(bench: Bench) -> History:
    """From now on."""
    places = bytecode_routines(bench.source_map)
    return History(bench.board, Lookout(bench.board, places, PINNED_REGISTERS["ip"]))


def server_of(bench: Bench, port: int = 0, from_reset: bool = False) -> GdbServer:
    """A server for GDB; `from_reset` puts the board back before its first instruction."""
    if from_reset:
        bench.board.reset()
        bench.board.uart(0).take()
        bench.console.prompt.start_over(bench.console.prompt.number)
    history = history_of(bench)
    return GdbServer(Machine(bench.board, history), Monitor(bench, history), port)
