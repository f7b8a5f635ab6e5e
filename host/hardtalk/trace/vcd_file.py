"""A recording as a value change dump (IEEE 1364), for GTKWave and other viewers of waves.

A track of slices is a wire that is 1 while a slice lasts, with the slice's name in a string beside it; a track's
instants are a string and an event. Times are nanoseconds from the recording's start.
"""

import io
import re
from typing import Any

from vcd import VCDWriter

from hardtalk.trace.recording import Recording, Track

NONE = "-"


def identifier(name: str) -> str:
    return re.sub(r"\W+", "_", name)


def text_value(name: str) -> str:
    """Viewers end a string at white space."""
    return re.sub(r"\s+", "_", name)


class Signals:
    """The variables of one track."""

    def __init__(self, writer: VCDWriter, scope: str, track: Track) -> None:
        self.is_active: Any = None
        self.name: Any = None
        self.happened: Any = None
        self.what: Any = None
        stem = identifier(track.name)
        if track.slices:
            self.is_active = writer.register_var(scope, stem, "wire", size=1, init=0)
            self.name = writer.register_var(scope, f"{stem}_name", "string", init=NONE)
        if track.instants:
            self.happened = writer.register_var(scope, f"{stem}_event", "event")
            self.what = writer.register_var(scope, f"{stem}_what", "string", init=NONE)


def vcd_text(recording: Recording, title: str) -> str:
    file = io.StringIO()
    writer = VCDWriter(file, timescale="1 ns", date="", comment=title, version="")
    scope = identifier(title)
    moments: list[tuple[int, int, int, str]] = []
    signals = []
    for index, track in enumerate(recording.tracks.values()):
        signals.append(Signals(writer, scope, track))
        moments += [(each.end, 0, index, each.name) for each in track.slices]
        moments += [(each.start, 1, index, each.name) for each in track.slices]
        moments += [(each.cycle, 2, index, each.name) for each in track.instants]
    nanoseconds = recording.nanoseconds()
    for cycle, kind, index, name in sorted(moments):
        time_ns = nanoseconds(cycle)
        own = signals[index]
        if kind == 2:
            assert own.happened is not None and own.what is not None
            writer.change(own.happened, time_ns, True)
            writer.change(own.what, time_ns, text_value(name))
        else:
            assert own.is_active is not None and own.name is not None
            writer.change(own.is_active, time_ns, kind)
            writer.change(own.name, time_ns, text_value(name) if kind else NONE)
    writer.close(nanoseconds(recording.last))
    return file.getvalue()
