"""A recording as a Perfetto trace: ui.perfetto.dev opens it. Times are nanoseconds from the recording's start."""

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from hardtalk.trace.recording import Instant, Recording

SEQUENCE = 1
PARENT = 1
FIRST_TRACK = 2


def perfetto_bytes(recording: Recording, title: str) -> bytes:
    """The trace, with one track for each of the recording's under a common parent."""
    trace = Trace()
    parent = trace.packet.add()
    parent.trusted_packet_sequence_id = SEQUENCE
    parent.track_descriptor.uuid = PARENT
    parent.track_descriptor.name = title
    for uuid, track in enumerate(recording.tracks.values(), FIRST_TRACK):
        packet = trace.packet.add()
        packet.trusted_packet_sequence_id = SEQUENCE
        packet.track_descriptor.uuid = uuid
        packet.track_descriptor.parent_uuid = PARENT
        packet.track_descriptor.name = track.name
    nanoseconds = recording.nanoseconds()
    for cycle, _, uuid, kind, what in sorted(moments(recording), key=lambda moment: moment[:3]):
        packet = trace.packet.add()
        packet.timestamp = nanoseconds(cycle)
        packet.trusted_packet_sequence_id = SEQUENCE
        packet.track_event.type = kind
        packet.track_event.track_uuid = uuid
        if kind != TrackEvent.TYPE_SLICE_END:
            packet.track_event.name = what if isinstance(what, str) else what.name
        if isinstance(what, Instant):
            for name, value in (("cycle", str(cycle)), *what.details):
                annotation = packet.track_event.debug_annotations.add()
                annotation.name = name
                annotation.string_value = value
    data: bytes = trace.SerializeToString(deterministic=True)
    return data


def moments(recording: Recording) -> list[tuple[int, int, int, int, str | Instant]]:
    """Everything that happens at one cycle: (cycle, order, track, kind, what). Ends come before beginnings."""
    found: list[tuple[int, int, int, int, str | Instant]] = []
    for uuid, track in enumerate(recording.tracks.values(), FIRST_TRACK):
        for each in track.slices:
            found.append((each.start, 1, uuid, TrackEvent.TYPE_SLICE_BEGIN, each.name))
            found.append((each.end, 0, uuid, TrackEvent.TYPE_SLICE_END, ""))
        for instant in track.instants:
            found.append((instant.cycle, 2, uuid, TrackEvent.TYPE_INSTANT, instant))
    return found
