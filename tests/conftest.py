"""Fixtures that the tests of the whole chain share: one firmware, one booted board, each test from the same state.

The firmware comes out of the build's cache when its sources have not changed. Imports are inside, so that the tests of
a single package start without the rest.
"""

from __future__ import annotations

import os
import selectors
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

settings.register_profile("project", derandomize=True, deadline=None)
settings.load_profile("project")

if TYPE_CHECKING:
    from hardtalk.bench import Bench, KeptBoard
    from hardtalk.serial import Event, Prompt

QEMU: Final = "qemu-system-arm"
QEMU_COMMAND: Final = (QEMU, "-M", "versatilepb", "-m", "128", "-nographic", "-serial", "stdio")
QEMU_PATIENCE_SECONDS: Final = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--trap-bounds",
        action="store_true",
        help="run the tests on firmware that stops where a loop of the virtual machine goes round once too often",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--trap-bounds"):
        os.environ["HARDTALK_TRAP_BOUNDS"] = "1"
    config.addinivalue_line("markers", "long: in a file that takes long; `make test` leaves it out")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what takes long, before `-m` chooses, and let workers begin with it."""
    from tests.order import LONG, ordered

    folder = Path(__file__).parent
    named = [
        (each.path.relative_to(folder).as_posix() if each.path.is_relative_to(folder) else "", each) for each in items
    ]
    for name, item in named:
        if name in LONG:
            item.add_marker("long")
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > 1:
        items[:] = ordered(named, workers)


@pytest.fixture(scope="session")
def booted() -> tuple[Bench, KeptBoard]:
    """The firmware as it ships, or the one that traps, on a board, booted to its prompt."""
    from hardtalk.bench import BootOptions, boot

    bench = boot(BootOptions())
    return bench, bench.console.keep()


@pytest.fixture(scope="session")
def booted_with_kernel_tests() -> tuple[Bench, KeptBoard]:
    """As `booted`, with the class library's own SUnit suites in it."""
    from hardtalk.bench import BootOptions, boot
    from hardtalk.build.sources import text_root

    bench = boot(BootOptions((text_root() / "firmware" / "kernel-tests",)))
    return bench, bench.console.keep()


@pytest.fixture
def bench(booted: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    """The booted board. What a test does to it is undone."""
    bench, kept = booted
    bench.console.put_back(kept)
    yield bench


class QemuMachine:
    """QEMU's versatilepb with a firmware, its UART0 on our pipes and a prompt on that line.

    Its monitor is a socket beside the firmware. One that starts from flash is not given the firmware.
    """

    def __init__(self, elf: Path, prompt: Prompt, flash: Path | None = None, starts_from_flash: bool = False) -> None:
        self.prompt = prompt
        self._monitor = elf.with_name("monitor")
        monitor = ("-monitor", f"unix:{self._monitor},server=on,wait=off")
        drive = () if flash is None else ("-drive", f"if=pflash,format=raw,file={flash}")
        start = ("-device", "loader,addr=0x34000000,cpu-num=0") if starts_from_flash else ("-kernel", str(elf))
        self._process = subprocess.Popen(
            [*QEMU_COMMAND, *monitor, *start, *drive],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "QEMU_AUDIO_DRV": "none"},
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    def read(self, seconds: float) -> bytes:
        """What it has printed; empty when nothing came in that time."""
        ready = self._selector.select(seconds)
        return os.read(self._process.stdout.fileno(), 65536) if ready else b""

    def boot_text(self) -> str:
        """What it prints from power-on to the prompt."""
        from hardtalk.serial import ConsoleText

        text, end = "", time.monotonic() + QEMU_PATIENCE_SECONDS
        while not ("drivers:" in text and text.endswith("\n")):
            assert time.monotonic() < end, text
            events = self.prompt.receive(self.read(0.1))
            text += "".join(event.text for event in events if isinstance(event, ConsoleText))
        return text

    def enter(self, source: str) -> list[Event]:
        """What comes of a source at the prompt: console text, and the answer last."""
        self.prompt.enter(source)
        events: list[Event] = []
        end = time.monotonic() + QEMU_PATIENCE_SECONDS
        while self.prompt.is_busy:
            assert time.monotonic() < end, f"no answer to {source}: {events}"
            self._process.stdin.write(self.prompt.take_outgoing())
            self._process.stdin.flush()
            events += self.prompt.receive(self.read(0.1))
        return events

    def send(self, source: str) -> None:
        """Enter what gets no answer."""
        self.prompt.enter(source)
        self._process.stdin.write(self.prompt.take_outgoing())
        self._process.stdin.flush()

    def screen(self) -> bytes:
        """What is on its panel, as a PPM file."""
        file = self._monitor.with_name("screen.ppm")
        self.monitor(f"screendump {file}")
        return file.read_bytes()

    def monitor(self, *commands: str) -> None:
        """Commands to QEMU itself, one after the other."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(QEMU_PATIENCE_SECONDS)
            monitor.connect(str(self._monitor))
            self._read_prompt(monitor)
            for command in commands:
                monitor.sendall(command.encode() + b"\n")
                self._read_prompt(monitor)

    @staticmethod
    def _read_prompt(monitor: socket.socket) -> None:
        text = b""
        while not text.endswith(b"(qemu) "):
            text += monitor.recv(4096)

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def start_qemu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., QemuMachine]]:
    """Starts QEMU, before its first character, with the firmware of these driver folders."""
    if shutil.which(QEMU) is None:
        pytest.skip(f"{QEMU} is not installed")
    from hardtalk.bench import BootOptions, build_options
    from hardtalk.bench.firmware import class_model
    from hardtalk.build import build
    from hardtalk.serial import Prompt

    machines: list[QemuMachine] = []

    def start(driver_folders: list[Path], flash: Path | None = None, starts_from_flash: bool = False) -> QemuMachine:
        options = build_options(BootOptions(tuple(driver_folders)))
        elf = tmp_path_factory.mktemp("qemu") / "firmware.elf"
        elf.write_bytes(build(options).elf)
        machines.append(QemuMachine(elf, Prompt(class_model(options)), flash, starts_from_flash))
        return machines[-1]

    yield start
    for machine in machines:
        machine.close()
