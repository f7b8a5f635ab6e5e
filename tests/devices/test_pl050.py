"""PL050: each register as in the manual, frames exact in time; the keyboard and the mouse at its far end."""

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import Duration, Pl050, keys_of, milliseconds, restore_devices, save_devices, seconds

ENABLE, RECEIVE, TRANSMIT, HOLD_CLOCK, HOLD_DATA = 4, 0x10, 8, 1, 2
KMID, KMIC, RXPARITY, RXBUSY, RXFULL, TXBUSY, TXEMPTY = (1 << bit for bit in range(7))
BIT = 200_000_000 // 12_500
FRAME, REQUEST, ACKNOWLEDGED = 11 * BIT, 12_800, 12 * BIT


def interface(name: str) -> Pl050:
    device = Pl050(default_chip().peripheral(name))
    device.write("KMICLKDIV", 2)
    device.write("KMICR", ENABLE | RECEIVE)
    return device


@pytest.fixture
def kmi() -> Pl050:
    return interface("KMI0")


@pytest.fixture
def mouse() -> Pl050:
    return interface("KMI1")


def answers(device: Pl050, duration: Duration) -> list[int]:
    """What comes in that time, each byte read as soon as it is there."""
    found, clock = [], device.clock
    end = clock.cycles + int(clock.cycles_of(duration))
    while clock.cycles < end:
        clock.advance(min(end, clock.next_due or end) - clock.cycles)
        if device.read("KMISTAT") & RXFULL:
            found.append(device.read("KMIDATA"))
    return found


def command(device: Pl050, *data: int) -> list[int]:
    """What the device answers to these bytes within 10 ms of each."""
    found = []
    for byte in data:
        device.write("KMIDATA", byte)
        found += answers(device, milliseconds(10))
    return found


# The interface


def test_reset_values_and_identity() -> None:
    device = Pl050(default_chip().peripheral("KMI0"))
    names = ("KMICR", "KMISTAT", "KMIDATA", "KMICLKDIV", "KMIIR", "PERIPHID0", "PERIPHID1", "PERIPHID2", "PCELLID0")
    assert [device.read(each) for each in names] == [0, TXEMPTY | KMIC | KMID, 0, 0, 0, 0x50, 0x10, 4, 0xD]
    device.write("KMICLKDIV", 0x1F)
    assert device.read("KMICLKDIV") == 0xF


def test_a_byte_that_comes_in(kmi: Pl050) -> None:
    kmi.keyboard.press("a")
    kmi.clock.advance(FRAME - 1)
    assert kmi.read("KMISTAT") & (RXBUSY | RXFULL) == RXBUSY
    assert not kmi.line.level
    kmi.clock.advance(1)
    assert kmi.read("KMISTAT") & (RXBUSY | RXFULL | RXPARITY | TXEMPTY) == RXFULL | TXEMPTY
    assert kmi.line.level
    assert kmi.read("KMIIR") == 1
    assert kmi.read("KMIDATA") == 0x1C
    assert not kmi.line.level
    assert kmi.read("KMIIR") == 0
    assert kmi.read("KMISTAT") & RXFULL == 0


def test_the_clock_is_low_until_the_byte_has_been_read(kmi: Pl050) -> None:
    kmi.keyboard.press("a")
    kmi.keyboard.release("a")
    kmi.clock.advance(10 * FRAME)
    assert kmi.read("KMISTAT") & (RXFULL | RXBUSY | KMIC | KMID) == RXFULL | KMID
    assert kmi.read("KMIDATA") == 0x1C
    kmi.clock.advance(FRAME)
    assert kmi.read("KMIDATA") == 0xF0
    kmi.clock.advance(FRAME)
    assert kmi.read("KMIDATA") == 0x1C


@pytest.mark.parametrize(("key", "parity"), [("a", 0), ("s", RXPARITY), ("f1", RXPARITY), ("f9", 0)])
def test_parity_is_odd(kmi: Pl050, key: str, parity: int) -> None:
    kmi.keyboard.press(key)
    kmi.clock.advance(FRAME)
    assert kmi.read("KMISTAT") & RXPARITY == parity
    kmi.read("KMIDATA")
    kmi.disturb(incoming=True)
    kmi.keyboard.press(key)
    kmi.clock.advance(FRAME)
    assert kmi.read("KMISTAT") & RXPARITY == parity ^ RXPARITY
    kmi.read("KMIDATA")
    kmi.keyboard.press(key)
    kmi.clock.advance(FRAME)
    assert kmi.read("KMISTAT") & RXPARITY == parity


def test_the_lines_in_a_frame(kmi: Pl050) -> None:
    kmi.keyboard.press("a")
    levels = []
    for _ in range(11):
        kmi.clock.advance(BIT // 4)
        levels.append(kmi.read("KMISTAT") & KMID)
        assert kmi.read("KMISTAT") & KMIC
        kmi.clock.advance(BIT // 2)
        assert not kmi.read("KMISTAT") & KMIC
        kmi.clock.advance(BIT // 4)
    assert levels == [0, *(0x1C >> bit & 1 for bit in range(8)), 0, 1]


def test_a_byte_that_goes_out(kmi: Pl050) -> None:
    kmi.write("KMICR", ENABLE | TRANSMIT)
    assert kmi.line.level
    assert kmi.read("KMIIR") == 2
    kmi.write("KMIDATA", 0xEE)
    assert not kmi.line.level
    assert kmi.read("KMISTAT") & (TXBUSY | TXEMPTY | KMIC) == TXBUSY
    kmi.clock.advance(REQUEST + ACKNOWLEDGED - 1)
    assert kmi.read("KMISTAT") & (TXBUSY | TXEMPTY) == TXBUSY
    kmi.clock.advance(1)
    assert kmi.read("KMISTAT") & (TXBUSY | TXEMPTY) == TXEMPTY
    assert kmi.line.level
    kmi.clock.advance(FRAME)
    assert kmi.read("KMIDATA") == 0xEE


@pytest.mark.parametrize(
    ("divisor", "hears", "notices"), [(2, True, False), (3, True, False), (1, False, True), (5, True, True)]
)
def test_the_request_to_send_is_long_enough_with_8_mhz(divisor: int, hears: bool, notices: bool) -> None:
    device = interface("KMI0")
    told: list[str] = []
    device.notice = told.append
    device.write("KMICLKDIV", divisor)
    device.write("KMIDATA", 0xEE)
    device.clock.advance(512 * 200 * (divisor + 1) // 24 + 1 + ACKNOWLEDGED)
    assert bool(device.read("KMISTAT") & TXEMPTY) is hears
    assert any("not about 8" in text for text in told) is notices


def test_a_byte_to_be_sent_waits_for_the_frame_that_comes_in(kmi: Pl050) -> None:
    kmi.keyboard.press("a")
    kmi.clock.advance(FRAME // 2)
    kmi.write("KMIDATA", 0xEE)
    assert kmi.read("KMISTAT") & (TXBUSY | TXEMPTY | RXBUSY) == RXBUSY
    kmi.clock.advance(FRAME // 2)
    assert kmi.read("KMIDATA") == 0x1C
    assert kmi.read("KMISTAT") & TXBUSY
    kmi.clock.advance(REQUEST + ACKNOWLEDGED + FRAME)
    assert kmi.read("KMIDATA") == 0xEE


def test_what_comes_while_it_is_in_reset_is_lost() -> None:
    device = Pl050(default_chip().peripheral("KMI0"))
    told: list[str] = []
    device.notice = told.append
    device.keyboard.press("a")
    device.write("KMIDATA", 0xFF)
    device.clock.advance(2 * FRAME)
    device.write("KMICR", ENABLE | RECEIVE)
    assert device.read("KMISTAT") & RXFULL == 0
    assert told == ["byte written while KMIEn is 0 and lost"]
    device.keyboard.release("a")
    device.clock.advance(FRAME)
    device.write("KMICR", 0)
    assert not device.line.level
    assert device.read("KMISTAT") & RXFULL == 0


def test_forcing_the_lines(kmi: Pl050) -> None:
    """The clock held low stops a frame; the device says the byte again."""
    kmi.keyboard.press("a")
    kmi.clock.advance(FRAME // 2)
    kmi.write("KMICR", ENABLE | RECEIVE | HOLD_CLOCK)
    assert kmi.read("KMISTAT") & (RXBUSY | KMIC) == 0
    kmi.clock.advance(2 * FRAME)
    assert not kmi.line.level
    kmi.write("KMICR", ENABLE | RECEIVE | HOLD_DATA)
    assert kmi.read("KMISTAT") & KMID == 0
    kmi.clock.advance(FRAME)
    assert kmi.read("KMIDATA") == 0x1C


def test_mistakes_are_told(kmi: Pl050) -> None:
    told: list[str] = []
    kmi.notice = told.append
    kmi.read("KMIDATA")
    kmi.write("KMIDATA", 0xEE)
    kmi.write("KMIDATA", 0xED)
    kmi.write("KMICR", ENABLE | 0x20)
    assert told == [
        "KMIDATA read while no byte has come",
        "byte written while the one before has not gone, and lost",
        "KMICR.KMITYPE written, which is not modelled",
    ]


def test_a_saved_state_goes_on_as_it_was(kmi: Pl050) -> None:
    kmi.keyboard.press("a")
    kmi.clock.advance(FRAME // 2)
    saved = save_devices(kmi.clock, [kmi])
    first = answers(kmi, milliseconds(900))
    assert len(first) > 3
    restore_devices(saved, kmi.clock, [kmi])
    kmi.keyboard.release("a")
    assert answers(kmi, milliseconds(900)) == [0x1C, 0xF0, 0x1C]


# The keyboard


def test_commands_of_the_keyboard(kmi: Pl050) -> None:
    assert command(kmi, 0xEE) == [0xEE]
    assert command(kmi, 0xF2) == [0xFA, 0xAB, 0x83]
    assert command(kmi, 0xED, 5) == [0xFA, 0xFA]
    assert kmi.keyboard.leds == 5
    assert command(kmi, 0xF0, 0) == [0xFA, 0xFA, 2]
    assert command(kmi, 0xF0, 2) == [0xFA, 0xFA]
    assert command(kmi, 0xF0, 1) == [0xFA, 0xFE]
    assert command(kmi, 0xED, 0xEE) == [0xFA, 0xEE]
    assert command(kmi, 0x12) == [0xFE]
    assert command(kmi, 0xFE) == [0xFE]
    assert command(kmi, 0xF6) == [0xFA]
    assert kmi.keyboard.leds == 0


def test_reset_takes_half_a_second(kmi: Pl050) -> None:
    kmi.write("KMIDATA", 0xFF)
    assert answers(kmi, milliseconds(400)) == [0xFA]
    kmi.keyboard.press("a")
    assert answers(kmi, milliseconds(200)) == [0xAA]


def test_scanning_can_be_off(kmi: Pl050) -> None:
    assert command(kmi, 0xF5) == [0xFA]
    kmi.keyboard.press("a")
    assert answers(kmi, seconds(1)) == []
    kmi.keyboard.release("a")
    assert command(kmi, 0xF4) == [0xFA]
    kmi.keyboard.press("up")
    kmi.keyboard.release("up")
    assert answers(kmi, milliseconds(50)) == [0xE0, 0x75, 0xE0, 0xF0, 0x75]


def test_wrong_parity_is_asked_for_again(kmi: Pl050) -> None:
    kmi.disturb(outgoing=True)
    assert command(kmi, 0xEE) == [0xFE]
    assert command(kmi, 0xEE) == [0xEE]


def test_a_key_that_is_held_repeats_at_the_rate_that_was_set(kmi: Pl050) -> None:
    assert command(kmi, 0xF3, 0) == [0xFA, 0xFA]
    kmi.keyboard.press("x")
    assert answers(kmi, milliseconds(240)) == [0x22]
    assert len(answers(kmi, seconds(1))) == 30
    kmi.keyboard.press("c")
    kmi.keyboard.release("x")
    assert answers(kmi, milliseconds(300))[:3] == [0x21, 0xF0, 0x22]
    kmi.keyboard.release("c")
    assert answers(kmi, seconds(1))[-2:] == [0xF0, 0x21]


def test_codes_without_a_place_are_lost_and_that_is_told(kmi: Pl050) -> None:
    for _ in range(20):
        kmi.keyboard.press("a")
    kmi.keyboard.stop_repeating()
    found = answers(kmi, milliseconds(100))
    assert found == [0x1C] * 15 + [0]
    assert kmi.keyboard.lost == 5
    kmi.keyboard.press("a")
    kmi.keyboard.stop_repeating()
    assert answers(kmi, milliseconds(100)) == [0x1C]


def test_keys_and_characters(kmi: Pl050) -> None:
    assert keys_of("a") == ("a",)
    assert keys_of("A") == ("shift", "a")
    assert keys_of("?") == ("shift", "/")
    assert keys_of("\n") == ("enter",)
    with pytest.raises(KeyError, match="no key makes the character 'é'"):
        keys_of("é")
    with pytest.raises(KeyError, match="there is no key 'A'"):
        kmi.keyboard.press("A")


# The mouse


def test_commands_of_the_mouse(mouse: Pl050) -> None:
    assert command(mouse, 0xF2) == [0xFA, 0]
    assert command(mouse, 0xE9) == [0xFA, 0, 2, 100]
    assert command(mouse, 0xF3, 40, 0xE8, 3, 0xE7, 0xF4) == [0xFA] * 6
    mouse.mouse.press("middle")
    answers(mouse, milliseconds(30))
    assert command(mouse, 0xE9) == [0xFA, 0x32, 3, 40]
    assert command(mouse, 0xF3, 33) == [0xFA, 0xFE]
    mouse.write("KMIDATA", 0xFF)
    assert answers(mouse, milliseconds(400)) == [0xFA, 0xAA, 0]
    assert command(mouse, 0xE9) == [0xFA, 2, 2, 100]


def test_nothing_is_said_before_reporting_is_enabled(mouse: Pl050) -> None:
    mouse.mouse.move(3, 4)
    assert answers(mouse, milliseconds(50)) == []
    assert command(mouse, 0xF4) == [0xFA]
    mouse.mouse.move(-1, -2)
    assert answers(mouse, milliseconds(50)) == [0x38, 0xFF, 0xFE]
    assert command(mouse, 0xF5) == [0xFA]
    mouse.mouse.press("left")
    assert answers(mouse, milliseconds(50)) == []


def test_buttons_and_overflows(mouse: Pl050) -> None:
    command(mouse, 0xF4)
    mouse.mouse.press("left")
    assert answers(mouse, milliseconds(15)) == [9, 0, 0]
    mouse.mouse.press("right")
    mouse.mouse.move(255, -256)
    assert answers(mouse, milliseconds(15)) == [0xB, 0, 0, 0x2B, 0xFF, 0]
    mouse.mouse.release("left")
    mouse.mouse.move(256, 0)
    mouse.mouse.move(0, -300)
    assert answers(mouse, milliseconds(25))[-3:] == [0xEA, 0xFF, 0]
    with pytest.raises(KeyError, match="there is no button 'top'"):
        mouse.mouse.press("top")


def test_packets_are_a_sample_apart_and_add_up(mouse: Pl050) -> None:
    command(mouse, 0xF3, 20, 0xF4)
    for _ in range(10):
        mouse.mouse.move(1, 2)
    assert answers(mouse, milliseconds(45)) == [8, 1, 2]
    assert answers(mouse, milliseconds(20)) == [8, 9, 18]


def test_remote_and_wrap_modes(mouse: Pl050) -> None:
    command(mouse, 0xF4, 0xF0)
    mouse.mouse.move(5, 6)
    assert answers(mouse, milliseconds(50)) == []
    assert command(mouse, 0xEB) == [0xFA, 8, 5, 6]
    assert command(mouse, 0xEE) == [0xFA]
    assert command(mouse, 0x55, 0xE9) == [0x55, 0xE9]
    assert command(mouse, 0xEC, 0xEA) == [0xFA, 0xFA]
    mouse.mouse.move(1, 1)
    assert answers(mouse, milliseconds(50)) == [8, 1, 1]


def test_scaling(mouse: Pl050) -> None:
    command(mouse, 0xE7, 0xF4)
    mouse.mouse.move(3, -4)
    assert answers(mouse, milliseconds(15)) == [0x28, 3, 0xFA]
    mouse.mouse.move(10, 200)
    assert answers(mouse, milliseconds(15)) == [8, 20, 0xFF]
