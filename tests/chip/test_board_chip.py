"""The shipped board against the manuals' addresses, and what is derived from it."""

import pytest

from hardtalk.chip import default_chip

# Peripheral, register, address: from the manuals (DDI 0181, 0271, 0183, DUI 0225), not from the SVD.
ADDRESSES = [
    ("SYSTEM", "SYS_ID", 0x10000000),
    ("SYSTEM", "SYS_LOCK", 0x10000020),
    ("SYSTEM", "SYS_24MHZ", 0x1000005C),
    ("VIC", "IRQSTATUS", 0x10140000),
    ("VIC", "INTENABLE", 0x10140010),
    ("VIC", "INTENCLEAR", 0x10140014),
    ("VIC", "VECTADDR", 0x10140030),
    ("VIC", "VECTADDR15", 0x1014013C),
    ("VIC", "VECTCNTL0", 0x10140200),
    ("TIMER01", "Timer1Load", 0x101E2000),
    ("TIMER01", "Timer2Control", 0x101E2028),
    ("TIMER23", "Timer2BGLoad", 0x101E3038),
    ("UART0", "DR", 0x101F1000),
    ("UART1", "FR", 0x101F2018),
    ("UART2", "ICR", 0x101F3044),
    ("PROBE", "INSTRUCTIONS", 0x8000000C),
    ("SIC", "SIC_ENABLE", 0x10003008),
    ("SIC", "SIC_PICENCLR", 0x10003024),
    ("KMI0", "KMISTAT", 0x10006004),
    ("KMI1", "KMIIR", 0x10007010),
]


@pytest.mark.parametrize(("peripheral", "register", "address"), ADDRESSES)
def test_addresses(peripheral: str, register: str, address: int) -> None:
    described = default_chip().peripheral(peripheral)
    assert described.base + described.register(register).offset == address
    assert default_chip().peripheral_at(address) is described


def test_constants_have_the_names_that_slang_uses() -> None:
    constants = default_chip().constants()
    assert constants["VicBase"] == 0x10140000
    assert constants["VicIntEnableOffset"] == 0x10
    assert constants["Uart0Base"] == 0x101F1000
    assert constants["UartFrTxffMask"] == 0x20
    assert constants["UartFrTxffShift"] == 5
    assert constants["Timer1LoadOffset"] == 0
    assert constants["Uart0Line"] == 12
    assert constants["CpuHertz"] == 200_000_000


def test_derived_peripherals_share_registers_and_type() -> None:
    chip = default_chip()
    assert chip.peripheral("UART0").registers == chip.peripheral("UART2").registers
    names = ["SYSTEM", "VIC", "Timer", "UART", "PROBE", "CfiFlash", "CLCD", "SIC", "KMI", "DMAC"]
    assert [each.type_name for each in chip.types()] == names


def test_lines_are_the_boards() -> None:
    lines = {each.name: each.lines for each in default_chip().peripherals if each.lines}
    assert lines == {
        "TIMER01": (4,), "TIMER23": (5,), "UART0": (12,), "UART1": (13,), "UART2": (14,), "CLCD": (16,), "SIC": (31,),
        "KMI0": (32 + 3,), "KMI1": (32 + 4,), "DMAC": (17,),
    }  # fmt: skip


def test_asking_for_what_is_not_there_names_what_is() -> None:
    with pytest.raises(KeyError, match="it has SYSTEM, VIC"):
        default_chip().peripheral("UART9")
    with pytest.raises(KeyError, match="UART0 has no register DRX; it has DR, RSR"):
        default_chip().peripheral("UART0").register("DRX")
