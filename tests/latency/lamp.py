"""A lamp of the user's own, as `hardtalk new` makes it, whose interrupts a test can provoke."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import Final

from hardtalk.cli.new_files import FILES

NAMES: Final = {"Name": "Lamp", "NAME": "LAMP", "name": "lamp", "line": "18", "address": "0x80001000"}
PROVOKED: Final = """
from hardtalk.devices import Device


class Lamp(Device):
    svd = "lamp.svd"

    def provoke(self) -> None:
        if self.CONTROL.ENABLE:
            self.STATUS.READY = 1
"""


def write_lamp(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / Template(name).substitute(NAMES)).write_text(Template(text).substitute(NAMES))
