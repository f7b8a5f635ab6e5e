"""A home: a source of sound in slot 0, a sink in slot 1, an echo of commands."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.mediawire import Echo, MediaWire, Node, Sink, Source, identity_of

SOURCE, ECHO, SINK = identity_of(0x20), identity_of(0x30), identity_of(0x10)


class Home(MediaWire):
    def peers(self) -> Sequence[Node]:
        return Source(SOURCE, (0,)), Echo(ECHO), Sink(SINK, (1,))
