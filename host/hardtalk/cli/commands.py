"""The commands: where each one's function is and what `hardtalk --help` says of it.

The text stands here so that help imports none of them; each function's docstring is the same
(`tests/cli/test_command_line.py`).
"""

from typing import Final, NamedTuple


class Command(NamedTuple):
    """`place` is a module below `hardtalk.cli` with the name of a function or of an app in it."""

    place: str
    summary: str


COMMANDS: Final[dict[str, dict[str, Command]]] = {
    "Build and run": {
        "build": Command("building:build", "Build firmware.elf from the Smalltalk, Slang and boot sources."),
        "boot": Command(
            "boot:boot", "Build the firmware, boot it on the emulated board, and leave you at a Smalltalk prompt."
        ),
        "repl": Command(
            "repl:repl",
            "Talk Smalltalk to a booted board; with --script, exit with 1 when an entry of the script fails.",
        ),
        "test": Command(
            "sunit:test", "Run the SUnit tests of a folder on the board; exit with 1 when one fails."
        ),
        "new": Command(
            "new:new",
            "Make a folder with a driver, its registers (SVD), simulated device, test and README, which work at once.",
        ),
        "flash": Command("flash:app", "Files and firmware in an image of the board's flash."),
        "ring": Command(
            "ring:ring",
            "Run boards on one MediaWire ring in step; exit with 1 when a program fails or a board halts. Each board "
            "has devices of its own, made from the --device files.",
        ),
    },
    "Measure and prove": {
        "latency": Command(
            "latency:app", "Measure how long interrupts wait for their handler; exit with 1 when a deadline is missed."
        ),
        "bound": Command(
            "bound:bound",
            "Prove from the code how long an interrupt can wait; exit with 1 when there is no bound or a budget is "
            "broken.",
        ),
        "trace": Command(
            "tracing:trace",
            "Record processes, interrupts, safepoints, marks and devices: while a load runs and a line is raised, or "
            "while a program or a test of your own runs.",
        ),
        "memory": Command(
            "memory:app", "Run programs; show what they do to memory, and the collector to them; audit the heap."
        ),
        "uart": Command(
            "uart:uart", "Find the fastest serial line that one interrupt a character keeps up with, under each load."
        ),
        "mediawire": Command(
            "mediawire:mediawire",
            "Relay stereo and video streams under each load; exit with 1 when a word is lost or an interrupt served "
            "late. From 10,000 milliseconds on it says how far each load is, and how long it will take. Control-C "
            "shows what is measured by then.",
        ),
        "touch": Command(
            "touch:touch",
            "Measure from touch to redraw under streams and loads; exit with 1 when a stream loses a word or is late.",
        ),
        "bench": Command(
            "bench:bench", "Run the bench programs on the board and show the instructions and cycles of each."
        ),
        "threadmetric": Command(
            "threadmetric:threadmetric",
            "Run Thread-Metric on the board: instructions an operation, beside ThreadX and FreeRTOS.",
        ),
        "speed": Command(
            "speed:speed",
            "Measure emulated instructions a second with the cycle model, beside plain Unicorn; and filing in.",
        ),
    },
    "Look for faults": {
        "soak": Command(
            "soak:soak",
            "Run a mixed workload with interrupts at random cycles and audit the heap; exit with 1 at the first "
            "violation.",
        ),
        "inject": Command(
            "inject:inject",
            "Interrupt at every instruction, or call and store at random; exit with 1 when what follows is not right.",
        ),
        "fuzz": Command(
            "fuzz:fuzz",
            "Change examples at random and read them; exit with 1 when one gives a traceback or does not end.",
        ),
    },
    "Debug and explain": {
        "gdb": Command(
            "gdb:gdb",
            "Debug the board with GDB: breakpoints at lines of Slang, boot code and C, watchpoints, and back in time.",
        ),
        "dap": Command(
            "dap:dap",
            "Debug Smalltalk from an editor, which starts this command and talks to it by the Debug Adapter Protocol.",
        ),
        "explain": Command(
            "explain:explain",
            "Name the symbol, the source line and the instructions at an address, or print the firmware's facts.",
        ),
        "docs": Command(
            "docs:docs",
            "Make the sections of the documentation anew that are made from tables, sources and compiled code.",
        ),
    },
}  # fmt: skip
"""By the group under which help shows them."""


def all_commands() -> dict[str, Command]:
    """By name."""
    return {name: command for group in COMMANDS.values() for name, command in group.items()}
