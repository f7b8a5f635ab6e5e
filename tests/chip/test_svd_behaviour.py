"""What the SVD reader makes of bit behaviour, arrays, clusters and derived elements, and what it says of mistakes."""

import re
from pathlib import Path

import pytest

from hardtalk.chip import ChipError, Peripheral, ReadAction, WriteAction, default_chip, read_svd

HEAD = """<device schemaVersion="1.3"><name>Unit</name><peripherals><peripheral>
<name>UNIT</name><baseAddress>0x80001000</baseAddress>
<addressBlock><offset>0</offset><size>0x1000</size><usage>registers</usage></addressBlock>
<registers>
"""
TAIL = "</registers></peripheral></peripherals></device>\n"
FIRST_LINE = HEAD.count("\n") + 1
FLAG = "<field><name>FLAG</name><bitOffset>3</bitOffset><bitWidth>2</bitWidth>{}</field>"


def unit(folder: Path, *registers: str) -> Peripheral:
    file = folder / "unit.svd"
    file.write_text(HEAD + "\n".join(registers) + TAIL)
    return read_svd(file)[0]


def register(name: str, offset: int, inside: str = "", attributes: str = "") -> str:
    place = f"<addressOffset>{offset}</addressOffset>"
    return f"<register{attributes}><name>{name}</name>{place}{inside}</register>"


@pytest.mark.parametrize("action", list(WriteAction))
def test_write_actions_of_registers_and_fields(tmp_path: Path, action: WriteAction) -> None:
    said = f"<modifiedWriteValues>{action}</modifiedWriteValues>"
    other = "<field><name>REST</name><bitOffset>0</bitOffset><bitWidth>3</bitWidth></field>"
    whole, field, both = unit(
        tmp_path,
        register("WHOLE", 0, said),
        register("FIELD", 4, f"<fields>{FLAG.format(said)}{other}</fields>"),
        register("BOTH", 8, said + f"<fields>{FLAG.format('')}</fields>"),
    ).registers
    assert whole.written_bits(action) == 0xFFFFFFFF
    assert field.written_bits(action) == (0x1F if action is WriteAction.MODIFY else 0x18)
    assert both.written_bits(action) == 0x18
    others = [each for each in WriteAction if each is not action]
    assert not any(whole.written_bits(each) for each in others)


@pytest.mark.parametrize("action", [each for each in ReadAction if each.value])
def test_read_actions(tmp_path: Path, action: ReadAction) -> None:
    said = f"<readAction>{action}</readAction>"
    whole, field = unit(
        tmp_path, register("WHOLE", 0, said), register("FIELD", 4, f"<fields>{FLAG.format(said)}</fields>")
    ).registers
    assert (whole.read_bits(action), field.read_bits(action)) == (0xFFFFFFFF, 0x18)


@pytest.mark.parametrize(
    ("dim", "indices"),
    [
        ("<dim>3</dim>", ["0", "1", "2"]),
        ("<dim>3</dim><dimIndex>4-6</dimIndex>", ["4", "5", "6"]),
        ("<dim>2</dim><dimIndex>B-C</dimIndex>", ["B", "C"]),
        ("<dim>2</dim><dimIndex>RX,TX</dimIndex>", ["RX", "TX"]),
    ],
)
def test_register_arrays(tmp_path: Path, dim: str, indices: list[str]) -> None:
    found = unit(tmp_path, register("CH%sCFG", 8, dim + "<dimIncrement>8</dimIncrement>")).registers
    assert [each.name for each in found] == [f"CH{index}CFG" for index in indices]
    assert [each.offset for each in found] == [8 + 8 * number for number in range(len(indices))]
    assert [(each.family, each.indices) for each in found] == [("CHCFG", (n,)) for n in range(len(indices))]


def test_arrays_of_fields_and_names_in_brackets(tmp_path: Path) -> None:
    fields = (
        "<fields><field><name>PIN[%s]</name><dim>4</dim><dimIncrement>2</dimIncrement>"
        "<bitOffset>1</bitOffset><bitWidth>1</bitWidth></field></fields>"
    )
    found = unit(tmp_path, register("PINS", 0, fields)).registers[0]
    assert [(each.name, each.lsb) for each in found.fields] == [("PIN0", 1), ("PIN1", 3), ("PIN2", 5), ("PIN3", 7)]


def test_clusters_are_written_out(tmp_path: Path) -> None:
    inner = register("CFG", 0) + register("DATA%s", 4, "<dim>2</dim><dimIncrement>4</dimIncrement>")
    words = register("Load", 0)
    found = unit(
        tmp_path,
        "<cluster><name>CH%s</name><dim>2</dim><dimIncrement>0x10</dimIncrement>"
        f"<addressOffset>0x20</addressOffset>{inner}</cluster>",
        f"<cluster><name>Timer1</name><addressOffset>0x80</addressOffset>{words}</cluster>",
    ).registers
    assert [(each.name, each.offset, each.family, each.indices) for each in found] == [
        ("CH0_CFG", 0x20, "CH_CFG", (0,)),
        ("CH0_DATA0", 0x24, "CH_DATA", (0, 0)),
        ("CH0_DATA1", 0x28, "CH_DATA", (0, 1)),
        ("CH1_CFG", 0x30, "CH_CFG", (1,)),
        ("CH1_DATA0", 0x34, "CH_DATA", (1, 0)),
        ("CH1_DATA1", 0x38, "CH_DATA", (1, 1)),
        ("Timer1Load", 0x80, "Timer1Load", ()),
    ]


def test_derived_elements_take_over_what_they_do_not_say(tmp_path: Path) -> None:
    said = "<access>read-only</access><resetValue>5</resetValue>"
    first, second, third = unit(
        tmp_path,
        register("RAW", 0, f"{said}<displayName>Raw</displayName><fields>{FLAG.format('')}</fields>"),
        register("CLEAR", 4, "<access>write-only</access>", ' derivedFrom="RAW"'),
        register(
            "OTHER",
            8,
            '<fields><field derivedFrom="RAW.FLAG"><name>COPY</name><bitOffset>8</bitOffset></field></fields>',
        ),
    ).registers
    assert (second.access, second.reset, second.display_name) == ("write-only", 5, "CLEAR")
    assert [(each.name, each.lsb) for each in second.fields] == [("FLAG", 3)]
    assert [(each.name, each.lsb, each.width) for each in third.fields] == [("COPY", 8, 2)]
    assert first.fields[0].access == "read-only"


def test_a_register_acts_on_the_one_beside_it(tmp_path: Path) -> None:
    acting = "<vendorExtensions><actsOn>RIS</actsOn></vendorExtensions>"
    found = unit(
        tmp_path,
        "<cluster><name>T%s</name><dim>2</dim><dimIncrement>8</dimIncrement><addressOffset>0</addressOffset>"
        f"{register('RIS', 0)}{register('CLR', 4, acting)}</cluster>",
    )
    assert [each.acts_on for each in found.registers] == [None, "T0_RIS", None, "T1_RIS"]


def test_the_board_says_what_its_bits_do() -> None:
    vic, timer = default_chip().peripheral("VIC"), default_chip().peripheral("TIMER01")
    assert vic.register("INTENCLEAR").acts_on == "INTENABLE"
    assert vic.register("SOFTINT").written_bits(WriteAction.ONE_TO_SET) == 0xFFFFFFFF
    assert (timer.register("Timer2IntClr").acts_on, timer.register("Timer2Load").indices) == ("Timer2RIS", (1,))


@pytest.mark.parametrize(
    ("inside", "message", "remedy"),
    [
        (register("A", 0, "<modifiedWriteValues>oneToClaer</modifiedWriteValues>"),
         "<modifiedWriteValues> 'oneToClaer' is not supported", "oneToClear"),
        (register("A", 0, "<readAction>none</readAction>"), "<readAction> 'none' is not supported", "modifyExternal"),
        (register("A", 0, f"<fields>{FLAG.format('<readAction>cleared</readAction>')}</fields>"),
         "<readAction> 'cleared' is not supported", "clear, set"),
        (register("A", 0, f"<fields>{FLAG.format('<access>rw</access>')}</fields>"),
         "access 'rw' is not supported", "read-write"),
        (register("A%s", 0), "A%s has a place for an index but no <dim>", "<dimIncrement>"),
        (register("A", 0, "<dim>2</dim><dimIncrement>4</dimIncrement>"), "A has <dim> but no %s in its name", "%s"),
        (register("A%s", 0, "<dim>0</dim><dimIncrement>4</dimIncrement>"), "<dim> of A%s is 0", "1 to 1024"),
        (register("A%s", 0, "<dim>2</dim><dimIncrement>4</dimIncrement><dimIndex>1-3</dimIndex>"),
         "<dimIndex> '1-3' does not name 2 elements", "3-6, A-D or A,B,C"),
        (register("A%s", 0, "<dim>2</dim><dimIncrement>2</dimIncrement>"), "A%s is not aligned", "multiple"),
        (register("A", 0, "", ' derivedFrom="B"'), "derived from B, which is not described before it", "first"),
        (register("A", 0, "<actsOn>B</actsOn>"), "UNIT has no other register B", "name the register"),
        (register("A", 0, "<resetValue>0x100000000</resetValue>"), "<resetValue> of UNIT.A has more", "fit"),
        (register("A", 0, "<dim>-1</dim>").replace(">A<", ">A%s<"), "<dim> is not a number: -1", "0x10"),
    ],
)  # fmt: skip
def test_mistakes_are_told_at_their_line(tmp_path: Path, inside: str, message: str, remedy: str) -> None:
    with pytest.raises(ChipError) as caught:
        unit(tmp_path, inside)
    text = re.sub(r"A[01] is not", "A%s is not", caught.value.message)
    assert message in text
    assert remedy in caught.value.remedy
    assert caught.value.line == FIRST_LINE


def test_an_encoding_that_nobody_knows_is_told(tmp_path: Path) -> None:
    file = tmp_path / "unit.svd"
    file.write_text('<?xml version="1.0" encoding="klingon"?><device/>')
    with pytest.raises(ChipError, match=r"unit\.svd:1:"):
        read_svd(file)
