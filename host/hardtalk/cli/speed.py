"""`hardtalk speed`: how fast the board emulates the interpreter, beside Unicorn alone doing the same work.

Both start from the same state of the machine, in the middle of the firmware, and end at the same store. The plain
engine has no hook, no clock and no devices; the work between the marks needs none.
"""

import time
from dataclasses import dataclass
from typing import Annotated, Any

import unicorn
from cyclopts import Parameter
from rich.table import Table
from rich.text import Text
from unicorn import arm_const

from hardtalk.board import Board, Mark, StopReason
from hardtalk.cli import output
from hardtalk.cli.bench import START_MARK, STOP_MARK
from hardtalk.cli.boards import Bench, boot_bench
from hardtalk.cli.errors import UserError
from hardtalk.cli.options import ARM926, CycleModel, Json
from hardtalk.cli.sources import host_firmware
from hardtalk.report.figures import Report

PATIENCE_CYCLES = 1 << 40
NOWHERE = 0xFFFFFFFF


@dataclass(frozen=True)
class Timed:
    """The same guest work, timed on the host's clock."""

    instructions: int
    board_ns: int
    plain_ns: int


def speed(
    *,
    rounds: Annotated[int, Parameter(help="How often the bench programs are run.")] = 10,
    json: Json = None,
    model: CycleModel = ARM926,
) -> int:
    """Measure emulated instructions a second with the cycle model, beside plain Unicorn."""
    console = output.console()
    bench = boot_bench([host_firmware("bench-firmware")], [], None, model, console.out)
    timed = time_both(bench, rounds)
    table = Table(box=None, pad_edge=False, header_style="")
    for column in ("engine", "instructions", "seconds", "million/s"):
        table.add_column(column, justify="left" if column == "engine" else "right")
    for name, duration_ns in ((f"board, {model}", timed.board_ns), ("plain Unicorn", timed.plain_ns)):
        rate = timed.instructions * 1000 / duration_ns
        table.add_row(name, f"{timed.instructions:,}", f"{duration_ns / 1e9:.2f}", f"{rate:.0f}")
    console.print(table)
    console.print(Text(f"the board's speed is {timed.plain_ns / timed.board_ns:.2f} of plain Unicorn's"))
    if json is not None:
        report = Report("speed", model, "bench", 0, bench.firmware_hash)
        report.add("instructions", timed.instructions, "instructions")
        report.add("board.time", timed.board_ns, "ns")
        report.add("plain.time", timed.plain_ns, "ns")
        report.write(json)
    return 0


def time_both(bench: Bench, rounds: int) -> Timed:
    board = bench.board
    bench.console.prompt.enter(f"BenchRun runRounds: {rounds}")
    board.uart(0).send(bench.console.prompt.take_outgoing())
    run_to_mark(board, START_MARK)
    plain = plain_copy(board)
    before, started = board.instructions, time.perf_counter_ns()
    run_to_mark(board, STOP_MARK)
    board_ns = time.perf_counter_ns() - started
    instructions = board.instructions - before
    started = time.perf_counter_ns()
    plain.emu_start(plain.reg_read(arm_const.UC_ARM_REG_PC), NOWHERE)
    return Timed(instructions, board_ns, time.perf_counter_ns() - started)


def run_to_mark(board: Board, value: int) -> None:
    seen: list[Mark] = []

    def listen(event: object) -> None:
        if isinstance(event, Mark) and event.value == value:
            seen.append(event)

    board.trace.listen(listen)
    stop = board.run(PATIENCE_CYCLES, lambda: bool(seen))
    board.trace.unlisten(listen)
    if stop.reason is not StopReason.UNTIL:
        raise UserError(f"the board stopped before mark {value}: {stop.reason}\n{board.fault_report()}", exit_code=1)


def plain_copy(board: Board) -> Any:
    """An engine without hooks in the state the board is in; a store to the probe's MARK stops it."""
    engine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_ARM)
    engine.ctl_set_cpu_model(arm_const.UC_CPU_ARM_926)
    ram = board.ram
    engine.mem_map(ram.base, ram.size)
    for offset, data in ram.save().items():
        engine.mem_write(ram.base + offset, data)
    probe = board.chip.peripheral("PROBE")

    def read(_engine: Any, _offset: int, _size: int, _user: Any) -> int:
        return 0

    def write(stopped: Any, _offset: int, _size: int, _value: int, _user: Any) -> None:
        stopped.emu_stop()

    engine.mmio_map(probe.base, probe.size, read, None, write, None)
    engine.context_restore(board.cpu.runner.context_save())
    return engine
