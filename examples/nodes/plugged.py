"""A ring into which a source of sound is plugged half a second after the board has joined; a second later it is pulled,
and half a second after that it is there again."""

from __future__ import annotations

from collections.abc import Sequence

from hardtalk.mediawire import FRAME_HERTZ, Echo, MediaWire, Node, Ring, Source, identity_of

SOURCE, ECHO = identity_of(0x20), identity_of(0x30)
PLUGGED, PULLED, PLUGGED_AGAIN = FRAME_HERTZ // 2, FRAME_HERTZ * 3 // 2, FRAME_HERTZ * 2


class Plugged(MediaWire):
    def peers(self) -> Sequence[Node]:
        return (Echo(ECHO),)

    def prepare(self, ring: Ring) -> None:
        source = Source(SOURCE, (0,))
        ring.plan(PLUGGED, "insert", 1, source)
        ring.plan(PULLED, "remove", SOURCE)
        ring.plan(PLUGGED_AGAIN, "insert", 1, source)
