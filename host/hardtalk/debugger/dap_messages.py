"""Messages of the Debug Adapter Protocol: a header with the length, a blank line, JSON.

https://microsoft.github.io/debug-adapter-protocol/overview, "Base protocol".
"""

from __future__ import annotations

import json
from typing import IO, Any, Final

LONGEST_MESSAGE: Final = 16 << 20
LENGTH: Final = b"content-length:"


class BadMessage(Exception):
    """What came is no message of the protocol, so that nobody knows where the next one begins."""


def read_message(stream: IO[bytes]) -> dict[str, Any] | None:
    """The next one; None at the end of the stream. Raises BadMessage."""
    length = None
    while line := stream.readline(1000):
        if line in (b"\r\n", b"\n"):
            break
        if line.lower().startswith(LENGTH):
            digits = line[len(LENGTH) :].strip()
            if not digits.isdigit() or int(digits) > LONGEST_MESSAGE:
                raise BadMessage(f"Content-Length: {digits.decode(errors='replace')}")
            length = int(digits)
    else:
        return None
    if length is None:
        raise BadMessage("a message without Content-Length")
    text = stream.read(length)
    if len(text) < length:
        return None
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"no JSON: {error}") from error
    if not isinstance(message, dict):
        raise BadMessage("a message is an object")
    return message


def write_message(stream: IO[bytes], message: dict[str, Any]) -> None:
    text = json.dumps(message).encode()
    stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
    stream.flush()
