"""PL110: frames and interrupts exact in the ticks of its clock, what is latched when, what is shown."""

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import Pl110
from hardtalk.devices.pl110 import Format

ENABLE, TFT, BGR, BEBO, BEPO, POWER = 1, 0x20, 0x100, 0x200, 0x400, 0x800
NEXT_BASE, COMPARE = 4, 8
TICK = 8
"""CPU cycles, at 200 MHz and 25 MHz."""
WIDTH, HEIGHT = 32, 5
LINE = WIDTH + 4 + 6 + 7
SYNC, BACK, FRONT = 2, 3, 4
FRAME = (SYNC + BACK + HEIGHT + FRONT) * LINE


@pytest.fixture
def lcd() -> Pl110:
    """Undivided clock, a short frame, not enabled."""
    device = Pl110(default_chip().peripheral("CLCD"))
    device.write("Timing0", (WIDTH // 16 - 1) << 2 | 3 << 8 | 5 << 16 | 6 << 24)
    device.write("Timing1", HEIGHT - 1 | (SYNC - 1) << 10 | FRONT << 16 | BACK << 24)
    device.write("Timing2", 1 << 26)
    return device


def test_nothing_is_due_while_it_is_not_enabled(lcd: Pl110) -> None:
    lcd.write("UPBASE", 0x1000)
    lcd.write("IMSC", 0x1E)
    lcd.write("Control", POWER | TFT | 3 << 12)
    assert lcd.clock.next_due is None
    lcd.write("Control", ENABLE)
    assert lcd.clock.next_due is not None
    lcd.write("Control", 0)
    assert lcd.clock.next_due is None
    assert lcd.shown is None


@pytest.mark.parametrize(("select", "lines"), [(0, 0), (1, SYNC), (2, SYNC + BACK), (3, SYNC + BACK + HEIGHT)])
def test_vertical_compare_comes_in_the_line_that_is_chosen(lcd: Pl110, select: int, lines: int) -> None:
    lcd.write("IMSC", COMPARE)
    lcd.write("Control", ENABLE | select << 12)
    first = lines * LINE * TICK
    if first:
        lcd.clock.advance(first - 1)
        assert not lcd.line.level
        lcd.clock.advance(1)
    else:
        lcd.clock.advance(0)
    for _ in range(3):
        assert lcd.line.level
        assert lcd.read("MIS") == COMPARE
        lcd.write("ICR", COMPARE)
        assert not lcd.line.level
        lcd.clock.advance(FRAME * TICK - 1)
        assert not lcd.line.level
        lcd.clock.advance(1)


@pytest.mark.parametrize(("timing", "divisor"), [(0, 2), (3, 5), (1 << 27 | 1, 35), (1 << 26 | 9, 1)])
def test_the_panel_clock_is_divided(lcd: Pl110, timing: int, divisor: int) -> None:
    lcd.write("Timing2", timing)
    lcd.write("Control", ENABLE)
    lcd.write("IMSC", NEXT_BASE)
    lcd.write("ICR", NEXT_BASE)
    lcd.clock.advance(FRAME * divisor * TICK - 1)
    assert not lcd.line.level
    lcd.clock.advance(1)
    assert lcd.line.level


def test_frames_do_not_drift_from_a_clock_that_is_no_fraction_of_the_cpus() -> None:
    chip = default_chip()
    device = Pl110(chip.peripheral("CLCD"))
    device.clock.rates["clcd"] = 24_000_000
    device.write("Timing2", 1 << 26)
    device.write("Control", ENABLE)
    frame = 2 * 19
    device.clock.advance(-(-10_000 * frame * 200 // 24) - 1)
    device.write("ICR", NEXT_BASE)
    device.clock.advance(1)
    assert device.read("RIS") & NEXT_BASE


def test_a_raised_interrupt_waits_for_its_mask(lcd: Pl110) -> None:
    lcd.write("Control", ENABLE)
    lcd.clock.advance(FRAME * TICK)
    assert (lcd.read("RIS"), lcd.read("MIS"), lcd.line.level) == (NEXT_BASE | COMPARE, 0, False)
    lcd.write("IMSC", COMPARE)
    assert (lcd.read("MIS"), lcd.line.level) == (COMPARE, True)
    lcd.write("ICR", NEXT_BASE)
    assert (lcd.read("RIS"), lcd.line.level) == (COMPARE, True)


def test_the_base_is_taken_over_at_the_vertical_sync(lcd: Pl110) -> None:
    lcd.write("UPBASE", 0x1003)
    lcd.write("Control", ENABLE | POWER)
    lcd.write("UPBASE", 0x2000)
    shown = lcd.shown
    assert shown is not None
    assert (shown.base, shown.width, shown.height) == (0x1000, WIDTH, HEIGHT)
    lcd.clock.advance(FRAME * TICK - 1)
    assert lcd.shown == shown
    lcd.clock.advance(1)
    assert lcd.shown is not None
    assert lcd.shown.base == 0x2000


@pytest.mark.parametrize(("code", "bits"), [*enumerate((1, 2, 4, 8, 16, 32))])
def test_the_current_address_follows_the_lines(lcd: Pl110, code: int, bits: int) -> None:
    assert lcd.read("UPCURR") == 0
    lcd.write("UPBASE", 0x1000)
    lcd.write("Control", ENABLE | code << 1)
    lcd.clock.advance((SYNC + BACK) * LINE * TICK)
    assert lcd.read("UPCURR") == 0x1000
    lcd.clock.advance((LINE + 4 + 7 + 9) * TICK)
    assert lcd.read("UPCURR") == 0x1000 + (WIDTH + 9) * bits // 32 * 4
    lcd.clock.advance(4 * LINE * TICK)
    assert lcd.read("UPCURR") == 0x1000 + WIDTH * HEIGHT * bits // 8


def test_a_timing_register_begins_a_frame(lcd: Pl110) -> None:
    lcd.write("Control", ENABLE)
    lcd.clock.advance(FRAME * TICK // 2)
    lcd.write("Timing1", lcd.read("Timing1"))
    lcd.write("ICR", NEXT_BASE)
    lcd.clock.advance(FRAME * TICK - 1)
    assert not lcd.read("RIS") & NEXT_BASE
    lcd.clock.advance(1)
    assert lcd.read("RIS") & NEXT_BASE


def test_writing_control_without_lcden_changing_does_not_disturb_the_frame(lcd: Pl110) -> None:
    lcd.write("Control", ENABLE)
    lcd.clock.advance(FRAME * TICK // 2)
    lcd.write("ICR", NEXT_BASE)
    lcd.write("Control", ENABLE | POWER)
    lcd.clock.advance(FRAME * TICK // 2)
    assert lcd.read("RIS") & NEXT_BASE


def test_what_is_shown_says_how(lcd: Pl110) -> None:
    lcd.write("Palette3", 0x12345678)
    lcd.write("Control", ENABLE | POWER | 3 << 1 | BEBO | BEPO)
    assert lcd.shown is not None
    assert lcd.shown.pixels == Format(8, big_endian_bytes=True, big_endian_pixels=True, bgr=False)
    assert lcd.shown.palette[2:5] == (0, 0x12345678, 0)
    lcd.write("Control", ENABLE | POWER | 5 << 1 | BGR)
    assert lcd.shown.pixels == Format(24, big_endian_bytes=False, big_endian_pixels=False, bgr=True)
    assert lcd.shown.size == WIDTH * HEIGHT * 4
    lcd.write("Control", ENABLE)
    assert lcd.shown is None


def test_power_on_forgets_the_frame(lcd: Pl110) -> None:
    lcd.write("Control", ENABLE | POWER)
    lcd.clock.clear()
    lcd.power_on()
    assert (lcd.clock.next_due, lcd.shown, lcd.read("RIS")) == (None, None, 0)
