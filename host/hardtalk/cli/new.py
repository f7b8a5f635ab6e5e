"""`hardtalk new NAME`: a folder with a driver that works, its simulated device, description and test."""

import re
from pathlib import Path
from string import Template
from typing import Annotated, Final

from cyclopts import Parameter

from hardtalk.build import BuildOptions
from hardtalk.build.sources import class_paths, read_classes
from hardtalk.chip import Chip, default_chip
from hardtalk.cli import output
from hardtalk.cli.errors import UserError
from hardtalk.cli.new_files import FILES

CLASS_NAME: Final = re.compile(r"[A-Z][A-Za-z0-9]*")
STEP: Final = 0x1000
"""Of addresses: what a device's registers take in FILES."""
ADDRESSES: Final = 1 << 32


def new(
    name: Annotated[str, Parameter(help="What the driver's class is called: Lamp, LightSensor, or light-sensor.")],
    *,
    folder: Annotated[Path, Parameter(help="Where the new folder goes.")] = Path("."),
    line: Annotated[int | None, Parameter(help="The interrupt line; the first free one.")] = None,
    address: Annotated[str | None, Parameter(help="Where its registers begin; the first free one.")] = None,
) -> int:
    """Make a folder with a driver, its registers (SVD), simulated device, test and README, which work at once."""
    chip = default_chip()
    name = as_class_name(name)
    line = chip.free_lines[0] if line is None else line
    address = f"{free_addresses(chip)[0]:#x}" if address is None else address
    check(name, line, address, chip)
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


def as_class_name(name: str) -> str:
    """`light-sensor` and `light_sensor` are LightSensor; what has a capital is as it is."""
    parts = re.split("[-_]", name)
    return "".join(each[:1].upper() + each[1:] for each in parts) if name.lower() == name else name


def check(name: str, line: int, address: str, chip: Chip) -> None:
    if not CLASS_NAME.fullmatch(name):
        raise UserError(f"{name!r}: no name of a class", "Begin with a capital letter, then letters and digits: Lamp.")
    if name in {each.name for each in read_classes(class_paths(BuildOptions()))}:
        raise UserError(f"{name}: the system has a class of that name", "Take another name.")
    if name.upper() in {each.name for each in chip.peripherals}:
        raise UserError(f"{name.upper()}: the board has a peripheral of that name", "Take another name.")
    if line not in chip.free_lines:
        raise UserError(f"--line {line}: it is not free", f"Take one of {', '.join(map(str, chip.free_lines))}.")
    try:
        number = int(address, 0)
    except ValueError:
        raise UserError(f"--address {address}: no number", f"Write it as {free_addresses(chip)[0]:#x}.") from None
    free = free_addresses(chip)
    if number not in free:
        remedy = f"Take a multiple of {STEP:#x} from {free[0]:#x} on."
        raise UserError(f"--address {address}: not free for devices", remedy)


def free_addresses(chip: Chip) -> range:
    """Behind the last peripheral of the board's that lies where devices of users do."""
    ends = [each.base + each.size for each in chip.peripherals if each.base >= chip.free_base]
    first = max([chip.free_base, *ends])
    return range(first + -first % STEP, ADDRESSES, STEP)
