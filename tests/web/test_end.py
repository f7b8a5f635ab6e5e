"""Control-C ends `hardtalk boot --web` soon, whatever its clients and its board are doing."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = "import sys; from hardtalk.cli.main import main; sys.argv[0] = 'hardtalk'; main()"
MOST_SECONDS = 2.0
SILENT_CLIENTS = 6
DRAWING = (
    "DisplayScreen current. [ [ true ] whileTrue: ["
    " DisplayScreen current fillColor: Color red; fillColor: Color white ] ] forkAt: Processor userBackgroundPriority"
)
ORDERS = {
    "idle": [],
    "draws": [{"kind": "enter", "text": DRAWING}],
    "computes as fast as it can": [{"kind": "enter", "text": "[ true ] whileTrue"}, {"kind": "run", "paced": False}],
    "paused": [{"kind": "pause"}],
}


def upgrade(port: int) -> bytes:
    return (
        f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


def frame(order: dict[str, object]) -> bytes:
    """A text message as a client sends it, its mask 0."""
    text = json.dumps(order).encode()
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + text


@pytest.mark.parametrize("doing", ORDERS)
def test_control_c_ends_it_soon(doing: str) -> None:
    """With clients that read nothing, some of which have not finished asking."""
    arguments = ("boot", "--web", "--port", "0")
    with (
        subprocess.Popen(
            [sys.executable, "-c", COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        ) as board,
        ExitStack() as lines,
    ):
        try:
            assert board.stdout is not None
            port = next(int(found[1]) for each in board.stdout if (found := re.match(r"page: http://.*:(\d+)/ ", each)))
            asked = upgrade(port)
            clients = [
                lines.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(SILENT_CLIENTS)
            ]
            for client in clients:
                client.sendall(asked)
            lines.enter_context(socket.create_connection(("127.0.0.1", port))).sendall(asked[:40])
            for order in ORDERS[doing]:
                clients[0].sendall(frame(order))
            time.sleep(1)
            board.send_signal(signal.SIGINT)
            began = time.monotonic()
            assert board.wait(30) == 0
            assert time.monotonic() - began < MOST_SECONDS
        finally:
            board.kill()
