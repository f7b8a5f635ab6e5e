"""What bus accesses do to bits, by their description: a device without a line of code for it."""

from pathlib import Path

import pytest

from hardtalk.chip import Peripheral, read_svd
from hardtalk.devices import Device

FIELDS = """<fields>
<field><name>BITS</name><bitOffset>4</bitOffset><bitWidth>4</bitWidth>{behaviour}</field>
<field><name>PLAIN</name><bitOffset>0</bitOffset><bitWidth>4</bitWidth></field>
</fields>"""


def described(folder: Path, registers: str) -> Peripheral:
    file = folder / "unit.svd"
    file.write_text(
        '<device schemaVersion="1.3"><name>Unit</name><peripherals><peripheral><name>UNIT</name>'
        "<baseAddress>0x80001000</baseAddress><addressBlock><offset>0</offset><size>0x1000</size></addressBlock>"
        f"<registers>{registers}</registers></peripheral></peripherals></device>"
    )
    return read_svd(file)[0]


def with_behaviour(folder: Path, behaviour: str) -> Device:
    fields = FIELDS.format(behaviour=behaviour)
    return Device(described(folder, f"<register><name>R</name><addressOffset>0</addressOffset>{fields}</register>"))


@pytest.mark.parametrize(
    ("action", "after"),
    [
        ("modify", 0b0110), ("oneToClear", 0b1000), ("oneToSet", 0b1110), ("oneToToggle", 0b1010),
        ("zeroToClear", 0b0100), ("zeroToSet", 0b1101), ("zeroToToggle", 0b0101), ("clear", 0), ("set", 0b1111),
    ],
)  # fmt: skip
def test_writes(tmp_path: Path, action: str, after: int) -> None:
    device = with_behaviour(tmp_path, f"<modifiedWriteValues>{action}</modifiedWriteValues>")
    device.R.BITS, device.R.PLAIN = 0b1100, 0b0011
    device.write("R", 0b0110 << 4 | 0b0101)
    bits, plain = device.R.BITS, device.R.PLAIN
    assert (bits, plain) == (after, 0b0101)


@pytest.mark.parametrize(("action", "after"), [("clear", 0), ("set", 0b1111)])
def test_reads_answer_the_old_value(tmp_path: Path, action: str, after: int) -> None:
    device = with_behaviour(tmp_path, f"<readAction>{action}</readAction>")
    device.R.BITS, device.R.PLAIN = 0b0110, 0b0011
    assert device.read("R") == 0b0110_0011
    bits, plain = device.R.BITS, device.R.PLAIN
    assert (bits, plain) == (after, 0b0011)


@pytest.mark.parametrize("action", ["modify", "modifyExternal"])
def test_a_read_that_does_something_else_needs_the_devices_code(tmp_path: Path, action: str) -> None:
    with pytest.raises(TypeError, match="Device has no on_read_R: its SVD says that a read modifies R"):
        with_behaviour(tmp_path, f"<readAction>{action}</readAction>")


def test_bits_that_are_only_read_stay(tmp_path: Path) -> None:
    device = with_behaviour(tmp_path, "<access>read-only</access><modifiedWriteValues>clear</modifiedWriteValues>")
    device.R.BITS = 0b1100
    device.write("R", 0xFF)
    assert device.R.BITS == 0b1100


def test_a_register_acts_on_another(tmp_path: Path) -> None:
    device = Device(
        described(
            tmp_path,
            "<register><name>RAW</name><addressOffset>0</addressOffset><access>read-only</access></register>"
            "<register><name>CLEAR</name><addressOffset>4</addressOffset><access>write-only</access>"
            "<modifiedWriteValues>oneToClear</modifiedWriteValues><actsOn>RAW</actsOn></register>",
        )
    )
    device.RAW.value = 0b1110
    device.write("CLEAR", 0b0110)
    assert (device.read("RAW"), device.CLEAR.value) == (0b1000, 0)


ARRAYS = (
    "<cluster><name>CH%s</name><dim>2</dim><dimIncrement>0x20</dimIncrement><addressOffset>0</addressOffset>"
    "<register><name>DATA%s</name><dim>3</dim><dimIncrement>4</dimIncrement><addressOffset>0</addressOffset></register>"
    "</cluster>"
)


class Channels(Device):
    """One handler serves all registers of the array."""

    def reset(self) -> None:
        self.seen: list[tuple[int, int, int]] = []
        self.finished: list[str] = []

    def on_write_CH_DATA(self, channel: int, place: int, value: int) -> None:
        self.seen.append((channel, place, value))

    def on_read_CH_DATA(self, channel: int, place: int) -> int:
        return 10 * channel + place

    def after_write(self, register: str) -> None:
        self.finished.append(register)


def test_handlers_of_arrays_get_the_places(tmp_path: Path) -> None:
    device = Channels(described(tmp_path, ARRAYS))
    device.write("CH1_DATA2", 7)
    assert device.seen == [(1, 2, 7)]
    assert device.finished == ["CH1_DATA2"]
    assert [device.read(f"CH{c}_DATA{n}") for c in range(2) for n in range(3)] == [0, 1, 2, 10, 11, 12]
    assert [cell.description.name for cell in device.array("CH_DATA")][:3] == ["CH0_DATA0", "CH0_DATA1", "CH0_DATA2"]
    with pytest.raises(KeyError, match="UNIT has no array of registers DATA; it has CH_DATA"):
        device.array("DATA")


def test_a_handler_for_no_register_and_no_array_is_told(tmp_path: Path) -> None:
    class Wrong(Device):
        def on_write_CH_DATUM(self, _channel: int, _place: int, _value: int) -> None: ...

    with pytest.raises(TypeError, match=r"Wrong\.on_write_CH_DATUM: UNIT has no register CH_DATUM"):
        Wrong(described(tmp_path, ARRAYS))
