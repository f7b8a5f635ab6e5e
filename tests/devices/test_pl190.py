"""PL190: masking, routing, software interrupts, priorities."""

import pytest

from hardtalk.chip import default_chip
from hardtalk.devices import Pl190


@pytest.fixture
def vic() -> Pl190:
    return Pl190(default_chip().peripheral("VIC"))


def test_a_line_interrupts_when_enabled(vic: Pl190) -> None:
    vic.set_input(12, True)
    assert (vic.irq, vic.read("RAWINTR"), vic.read("IRQSTATUS")) == (False, 1 << 12, 0)
    vic.write("INTENABLE", 1 << 12)
    assert (vic.irq, vic.fiq, vic.read("IRQSTATUS")) == (True, False, 1 << 12)
    vic.write("INTENABLE", 1 << 4)
    assert vic.read("INTENABLE") == 1 << 12 | 1 << 4
    vic.write("INTENCLEAR", 1 << 12)
    assert (vic.irq, vic.read("INTENABLE")) == (False, 1 << 4)


def test_a_line_selected_for_fiq_leaves_irq_and_is_gated(vic: Pl190) -> None:
    vic.write("INTSELECT", 1 << 4)
    vic.set_input(4, True)
    assert not vic.fiq
    vic.write("INTENABLE", 1 << 4)
    assert (vic.irq, vic.fiq, vic.read("FIQSTATUS"), vic.read("IRQSTATUS")) == (False, True, 1 << 4, 0)


def test_software_interrupts(vic: Pl190) -> None:
    vic.write("INTENABLE", 2)
    vic.write("SOFTINT", 2)
    assert (vic.irq, vic.read("SOFTINT")) == (True, 2)
    vic.write("SOFTINTCLEAR", 2)
    assert not vic.irq


def test_vectors_nest_by_priority(vic: Pl190) -> None:
    for slot, line in ((0, 5), (3, 9)):
        vic.write(f"VECTADDR{slot}", 0x1000 * (slot + 1))
        vic.write(f"VECTCNTL{slot}", 0x20 | line)
    vic.write("DEFVECTADDR", 0xDEF0)
    vic.write("INTENABLE", 1 << 5 | 1 << 9 | 1 << 20)
    vic.set_input(20, True)
    assert vic.read("VECTADDR") == 0xDEF0
    assert not vic.irq
    vic.set_input(9, True)
    assert vic.irq
    assert vic.read("VECTADDR") == 0x4000
    assert not vic.irq
    vic.set_input(5, True)
    assert vic.irq
    assert vic.read("VECTADDR") == 0x1000
    assert not vic.irq
    vic.set_input(5, False)
    vic.write("VECTADDR", 0)
    assert not vic.irq
    vic.set_input(9, False)
    vic.write("VECTADDR", 0)
    assert not vic.irq
    vic.write("VECTADDR", 0)
    assert vic.irq


def test_outputs_are_reported(vic: Pl190) -> None:
    seen: list[bool] = []
    vic.changed = lambda: seen.append(vic.irq)
    vic.write("INTENABLE", 1)
    vic.set_input(0, True)
    vic.set_input(0, True)
    vic.set_input(0, False)
    assert seen == [False, True, False]


def test_identification(vic: Pl190) -> None:
    assert [vic.read(f"PERIPHID{n}") for n in range(4)] == [0x90, 0x11, 0x04, 0x00]


def test_the_cpu_is_told_when_a_pending_line_gets_another_priority(vic: Pl190) -> None:
    """Two lines, of which the one without a slot is being served: a slot of its own lets the other in."""
    seen: list[bool] = []
    vic.write("INTENABLE", 1 << 5 | 1 << 20)
    vic.set_input(20, True)
    vic.read("VECTADDR")
    vic.set_input(5, True)
    vic.changed = lambda: seen.append(vic.irq)
    vic.write("VECTCNTL2", 0x20 | 5)
    assert seen == [True]
    vic.write("VECTCNTL2", 0)
    assert seen == [True, False]


def test_reset_values(vic: Pl190) -> None:
    names = ("IRQSTATUS", "FIQSTATUS", "RAWINTR", "INTSELECT", "INTENABLE", "SOFTINT", "VECTADDR", "DEFVECTADDR")
    assert [vic.read(each) for each in names] == [0] * len(names)
    assert {vic.read(f"VECT{kind}{slot}") for kind in ("ADDR", "CNTL") for slot in range(16)} == {0}


def test_bits_written_as_zero_change_nothing(vic: Pl190) -> None:
    for one, other in (("INTENABLE", "INTENCLEAR"), ("SOFTINT", "SOFTINTCLEAR")):
        vic.write(one, 0x12)
        vic.write(one, 0)
        vic.write(other, 0)
        assert vic.read(one) == 0x12
        vic.write(one, 0x20)
        vic.write(other, 0x10)
        assert vic.read(one) == 0x22


def test_a_software_interrupt_may_be_a_fiq_and_stays_beside_the_line(vic: Pl190) -> None:
    vic.write("INTSELECT", 4)
    vic.write("INTENABLE", 4)
    vic.write("SOFTINT", 4)
    vic.set_input(2, True)
    assert (vic.fiq, vic.irq, vic.read("RAWINTR")) == (True, False, 4)
    vic.write("SOFTINTCLEAR", 4)
    assert (vic.fiq, vic.read("RAWINTR")) == (True, 4)
    vic.set_input(2, False)
    assert (vic.fiq, vic.read("RAWINTR")) == (False, 0)


def test_a_slot_counts_when_it_is_enabled_and_its_line_is_no_fiq(vic: Pl190) -> None:
    vic.write("VECTADDR1", 0x1000)
    vic.write("DEFVECTADDR", 0xDEF0)
    vic.write("INTENABLE", 1 << 5 | 1 << 6)
    vic.set_input(5, True)
    vic.write("VECTCNTL1", 5)
    assert vic.read("VECTADDR") == 0xDEF0
    vic.write("VECTADDR", 0)
    vic.write("VECTCNTL1", 0x20 | 5)
    assert vic.read("VECTADDR") == 0x1000
    vic.write("VECTADDR", 0)
    vic.write("INTSELECT", 1 << 5)
    vic.set_input(6, True)
    assert vic.read("VECTADDR") == 0xDEF0


def test_of_two_slots_with_one_line_the_lower_counts(vic: Pl190) -> None:
    for slot in (7, 2):
        vic.write(f"VECTADDR{slot}", slot)
        vic.write(f"VECTCNTL{slot}", 0x20 | 9)
    vic.write("INTENABLE", 1 << 9)
    vic.set_input(9, True)
    assert vic.read("VECTADDR") == 2


def test_protection_is_told_not_to_be_modelled(vic: Pl190) -> None:
    told: list[str] = []
    vic.notice = told.append
    vic.write("PROTECTION", 1)
    assert told == ["PROTECTION.PROT written, which is not modelled"]
