"""SP804: periods exact in CPU cycles, modes, masking."""

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import Sp804

ONE_SHOT, SIZE_32, INTERRUPT, PERIODIC, ENABLE = 1, 2, 0x20, 0x40, 0x80
TICK = 200


@pytest.fixture
def timer() -> Sp804:
    return Sp804(default_chip().peripheral("TIMER01"))


@pytest.mark.parametrize(("prescale", "divider"), [(0, 1), (1, 16), (2, 256)])
@pytest.mark.parametrize("half", [1, 2])
def test_a_periodic_timer_interrupts_every_load_ticks(timer: Sp804, half: int, prescale: int, divider: int) -> None:
    timer.write(f"Timer{half}Load", 5)
    timer.write(f"Timer{half}Control", ENABLE | PERIODIC | INTERRUPT | SIZE_32 | prescale << 2)
    period = 5 * divider * TICK
    for _ in range(3):
        timer.clock.advance(period - 1)
        assert not timer.line.level
        timer.clock.advance(1)
        assert timer.line.level
        assert timer.read(f"Timer{half}MIS") == 1
        timer.write(f"Timer{half}IntClr", 1)
        assert not timer.line.level


def test_one_shot_stops_at_zero_until_loaded_again(timer: Sp804) -> None:
    timer.write("Timer1Load", 10)
    timer.write("Timer1Control", ENABLE | ONE_SHOT | INTERRUPT | SIZE_32)
    timer.clock.advance(4 * TICK)
    assert timer.read("Timer1Value") == 6
    timer.clock.advance(100 * TICK)
    assert (timer.read("Timer1Value"), timer.line.level) == (0, True)
    timer.write("Timer1IntClr", 0)
    timer.clock.advance(1000 * TICK)
    assert not timer.line.level
    timer.write("Timer1Load", 3)
    timer.clock.advance(3 * TICK)
    assert timer.line.level


def test_one_shot_does_not_wrap(timer: Sp804) -> None:
    timer.write("Timer1Load", 10)
    timer.write("Timer1Control", ENABLE | ONE_SHOT | INTERRUPT)
    timer.clock.advance(10 * TICK)
    timer.write("Timer1IntClr", 0)
    timer.clock.advance(70_000 * TICK)
    assert (timer.read("Timer1Value"), timer.line.level) == (0, False)


def test_free_running_wraps_at_its_width(timer: Sp804) -> None:
    timer.write("Timer2Load", 2)
    timer.write("Timer2Control", ENABLE)
    timer.clock.advance(3 * TICK)
    assert timer.read("Timer2Value") == 0xFFFF
    timer.write("Timer2Control", 0)
    timer.write("Timer2Load", 2)
    timer.write("Timer2Control", ENABLE | SIZE_32)
    timer.clock.advance(3 * TICK)
    assert timer.read("Timer2Value") == 0xFFFFFFFF


def test_a_masked_interrupt_is_raw_only(timer: Sp804) -> None:
    timer.write("Timer1Load", 1)
    timer.write("Timer1Control", ENABLE | PERIODIC)
    timer.clock.advance(TICK)
    assert (timer.read("Timer1RIS"), timer.read("Timer1MIS"), timer.line.level) == (1, 0, False)
    timer.write("Timer1Control", ENABLE | PERIODIC | INTERRUPT)
    assert timer.line.level


def test_background_load_waits_for_the_next_period(timer: Sp804) -> None:
    timer.write("Timer1Load", 10)
    timer.write("Timer1Control", ENABLE | PERIODIC | INTERRUPT)
    timer.clock.advance(5 * TICK)
    timer.write("Timer1BGLoad", 3)
    assert timer.read("Timer1Value") == 5
    timer.clock.advance(5 * TICK)
    assert (timer.line.level, timer.read("Timer1Value")) == (True, 3)


def test_a_stopped_timer_keeps_its_value(timer: Sp804) -> None:
    timer.write("Timer1Load", 10)
    timer.write("Timer1Control", ENABLE | PERIODIC)
    timer.clock.advance(4 * TICK)
    timer.write("Timer1Control", PERIODIC)
    timer.clock.advance(50 * TICK)
    assert timer.read("Timer1Value") == 6
    timer.write("Timer1Control", PERIODIC | ENABLE)
    timer.clock.advance(2 * TICK)
    assert timer.read("Timer1Value") == 4


@pytest.mark.parametrize("half", [1, 2])
def test_an_expired_one_shot_stays_so_when_control_is_written_again(timer: Sp804, half: int) -> None:
    control = ENABLE | ONE_SHOT | INTERRUPT | SIZE_32
    timer.write(f"Timer{half}Load", 10)
    timer.write(f"Timer{half}Control", control)
    timer.clock.advance(10 * TICK)
    timer.write(f"Timer{half}IntClr", 0)
    for value in (control, control & ~ENABLE, control, control & ~INTERRUPT, control):
        timer.write(f"Timer{half}Control", value)
        timer.clock.advance(100 * TICK)
        assert (timer.line.level, timer.read(f"Timer{half}RIS"), timer.read(f"Timer{half}Value")) == (False, 0, 0)


def test_an_expired_one_shot_goes_on_when_loaded_or_no_longer_one_shot(timer: Sp804) -> None:
    control = ENABLE | ONE_SHOT | INTERRUPT | SIZE_32
    timer.write("Timer1Load", 10)
    timer.write("Timer1Control", control)
    timer.clock.advance(10 * TICK)
    timer.write("Timer1IntClr", 0)
    timer.write("Timer1Control", control & ~ONE_SHOT | PERIODIC)
    timer.clock.advance(TICK)
    assert timer.line.level
    timer.write("Timer1IntClr", 0)
    timer.write("Timer1Load", 3)
    timer.write("Timer1Control", control)
    timer.clock.advance(3 * TICK)
    assert timer.line.level


def test_a_one_shot_stopped_before_its_end_goes_on(timer: Sp804) -> None:
    control = ENABLE | ONE_SHOT | INTERRUPT | SIZE_32
    timer.write("Timer1Load", 10)
    timer.write("Timer1Control", control)
    timer.clock.advance(4 * TICK)
    timer.write("Timer1Control", control & ~ENABLE)
    timer.clock.advance(50 * TICK)
    timer.write("Timer1Control", control)
    timer.clock.advance(6 * TICK)
    assert timer.line.level


def test_reset_values(timer: Sp804) -> None:
    for half in (1, 2):
        names = ("Load", "Control", "RIS", "MIS", "BGLoad")
        assert [timer.read(f"Timer{half}{name}") for name in names] == [0, INTERRUPT, 0, 0, 0]
    timer.write("Timer1Control", SIZE_32)
    assert timer.read("Timer1Value") == 0xFFFFFFFF


def test_both_load_registers_read_what_was_loaded_last(timer: Sp804) -> None:
    timer.write("Timer1Load", 7)
    assert timer.read("Timer1BGLoad") == 7
    timer.write("Timer1BGLoad", 9)
    assert (timer.read("Timer1Load"), timer.read("Timer1BGLoad"), timer.read("Timer1Value")) == (9, 9, 7)


def test_a_load_of_zero_interrupts_at_the_next_tick(timer: Sp804) -> None:
    timer.write("Timer1Load", 0)
    timer.write("Timer1Control", ENABLE | PERIODIC | INTERRUPT | SIZE_32)
    timer.clock.advance(TICK)
    assert timer.line.level


def test_loading_a_running_timer_restarts_it_at_once(timer: Sp804) -> None:
    timer.write("Timer1Load", 10)
    timer.write("Timer1Control", ENABLE | PERIODIC | INTERRUPT | SIZE_32)
    timer.clock.advance(4 * TICK)
    timer.write("Timer1Load", 20)
    assert timer.read("Timer1Value") == 20
    timer.clock.advance(20 * TICK - 1)
    assert not timer.line.level
    timer.clock.advance(1)
    assert timer.line.level


def test_the_line_is_low_only_when_neither_timer_interrupts(timer: Sp804) -> None:
    for half in (1, 2):
        timer.write(f"Timer{half}Load", half)
        timer.write(f"Timer{half}Control", ENABLE | ONE_SHOT | INTERRUPT | SIZE_32)
    timer.clock.advance(2 * TICK)
    timer.write("Timer1IntClr", 0)
    assert (timer.line.level, timer.read("Timer1RIS"), timer.read("Timer2RIS")) == (True, 0, 1)
    timer.write("Timer2IntClr", 0)
    assert not timer.line.level
