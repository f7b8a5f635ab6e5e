"""The panel of the household: sound recorded, kept in the flash and played, sample for sample; meters, bell, log."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from matplotlib.image import imread

from hardtalk.bench import Bench, BootOptions, KeptBoard, boot
from hardtalk.bench.booting import flash_of
from hardtalk.board.panel import panel_of
from hardtalk.build.sources import text_root
from hardtalk.cli.main import run
from hardtalk.flash import Volume, check
from hardtalk.mediawire import MediaWire, Sink, identity_of

ROOT = text_root()
HOUSE, PANEL = ROOT / "examples" / "household", ROOT / "examples" / "panel"
FOLDERS = (
    ROOT / "drivers" / "mediawire", ROOT / "drivers" / "input", ROOT / "firmware" / "windows", HOUSE, PANEL,
)  # fmt: skip
LOUDSPEAKER = identity_of(0x41)
START = """FlashVolumeDevice format.
(DisplayScreen extent: 320 @ 240 depth: 16) beDisplay.
panel := HousePanel start.
panel open.
(Delay forMilliseconds: 100) wait. 0"""
RECORDED = "panel recorder record: 300. [ panel recorder isRecording ] whileTrue: [ (Delay forMilliseconds: 1) wait ]"
CHIME = 8000 * 65537
GREEN = np.array([0, 1, 0])
LEFT_STEP, RIGHT_STEP = 601, -300


@pytest.fixture(scope="module")
def started() -> tuple[Bench, KeptBoard]:
    bench = boot(BootOptions(FOLDERS, device_files=(PANEL / "house.py",)))
    bench.console.evaluate(START)
    return bench, bench.console.keep()


@pytest.fixture
def bench(started: tuple[Bench, KeptBoard]) -> Iterator[Bench]:
    bench, kept = started
    bench.console.put_back(kept)
    yield bench


def loudspeaker(bench: Bench) -> Sink:
    return cast(Sink, cast(MediaWire, bench.board.device("MEDIAWIRE")).outside.named(LOUDSPEAKER))


def test_sound_is_recorded_kept_and_played_sample_for_sample(bench: Bench) -> None:
    """What is in the flash follows the music's wave; so does what the loudspeaker hears, until silence comes."""
    evaluate = bench.console.evaluate
    evaluate("panel stop")  # nobody rings meanwhile
    evaluate(RECORDED)
    assert evaluate("{ panel recorder sound size. panel recorder missed }") == "#(14400 0)"
    evaluate("panel recorder keepInFileNamed: 'sound'")
    kept = Volume(flash_of(bench.board).contents).read("sound")
    words = struct.unpack(f"<{len(kept) // 4}I", kept)
    assert len(words) == 14_400
    assert {(b - a) & 0xFFFF for a, b in pairwise(words)} == {LEFT_STEP}
    assert {((b >> 16) - (a >> 16)) & 0xFFFF for a, b in pairwise(words)} == {RIGHT_STEP & 0xFFFF}
    assert evaluate("(SoundRecorder soundInFileNamed: 'sound') = panel recorder sound") == "true"
    evaluate(
        """panel player play: (SoundRecorder soundInFileNamed: 'sound').
        [ panel player isPlaying ] whileTrue: [ (Delay forMilliseconds: 1) wait ]"""
    )
    heard = loudspeaker(bench)
    assert heard.wrong[0] == (14_400, 0) and {word for _, word in heard.wrong} == {0}
    assert evaluate("panel player missed") == "0"


def test_the_bell_is_written_down_and_the_chime_is_played(bench: Bench) -> None:
    evaluate = bench.console.evaluate
    evaluate("(Delay forMilliseconds: 1300) wait. panel log waitUntilWritten")
    assert evaluate("panel bells") == "1"
    lines = Volume(flash_of(bench.board).contents).read("house.log").decode().splitlines()
    assert [line.split(" ", 1)[1] for line in lines][:3] == ["temp 22", "temp 21", "the bell"]
    assert [word for _, word in loudspeaker(bench).wrong][:1] == [CHIME]
    assert check(flash_of(bench.board).contents).damages == []


def test_the_log_goes_on_after_a_start(bench: Bench) -> None:
    evaluate = bench.console.evaluate
    evaluate("(Delay forMilliseconds: 1300) wait. panel log stop. Smalltalk at: #Before put: panel log lines")
    evaluate("Smalltalk at: #Log put: (HouseLog inFileNamed: 'house.log'). Smalltalk at: #Again put: Log lines")
    assert evaluate("{ Before size > 2. Again = Before }") == "#(true true)"
    evaluate("Log add: 'one more'; stop")
    assert Volume(flash_of(bench.board).contents).read("house.log").decode().splitlines()[-1].endswith(" one more")


def test_who_tells_something_does_not_wait_for_the_flash(bench: Bench) -> None:
    """Of a hundred lines none takes a millisecond, though the flash erases meanwhile; all of them are written."""
    longest = bench.console.evaluate(
        """| longest start |
        longest := 0.
        1 to: 100 do: [ :each |
            start := Delay microseconds.
            panel log add: 'line ' , each printString.
            longest := longest max: Delay microseconds - start.
            (Delay forMilliseconds: 20) wait ].
        panel log waitUntilWritten.
        longest""",
        4_000_000_000,
    )
    assert 0 < int(longest) < 1000
    text = Volume(flash_of(bench.board).contents).read("house.log").decode()
    assert [line.split(" line ")[1] for line in text.splitlines() if " line " in line] == [
        str(n) for n in range(1, 101)
    ]


def test_what_is_in_the_house_is_found(bench: Bench) -> None:
    assert bench.console.evaluate("panel find values asSortedCollection asArray") == "#('door' 'thermometer')"


def test_meters_follow_the_sound_and_fall(bench: Bench) -> None:
    evaluate = bench.console.evaluate
    evaluate("(Delay forMilliseconds: 200) wait. panel stop. (Delay forMilliseconds: 2500) wait")  # the chime is over
    evaluate("meters := panel world subviews select: [ :each | each isKindOf: LevelMeter ]")
    assert evaluate("meters collect: [ :each | each level ]") == "an OrderedCollection(0 0 0 0)"
    evaluate("panel recorder record: 300. (Delay forMilliseconds: 250) wait")
    levels = [int(each) for each in evaluate("(meters collect: [ :each | each level ]) asArray").strip("#()").split()]
    assert min(levels[:2]) > 30_000 and max(levels[2:]) == 0
    assert (panel_of(bench.board)[16, 45:300] == GREEN * 255).all(axis=1).sum() > 150
    evaluate("(Delay forMilliseconds: 1500) wait")
    fallen = [int(each) for each in evaluate("(meters collect: [ :each | each level ]) asArray").strip("#()").split()]
    assert max(fallen[:2]) < 2_000


def test_the_page_s_command_makes_a_picture_like_the_page_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where exactly the meters are depends on the firmware."""
    page = (HOUSE / "README.md").read_text()
    [command] = [line for line in page.splitlines() if line.startswith("hardtalk repl")]
    monkeypatch.chdir(ROOT)
    made = tmp_path / "panel.png"
    assert run(command.replace("examples/panel/picture.png", str(made)).split()[1:]) == 0
    picture, shown = (imread(each)[:, :, :3] for each in (made, PANEL / "picture.png"))
    assert picture.shape == shown.shape == (240, 320, 3)
    assert (picture[50:60, 40:310] == GREEN).all(axis=2).any()
    assert (picture[130:230, 10:290] != shown[130:230, 10:290]).any(axis=2).mean() < 0.1
