"""The page in a real browser, as `hardtalk boot --web` serves it: Debian's chromium, driven through its own driver."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread
from tests.browser import browser_at, needs_browser

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
"""Of a machine that has much else to do."""

pytestmark = needs_browser


@dataclass
class Page:
    board: subprocess.Popen[str]
    browser: Any
    picture_file: Path

    def wait_for(self, what: Callable[[], Any]) -> Any:
        end = time.monotonic() + PATIENCE_SECONDS
        while not (found := what()):
            assert time.monotonic() < end, self.text("log")
            time.sleep(0.05)
        return found

    def text(self, name: str) -> str:
        return str(self.run(f"return document.getElementById('{name}').textContent"))

    def run(self, script: str) -> Any:
        return self.browser.execute_script(script)

    def click(self, name: str) -> None:
        self.run(f"document.getElementById('{name}').click()")

    def enter(self, text: str, answer: str) -> None:
        before = self.text("log")
        self.browser.find_element("id", "entry").send_keys(f"{text}\n")
        self.wait_for(lambda: answer in self.text("log")[len(before) :].partition(text)[2])

    @property
    def cycles(self) -> int:
        return int(self.text("cycles").split()[0].replace(",", ""))

    def pixels(self) -> np.ndarray[Any, Any]:
        """What the canvas shows: height x width x (red, green, blue)."""
        found = self.run("return document.getElementById('panel').toDataURL('image/png')")
        return as_bytes(imread(BytesIO(b64decode(found.partition(",")[2]))))

    @property
    def colors(self) -> int:
        """How many the canvas shows."""
        return int(
            self.run(
                "const c = document.getElementById('panel');"
                "const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
                "return new Set(new Uint32Array(data.buffer)).size"
            )
        )


def as_bytes(picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return (picture[:, :, :3] * 255).round().astype(np.uint8)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    picture_file = folder / "panel.png"
    command = "import sys; from hardtalk.cli.main import main; sys.argv[0] = 'hardtalk'; main()"
    arguments = (
        "boot", "--web", "--port", "0", "--driver", "drivers/input", "--driver", "firmware/windows",
        "--screenshot", str(picture_file),
    )  # fmt: skip
    board = subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
    )
    try:
        assert board.stdout is not None
        told = iter(board.stdout)
        address = next(found[1] for line in told if (found := re.match(r"page: (http://127\.0\.0\.1:\d+/) ", line)))
        with browser_at(address, folder) as browser:
            yield Page(board, browser, picture_file)
    finally:
        board.kill()
        board.wait()


def test_the_prompt_answers(page: Page) -> None:
    page.wait_for(lambda: "bytes free" in page.text("log"))
    assert page.run("return document.body.dataset.display") == "off"
    page.enter("3 + 4", "7")
    page.enter("nil foo", "MessageNotUnderstood: UndefinedObject does not understand #foo\nUndefinedObject>>DoIt")
    page.enter("3 +", "<prompt>:1:4")
    page.browser.find_element("id", "entry").send_keys("(6\n")
    page.wait_for(lambda: page.run("return document.getElementById('entry').value") == "(6\n")
    page.browser.find_element("id", "entry").send_keys("* 7)\n")
    page.wait_for(lambda: page.text("log").endswith("42"))


def test_time_can_be_stopped_stepped_and_hurried(page: Page) -> None:
    page.click("pause")
    page.wait_for(lambda: page.text("mode") == "paused" and page.text("pause") == "Run")
    assert re.match(r"0x[0-9a-f]{8}  \w+", page.text("place"))
    stood = page.cycles
    count = int(page.text("cycles").split()[2].replace(",", ""))
    page.run("document.querySelector('[data-unit=instruction]').click()")
    page.wait_for(lambda: int(page.text("cycles").split()[2].replace(",", "")) == count + 1)
    stood = page.cycles
    page.run("document.querySelector('[data-unit=millisecond]').click()")
    page.wait_for(lambda: page.cycles > stood)
    assert 200_000 <= page.cycles - stood < 201_000
    page.click("fast")
    page.wait_for(lambda: page.text("mode") == "running")
    assert page.run("return document.getElementById('fast').getAttribute('aria-pressed')") == "true"
    page.click("real")
    page.wait_for(lambda: page.run("return document.getElementById('real').getAttribute('aria-pressed')") == "true")


def test_lines_latencies_and_the_heap_are_alive(page: Page) -> None:
    def seen() -> tuple[str, ...]:
        return (
            page.text("rows"),
            page.text("histograms"),
            page.run("return document.getElementById('map').dataset.cells"),
        )

    page.enter("3 + 5", "8")
    page.wait_for(lambda: "UART0" in page.text("rows") and "UART0" in page.text("histograms"))
    assert "SerialPort" in page.text("rows") and "NorFlash" in page.text("rows")
    before = seen()
    page.enter("1000 timesRepeat: [ Array new: 1000 ]. 5", "5")
    page.wait_for(lambda: all(now != then for now, then in zip(seen(), before, strict=True)))
    page.enter("Smalltalk garbageCollect. 6", "6")
    page.wait_for(lambda: "collector: " in page.text("phase"))
    page.click("clear")
    page.wait_for(lambda: page.text("histograms") == "No interrupt yet.")


def test_a_click_reaches_a_button_and_keys_a_text(page: Page) -> None:
    from selenium.webdriver import ActionChains, Keys

    page.click("fast")
    page.enter("(DisplayScreen extent: 160 @ 120 depth: 8) beDisplay. 1", "1")
    page.wait_for(lambda: page.text("display-size") == "160 × 120")
    page.enter("(DisplayScreen extent: 320 @ 240 depth: 16) beDisplay. world := World open. pressed := 0. 2", "2")
    page.enter(
        "world defer: [ world add: (Button text: 'press' action: [ pressed := pressed + 1 ])"
        " at: (200 @ 30 corner: 300 @ 70). field := world add: (TextField action: [ :text | written := text ])"
        " at: (20 @ 150 corner: 120 @ 170) ]. 3",
        "3",
    )
    page.wait_for(lambda: page.text("display-size") == "320 × 240")
    page.run("document.getElementById('panel').scrollIntoView({block: 'center'})")
    panel = page.browser.find_element("id", "panel")
    scale = panel.rect["width"] / 320
    hand = ActionChains(page.browser)
    for x, y in ((250, 50), (60, 160)):
        hand.move_to_element_with_offset(panel, round((x - 160) * scale), round((y - 120) * scale)).click()
    hand.send_keys("hat", Keys.RETURN).perform()
    page.enter("[ written isNil ] whileTrue: [ (Delay forMilliseconds: 20) wait ]. pressed -> written", "1->'hat'")
    page.wait_for(lambda: "KMI1" in page.text("histograms"))


def test_the_canvas_shows_what_the_frame_buffer_holds(page: Page) -> None:
    """The last test: the board's own screenshot is written when Control-C ends it, while the page is open."""
    page.wait_for(lambda: "bytes free" in page.text("log"))
    page.enter("(screen := DisplayScreen extent: 320 @ 240 depth: 16) beDisplay. 7", "7")
    page.enter(
        "screen fill: (10 @ 10 corner: 50 @ 60) fillColor: Color red."
        " screen fill: (60 @ 20 corner: 300 @ 200) fillColor: Color green."
        " screen fill: (100 @ 90 corner: 120 @ 100) fillColor: Color blue. 8",
        "8",
    )
    page.wait_for(lambda: page.text("display-size") == "320 × 240")
    page.click("pause")
    page.wait_for(lambda: page.text("mode") == "paused")
    page.wait_for(lambda: page.colors > 3)
    time.sleep(0.5)
    shown = page.pixels()
    assert [entry for entry in page.browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    page.board.send_signal(signal.SIGINT)
    assert page.board.wait(PATIENCE_SECONDS) == 0
    expected = as_bytes(imread(page.picture_file))
    assert shown.shape == (240, 320, 3)
    assert (shown == expected).all()
    page.wait_for(lambda: page.text("mode") == "no connection")
