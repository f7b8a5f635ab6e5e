"""Puts SVD files and the board file together into one checked Chip."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from hardtalk.chip.board_file import BoardFile, read_board_file
from hardtalk.chip.description import Chip, Peripheral
from hardtalk.chip.errors import ChipError
from hardtalk.chip.svd import read_svd
from hardtalk.chip.users_board import parts_of_board, users_board

ADDRESS_LIMIT = 1 << 32


@cache
def hal_folder() -> Path:
    """Where the board's own files lie: `hal/` in a checkout, `hardtalk/text/hal` in an installed package."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent, package / "text" / "hal"):
        if (folder / "versatilepb.svd").is_file():
            return folder
    raise ChipError("the board's description was not found", "install the package again", package / "text" / "hal")


def default_chip() -> Chip:
    """The Versatile/PB subset that ships, or what the user's board file makes of it, without further devices."""
    return _chip_of_board(users_board())


@cache
def _chip_of_board(_users: Path | None) -> Chip:
    """Made once for each board that the process works on."""
    return chip_with(())


def chip_with(device_svd_paths: Sequence[Path | str]) -> Chip:
    """The board's chip with users' devices merged in: those of the user's board file, and these."""
    folder = hal_folder()
    svds = dict.fromkeys(Path(path).resolve() for path in (*parts_of_board().svd, *device_svd_paths))
    return load_chip([folder / "versatilepb.svd", *svds], folder / "board.toml", users_board())


def load_chip(svd_paths: Sequence[Path | str], board_toml: Path | str, users: Path | None = None) -> Chip:
    """The chip of `svd_paths`: the first is the board's, the others describe devices that users add.

    Added devices lie at the board's free addresses and use its free lines. `users` says what differs in `board_toml`.
    """
    board = read_board_file(Path(board_toml), users)
    peripherals: list[Peripheral] = []
    for index, path in enumerate(svd_paths):
        for peripheral in read_svd(Path(path)):
            check_peripheral(peripheral, peripherals, board, is_added=index > 0)
            peripherals.append(peripheral)
    chip = Chip(
        name=board.name,
        peripherals=tuple(peripherals),
        memories=board.memories,
        clocks=board.clocks,
        line_count=board.line_count,
        free_lines=board.free_lines,
        free_base=board.free_base,
        instruction_cache=board.instruction_cache,
        data_cache=board.data_cache,
        bus=board.bus,
        secondary_line_count=board.secondary_line_count,
        files=(*(Path(path) for path in svd_paths), users or Path(board_toml)),
    )
    check_names(chip)
    return chip


def check_peripheral(peripheral: Peripheral, earlier: list[Peripheral], board: BoardFile, is_added: bool) -> None:
    file = peripheral.file or Path(peripheral.name)

    def fail(message: str, remedy: str) -> ChipError:
        return ChipError(f"peripheral {peripheral.name}: {message}", remedy, file)

    if peripheral.base % 0x1000 or peripheral.size % 0x1000 or not peripheral.size:
        raise fail(
            f"{peripheral.base:#x} + {peripheral.size:#x} is not a whole number of pages",
            "use multiples of 0x1000 for <baseAddress> and the size of <addressBlock>",
        )
    if peripheral.end > ADDRESS_LIMIT:
        raise fail("ends beyond the 32-bit address space", "use a lower <baseAddress>")
    for memory in board.memories:
        if peripheral.base < memory.end and memory.base < peripheral.end:
            raise fail(
                f"overlaps the memory {memory.name} at {memory.base:#x}",
                f"use a free address from {board.free_base:#x}",
            )
    for other in earlier:
        if other.name == peripheral.name:
            raise fail(f"is described already, in {other.file}", "choose another <name>")
        if peripheral.base < other.end and other.base < peripheral.end:
            raise fail(
                f"overlaps {other.name} ({other.base:#x} to {other.end - 1:#x})",
                f"use a free address, for example {max(each.end for each in [*earlier, peripheral]):#x}",
            )
        if other.type_name == peripheral.type_name and other.registers != peripheral.registers:
            raise fail(
                f"has other registers than {other.name} of the same type {other.type_name}",
                "use derivedFrom, or another <groupName>",
            )
        for line in set(other.lines) & set(peripheral.lines):
            raise fail(f"line {line} belongs to {other.name}", f"lines for added devices: {board.free_lines}")
    for line in peripheral.lines:
        line_count = board.line_count + board.secondary_line_count
        if not 0 <= line < line_count:
            raise fail(f"line {line} does not exist", f"the board has lines 0 to {line_count - 1}")
        if is_added and line not in board.free_lines:
            raise fail(
                f"line {line} is the board's own", f"lines for added devices: {', '.join(map(str, board.free_lines))}"
            )
    if is_added and peripheral.base < board.free_base:
        raise fail(f"{peripheral.base:#x} is in the board's own range", f"use an address from {board.free_base:#x}")


def check_names(chip: Chip) -> None:
    """Two names that become one constant would silently lose one of them."""
    seen: set[str] = set()
    for name, _ in chip._constants():
        if name in seen:
            raise ChipError(
                f"two things are called {name} in code", "rename a register, field or peripheral", chip.files[-2]
            )
        seen.add(name)
