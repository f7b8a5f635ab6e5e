"""Readers of both formats that check what the viewers rely on: perfetto's own schema, pyvcd's tokenizer (IEEE 1364)."""

from __future__ import annotations

import io
from collections import defaultdict

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent
from vcd.reader import TokenKind, tokenize

Moments = dict[str, list[tuple[int, str]]]


def read_perfetto(data: bytes) -> tuple[Moments, Moments]:
    """Slices and instants by track: (start, name) and (time, name). Every slice that begins ends, in order."""
    trace = Trace()
    trace.ParseFromString(data)
    names: dict[int, str] = {}
    slices: Moments = defaultdict(list)
    instants: Moments = defaultdict(list)
    open_slices: dict[int, list[str]] = defaultdict(list)
    last = 0
    for packet in trace.packet:
        assert packet.trusted_packet_sequence_id
        if packet.HasField("track_descriptor"):
            descriptor = packet.track_descriptor
            assert descriptor.uuid not in names and descriptor.name
            assert not descriptor.parent_uuid or descriptor.parent_uuid in names
            names[descriptor.uuid] = descriptor.name
            continue
        event = packet.track_event
        assert packet.timestamp >= last and event.track_uuid in names
        last = packet.timestamp
        if event.type == TrackEvent.TYPE_SLICE_BEGIN:
            assert event.name and not open_slices[event.track_uuid]
            open_slices[event.track_uuid].append(event.name)
            slices[names[event.track_uuid]].append((packet.timestamp, event.name))
        elif event.type == TrackEvent.TYPE_SLICE_END:
            open_slices[event.track_uuid].pop()
        else:
            assert event.type == TrackEvent.TYPE_INSTANT and event.name
            instants[names[event.track_uuid]].append((packet.timestamp, event.name))
    assert not any(open_slices.values())
    return slices, instants


def read_vcd(text: str) -> Moments:
    """The changes of each variable: time, value as text."""
    references: dict[str, str] = {}
    changes: Moments = defaultdict(list)
    now, is_defined = 0, False
    for token in tokenize(io.BytesIO(text.encode("utf-8"))):
        if token.kind is TokenKind.VAR:
            assert not is_defined and token.var.id_code not in references
            references[token.var.id_code] = token.var.reference
        elif token.kind is TokenKind.ENDDEFINITIONS:
            is_defined = True
        elif token.kind is TokenKind.CHANGE_TIME:
            assert is_defined and token.time_change >= now
            now = token.time_change
        elif token.kind is TokenKind.CHANGE_SCALAR:
            changes[references[token.scalar_change.id_code]].append((now, token.scalar_change.value))
        elif token.kind is TokenKind.CHANGE_STRING:
            changes[references[token.string_change.id_code]].append((now, token.string_change.value))
    assert is_defined
    return changes
