"""What is drawn on the board by BitBlts is on its panel, on ours and on QEMU's; frames are waited for; --screenshot."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.image import imread

from hardtalk.bench import Bench, BenchError
from hardtalk.board import BoardError
from hardtalk.board.panel import panel_of
from hardtalk.cli.main import run
from hardtalk.cli.screenshot import write_screenshot
from hardtalk.devices import Pl110
from hardtalk.serial import Result

if TYPE_CHECKING:
    from conftest import QemuMachine

WIDTH, HEIGHT = 320, 200
DEPTHS = (1, 2, 4, 8, 16, 32)
WHITE, BLACK, RED, GREEN = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0)

DRAW = """(DisplayScreen extent: 320 @ 200 depth: {depth}) beDisplay.
DisplayScreen current
    fillColor: Color white;
    fill: (3 @ 5 corner: 118 @ 50) fillColor: Color black;
    fill: (40 @ 20 corner: 41 @ 199) fillColor: Color red;
    fill: (-5 @ 190 corner: 400 @ 300) fillColor: Color green.
(DisplayScreen current copy: (0 @ 0 corner: 50 @ 30)) displayOn: DisplayScreen current at: 201 @ 77. 5"""
FRAME_CYCLES = 8 * (WIDTH + 160) * (HEIGHT + 45) * 4
"""The clock of 25 MHz is divided by 4 for some 60 frames a second."""


GRAY = (132, 132, 132)
PAINTS = {
    1: (WHITE, BLACK, BLACK, WHITE),
    2: (WHITE, BLACK, GRAY, GRAY),
    4: (WHITE, BLACK, RED, GREEN),
    8: (WHITE, BLACK, RED, GREEN),
    16: (WHITE, (0, 0, 8), RED, GREEN),
    32: (WHITE, BLACK, RED, GREEN),
}
"""What the four colors are in each depth. 0 is transparent: at 16 bits, black is the number next to it."""


def expected(paints: Sequence[tuple[int, int, int]]) -> Any:
    """The same drawing, of slices."""
    white, black, red, green = paints
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = white
    picture[5:50, 3:118] = black
    picture[20:199, 40:41] = red
    picture[190:] = green
    picture[77:107, 201:251] = picture[:30, :50].copy()
    return picture


def controller(bench: Bench) -> Pl110:
    device = bench.board.device("CLCD")
    assert isinstance(device, Pl110)
    return device


def test_the_device_does_nothing_until_it_is_wanted(bench: Bench, tmp_path: Path) -> None:
    assert controller(bench).shown is None
    with pytest.raises(BoardError, match="the display is off"):
        panel_of(bench.board)
    assert controller(bench).alarm is None
    with pytest.raises(BoardError, match="the display is off"):
        write_screenshot(bench.board, tmp_path / "panel.png")


@pytest.mark.parametrize("depth", DEPTHS)
def test_drawings_are_on_the_panel(bench: Bench, depth: int) -> None:
    assert bench.console.evaluate(DRAW.format(depth=depth)) == "5"
    picture = panel_of(bench.board)
    difference = np.argwhere((picture.astype(int) - expected(PAINTS[depth])).any(axis=2))
    assert not len(difference), (difference[:5], picture[tuple(difference[0])])


def test_the_frame_buffer_is_the_bitmap(bench: Bench) -> None:
    bench.console.evaluate(DRAW.format(depth=32))
    address = int(bench.console.evaluate("DisplayScreen current bits nativeAddress"))
    assert controller(bench).frame_base == address
    bench.console.evaluate("Smalltalk garbageCollect")
    assert (panel_of(bench.board) == expected(PAINTS[32])).all()


def test_waiting_for_frames(bench: Bench) -> None:
    bench.console.evaluate(DRAW.format(depth=8))
    assert abs(FRAME_CYCLES / 200e6 * 60 - 1) < 0.2
    assert controller(bench).frame_ticks * 8 == FRAME_CYCLES
    microseconds = bench.console.evaluate(
        """| screen start | screen := DisplayScreen current. screen waitForFrame.
        start := Timer current microseconds.
        10 timesRepeat: [ screen waitForFrame ].
        Timer current microseconds - start"""
    )
    assert abs(int(microseconds) - FRAME_CYCLES * 10 // 200) < 100


def test_several_processes_wait_and_nobody_else_is_interrupted(bench: Bench) -> None:
    bench.console.evaluate(DRAW.format(depth=8))
    source = """| count | count := 0.
        1 to: 5 do: [ :each |
            [ 4 timesRepeat: [ DisplayScreen current waitForFrame. count := count + 1 ] ] forkAt: 30 + each ].
        (Delay forMilliseconds: 150) wait. count"""
    assert bench.console.evaluate(source) == "20"
    [line] = controller(bench).peripheral.lines
    raised = bench.board.trace.lines[line].raised
    assert raised >= 4
    bench.board.run(cycles=10 * FRAME_CYCLES)
    assert bench.board.trace.lines[line].raised == raised


def test_another_bitmap_is_shown_from_the_next_frame_on(bench: Bench) -> None:
    bench.console.evaluate("(DisplayScreen extent: 320 @ 200 depth: 32) beDisplay. DisplayScreen current fillBlack")
    bench.console.evaluate(
        """| other | other := Bitmap new: 320 * 200. other primFill: 16rFF00FF00.
        DisplayScreen current bits: other; waitForFrame"""
    )
    bench.board.run(cycles=FRAME_CYCLES)
    assert (panel_of(bench.board) == GREEN).all()
    with pytest.raises(BenchError, match="a bitmap of 5 words is too short for 320@200"):
        bench.console.evaluate("DisplayScreen current bits: (Bitmap new: 5)")


@pytest.mark.parametrize("extent", ["0@0", "1040@16", "16@1025", "24@16", "16@16"])
def test_what_the_controller_cannot_show_is_refused(bench: Bench, extent: str) -> None:
    with pytest.raises(BenchError, match="a display is 16 to 1024 pixels wide"):
        bench.console.evaluate(f"(DisplayScreen extent: {extent} depth: 1) beDisplay")
    assert controller(bench).shown is None


def test_stopping_the_driver_blanks_the_panel(bench: Bench) -> None:
    bench.console.evaluate("DisplayScreen current")
    assert controller(bench).shown is not None
    bench.console.evaluate("LcdController current stop")
    assert controller(bench).shown is None
    assert controller(bench).alarm is None


def test_screenshot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script, file = tmp_path / "draw.st", tmp_path / "panel.png"
    script.write_text(DRAW.format(depth=32) + "!\n")
    assert run(["repl", "--script", str(script), "--screenshot", str(file)]) == 0
    picture = (imread(file)[:, :, :3] * 255).round().astype(np.uint8)
    assert (picture == expected(PAINTS[32])).all()
    for name in ("panel.jpg", "there/panel.png"):
        assert run(["repl", "--script", str(script), "--screenshot", str(tmp_path / name)]) == 2
    told = capsys.readouterr().err
    assert "a picture is written as PNG" in told and "there is no folder" in told


@pytest.mark.parametrize("depth", [8, 32])
def test_qemu_shows_the_same(start_qemu: Callable[..., QemuMachine], depth: int) -> None:
    """QEMU leaves the low bits of 5-bit colors 0. With big-endian bytes it takes the halves of the palette's words the
    other way round than the manual: at 8 bits each color is its neighbour's.
    """
    machine = start_qemu([])
    machine.boot_text()
    assert machine.enter(DRAW.format(depth=depth))[-1] == Result("5")
    paints, exact = PAINTS[depth], 0xFF
    if depth == 8:
        paints, exact = (GRAY, WHITE, (255, 48, 0), (0, 200, 0)), 0xF8
    picture = ppm(machine.screen())
    assert (picture & exact == expected(paints) & exact).all()


def ppm(data: bytes) -> Any:
    stream = io.BytesIO(data)
    assert stream.readline() == b"P6\n"
    width, height = map(int, stream.readline().split())
    assert stream.readline() == b"255\n"
    return np.frombuffer(stream.read(), np.uint8).reshape(height, width, 3)
