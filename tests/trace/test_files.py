"""The formats, read back: Perfetto by its own schema, VCD by its grammar, the picture as XML."""

import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from hardtalk.trace.perfetto_file import perfetto_bytes
from hardtalk.trace.picture import picture
from hardtalk.trace.recording import Instant, Recording, Slice
from hardtalk.trace.vcd_file import vcd_text

HERTZ = 200_000_000


def example() -> Recording:
    recording = Recording(HERTZ)
    processes = recording.track("processes")
    processes.slices += [Slice("idle (10)", 1000, 1100), Slice("Timer (70)", 1100, 1400)]
    recording.track("line 5 TIMER23").slices.append(Slice("raised", 1050, 1300))
    recording.track("line 5 TIMER23").instants.append(Instant("write TIMER23.Timer1IntClr", 1300, (("value", "0x0"),)))
    recording.track("safepoints").instants.append(Instant("safepoint", 1090))
    return recording


def test_perfetto_has_every_slice_and_instant_on_its_track() -> None:
    trace = Trace()
    trace.ParseFromString(perfetto_bytes(example(), "example"))
    names = {packet.track_descriptor.uuid: packet.track_descriptor.name for packet in trace.packet
             if packet.HasField("track_descriptor")}  # fmt: skip
    events = [
        (packet.timestamp, names[packet.track_event.track_uuid], packet.track_event.type, packet.track_event.name)
        for packet in trace.packet
        if packet.HasField("track_event")
    ]
    assert events == [
        (0, "processes", TrackEvent.TYPE_SLICE_BEGIN, "idle (10)"),
        (250, "line 5 TIMER23", TrackEvent.TYPE_SLICE_BEGIN, "raised"),
        (450, "safepoints", TrackEvent.TYPE_INSTANT, "safepoint"),
        (500, "processes", TrackEvent.TYPE_SLICE_END, ""),
        (500, "processes", TrackEvent.TYPE_SLICE_BEGIN, "Timer (70)"),
        (1500, "line 5 TIMER23", TrackEvent.TYPE_SLICE_END, ""),
        (1500, "line 5 TIMER23", TrackEvent.TYPE_INSTANT, "write TIMER23.Timer1IntClr"),
        (2000, "processes", TrackEvent.TYPE_SLICE_END, ""),
    ]
    (access,) = (p.track_event for p in trace.packet if p.track_event.name.startswith("write"))
    assert [(each.name, each.string_value) for each in access.debug_annotations] == [
        ("cycle", "1300"),
        ("value", "0x0"),
    ]


def changes_of(text: str, variable: str) -> list[tuple[int, str]]:
    """Time and value of each change of one VCD variable."""
    code = re.search(rf"\$var \w+ \d+ (\S+) {variable} \$end", text)
    assert code is not None
    now, found = 0, []
    for line in text.split("$enddefinitions $end\n")[1].splitlines():
        if line.startswith("#"):
            now = int(line[1:])
        elif line.endswith(code[1]) and not line.startswith("$"):
            found.append((now, line[: -len(code[1])].strip()))
    return found


def test_vcd_changes_when_slices_begin_and_end() -> None:
    text = vcd_text(example(), "an example")
    assert "$timescale 1 ns $end" in text and "$date" not in text
    assert changes_of(text, "line_5_TIMER23")[1:] == [(250, "1"), (1500, "0")]
    assert dict(changes_of(text, "processes_name")) == {0: "sidle_(10)", 500: "sTimer_(70)", 2000: "s-"}
    assert changes_of(text, "safepoints_event") == [(450, "1")]


def test_picture_shows_what_is_in_its_time() -> None:
    root = ElementTree.fromstring(picture(example(), 1040, 1310, "way", [Slice("entry", 1050, 1090)]))
    titles = [each.text for each in root.iter() if each.tag.endswith("title")]
    assert titles == [
        "idle (10): 60 cycles from 0",
        "Timer (70): 210 cycles from 60",
        "raised: 250 cycles from 10",
        "write TIMER23.Timer1IntClr at 260",
        "safepoint at 50",
        "entry 40: 40 cycles from 10",
    ]


@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 50)), max_size=20))
def test_a_part_keeps_what_overlaps_it(gaps: list[tuple[int, int]]) -> None:
    recording, now = Recording(HERTZ), 0
    for gap, length in gaps:
        recording.track("t").slices.append(Slice("s", now + gap, now + gap + length))
        now += gap + length
    part = recording.between(now // 4, now // 2)
    kept = sum(each.end - each.start for track in part.tracks.values() for each in track.slices)
    assert kept == sum(
        max(0, min(each.end, now // 2) - max(each.start, now // 4))
        for track in recording.tracks.values()
        for each in track.slices
    )
