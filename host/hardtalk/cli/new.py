"""`hardtalk new NAME`: a folder with a driver that works, its simulated device, description and test."""

import re
from pathlib import Path
from string import Template
from typing import Annotated, Final

from cyclopts import Parameter

from hardtalk.build import BuildOptions
from hardtalk.build.sources import class_paths, read_classes
from hardtalk.chip import chip_with
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.new_files import FILES

CLASS_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
FREE_LINES: Final = range(18, 21)
LOWEST_ADDRESS: Final = 0x80001000


def new(
    name: Annotated[str, Parameter(help="What the driver's class is called: Lamp, LightSensor.")],
    *,
    folder: Annotated[Path, Parameter(help="Where the new folder goes.")] = Path("."),
    line: Annotated[int, Parameter(help="The interrupt line of the device: 18, 19 or 20.")] = FREE_LINES.start,
    address: Annotated[
        str, Parameter(help="Where its registers begin, a multiple of 0x1000.")
    ] = f"{LOWEST_ADDRESS:#x}",
) -> int:
    """Make a folder with a driver, its registers (SVD), simulated device, test and README, which work at once."""
    check(name, line, address)
    target = folder / name.lower()
    names = {"Name": name, "NAME": name.upper(), "name": name.lower(), "line": str(line), "address": address}
    texts = {
        target / Template(file).substitute(names): Template(text).substitute(names) for file, text in FILES.items()
    }
    for path in texts:
        if path.exists():
            raise UserError(f"{path}: there is such a file already", "Take another name, or remove it.")
    target.mkdir(parents=True, exist_ok=True)
    console = output.console()
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
        console.print(f"{path}", soft_wrap=True)
    console.print(
        f"Next: cd {target} && hardtalk test . --svd {names['name']}.svd --device {names['name']}.py", soft_wrap=True
    )
    return 0


def check(name: str, line: int, address: str) -> None:
    if not CLASS_NAME.fullmatch(name):
        raise UserError(f"{name!r}: no name of a class", "Begin with a capital letter, then letters and digits: Lamp.")
    if name in {each.name for each in read_classes(class_paths(BuildOptions()))}:
        raise UserError(f"{name}: the system has a class of that name", "Take another name.")
    if name.upper() in {each.name for each in chip_with([]).peripherals}:
        raise UserError(f"{name.upper()}: the board has a peripheral of that name", "Take another name.")
    if line not in FREE_LINES:
        raise UserError(f"--line {line}: it is not free", "Take 18, 19 or 20.")
    try:
        number = int(address, 0)
    except ValueError:
        raise UserError(f"--address {address}: no number", "Write it as 0x80001000.") from None
    if number % 0x1000 or not LOWEST_ADDRESS <= number < 1 << 32:
        raise UserError(f"--address {address}: not free for devices", "Take a multiple of 0x1000 from 0x80001000 on.")
