"""A MediaWire ring: the controller of the board's node, and scripted nodes that stand for other devices.

    class House(MediaWire):
        def peers(self):
            return [Source(identity_of(2), slots=(0,)), Echo(identity_of(3))]

What is known of the network is little; the rest is the project's own (docs/mediawire.md).
"""

from hardtalk.mediawire.controller import MediaWire
from hardtalk.mediawire.linked import LinkedMediaWire
from hardtalk.mediawire.message import EVERYBODY, Kind, Message
from hardtalk.mediawire.node import Node, identity_of
from hardtalk.mediawire.peers import Echo, Sink, Source, sawtooth
from hardtalk.mediawire.ring import Ring
from hardtalk.mediawire.segment import Segment
from hardtalk.mediawire.wire import FRAME_HERTZ, SLOTS, Frame, Search, Signal

__all__ = [
    "EVERYBODY", "FRAME_HERTZ", "SLOTS", "Echo", "Frame", "Kind", "LinkedMediaWire", "MediaWire", "Message", "Node",
    "Ring", "Search", "Segment", "Signal", "Sink", "Source", "identity_of", "sawtooth",
]  # fmt: skip
