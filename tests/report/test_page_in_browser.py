"""The report of `hardtalk latency --html` as a browser shows it: at any width, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.browser import browser_at, needs_browser

from hardtalk.cli.main import run

pytestmark = needs_browser
WIDTHS = (320, 800, 1400)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("report")
    file = folder / "latency.html"
    words = ["latency", "--count", "20", "--load", "sends", "--load", "idle", "--deadline", "4us", "--html", str(file)]
    assert run(words) == 1, "UART takes longer than that"
    with browser_at(file.as_uri(), folder) as found:
        yield found


def shown_at(browser: Any, width: int, scheme: str = "light") -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_off_at_any_width(browser: Any, width: int) -> None:
    """What is wider, tables and pictures, is moved in a place of its own."""
    shown_at(browser, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    for tag in ("table", "div.picture"):
        widest, can_be_moved = browser.execute_script(
            f"const all = [...document.querySelectorAll('{tag}')];"
            "return [Math.max(...all.map(each => each.getBoundingClientRect().right)),"
            " all.every(each => getComputedStyle(each).overflowX === 'auto')]"
        )
        assert widest <= width and can_be_moved, tag


@pytest.mark.parametrize("width", WIDTHS)
def test_words_in_pictures_can_be_read(browser: Any, width: int) -> None:
    shown_at(browser, width)
    smallest = browser.execute_script(
        "return Math.min(...[...document.querySelectorAll('svg text')].map(each => {"
        " const box = each.getBBox(), shown = each.getBoundingClientRect();"
        " return parseFloat(getComputedStyle(each).fontSize) * shown.height / box.height }))"
    )
    assert smallest >= 8


def test_maximum_deadline_command_and_date_are_there(browser: Any) -> None:
    text = browser.execute_script("return document.body.textContent")
    for words in ("seed 1", "4.0 µs", "hardtalk", "202", "The worst, in cycles", "UART", "TIMER"):
        assert words in text
    assert browser.execute_script("return document.querySelectorAll('svg').length") == 5
    assert browser.execute_script("return document.querySelectorAll('tr.bad').length") >= 2


def test_dark_where_the_user_wants_it(browser: Any) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        shown_at(browser, 800, scheme)
        colours[scheme] = browser.execute_script(
            "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
        )
    assert colours["light"][1] == "rgb(255, 255, 255)"
    (red, green, blue) = (int(each) for each in colours["dark"][1].strip("rgb()").split(","))
    assert red + green + blue < 100
    assert colours["dark"][0] != colours["light"][0]


def test_the_browser_has_nothing_to_complain_of(browser: Any) -> None:
    assert [each for each in browser.get_log("browser") if each["level"] == "SEVERE"] == []
