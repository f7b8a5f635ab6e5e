"""Uncompressed films: AVI files (Microsoft, "AVI RIFF File Reference") whose frames are bitmaps of 24 bits.

A file is written as its frames come. One that is like the one before is a chunk of no bytes, which readers show as a
frame that is repeated. Sizes and the index follow when it is closed.
"""

import struct
from pathlib import Path
from typing import Final

from hardtalk.board.panel import Bytes

MOST_BYTES: Final = 4_000_000_000
"""Of the pictures: all sizes are words of 32 bits."""
HAS_INDEX: Final = 0x10
KEY_FRAME: Final = 0x10
FRAME: Final = b"00db"
INDEX_ENTRY_BYTES: Final = 16


class AviFile:
    """A film that is being written: `width` x `height` pixels, a frame every `frame_ms`."""

    def __init__(self, path: Path, width: int, height: int, frame_ms: int) -> None:
        self.frame_count = 0
        self._size = width, height
        self._frame_ms = frame_ms
        self._index = bytearray()
        self._chunk_bytes = 0
        self._file = path.open("wb")
        self._file.write(self._header())
        self._begin = self._file.tell()

    @property
    def has_room(self) -> bool:
        """Whether there is still room for a whole picture."""
        return self._begin + self._chunk_bytes + self._row_bytes * self._size[1] < MOST_BYTES

    def add(self, picture: Bytes) -> None:
        """Height x width x (red, green, blue), of any size: what does not fit is cut off, what lacks is black."""
        width, height = self._size
        part = picture[:height, :width, ::-1]
        missing = bytes(self._row_bytes * (height - len(part)))
        rows = b"".join(row.tobytes().ljust(self._row_bytes, b"\0") for row in part[::-1])
        self._add_chunk(missing + rows, KEY_FRAME)

    def repeat(self) -> None:
        """The frame before once more."""
        self._add_chunk(b"", 0)

    def close(self) -> None:
        """What was added before is a whole film, even where adding another frame was broken off."""
        self._file.seek(self._begin + self._chunk_bytes)
        self._file.truncate()
        self._file.write(chunk(b"idx1", bytes(self._index)))
        self._file.seek(0)
        self._file.write(self._header())
        self._file.close()

    @property
    def _row_bytes(self) -> int:
        return (3 * self._size[0] + 3) // 4 * 4

    def _add_chunk(self, data: bytes, flags: int) -> None:
        self._file.seek(self._begin + self._chunk_bytes)
        self._file.write(chunk(FRAME, data))
        entry = FRAME + struct.pack("<3I", flags, len(b"movi") + self._chunk_bytes, len(data))
        self._index[INDEX_ENTRY_BYTES * self.frame_count :] = entry
        self._chunk_bytes += 8 + len(data)
        self.frame_count += 1

    def _header(self) -> bytes:
        """All before the first frame."""
        (width, height), count, row = self._size, self.frame_count, self._row_bytes
        size = row * height
        main = struct.pack(
            "<10I16x",
            1000 * self._frame_ms,
            size * 1000 // self._frame_ms,
            0,
            HAS_INDEX,
            count,
            0,
            1,
            size,
            width,
            height,
        )
        stream = struct.pack(
            "<4s4sI2HI2I5I4H", b"vids", b"DIB ", 0, 0, 0, 0, self._frame_ms, 1000, 0, count, size, 0xFFFFFFFF, 0,
            0, 0, width, height,
        )  # fmt: skip
        bitmap = struct.pack("<I2i2H6I", 40, width, height, 1, 24, 0, size, 0, 0, 0, 0)
        streams = chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", bitmap))
        headers = chunk(b"LIST", b"hdrl" + chunk(b"avih", main) + streams)
        frames = b"LIST" + struct.pack("<I", len(b"movi") + self._chunk_bytes) + b"movi"
        index = 8 + len(self._index) if self._index else 0
        whole = len(b"AVI ") + len(headers) + len(frames) + self._chunk_bytes + index
        return b"RIFF" + struct.pack("<I", whole) + b"AVI " + headers + frames


def chunk(name: bytes, data: bytes) -> bytes:
    """All data here have an even number of bytes."""
    return name + struct.pack("<I", len(data)) + data
