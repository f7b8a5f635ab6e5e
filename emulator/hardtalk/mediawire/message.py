"""Messages of commands: 32 bytes, of which a frame carries one half.

    0      kind: 1 a command, 2 a scan's question, 3 the answer to it
    1      what has become of it: 1 taken, 2 refused for want of room; 0x80 it has passed the clock master
    2-7    the identity of the node it is for, all ones for everybody
    8-13   the sender's identity
    14-15  a tag, the sender's to choose
    16-31  the text

A message goes all the way round to its sender, which takes it out and learns what became of it.
"""

import struct
from dataclasses import dataclass, replace
from enum import IntEnum

MESSAGE_BYTES = 32
TEXT_BYTES = 16
EVERYBODY = (1 << 48) - 1
TAKEN, REFUSED, SEEN = 1, 2, 0x80
LAYOUT = struct.Struct(">BBHIHIH")


class Kind(IntEnum):
    COMMAND = 1
    QUESTION = 2
    ANSWER = 3


@dataclass(frozen=True)
class Message:
    """`kind` is a number, since senders may write any; `text` is of 16 bytes."""

    kind: int
    to: int
    sender: int
    tag: int = 0
    text: bytes = bytes(TEXT_BYTES)
    status: int = 0

    @classmethod
    def of_bytes(cls, data: bytes) -> "Message":
        """The message of 32 bytes, or the head of one, of 16."""
        kind, status, to_high, to_low, from_high, from_low, tag = LAYOUT.unpack_from(data)
        text = data[LAYOUT.size :].ljust(TEXT_BYTES, b"\0")
        return cls(kind, to_high << 32 | to_low, from_high << 32 | from_low, tag, text, status)

    @property
    def head(self) -> bytes:
        to, sender = self.to, self.sender
        return LAYOUT.pack(
            self.kind, self.status, to >> 32, to & 0xFFFFFFFF, sender >> 32, sender & 0xFFFFFFFF, self.tag
        )

    @property
    def bytes(self) -> bytes:
        return self.head + self.text

    def with_status(self, bits: int) -> "Message":
        return replace(self, status=self.status | bits)
