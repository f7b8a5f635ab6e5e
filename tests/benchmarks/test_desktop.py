"""The desktop's frames: counted to the cycle, and shown; drawing them must not become much slower."""

from collections.abc import Iterator

import pytest

from hardtalk.bench import Bench
from hardtalk.benchmarks.desktop import MOTIONS, boot_desktop, desktop_report, measured
from hardtalk.build.collectors import TREADMILL

MOST_CYCLES = {"drag": 2_900_000, "scroll": 1_600_000, "write": 1_600_000, "front": 900_000, "all": 5_000_000}
"""A frame, in each depth."""
FRAMES = 10


@pytest.fixture(scope="module")
def desktop() -> Iterator[Bench]:
    yield boot_desktop("arm926", TREADMILL)


@pytest.mark.parametrize(("motion", "depth"), [*((motion, 16) for motion in MOTIONS), ("drag", 32), ("drag", 8)])
def test_frames(desktop: Bench, motion: str, depth: int) -> None:
    kept = desktop.console.keep()
    desktop.console.evaluate(f"DesktopBench openWithDepth: {depth}", 4_000_000_000)
    figure = measured(desktop, motion, depth, FRAMES)
    desktop.console.put_back(kept)
    assert 100_000 < figure.frame_cycles < MOST_CYCLES[motion]
    assert figure.pictures >= FRAMES // 2
    assert 10 < figure.picture_bytes < 640 * 480
    report = desktop_report([figure], "arm926", "")
    assert [each.name.rpartition(".")[2] for each in report.figures] == ["frame", "emulating", "showing", "sent"]
    assert report.figures[0].value == round(figure.frame_cycles)
